"""A project with a scheduled campaign, made by the tests of schedules."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from announce.gathering import Opened, open_campaign
from announce.model.moment import Deadline, parse_moment
from announce.model.occurrence import Occurrence
from announce.timetable.timetable import timetable

LAYOUTS = Path(__file__).parents[2] / "templates" / "layouts"
FILE = "campaigns/call.yaml"


def at(text: str) -> datetime:
    """A moment, such as `2025-01-06 09:00 UTC`."""
    found = parse_moment(text)
    assert isinstance(found, Deadline)
    return found.local


def make_project(
    root: Path,
    schedule: str,
    *,
    facts: str = "{deadlines: {submission: 2025-02-10 23:59 AoE}}",
    more: str = "",
    settings: str = "",
    words: str = "Do submit.",
    people: str = "address,language\nmo@example.org,zh\nlee@example.org,en\n",
) -> Path:
    """A project with a campaign to two people; `schedule` is its YAML, `more` other keys."""
    for name, text in {
        "announce.yaml": (
            "name: {zh: 研讨会, en: Workshop}\n"
            "sender: {name: {zh: 组委会, en: Chairs}, address: chairs@example.org}\n"
            f"{settings}"
        ),
        FILE: (
            "campaign: call\nkind: call\ntitle: {zh: 征稿, en: Call}\n"
            f"facts: {facts}\naudience: {{file: people.csv}}\nemail: {{}}\n{more}"
            f"schedule:\n{schedule}"
        ),
        "people.csv": people,
        "templates/zh/call.md.j2": f"---\nsubject: 征稿\npreheader: 欢迎\n---\n{words}\n",
        "templates/en/call.md.j2": f"---\nsubject: Call\npreheader: Welcome\n---\n{words}\n",
    }.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    if not (root / "templates" / "layouts").exists():
        (root / "templates" / "layouts").symlink_to(LAYOUTS)
    return root


def opened(root: Path) -> Opened:
    """Its campaign."""
    return open_campaign(str(root), str(root / FILE))


def occurrences(root: Path, now: str, zones: tuple[str, ...] = ("",)) -> dict[str, Occurrence]:
    """The campaign's occurrences by their id (and zone, where they have one)."""
    campaign = opened(root)
    found = timetable(campaign.project, campaign.campaign, at(now), zones=zones)
    return {f"{one.id}{one.zone and '@'}{one.zone}": one for one in found}


def moments(found: dict[str, Occurrence]) -> dict[str, str]:
    """When each is due, in its own zone."""
    return {name: f"{one.due:%Y-%m-%d %H:%M %z}" for name, one in found.items()}
