"""Templates: how they are found, what their heads say, and what is told when they are at fault."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest
from studio import HEAD, Studio, recipient

from announce.problems import Problem
from announce.rendering.faults import TemplateFault
from announce.rendering.words import Words

DANGEROUS = [
    "{{ recipient.__class__ }}",
    "{{ ''.__class__.__mro__ }}",
    "{{ recipient['__class__'] }}",
    "{{ '{0.__class__}'.format(recipient) }}",
    "{{ '%999999999d' % 1 }}",
    "{{ recipient.name | attr('__class__') }}",
    "{{ [recipient] | map(attribute='__class__') | first }}",
    "{{ 'a' * 10**9 }}",
    "{{ 10**9 * 'a' }}",
    "{{ [0] * 10**9 }}",
    "{{ 10**(10**9) }}",
    "{% for a in range(10**9) %}x{% endfor %}",
    "{{ range(10**30) | length }}",
    "{% for a in range(999) %}{% for b in range(999) %}{% endfor %}{% endfor %}",
    "{% for a in 'x' * 9999 %}{% for b in 'x' * 9999 %}{% endfor %}{% endfor %}",
    "{% set n = namespace(x='ab') %}{% for a in range(99) %}{% set n.x = n.x ~ n.x %}{% endfor %}",
    "{% macro f(n) %}{% if n %}{{ f(n - 1) }}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(60) }}",
    "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
    "{% include 'note.md.j2' %}",
    "{{ 'ab' | replace('', 'x' * 9999) | replace('', 'x' * 9999) | replace('x', 'x' * 9999) }}",
    "{{ facts.update({'a': 1}) }}",
    "{{ 1 / 0 }}",
    "{{ lipsum() }}",
    "{{ self._TemplateReference__context }}",
]
BROKEN = [
    ("{% if x %}", "template-syntax", 4),
    ("{{ 'a' | saef }}", "template-syntax", 4),
    ("{% autoescape false %}{% endautoescape %}", "template-syntax", 4),
    ("{{ recipient.nmae }}", "template-undefined", 4),
    ("{{ fatcs }}", "template-undefined", 4),
    ("{{ fatcs.x | date }}", "template-undefined", 4),
    ("{% if recipient.nmae %}x{% endif %}", "template-undefined", 4),
    ("{% include 'parts/nothing.md.j2' %}", "template-include", 4),
    ("x\n\n![x](lgoo)", "picture-unknown", 6),
    ("x\n\n[x](www.example.org)", "link-address", 6),
    ("{% set b %}x{% endset %}{{ b | upper }}", "template-source", 4),
    ("", "template-empty", None),
]


def _problem(call: Callable[[], object]) -> Problem:
    with pytest.raises(TemplateFault) as raised:
        call()
    return raised.value.problem


@pytest.mark.parametrize(
    ("there", "variant", "channel", "found"),
    [
        (["note"], None, "email", "note"),
        (["note", "note.wechat"], None, "email", "note"),
        (["note", "note.wechat"], None, "wechat", "note.wechat"),
        (["note", "note.oral", "note.email"], "oral", "email", "note.oral"),
        (["note", "note.oral.email", "note.oral"], "oral", "email", "note.oral.email"),
        (["note", "note.oral"], "poster", "email", "note"),
        (["note", "note.oral"], "../note.oral", "email", "note"),
        (["note.oral"], None, "email", None),
    ],
)
def test_template_most_specific_is_found(
    studio: Callable[..., Studio], there: list[str], variant: str, channel: str, found: str
) -> None:
    """Variant and channel beat variant, that beats channel, that beats the kind alone."""
    book = studio({f"en/{name}.md.j2": HEAD + "x\n" for name in there}).book

    template = book.find("note", variant, channel, "en")

    assert (template and template.name) == (found and f"{found}.md.j2")


def test_variants_are_those_of_any_language(studio: Callable[..., Studio]) -> None:
    """A variant written in one language only is known too."""
    names = ["en/note.oral", "zh/note.poster.wechat", "en/note.email", "en/other.x", "en/parts/a"]

    made = studio({f"{name}.md.j2": HEAD + "x\n" for name in names})

    assert made.book.variants("note") == ("oral", "poster")


def test_problems_are_gathered(studio: Callable[..., Studio]) -> None:
    """A template of one language, a missing one and a broken one are told at once."""
    made = studio({
        "en/note.md.j2": HEAD + "{{ x\n",
        "en/note.oral.md.j2": HEAD + "x\n",
        "zh/note.md.j2": HEAD + "x\n",
        "zh/parts/only.md.j2": "x\n",
    })  # fmt: skip

    problems = made.book.problems(
        "note", languages=("zh", "en"), channels=("email",), variants=("oral", "poster")
    )

    assert [(problem.code, str(problem.place)) for problem in problems] == [
        ("template-one-language", "templates/en/note.oral.md.j2"),
        ("template-one-language", "templates/zh/parts/only.md.j2"),
        ("template-syntax", "templates/en/note.md.j2:4"),
    ]


def test_problems_none_for_whole_kind(studio: Callable[..., Studio]) -> None:
    """Templates in both languages are no problem; none at all are one a language."""
    made = studio({f"{language}/note.md.j2": HEAD + "x\n" for language in ("zh", "en")})

    whole = made.book.problems("note", languages=("zh", "en"), channels=("email", "wechat"))
    none = made.book.problems("other", languages=("zh", "en"), channels=("email",))

    assert whole == []
    assert [(problem.code, str(problem.place)) for problem in none] == [
        ("template-missing", "templates/zh/other.md.j2"),
        ("template-missing", "templates/en/other.md.j2"),
    ]


@pytest.mark.parametrize(("body", "code", "line"), BROKEN)
def test_fault_has_place_and_code(
    note: Callable[..., Words], body: str, code: str, line: int | None
) -> None:
    """A fault names the template's file and line."""
    problem = _problem(lambda: note(body + "\n", pictures={"logo": "assets/logo.png"}))

    place = "templates/en/note.md.j2" + (f":{line}" if line else "")
    assert (problem.code, str(problem.place)) == (code, place)


