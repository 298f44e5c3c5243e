"""Occurrences in words: their names, their moments, how they stand."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from announce.model.occurrence import Occurrence
from announce.model.project import Project
from announce.model.wording import moment_text, reason_text
from announce.standing import ADOPTED, Stand, Standing
from announce.texts import say


def when(moment: datetime | None, project: Project) -> str:
    """A moment in the project's zone, with the day of the week and the offset."""
    if moment is None:
        return "–"
    return moment_text(moment.astimezone(ZoneInfo(project.settings.timezone)))


def due_text(one: Occurrence, project: Project) -> str:
    """When an occurrence is due: in the project's zone, and in its own where that is another."""
    if one.vanished and one.nominal is None:
        return "–"
    text = when(one.due, project)
    local = one.due and one.due.astimezone(ZoneInfo(project.settings.timezone))
    if one.due and local and one.due.utcoffset() != local.utcoffset():
        text += say(" = {when}", when=moment_text(one.due))
    return text + say(" (moved: {why})", why=one.moved) if one.moved else text


def stand_text(one: Standing, project: Project) -> str:
    """How an occurrence stands, in words."""
    words = {
        Stand.COMING: say("to come"),
        Stand.DUE: say("due now"),
        Stand.ASKS: say("asks what becomes of it"),
        Stand.LAPSED: say("over, not sent"),
        Stand.DONE: say("sent"),
        Stand.SKIPPED: say("left out"),
    }[one.stand]
    if one.stand is Stand.COMING and one.occurrence.skipped:
        return say("will be left out: {why}", why=one.occurrence.skipped)
    if one.stand is Stand.DONE and one.decided is not None and one.reason != ADOPTED:
        words = say("sent {when}", when=when(one.decided.at, project))
    if one.reason:
        words = say("{what}: {why}", what=words, why=reason_text(one.reason))
    return say("{what} (no longer in the file)", what=words) if one.occurrence.vanished else words


def part_name(one: Occurrence) -> str:
    """An occurrence's id, with its zone where each has its own moment."""
    return f"{one.id} ({one.zone})" if one.zone else one.id
