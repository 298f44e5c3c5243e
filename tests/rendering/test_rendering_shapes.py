"""Shapes: what recipients share, what tells them apart, and when there is nothing to share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it.common.normalize_url import normalizeLink
from studio import HEAD, Studio, recipient

from announce.model.audience import Recipient
from announce.rendering.drafts import Drafts, Known
from announce.rendering.expressions import Expressions
from announce.rendering.faults import TemplateFault
from announce.rendering.markers import address, escape_attribute
from announce.rendering.renderer import Filling
from announce.rendering.shapes import Message, Shapes
from announce.rendering.tree import MAX_FAILURES, MAX_LEAVES, Tree, Unseen
from announce.rendering.words import Draft

FACTS = {"rooms": {"k1": "One", "k2": "Two"}, "url": "https://example.org/x"}


def _filling(made: Studio, someone: Recipient) -> Filling | None:
    return made.renderer.filling(languages=("en",), variant=None, recipient=someone, unsubscribe="")


def _shapes(made: Studio, *people: Recipient) -> int:
    """How many shapes the mails of these have, each of which is checked against its words."""
    shapes = set()
    for someone in people:
        filling = _filling(made, someone)
        assert filling is not None
        page = made.renderer.page(filling.shape)
        words = [made.plain.words(language="en", channel="email", recipient=someone)]
        assert filling.subject == words[0].subject
        for form, text in ((page.text, made.plain.mail_text), (page.html, made.plain.mail_html)):
            assert form.fill(form.cells(filling.values)) == text(words)
        shapes.add(filling.shape)
    return len(shapes)


@pytest.fixture
def made(studio: Callable[..., Studio]) -> Callable[[str], Studio]:
    """A campaign with one English template."""
    return lambda body: studio(
        {"en/note.md.j2": f"{HEAD}{body}\n", "en/parts/a.md.j2": "{{ recipient.name }}"},
        facts=FACTS,
    )


@pytest.mark.parametrize(
    "body",
    [
        "{{ recipient.x }}",
        "{{ recipient.x | upper }} {{ recipient.x ~ '!' }} {{ recipient.x.title() }}",
        "{% if recipient.x %}{{ recipient.x | replace('a', 'b') }}{% endif %}",
        "{% if recipient.x == 'q' %}q{% else %}r{% endif %}",
        "{{ recipient.x | default('–', true) }}{% if recipient.x | length > 1 %} long{% endif %}",
        "{{ recipient.x | split(',') | list }}",
        "{% for part in recipient.x | split %}{{ part }}{% endfor %}",
        "{% if recipient.x.startswith('c') or 'z' in recipient.x %}c{% else %}d{% endif %}",
        "{% if recipient.x is in ['q', 'r'] %}q{% else %}r{% endif %}",
        "{% macro m(who) %}{{ who }}{% endmacro %}{{ m(recipient.x) }}",
        "{{ recipient['x'][:3] }} {{ [recipient.x, recipient.name] | join(', ') }}",
    ],
)
def test_printing_and_filters_tell_nobody_apart(made: Callable[[str], Studio], body: str) -> None:
    """Recipients with values of their own share one shape."""
    people = [recipient(x=value) for value in ("alpha", "beta 😀", "<b>", "**x**")]

    assert _shapes(made(body), *people) == 1


@pytest.mark.parametrize(
    ("body", "values", "shapes"),
    [
        ("{% if recipient.x %}yes{% else %}no{% endif %}", ["a", "b", "", ""], 2),
        ("{% if recipient.x == 'a' %}yes{% else %}no{% endif %}", ["a", "b", "c"], 2),
        ("{{ facts.rooms[recipient.x] }}", ["k1", "k2", "k1"], 2),
        ("{% for p in recipient.x | split %}{{ p }}{% endfor %}.", ["a;b", "c;d", "e"], 2),
        ("{{ recipient.x }}", ["a", "https://example.org/", "mailto:a@example.org"], 2),
        ("{{ recipient.x | link }} {{ facts.url | link }}",
         ["https://example.org/x", "https://example.org/y", "https://example.org/z"], 2),
        ("{% if 'z' in recipient.x %}z{% else %}-{% endif %}", ["a", "z", "b", "az"], 2),
        ("{{ recipient.x | int + 1 }}", ["1", "2", "1"], 2),
        ("{% include recipient.x ignore missing %}.", ["parts/a.md.j2", "b", "b"], 2),
        ("{{ [recipient.x, recipient.name] | sort | first }}", ["ab", "ab", "zz"], 2),
        ("{% if recipient.x < 'k' %}low{% else %}high{% endif %}", ["a", "b", "z"], 2),
    ],
)  # fmt: skip
def test_looking_tells_recipients_apart(
    made: Callable[[str], Studio], body: str, values: list[str], shapes: int
) -> None:
    """One shape for each way through the template, and for each kind of what is printed."""
    assert _shapes(made(body), *(recipient(x=value) for value in values)) == shapes


@pytest.mark.parametrize(
    "body",
    [
        "{% for key, value in recipient.items() %}{{ key }}{% endfor %}",
        "{% if recipient == recipient %}same{% endif %}",
        "{% set n = namespace(recipient) %}{{ n.x }}",
        "{% if recipient.x in 'some text' %}in{% else %}out{% endif %}",
        "{{ recipient.get('x') }}",
    ],
)
def test_what_cannot_be_traced_is_run_for_each(made: Callable[[str], Studio], body: str) -> None:
    """A recipient taken as a whole, or given to a library, has words and no shape."""
    here = made(body)
    people = [recipient(x=value) for value in ("a", "text", "a")]

    assert [_filling(here, someone) for someone in people] == [None, None, None]
    for someone in people:
        words = [here.words(someone)]
        plain = [here.plain.words(language="en", channel="email", recipient=someone)]
        assert here.renderer.mail_html(words) == here.plain.mail_html(plain)


def test_column_that_only_some_have_tells_them_apart(made: Callable[[str], Studio]) -> None:
    """A name is part of what is looked at, where a template asks for it or relies on it."""
    here = made("{% if 'y' in recipient %}{{ recipient.y }}{% else %}none{% endif %}")
    relying = "{{ recipient.z }}"

    assert _shapes(here, recipient(x="a"), recipient(y="b"), recipient(y="c")) == 2
    there = made(relying)
    assert _shapes(there, recipient(z="a")) == 1
    assert _filling(there, recipient(x="a")) is None


def test_template_that_tells_everybody_apart_is_given_up(made: Callable[[str], Studio]) -> None:
    """Only so many shapes are learnt; the others' mails are made one by one, and right."""
    here = made("{{ facts.rooms[recipient.x] | default('none') }} {{ recipient.x }}")
    people = [recipient(x=f"x{number}") for number in range(MAX_LEAVES + 20)]

    fillings = [_filling(here, someone) for someone in people]

    assert sum(filling is not None for filling in fillings) == MAX_LEAVES
    assert fillings[-20:] == [None] * 20
    assert here.words(people[-1]).text == f"none x{MAX_LEAVES + 19}"
    assert _shapes(here, people[0]) == 1


