"""A correction goes to exactly those who got it, and only once somebody said what was wrong."""

from __future__ import annotations

import csv
from pathlib import Path

CFP = "campaigns/cfp.yaml"
DECISIONS = "campaigns/decisions.yaml"
FIX = "campaigns/scifm-2025-decisions-correction.yaml"


def say_what_was_wrong(project: Path, file: str) -> None:
    """As a person would."""
    path = project / file
    text = path.read_text("utf-8")
    assert "correction: {zh: , en: }" in text
    said = "correction: {zh: 截止日期是3月31日, en: The deadline is 31 March}"
    path.write_text(text.replace("correction: {zh: , en: }", said), "utf-8")


def test_correction_reaches_exactly_those_who_got_it(announce, live, servers) -> None:
    """Ten of 68 got it: the same ten addresses get the correction, each in their language."""
    announce("send", "--yes", "--limit", "10", DECISIONS, cwd=live)
    first = sorted(to for one in servers[0].store.mails() for to in one.to)
    begun = announce("--json", "correct", DECISIONS, cwd=live)
    unsaid = announce("send", "--yes", FIX, cwd=live)
    say_what_was_wrong(live, FIX)
    ended = announce("send", "--yes", FIX, cwd=live)

    mails = servers[0].store.mails()
    new = [one for one in mails if "更正" in one.subject or "Correction" in one.subject]
    assert (begun.code, begun.json["people"]) == (0, 10)
    assert unsaid.code == 2
    assert ended.code == 0, ended.err
    assert len(mails) == 20
    assert sorted(to for one in new for to in one.to) == first
    assert {one.subject[:2] for one in new} == {"更正", "Co"}


def test_names_and_languages_are_those_of_the_first_message(announce, project) -> None:
    """The list is private, with the names of the audience."""
    announce("send", DECISIONS, cwd=project)
    announce("correct", DECISIONS, cwd=project)

    folder = project / "audiences" / "private"
    with (folder / "scifm-2025-decisions-correction.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 68
    assert rows[0]["key"] == "SCIFM-001"
    assert "Clara Nordwall" in rows[0]["name"]
    assert (folder / ".gitignore").read_text("utf-8") == "*\n"


def test_articles_get_a_draft_of_the_correction(announce, project) -> None:
    """Followers cannot be chosen: a person decides about the draft."""
    announce("send", CFP, cwd=project)
    begun = announce("correct", CFP, cwd=project)
    file = "campaigns/scifm-2025-cfp-correction.yaml"
    say_what_was_wrong(project, file)
    ended = announce("--json", "send", file, cwd=project)

    assert begun.code == 0
    assert "2 articles came to the official account" in begun.out
    assert ended.code == 0
    assert [one["language"] for one in ended.json["articles"]] == ["zh", "en"]


def test_nobody_reached_is_nothing_to_correct(announce, project) -> None:
    """Nothing is written."""
    ended = announce("correct", DECISIONS, cwd=project)

    assert ended.code == 2
    assert "reached nobody" in ended.err
    assert not (project / FIX).exists()


def test_correction_that_is_there_is_left_alone(announce, project) -> None:
    """What somebody has written is not written over."""
    announce("send", DECISIONS, cwd=project)
    announce("correct", DECISIONS, cwd=project)
    say_what_was_wrong(project, FIX)
    again = announce("correct", DECISIONS, cwd=project)

    assert again.code == 2
    assert "截止日期" in (project / FIX).read_text("utf-8")


def test_correction_asks_for_the_same_approval(announce, project) -> None:
    """What had to be looked at then has to be looked at now."""
    with (project / DECISIONS).open("a", encoding="utf-8") as file:
        file.write("\nauthor: Wang Min\napproval: {by: 2, not: author}\n")
    announce("send", DECISIONS, cwd=project)
    announce("correct", DECISIONS, cwd=project)

    text = (project / FIX).read_text("utf-8")
    assert 'author: "Wang Min"\napproval: {by: 2, not: "author"}' in text
