"""Filters: dates, lists, links and numbers in both languages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from studio import HEAD, Studio, recipient

from announce.model.moment import parse_moment
from announce.rendering.faults import TemplateFault

FACTS: dict[str, Any] = {
    "day": parse_moment("2025-03-05"),
    "aoe": parse_moment("2025-02-10 23:59 AoE"),
    "newyear": parse_moment("2025-12-31 23:59 AoE"),
    "beijing": parse_moment("2025-02-10 23:59 Beijing"),
    "plus8": parse_moment("2025-02-10 23:59 +08:00"),
    "utc": parse_moment("2025-02-10 12:00 UTC"),
    "berlin": parse_moment("2025-02-10 12:00:30 Europe/Berlin"),
    "span": {"from": parse_moment("2025-04-24"), "to": parse_moment("2025-04-28")},
    "next": parse_moment("2025-05-02"),
    "later": parse_moment("2026-01-02"),
    "people": ["甲", "乙", "丙"],
    "one": ["甲"],
    "none": [],
    "url": "https://example.org/x",
    "n": 12345,
}
TOLD = [
    ("facts.day | date", "5 March 2025", "2025年3月5日"),
    ("facts.day | date('full')", "Wednesday, 5 March 2025", "2025年3月5日（星期三）"),
    ("facts.day | date('short')", "5 Mar", "3月5日"),
    ("recipient.day | date", "1 June 2025", "2025年6月1日"),
    ("facts.span | dates", "24–28 April 2025", "2025年4月24日至28日"),
    ("facts.span.from | dates(facts.next)", "24 April – 2 May 2025", "2025年4月24日至5月2日"),
    (
        "facts.span.from | dates(facts.later)",
        "24 April 2025 – 2 January 2026",
        "2025年4月24日至2026年1月2日",
    ),
    ("facts.day | dates(facts.day)", "5 March 2025", "2025年3月5日"),
    (
        "facts.aoe | deadline",
        "Monday, 10 February 2025, 23:59 AoE (Tuesday, 11 February, 11:59 UTC; 19:59 Beijing time)",
        "2025年2月10日（星期一）23:59 AoE（即北京时间2月11日星期二19:59，UTC 2月11日11:59）",
    ),
    (
        "facts.newyear | deadline",
        "Wednesday, 31 December 2025, 23:59 AoE "
        "(Thursday, 1 January 2026, 11:59 UTC; 19:59 Beijing time)",
        "2025年12月31日（星期三）23:59 AoE"
        "（即北京时间2026年1月1日（星期四）19:59，UTC 2026年1月1日11:59）",
    ),
    (
        "facts.beijing | deadline",
        "Monday, 10 February 2025, 23:59 Beijing time (15:59 UTC)",
        "北京时间2025年2月10日（星期一）23:59（即UTC 15:59）",
    ),
    (
        "facts.plus8 | deadline",
        "Monday, 10 February 2025, 23:59 UTC+08:00 (15:59 UTC)",
        "2025年2月10日（星期一）23:59 UTC+08:00（即UTC 15:59）",
    ),
    (
        "facts.utc | deadline",
        "Monday, 10 February 2025, 12:00 UTC (20:00 Beijing time)",
        "2025年2月10日（星期一）12:00 UTC（即北京时间20:00）",
    ),
    (
        "facts.berlin | deadline",
        "Monday, 10 February 2025, 12:00:30 Europe/Berlin (11:00:30 UTC; 19:00:30 Beijing time)",
        "2025年2月10日（星期一）12:00:30 Europe/Berlin（即北京时间19:00:30，UTC 11:00:30）",
    ),
    ("facts.day | deadline", "Wednesday, 5 March 2025", "2025年3月5日（星期三）"),
    ("facts.aoe | time", "23:59 AoE", "23:59 AoE"),
    ("facts.beijing | time", "23:59 Beijing time", "北京时间23:59"),
    ("facts.day | weekday", "Wednesday", "星期三"),
    ("facts.n | number", "12,345", "12,345"),
    ("recipient.figure | number", "1,234.5", "1,234.5"),
    ("facts.people | list", "甲, 乙 and 丙", "甲、乙和丙"),
    ("facts.people | list('or')", "甲, 乙 or 丙", "甲、乙或丙"),
    ("facts.one | list", "甲", "甲"),
    ("recipient.topics | split | list", "a and b", "a和b"),
    ("facts.people | join('+')", "甲+乙+丙", "甲+乙+丙"),
    ("facts.url | link", "https://example.org/x", "https://example.org/x"),
    ("facts.url | link('the page')", "the page: https://example.org/x", "the page：https://example.org/x"),
    ("[facts.url, facts.url] | map('link') | join(' ')",
     "https://example.org/x https://example.org/x", "https://example.org/x https://example.org/x"),
    ("'a@example.org' | email", "a@example.org", "a@example.org"),
    ("recipient.blank | default('nobody', true)", "nobody", "nobody"),
    ("recipient.nothing | default('nobody')", "nobody", "nobody"),
]  # fmt: skip
REFUSED = [
    "recipient.name | date",
    "'2025-02-30' | date",
    "'2025-02-10 23:59' | deadline",
    "facts.day | date('long ago')",
    "facts.day | time",
    "facts.span.to | dates(facts.span.from)",
    "facts.day | dates",
    "facts.none | list",
    "facts.people | list('nor')",
    "facts | list",
    "recipient.name | number",
    "true | number",
    "'www.example.org' | link",
    "'javascript:alert(1)' | link",
    "recipient.name | email",
    "recipient.nothing | upper",
    "recipient.nothing | link",
    "recipient.nothing | list",
    "recipient.nothing | email",
]
WHO = recipient("Ada", day="2025-06-01", figure="1234.5", topics="a ; ；b;", blank="")


@pytest.mark.parametrize(("expression", "english", "chinese"), TOLD)
def test_filter_tells_in_both_languages(
    studio: Callable[..., Studio], expression: str, english: str, chinese: str
) -> None:
    """A value is told as its language tells it."""
    body = HEAD + "{{ " + expression + " }}\n"
    made = studio({"en/note.md.j2": body, "zh/note.md.j2": body}, facts=FACTS)

    told = [made.words(WHO, language=language).text for language in ("en", "zh")]

    assert told == [english, chinese]


@pytest.mark.parametrize("expression", REFUSED)
def test_filter_refuses_what_it_cannot_tell(studio: Callable[..., Studio], expression: str) -> None:
    """A value of the wrong kind is a fault with the template's line."""
    made = studio({"en/note.md.j2": HEAD + "{{ " + expression + " }}\n"}, facts=FACTS)

    with pytest.raises(TemplateFault) as raised:
        made.words(WHO)

    assert str(raised.value.problem.place) == "templates/en/note.md.j2:4"


def test_link_in_subject_is_plain(studio: Callable[..., Studio]) -> None:
    """A head has no markup: links are their addresses there."""
    subject = "{{ facts.url | link }} {{ facts.url | link('x') }} {{ 'a@example.org' | email }}"
    made = studio({"en/note.md.j2": f'---\nsubject: "{subject}"\n---\nx\n'}, facts=FACTS)

    assert made.words().subject == "https://example.org/x x: https://example.org/x a@example.org"


def test_unknown_filter_names_the_nearest(studio: Callable[..., Studio]) -> None:
    """A filter that makes markup of data does not exist."""
    made = studio({"en/note.md.j2": HEAD + "{{ recipient.name | safee }}\n"})

    with pytest.raises(TemplateFault) as raised:
        made.words()

    problem = raised.value.problem
    assert problem.message == "the template cannot be read: No filter named 'safee'."
    assert '"safe"' not in problem.hint
