"""Checks through the real command: severities, silencing with a reason, annotations."""

from __future__ import annotations

from pathlib import Path

import pytest

CFP = "campaigns/cfp.yaml"


@pytest.fixture
def moved(project: Path) -> Path:
    """A project whose English call has a date that the Chinese one has not."""
    path = project / "templates" / "en" / "cfp.md.j2"
    text = path.read_text("utf-8")
    path.write_text(text.replace("## Dates\n", "## Dates\n\nDrafts by 12 May.\n"), "utf-8")
    return project


def add(path: Path, text: str) -> None:
    """Add lines to a file."""
    with path.open("a", encoding="utf-8") as file:
        file.write(f"\n{text}\n")


def test_disagreement_stops_check_and_send(announce, moved) -> None:
    """With file, line and mend; nothing is sent."""
    checked = announce("--json", "check", CFP, cwd=moved)
    sent = announce("send", CFP, cwd=moved)

    (found,) = checked.json["problems"]
    assert checked.code == sent.code == 2
    assert (found["code"], found["file"]) == ("parity-date", "templates/en/cfp.md.j2")
    assert found["line"] > 1
    assert "12 May" in found["message"]
    assert not (moved / ".announce" / "sandbox" / "mail").exists()


@pytest.mark.parametrize(
    ("severity", "code", "severities"), [("warning", 0, ["warning"]), ("silent", 0, [])]
)
def test_project_sets_severities(announce, moved, severity, code, severities) -> None:
    """A project may say how bad a finding is."""
    add(moved / "announce.yaml", f"checks: {{parity-date: {severity}}}")

    checked = announce("--json", "check", CFP, cwd=moved)

    assert checked.code == code
    assert [one["severity"] for one in checked.json["problems"]] == severities


def test_campaign_ignores_one_finding_with_a_reason(announce, moved) -> None:
    """That one, and none that comes later."""
    add(moved / CFP, "ignore:\n  - {check: parity-date, text: 12 May, reason: only for the West}")
    silent = announce("--json", "check", CFP, cwd=moved)
    path = moved / "templates" / "en" / "cfp.md.j2"
    path.write_text(path.read_text("utf-8").replace("12 May", "13 May"), "utf-8")
    later = announce("--json", "check", CFP, cwd=moved)

    assert (silent.code, silent.json["problems"]) == (0, [])
    assert {one["code"] for one in later.json["problems"]} == {"parity-date", "ignore-unused"}


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("announce.yaml", "checks: {parity-dates: silent}"),
        (CFP, "ignore: [{check: parity-dates, reason: so}]"),
    ],
)
def test_check_that_is_none_is_told(announce, project, file, text) -> None:
    """A typo must not silence nothing."""
    add(project / file, text)

    ended = announce("check", CFP, cwd=project)

    assert ended.code == 2
    assert 'did you mean "parity-date"' in ended.err


def test_reason_is_needed(announce, project) -> None:
    """Nobody can tell later why it was silenced."""
    add(project / CFP, "ignore: [{check: parity-date}]")

    assert announce("check", CFP, cwd=project).code == 2


def test_annotations_for_pull_requests(announce, moved) -> None:
    """A line a problem, as GitHub reads it."""
    ended = announce("check", "--format", "github", CFP, cwd=moved)

    (line,) = ended.out.splitlines()
    assert line.startswith("::error file=templates/en/cfp.md.j2,line=")
    assert ",title=parity-date::only the English text says" in line


def test_checks_are_listed_with_their_reason(announce, project) -> None:
    """Each code, how bad, and why; in the documentation too."""
    listed = announce("--json", "check", "--list", cwd=project).json["checks"]
    page = (Path(__file__).parents[2] / "docs/reference/checks.md").read_text("utf-8")

    assert {one["severity"] for one in listed} == {"error", "warning"}
    assert [one["code"] for one in listed if f"`{one['code']}`" not in page] == []
    assert all(one["reason"][language] and one["mend"][language]
               for one in listed for language in ("zh", "en"))  # fmt: skip


def test_value_that_one_language_prints_is_told(announce, project) -> None:
    """The title stands in the Chinese decision only."""
    path = project / "templates" / "en" / "parts" / "submission.md.j2"
    path.write_text(path.read_text("utf-8").replace("{{ recipient.title }}", "yours"), "utf-8")

    ended = announce("--json", "check", "campaigns/decisions.yaml", cwd=project)

    assert "parity-value" in {one["code"] for one in ended.json["problems"]}
