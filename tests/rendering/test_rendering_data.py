"""What is filled in is data: it comes out as written, whatever it looks like."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from lxml import html as lxml_html
from studio import HEAD, Studio, recipient

from announce.rendering.faults import TemplateFault
from announce.rendering.words import Words

# Every way in which a template can print a value.
WAYS = """\
{% macro shout(who) %}*{{ who }}*{% endmacro %}
{% set block %}{{ recipient.name }}{% endset %}
# {{ recipient.name }}

{{ recipient.name }} starts, and **{{ recipient.name }}** and *{{ recipient.name }}* end.

{{ "a " ~ recipient.name ~ " z" }}, {{ "b " + recipient.name }}, {{ block ~ recipient.name }}

{{ block + recipient.name }}, {{ shout(recipient.name) }}, {{ recipient.name ~ shout("x") }}

{{ [recipient.name, recipient.name] | list }}, {{ [recipient.name, block] | join(" / ") }}

- {{ recipient.name }}
1. {{ recipient.name }}

> {{ recipient.name }}

| {{ recipient.name }} | b |
| --- | --- |
| {{ recipient.name }} | `{{ recipient.name }}` |

[{{ recipient.name }}](https://example.org/) {{ facts.url | link(recipient.name) }}

![{{ recipient.name }}](logo)
"""
TEMPLATE = (
    '---\nsubject: "To {{ recipient.name }}"\npreheader: "For {{ recipient.name }}"\n---\n' + WAYS
)
NASTY = [
    "**x**", "<b>", "&amp;", "[a](b)", "=?utf-8?q?x?=", "\\", "1. x", "| a |", "`x`", "# x", "- x",
    "<https://evil.example.com>", "![x](logo)", "{{ title }}", "{% if %}", "a\u00a0b", "_x_",
    "~~x~~",
    "> x", "</td></table>", "\"'", "&", "https://example.com/a_b_c", "* * *", "一、**二**", "-->",
    "<!--[if mso]>", "javascript:alert(1)", "'; --", "%00%0d", "&#x0;", "x\u202ey",
]  # fmt: skip
GUARD = 'guard it with {% if … %}, or give another: {{ … | default("…", true) }}'
FACTS = {"url": "https://example.org/a?b=c&d=e"}

# What a row of an audience can hold; blank values are refused, and have their own tests.
names = st.text(
    st.characters(exclude_categories=("Cs", "Cc", "Cn", "Zl", "Zp", "Zs")), min_size=1, max_size=12
)
relaxed = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture
def ways(studio: Callable[..., Studio]) -> Studio:
    """A campaign whose template prints the name in every way."""
    return studio(
        {"en/note.md.j2": TEMPLATE, "zh/note.md.j2": TEMPLATE},
        facts=FACTS,
        pictures={"logo": "assets/logo.png"},
    )


def _elements(page: str) -> list[str]:
    return [str(node.tag) for node in lxml_html.fromstring(page).iter()]


def _alternatives(page: str) -> list[str]:
    return [str(image.get("alt")) for image in lxml_html.fromstring(page).iter("img")]


def _shown(page: str) -> str:
    return lxml_html.fromstring(page).text_content()


@pytest.mark.parametrize("name", NASTY)
def test_name_is_shown_as_written(ways: Studio, name: str) -> None:
    """A name that looks like markup is shown letter by letter, in every place and part."""
    harmless, words = ways.words(recipient("QQQQ")), ways.words(recipient(name))
    render = ways.renderer

    assert words.subject == f"To {name}"
    for page in (lambda words: render.mail_html([words]), render.article_html):
        assert _shown(page(words)) == _shown(page(harmless)).replace("QQQQ", name)
        assert _alternatives(page(words)) == [name]
    assert render.mail_text([words]) == render.mail_text([harmless]).replace("QQQQ", name)


@relaxed
@given(name=names)
@example(name="**x**")
@example(name="\\")
def test_name_changes_no_element(ways: Studio, name: str) -> None:
    """Any name leaves the elements of the page as a harmless one does."""
    page = ways.renderer.mail_html([ways.words(recipient(name))])

    assert _elements(page) == _elements(ways.renderer.mail_html([ways.words(recipient("Ada"))]))


@relaxed
@given(name=names, other=names)
def test_memo_equals_plain_way(ways: Studio, name: str, other: str) -> None:
    """Filling a finished shape gives what filling first and inlining later gives."""
    someone = recipient(name)
    for who in (recipient(other), someone):  # the second is filled into the first one's shape
        halves = [ways.words(who, language=language) for language in ("zh", "en")]
    plain = [
        ways.plain.words(language=language, channel="email", recipient=someone)
        for language in ("zh", "en")
    ]

    assert ways.renderer.mail_html(halves) == ways.plain.mail_html(plain)
    assert ways.renderer.mail_text(halves) == ways.plain.mail_text(plain)
    assert ways.renderer.article_html(halves[0]) == ways.plain.article_html(plain[0])


def test_value_with_lines_stays_in_its_place(note: Callable[..., Words]) -> None:
    """A value of several lines keeps them, and its quotation."""
    words = note("> {{ recipient.review }}\n", recipient(review="One.\r\n\r\n# Two"))

    assert words.html == "<blockquote>\n<p>One.<br><br># Two</p>\n</blockquote>"
    assert words.text == "> One.\n>\n> # Two"


def test_control_characters_are_shown_as_replaced(note: Callable[..., Words]) -> None:
    """What no text may hold, markers among it, is replaced and never obeyed."""
    words = note("{{ recipient.x }}\n", recipient(x="a\x00b\ufdd0t0\ufdd1c\ud800"))

    assert words.text == "a\ufffdb\ufffdt0\ufffdc\ufffd"


def test_subject_of_two_lines_is_refused(studio: Callable[..., Studio]) -> None:
    """Line ends of a value cannot reach a header, nor vanish without a word."""
    made = studio({"en/note.md.j2": '---\nsubject: "A {{ recipient.x }}"\n---\nx\n'})

    with pytest.raises(TemplateFault) as caught:
        made.words(recipient(x="b\r\nBcc: c"))

    assert caught.value.problem.code == "control-character"
    assert caught.value.problem.place.line == 2


@pytest.mark.parametrize(
    ("body", "hint"),
    [
        ("{{ recipient.blank }}", GUARD),
        ("{{ facts.nothing }}", GUARD),
        ("{{ facts.yes }}", GUARD),
        ("{{ facts.some }}", "write {{ … | list }}, or loop over it with {% for … %}"),
        ("{{ facts }}", "print one of its values, as in a.b"),
        ("{{ facts.keys }}", "a macro is called with parentheses"),
    ],
)  # fmt: skip
def test_value_that_cannot_be_printed_is_a_fault(
    note: Callable[..., Words], body: str, hint: str
) -> None:
    """Nothing, a truth, a list or a mapping is refused, with the line and the mend."""
    with pytest.raises(TemplateFault) as raised:
        note(
            f"First.\n\n{body}\n",
            recipient(blank=" "),
            facts={"nothing": None, "yes": True, "some": [1], "list": []},
        )

    problem = raised.value.problem
    assert (str(problem.place), problem.hint) == ("templates/en/note.md.j2:6", hint)


def test_link_to_a_value_that_is_no_address_is_a_fault(note: Callable[..., Words]) -> None:
    """A script in the place of an address is refused."""
    with pytest.raises(TemplateFault) as raised:
        note("[x]({{ recipient.url }})\n", recipient(url="javascript:alert(1)"))

    assert raised.value.problem.code == "link-address"


def test_address_in_data_is_encoded(note: Callable[..., Words]) -> None:
    """An address that is a value is shown as written and followed as encoded."""
    words = note("{{ recipient.url | link }}\n", recipient(url='https://例子.中国/"x"?a=1&b=中'))

    assert words.html == (
        '<p><a href="https://xn--fsqu00a.xn--fiqs8s/%22x%22?a=1&amp;b=%E4%B8%AD" class="url">'
        'https://例子.中国/"x"?a=1&amp;b=中</a></p>'
    )
    assert words.text == 'https://例子.中国/"x"?a=1&b=中'


def test_words_differ_only_by_values(ways: Studio) -> None:
    """Two recipients of one shape share all that is worked out."""
    first, second = ways.words(recipient("Ada")), ways.words(recipient("Bo"))

    assert first.body.fragment is second.body.fragment
    assert first.body.values != second.body.values


def test_head_is_data_too(studio: Callable[..., Studio]) -> None:
    """A template's constants are printed as they stand."""
    made = studio({"en/note.md.j2": HEAD + '{{ "**x**" }} {{ "<i>" ~ "&" }}\n'})

    assert made.words().html == "<p>**x** &lt;i&gt;&amp;</p>"


def test_part_of_an_address_is_encoded(note: Callable[..., Words]) -> None:
    """A value within an address cannot change what it is an address of."""
    someone = recipient(id="a b/?x=1&y#z", base="https://example.org/c?d=1")

    words = note(
        "[x](https://example.org/{{ recipient.id }}) [y]({{ recipient.base }}&e)\n", someone
    )

    assert words.html == (
        '<p><a href="https://example.org/a%20b/%3Fx%3D1%26y%23z">x</a> '
        '<a href="https://example.org/c?d=1&amp;e">y</a></p>'
    )
    assert words.text == (
        "x (https://example.org/a%20b/%3Fx%3D1%26y%23z) y: https://example.org/c?d=1&e"
    )
