"""Two languages that disagree are found; two that say the same in other words are not."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from announce.checks.parity import disagreements
from announce.model.sample import Sample
from announce.preparing import prepare

ROOT = Path(__file__).parents[2]
CAMPAIGNS = ("cfp", "reviewers", "decisions", "awards")


def pairs(campaign: str) -> list[tuple[Sample, Sample]]:
    """The texts of an example campaign, in both languages."""
    path = str(ROOT / "campaigns" / f"{campaign}.yaml")
    prepared = prepare(None, path, datetime(2025, 1, 6, tzinfo=UTC))
    lines = [prepared.plan.lines[position] for position in prepared.composer.examples]
    found = [[prepared.composer.sample(line, one) for one in ("zh", "en")] for line in lines]
    return [(zh, en) for zh, en in found if zh and en]


@pytest.fixture(scope="module")
def cfp() -> tuple[Sample, Sample]:
    """The call for papers as mail, in both languages."""
    return pairs("cfp")[0]


@pytest.mark.parametrize("campaign", CAMPAIGNS)
def test_clean_campaign_has_no_finding(campaign: str) -> None:
    """The four examples say the same in both languages."""
    found = pairs(campaign)

    assert found
    assert [problem for pair in found for problem in disagreements(*pair)] == []


def changed(sample: Sample, old: str, new: str) -> Sample:
    """A sample with other words."""
    assert old in sample.text + sample.html
    return replace(sample, text=sample.text.replace(old, new, 1),
                   html=sample.html.replace(old, new, 1))  # fmt: skip


MISTAKES = [
    ("zh", "2月10日（星期一）23:59", "2月11日（星期一）23:59", "parity-date"),
    ("en", "Monday, 10 February 2025", "Monday, 11 February 2025", "parity-date"),
    ("en", "5 March", "6 March", "parity-date"),
    ("zh", "3月5日", "3月15日", "parity-date"),
    ("zh", "4月24日至28日在", "4月24日至27日在", "parity-date"),
    ("en", "on 24–28 April", "on 24–27 April", "parity-date"),
    ("en", "6 January 2025", "6 January 2026", "parity-date"),
    ("zh", "会议于2025年4月24日至28日在新加坡", "会议在新加坡", "parity-date"),
    ("zh", "23:59 AoE", "22:59 AoE", "parity-time"),
    ("en", "19:59 Beijing", "18:59 Beijing", "parity-time"),
    ("en", "23:59 AoE", "23:59 UTC", "parity-zone"),
    ("zh", "23:59 AoE", "23:59 ", "parity-zone"),
    ("en", "up to 6 pages", "up to 8 pages", "parity-figure"),
    ("zh", "约 3 篇", "约 4 篇", "parity-figure"),
    ("en", "about 3 are", "about four are", "parity-figure"),
    ("zh", "评出 2 篇", "评出 3 篇", "parity-figure"),
    ("zh", "首届", "第二届", "parity-figure"),
    ("en", "First Workshop", "Second Workshop", "parity-figure"),
    ("en", "SdYw5U75U3", "SdYw5U75U4", "parity-link"),
    ("zh", "scifm.example.org/2025", "scifm.example.org/2026", "parity-link"),
    ("en", "(ICLR 2025), held", "(ICML 2025), held", "parity-name"),
    ("en", "<li>", "", "parity-structure"),
    ("zh", "<h2>赞助</h2>", "", "parity-structure"),
]  # fmt: skip


@pytest.mark.parametrize(("language", "old", "new", "code"), MISTAKES)
def test_mistake_in_one_language_is_found(
    cfp: tuple[Sample, Sample], language: str, old: str, new: str, code: str
) -> None:
    """Each by its own code."""
    zh, en = cfp
    pair = (changed(zh, old, new), en) if language == "zh" else (zh, changed(en, old, new))

    assert code in {problem.code for problem in disagreements(*pair)}


@pytest.mark.parametrize(
    ("language", "old", "new"),
    [
        ("zh", "约 3 篇", "约三篇"),
        ("en", "about 3 are", "about three are"),
        ("zh", "2 篇优秀", "两篇优秀"),
        ("en", "There are 2 outstanding", "There are two outstanding"),
        ("en", "24–28 April 2025", "April 24-28, 2025"),
        ("en", "10 February 2025", "Feb 10, 2025"),
        ("en", "23:59 AoE", "11:59 pm AoE"),
        ("zh", "23:59 AoE", "晚上11点59分 AoE"),
        ("zh", "4月24日至28日", "四月二十四日至二十八日"),
        ("zh", "2月10日", "2 月 10 号"),
    ],
)
def test_same_in_other_words_is_no_finding(
    cfp: tuple[Sample, Sample], language: str, old: str, new: str
) -> None:
    """Both languages have many ways to write a date, a time and a figure."""
    zh, en = cfp
    pair = (changed(zh, old, new), en) if language == "zh" else (zh, changed(en, old, new))

    assert disagreements(*pair) == []