def test_faults_do_not_end_learning_too_soon(made: Callable[[str], Studio]) -> None:
    """Recipients at fault have no shape; after many of them nothing new is learnt."""
    here = made("{{ recipient.x | date }}{% if recipient.y %} y{% endif %}")
    good, bad = recipient(x="2025-03-05", y=""), recipient(x="soon", y="")

    assert _filling(here, bad) is None
    assert _shapes(here, good) == 1
    for _ in range(MAX_FAILURES):
        assert _filling(here, bad) is None
    assert _shapes(here, good) == 1
    with pytest.raises(TemplateFault):
        here.words(bad)


def test_blank_value_is_told_by_the_plain_way(made: Callable[[str], Studio]) -> None:
    """What printing refuses has no shape, even where others have one."""
    here = made("First.\n\n{{ recipient.x }}")

    assert _shapes(here, recipient(x="a")) == 1
    assert _filling(here, recipient(x=" ")) is None
    with pytest.raises(TemplateFault) as raised:
        here.words(recipient(x=" "))
    assert str(raised.value.problem.place) == "templates/en/note.md.j2:6"


def test_values_are_counted_as_in_the_plain_way(made: Callable[[str], Studio]) -> None:
    """A value so long that printing it many times is refused is refused after a short one too."""
    here = made("{% for n in range(900) %}{{ recipient.x }}{% endfor %}")
    long = recipient(x="x" * 250_000)

    assert _shapes(here, recipient(x="a")) == 1
    assert _filling(here, long) is None
    with pytest.raises(TemplateFault) as raised:
        here.words(long)
    assert raised.value.problem.code == "template-runaway"


