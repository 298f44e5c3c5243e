"""Whatever a template says, a check must not end the command: it finds something, or nothing."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from announce.checks import decisions, names
from announce.checks.parity import disagreements
from announce.checks.typography import typography
from announce.checks.when import date_doubts
from announce.model.sample import Sample

PIECES = [
    "二月十日",
    "2月30日",
    "十二月三十一号",
    "99月99日",
    "2025年",
    "Feb 30, 2025",
    "31 April",
    "May",
    "Sunday",
    "星期天",
    "周一",
    "（五）",
    "24:00",
    "25:61",
    "三点半",
    "十点一刻",
    "half past twenty",
    "quarter to one",
    "8–9 pm",
    "13 pm",
    "noon",
    "AoE",
    "UTC+8",
    "百分之一百二十",
    "三成",
    "九五折",
    "零",
    "万",
    "一万两千",
    "第〇届",
    "第三届",
    "first",
    "1,2,3",
    "1 000 000",
    "1.5万",
    "0.5%",
    "GPT-4",
    "《》",
    "“”",
    "http://",
    "https://[x",
    "a@b",
    "@",
    "■ ",
    "\n■ x\n",
    "{{",
    "}}",
    "\u0000",
    "\ud7ff",
    "1" * 400,
    "祝贺",
    "regret",
    "None",
    "<name>",
    "-",
    "至",
    "to",
    "、",
    ":",
    "：",
    "  ",
    "..",
    "……",
]
TEXTS = st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=6)), max_size=12).map(" ".join)
HTML = st.lists(
    st.sampled_from(["<ul>", "</ul>", "<li>", "</li>", "<a href='https://[x'>", "</a>", "<h2>", "x",
                     "<a href='mailto:'>", "</ol>", "<img>", "<tr>", "&#0;", "<!--", "<a"]),
    max_size=12,
).map("".join)  # fmt: skip
NOW = datetime(2025, 3, 1, tzinfo=UTC)


def sample(language: Any, text: str, html: str) -> Sample:
    """A message of these words."""
    return Sample(language=language, channel="email", variant="reject", file="a.md.j2",
                  subject=text[:20], text=text, html=html, written=text)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(zh=TEXTS, en=TEXTS, html=HTML)
def test_no_text_breaks_a_check(zh: str, en: str, html: str) -> None:
    """Dates that are none, numbers without end, markup that is broken."""
    first, second = sample("zh", zh, html), sample("en", en, "")

    disagreements(first, second, {"title": zh[:30]})
    for one in (first, second):
        date_doubts(one, NOW, scheduled=True)
        typography(one)
        names.sample_doubts(one)
        decisions.word_doubts(one)


@settings(max_examples=300, deadline=None)
@given(text=TEXTS)
def test_a_text_agrees_with_itself(text: str) -> None:
    """What stands in both alike is no disagreement, in whichever language it is read."""
    one = sample("en", text, "")

    assert disagreements(sample("en", text, ""), one) == []
    assert disagreements(sample("zh", text, ""), sample("zh", text, "")) == []