def test_fault_says_for_whom_and_what_was_meant(note: Callable[..., Words]) -> None:
    """An unknown column is told with the nearest one and the recipient's key."""
    problem = _problem(lambda: note("{{ recipient.nmae }}\n"))

    assert problem.message == '"nmae" is undefined (rendered for k1)'
    assert problem.hint == 'did you mean "name" or "names"?'


def test_fault_in_part_has_the_parts_place(studio: Callable[..., Studio]) -> None:
    """A fault inside an include or a macro is told where it stands."""
    made = studio({
        "en/note.md.j2": HEAD + "{% import 'parts/m.md.j2' as m %}\n\n{{ m.hi() }}\n",
        "en/parts/m.md.j2": "{% macro hi() %}\n{{ recipient.nmae }}\n{% endmacro %}\n",
    })  # fmt: skip

    assert str(_problem(made.words).place) == "templates/en/parts/m.md.j2:2"


def test_picture_in_part_has_the_parts_place(studio: Callable[..., Studio]) -> None:
    """An unknown picture is told where it is named."""
    made = studio({
        "en/note.md.j2": HEAD + '{% include "parts/p.md.j2" %}\n',
        "en/parts/p.md.j2": "x\n\n![x](lgoo)\n",
    }, pictures={"logo": "a.png"})  # fmt: skip

    problem = _problem(made.words)

    assert (str(problem.place), problem.hint) == (
        "templates/en/parts/p.md.j2:3", 'did you mean "logo"?',
    )  # fmt: skip


@pytest.mark.parametrize("body", DANGEROUS)
def test_sandbox_refuses(note: Callable[..., Words], body: str) -> None:
    """What reaches outside or never ends is a fault like others, at once."""
    problem = _problem(lambda: note(body + "\n"))

    assert problem.place.file == "templates/en/note.md.j2"


def test_import_does_not_keep_values(studio: Callable[..., Studio]) -> None:
    """What an imported template set for one recipient is not shown to the next."""
    made = studio({
        "en/note.md.j2": HEAD + "{% from 'parts/m.md.j2' import hello %}{{ hello }}!\n",
        "en/parts/m.md.j2": "{% set hello %}Dear {{ recipient.name }}{% endset %}\n",
    })  # fmt: skip

    assert [made.words(recipient(name)).text for name in ("Ada", "Bo")] == ["Dear Ada!", "Dear Bo!"]


def test_keys_come_before_methods(note: Callable[..., Words]) -> None:
    """A fact may be called like a method of a mapping."""
    words = note(
        "{{ facts.items }} {% for k, v in facts.deep.items() %}{{ k }}{{ v }}{% endfor %}\n",
        facts={"items": "yes", "deep": {"a": 1}},
    )

    assert words.text == "yes a1"


def test_names_are_in_the_language_of_the_message(studio: Callable[..., Studio]) -> None:
    """Texts given per language are read in the message's, at any depth."""
    body = "{{ title }}|{{ project.name }}|{{ sender.name }}|{{ facts.a.0.b }}|{{ language }}|{{ campaign }}|{{ kind }}|{{ channel }}|{{ occurrence }}\n"  # noqa: E501
    made = studio(
        {"en/note.md.j2": HEAD + body, "zh/note.md.j2": HEAD + body},
        facts={"a": [{"b": {"zh": "乙", "en": "b"}}]},
    )

    assert [made.words(language=language).text for language in ("en", "zh")] == [
        "A note|Sample Workshop|The chairs|b|en|note-1|note|email|once",
        "通知|样例研讨会|组委会|乙|zh|note-1|note|email|once",
    ]


