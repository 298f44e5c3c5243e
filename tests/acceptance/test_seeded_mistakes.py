"""Mistakes that people make, seeded one at a time into the example campaigns: `check` finds them.

The examples themselves have no error and at most two warnings each.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

CFP, REVIEWERS, DECISIONS, AWARDS = (
    f"campaigns/{name}.yaml" for name in ("cfp", "reviewers", "decisions", "awards")
)
ROWS = "audiences/decisions.csv"
PEOPLE = "audiences/community.csv"
Edit = tuple[str, str, str]


def both(name: str, zh: str, en: str, new_zh: str, new_en: str) -> tuple[Edit, Edit]:
    """The same slip in both languages, so that only its own check can find it."""
    return (
        (f"templates/zh/{name}.md.j2", zh, new_zh),
        (f"templates/en/{name}.md.j2", en, new_en),
    )


DEADLINE = "{{ facts.deadlines.submission | deadline }}"
SEEDS: list[tuple[str, str, tuple[Edit, ...], str]] = [
    # two languages
    ("date in one language", CFP, (("templates/en/cfp.md.j2", DEADLINE,
     "Monday, 17 February 2025, 23:59 AoE (Beijing time: Tuesday, 19:59; 11:59 UTC)"),),
     "parity-date"),
    ("opening day in one language", CFP, (("templates/zh/cfp.md.j2",
     '{{ facts.opens | date("full") }}', "2025年1月7日（星期二）"),), "parity-date"),
    ("review date in one language", REVIEWERS, (("templates/en/reviewers.md.j2",
     '{{ facts.assigned | date("full") }}', "Friday, 14 February 2025"),), "parity-date"),
    ("time in one language", CFP, (("templates/zh/cfp.md.j2", DEADLINE,
     "2025年2月10日（星期一）22:59 AoE（即北京时间2月11日18:59，UTC 10:59）"),), "parity-time"),
    ("zone in one language", CFP, (("templates/en/cfp.md.j2", DEADLINE,
     "Monday, 10 February 2025, 23:59 (11 February, 11:59 UTC; 19:59 Beijing time)"),),
     "parity-zone"),
    ("pages in one language", CFP, (("templates/en/cfp.md.j2", "up to {{ type.pages }} pages",
     "up to 8 pages"),), "parity-figure"),
    ("load in one language", REVIEWERS, (("templates/zh/reviewers.md.j2",
     "{{ facts.load }}", "五"),), "parity-figure"),
    ("figure in one language", DECISIONS, (("templates/zh/decisions.reject.md.j2",
     "{{ facts.figures.accepted }}", "45"),), "parity-figure"),
    ("link in one language", CFP, (("templates/en/cfp.md.j2",
     "{{ facts.links.submit | link }}", "https://openreview.net/group?id=ICLR.cc/2024"),),
     "parity-link"),
    ("link lost in one language", CFP, (("templates/zh/cfp.md.j2",
     "{{ facts.links.review | link }}", "报名表"),), "parity-link"),
    ("conference in one language", DECISIONS, (("templates/en/decisions.oral.md.j2",
     "{{ facts.conference.short }} runs", "ICML 2025 runs"),), "parity-name"),
    ("item lost in one language", DECISIONS, (("templates/en/decisions.reject.md.j2",
     "- **Submit elsewhere.** From our side nothing stands in the way any more.\n", ""),),
     "parity-structure"),
    # dates
    ("weekday of another date", CFP, both("cfp", DEADLINE, DEADLINE,
     "2025年2月10日（星期二）23:59 AoE", "Tuesday, 10 February 2025, 23:59 AoE"), "date-weekday"),
    ("day that is none", CFP, both("cfp", DEADLINE, DEADLINE,
     "2025年2月30日 23:59 AoE", "30 February 2025, 23:59 AoE"), "date-impossible"),
    ("deadline last year", CFP, ((CFP, "submission: 2025-02-10", "submission: 2024-02-10"),),
     "date-order"),
    ("notification before the deadline", CFP, ((CFP, "notification: 2025-03-05",
     "notification: 2025-02-05"),), "date-order"),
    ("deadline after the event", CFP, ((CFP, "submission: 2025-02-10", "submission: 2025-05-10"),),
     "date-order"),
    ("camera-ready before notification", REVIEWERS, ((REVIEWERS, "reviews: 2025-02-26",
     "reviews: 2025-03-26"),), "date-order"),
    ("zone missing in both", CFP, both("cfp", DEADLINE, DEADLINE,
     "2025年2月10日 18:00 截止", "due 10 February 2025, 18:00"), "date-zone"),
    ("past date in words", CFP, both("cfp", "诚邀投稿。", "We invite you to submit your work.",
     "请于2024年12月1日之前投稿。", "Please submit by 1 December 2024."), "date-past"),
    # decisions
    ("row moved to another class", DECISIONS, ((ROWS, "yining.cheng@uni.example.net,zh,reject",
     "yining.cheng@uni.example.net,zh,oral"),), "figures"),
    ("titles swapped", DECISIONS, (
     (ROWS, "Ledgerline: A Public Audit Trail for Instruction Data", "@"),
     (ROWS, "Marginalia-1B: A Fully Documented Language Model for Public-Domain Books",
      "Ledgerline: A Public Audit Trail for Instruction Data"),
     (ROWS, "@,", "Marginalia-1B: A Fully Documented Language Model for Public-Domain Books,")),
     "submission-differs"),
    ("submission without an answer", DECISIONS, (
     (ROWS, "SCIFM-003,", "SCIFM-903,"),), "submission-missing"),
    ("submission unknown", DECISIONS, ((ROWS, "SCIFM-004,", "SCIFM-804,"),),
     "submission-unknown"),
    ("congratulations in a rejection", DECISIONS, (("templates/en/decisions.reject.md.j2",
     "We are sorry to tell you", "Congratulations! We are sorry to tell you"),),
     "decision-words"),
    ("祝贺 in a rejection", DECISIONS, (("templates/zh/decisions.reject.md.j2",
     "很遗憾，", "祝贺！"),), "decision-words"),
    ("regret in an acceptance", DECISIONS, (("templates/en/decisions.poster.md.j2",
     "\n![](banner)", "\nWe regret to inform you of our decision.\n\n![](banner)"),),
     "decision-words"),
    ("another submission in a note", DECISIONS, ((ROWS, "审稿人认可排名迁移这一问题",
     "SCIFM-009 的审稿人认可这一问题"),), "decision-other"),
    ("another title in a note", DECISIONS, ((ROWS, "审稿人认可排名迁移这一问题",
     "与 Merging without Regret: Conflict-Aware Averaging of Open Checkpoints 相比"),),
     "decision-other"),
    ("reviewer's address in a note", DECISIONS, ((ROWS, "审稿人认可排名迁移这一问题",
     "审稿人 reviewer2@private.example.org 认可这一问题"),), "decision-identity"),
    ("class without a template", DECISIONS, ((ROWS, "yining.cheng@uni.example.net,zh,reject",
     "yining.cheng@uni.example.net,zh,rejected"),), "variant-unknown"),
    # names
    ("name that is None", CFP, ((PEOPLE, "余墨言", "None"),), "name-placeholder"),
    ("open placeholder", CFP, ((PEOPLE, "余墨言", "{{ name }}"),), "name-placeholder"),
    ("锟斤拷", CFP, ((PEOPLE, "余墨言", "锟斤拷墨言"),), "mojibake"),
    ("Ã©", CFP, ((PEOPLE, "Yining", "AndrÃ©"),), "mojibake"),
    ("capitals", CFP, ((PEOPLE, "Yining Cheng-Hollis", "YINING CHENG-HOLLIS"),),
     "name-capitals"),
    ("title twice", CFP, (("templates/zh/cfp.md.j2", "{{ recipient.name }}，您好",
     "{{ recipient.name }}教授老师，您好"),), "name-title"),
    # mail
    ("link that lies", CFP, both("cfp", "诚邀投稿。", "We invite you to submit your work.",
     "[openreview.net](https://login.example.net/x)", "[openreview.net](https://login.example.net/x)"),
     "mail-link-text"),
    ("subject that shouts", CFP, both("cfp", 'subject: "征稿：', 'subject: "Call for papers: ',
     'subject: "免费！！征稿：', 'subject: "FREE!! Call for papers: '), "mail-subject"),
    ("login of another domain", CFP, (("announce.yaml", "\n# Real accounts", "\nemail:\n  smtp: "
     "{host: 127.0.0.1, port: 2525, security: none, user: me@gmail.example.net, password: {env: "
     "TEST_PASSWORD}}\n\n# Real accounts"),), "mail-from"),
]  # fmt: skip


# A figure in words that is also a day of a date in the text: it may be that day.
MISSED = {"load in one language": pytest.mark.xfail(strict=True, reason="39 of 40 are found")}


def seeded(project: Path, edits: tuple[Edit, ...]) -> None:
    """Make the edits as a person would."""
    for name, old, new in edits:
        path = project / name
        text = path.read_text("utf-8") if path.exists() else ""
        assert old in text, f"{name} has no {old}"
        path.write_text(text.replace(old, new, 1), "utf-8")


@pytest.mark.parametrize("campaign", [CFP, REVIEWERS, DECISIONS, AWARDS])
def test_clean_campaign_has_no_error_and_hardly_a_warning(announce, project, campaign) -> None:
    """What is sound is left alone."""
    ended = announce("--json", "check", campaign, cwd=project)

    found = [one for one in ended.json["problems"] if not one["code"].startswith("typo-")]
    assert ended.code == 0
    assert [one["severity"] for one in found] == ["warning"] * len(found)
    assert len(found) <= 2


def test_there_are_forty() -> None:
    """A lost seed would make the measure smaller unnoticed."""
    assert len(SEEDS) == 40


@pytest.mark.parametrize(
    ("campaign", "edits", "code"),
    [pytest.param(*seed[1:], id=seed[0], marks=MISSED.get(seed[0], ())) for seed in SEEDS],
)
def test_mistake_is_found(
    announce: Callable[..., object],
    project: Path,
    monkeypatch: pytest.MonkeyPatch,
    campaign: str,
    edits: tuple[Edit, ...],
    code: str,
) -> None:
    """By the check that is for it."""
    monkeypatch.setenv("TEST_PASSWORD", "x")
    seeded(project, edits)

    ended = announce("--json", "check", campaign, cwd=project)

    assert code in {one["code"] for one in ended.json["problems"]}  # type: ignore[attr-defined]
