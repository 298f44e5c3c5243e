"""docs/schedule.md tells the truth: its examples are read, its words are those of the code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from schedule_support import make_project

from announce.cli.schedule import COMMANDS
from announce.reading.campaigns import read_campaign
from announce.reading.project import read_project
from announce.timetable.timetable import timetable

DOCS = Path(__file__).parents[2] / "docs"
PAGES = ["schedule.md", "schedule.zh.md"]


def blocks(page: str) -> list[str]:
    """The YAML of a page."""
    return re.findall(r"```yaml\n(.*?)```", (DOCS / page).read_text("utf-8"), re.S)


@pytest.mark.parametrize("page", PAGES)
def test_the_example_is_a_schedule(page: str, tmp_path: Path) -> None:
    """With the occurrences that the page names."""
    schedule, quiet, settings = blocks(page)
    root = make_project(
        tmp_path,
        schedule.split("schedule:\n")[1],
        facts="{deadlines: {submission: 2027-02-10 23:59 AoE}}",
        more=quiet,
        settings=settings,
    )
    for name in ("zh", "en"):
        words = root / f"templates/{name}/reminder.md.j2"
        words.write_text((root / f"templates/{name}/call.md.j2").read_text("utf-8"), "utf-8")
    (root / "audiences").mkdir()
    (root / "audiences/submitted.csv").write_text("address\n", "utf-8")
    project, problems = read_project(root)
    assert project is not None and problems == []
    campaign, problems = read_campaign(project, root / "campaigns/call.yaml")
    assert campaign is not None and problems == []
    assert project.settings.schedule.notify == "chair@example.org"
    found = {one.id for one in timetable(project, campaign, moment())}
    assert found == {"call", *(f"submission-{one}" for one in ("14d", "7d", "2d", "12h"))}


def moment():
    """A moment before all of them."""
    return yaml.safe_load("2026-11-01T00:00:00Z")


@pytest.mark.parametrize("page", PAGES)
def test_commands_of_the_page_exist(page: str) -> None:
    """Each subcommand that it names."""
    text = (DOCS / page).read_text("utf-8")
    named = set(re.findall(r"announce schedule ([a-z]+)", text))
    assert named <= set(COMMANDS)
    assert set(COMMANDS) - {"next"} <= named


def test_both_languages_have_the_same_examples() -> None:
    """But for their comments."""
    bare = [
        [re.sub(r"\s*#.*", "", line) for one in blocks(page) for line in one.splitlines()]
        for page in PAGES
    ]
    assert bare[0] == bare[1]


@pytest.mark.parametrize("page", PAGES)
def test_every_reason_is_told(page: str) -> None:
    """Why an occurrence is left out."""
    text = (DOCS / page).read_text("utf-8")
    for reason in ("past", "closed", "superseded", "rescheduled"):
        assert f"`{reason}`" in text