def test_article_has_no_recipient(studio: Callable[..., Studio]) -> None:
    """A recipient's name in an article is a fault that says why."""
    made = studio({"en/note.md.j2": HEAD + "{{ recipient.name }}\n"})

    problem = _problem(made.article)

    assert problem.message == "an article has no recipient: it goes to all followers"


def test_head_is_read(studio: Callable[..., Studio]) -> None:
    """Every value of the head is a template; what an article lacks comes from the mail's."""
    head = '---\nsubject: "S {{ title }}"\nshort: >-\n  S\n  s\npreheader: P\n'
    made = studio({
        "en/note.md.j2": head + "---\nx\n",
        "zh/note.md.j2": head + "article: {title: T, digest: D}\n---\nx\n",
    })  # fmt: skip

    told = [
        (words.subject, words.short, words.preheader, words.article_title, words.article_digest)
        for words in (made.article("en"), made.article("zh"))
    ]

    assert told == [("S A note", "S s", "P", "S A note", "P"), ("S 通知", "S s", "P", "T", "D")]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("x\n", 1),
        ("---\nsubject: a\n", 1),
        ("---\nsubject: {{ title }}\n---\nx\n", 2),
        ('---\nsubject: "a"\nsubjcet: b\n---\nx\n', 3),
        ('---\nsubject: "a"\nsubject: "b"\n---\nx\n', 3),
        ("---\nsubject: a\narticle: b\n---\nx\n", 3),
        ('---\nsubject: ""\n---\nx\n', 2),
        ("---\nsubject: a: b\n---\nx\n", 2),
        ("---\n- a\n---\nx\n", 2),
        ('---\npreheader: "a"\nsubject: "{{ x"\n---\nx\n', 3),
        ('---\nsubject: "{{ nothing }}"\n---\nx\n', 2),
        ('---\nsubject: a\npreheader: >\n  b\n  {{ nothing }}\n---\nx\n', 4),
    ],
)  # fmt: skip
def test_head_at_fault_is_told_with_its_line(
    studio: Callable[..., Studio], text: str, line: int
) -> None:
    """Whatever is wrong with a head has the file's line."""
    made = studio({"en/note.md.j2": text})

    assert str(_problem(made.words).place) == f"templates/en/note.md.j2:{line}"


def test_file_that_is_no_text_is_a_fault(studio: Callable[..., Studio]) -> None:
    """A template in another encoding is told as such."""
    made = studio({"en/note.md.j2": HEAD})
    (made.root / "templates/en/note.md.j2").write_bytes(
        "---\nsubject: 征稿\n---\n".encode("gb18030")
    )

    assert _problem(made.words).code == "template-text"


def test_template_with_reserved_characters_is_a_fault(note: Callable[..., Words]) -> None:
    """A template cannot bring markers of its own."""
    assert _problem(lambda: note("\ufdd0t0\ufdd1\n")).code == "template-text"


def test_template_missing_is_a_fault(studio: Callable[..., Studio]) -> None:
    """No template for a language is told with the names that would do."""
    problem = _problem(studio({"zh/note.md.j2": HEAD + "x\n"}).words)

    assert problem.hint == "write one of: note.email.md.j2, note.md.j2"


def test_sources_are_all_that_may_shape_a_message(studio: Callable[..., Studio]) -> None:
    """The kind's templates with their parts and the layouts, used today or not, by path."""
    made = studio({
        "en/note.md.j2": HEAD + '{% include "parts/a.md.j2" %}\n',
        "en/parts/a.md.j2": "x\n",
        "en/parts/b.md.j2": "x\n",
        "en/note.urgent.md.j2": HEAD + "x\n",
        "en/other.md.j2": HEAD + "x\n",
    })  # fmt: skip

    sources = made.renderer.sources()
    assert sources == [
        "templates/en/note.md.j2",
        "templates/en/note.urgent.md.j2",
        "templates/en/parts/a.md.j2",
        "templates/layouts/mail.css",
        "templates/layouts/mail.html.j2",
        "templates/layouts/mail.txt.j2",
    ]


def test_dates_print_by_themselves(note: Callable[..., Words]) -> None:
    """A date needs no filter."""
    assert note("{{ facts.day }}\n", facts={"day": date(2025, 3, 5)}).text == "5 March 2025"