def test_values_are_cleaned(made: Callable[[str], Studio]) -> None:
    """Line ends and what no text may hold, as in the plain way."""
    here = made("{{ recipient.x }}\n\n> {{ recipient.x }}")
    values = ["a", "b\r\nc\rd", "e\x00\ufdd0t0\ufdd1", "f\ud800", "g\u00a0&"]

    assert _shapes(here, *(recipient(x=value) for value in values)) == 1


def test_line_of_the_head_stays_one_line(studio: Callable[..., Studio]) -> None:
    """A value with a line break has no shape; one with many blanks is tidied as ever."""
    head = "---\nsubject: \" {{ recipient.x }}  {{ recipient.y }} \"\npreheader: 'P{{ recipient.y }}'\n---\n"  # noqa: E501
    here = studio({"en/note.md.j2": head + "x\n"})

    assert _shapes(here, recipient(x="a", y="b"), recipient(x=" a\tb", y="c  d ")) == 1
    assert _filling(here, recipient(x="a\u2028b", y="c")) is None


def test_disagreement_closes_everything(studio: Callable[..., Studio]) -> None:
    """Where the traced run and the plain one differ nothing is guessed, now or later."""
    here = studio({"en/note.md.j2": HEAD + "{{ recipient.name }} {{ n }}\n"})
    drafts, runs = Drafts(here.book, "note", (), Known(memo=True)), []

    def write(language: Any, message: Message) -> Draft:
        runs.append(language)
        names = {**message.own, "n": len(runs)}
        return drafts.draft(language, "email", None, names, "")

    shapes = Shapes(drafts, write)
    found = [
        shapes.filling(
            languages=("en",), variant=None, recipient=recipient(),
            unsubscribe="",
        )
        for _ in range(3)
    ]  # fmt: skip

    assert (found, len(runs)) == ([None] * 3, 2)


def test_tree_finds_what_answers_led_to() -> None:
    """Each way of questions and answers has its leaf; others were not seen."""
    tree: Tree[str] = Tree()
    long = tree.known.made(len, (tree.known.field("x"),))
    first = tree.known.field("y")
    tree.grow([(long, 1), (first, "a")], "one a")
    tree.grow([(long, 2)], "two")
    tree.grow([(long, 1), (first, "b")], None)

    assert tree.find({"x": "q", "y": "a"}) == "one a"
    assert tree.find({"x": "qq"}) == "two"
    assert tree.find({"x": "q", "y": "b"}) is None
    assert tree.open
    for other in ({"x": "q", "y": "c"}, {"x": ""}):
        with pytest.raises(Unseen):
            tree.find(other)


@pytest.mark.parametrize("path", [[("y", "a")], [("x", "a")], []])
def test_tree_closes_when_traces_contradict_each_other(path: list[tuple[str, str]]) -> None:
    """Another question for the same answers, or no end where another trace ended."""
    tree: Tree[str] = Tree()
    tree.grow([(tree.known.field("x"), "a")], "leaf")

    tree.grow([(tree.known.field(name), answer) for name, answer in path], "other")

    assert not tree.open
    assert tree.find({"x": "a"}) == "leaf"


def test_equal_expressions_are_one_and_unequal_ones_are_not() -> None:
    """True is not 1, and a list of the same texts is the same."""
    known = Expressions()
    field = known.field("x")

    assert known.made(len, (field, ["a", {"b": 1}])) is known.made(len, (field, ["a", {"b": 1}]))
    assert known.made(len, (field, 1)) is not known.made(len, (field, True))
    assert known.made(len, (field, [1])) is not known.made(len, (field, [True]))


HOSTS = st.from_regex(r"[a-z0-9-]{1,70}(\.[a-z0-9-]{1,8}){0,4}", fullmatch=True)
RESTS = st.from_regex(r"[/?#]?[A-Za-z0-9/?#=&_.~%:@ '-]{0,20}", fullmatch=True)


@settings(deadline=None)
@given(scheme=st.sampled_from(["http", "https"]), host=HOSTS, rest=RESTS)
def test_plain_address_is_what_encoding_it_gives(scheme: str, host: str, rest: str) -> None:
    """The common addresses, which are not taken apart, are those that encoding leaves alone."""
    url = f"{scheme}://{host}{rest}"

    assert address(url) == escape_attribute(normalizeLink(url))
