"""Dates of the facts against the moment at which they are judged."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from announce.model.campaign import Campaign
from announce.model.moment import Deadline
from announce.model.project import Project
from announce.problems import Place, Problem, Severity
from announce.texts import say


def past_facts(project: Project, campaign: Campaign, place: Place, now: datetime) -> list[Problem]:
    """A warning for each deadline or date of the facts that lies before `as_of`, else `now`."""
    zone = ZoneInfo(project.settings.timezone)
    judged = _instant(campaign.as_of, zone) if campaign.as_of else now
    return [
        Problem(
            code="fact-in-the-past",
            severity=Severity.WARNING,
            place=place,
            message=say(
                "{fact} is {value}, which is past on {judged}",
                fact=name,
                value=value,
                judged=f"{judged:%Y-%m-%d %H:%M %z}",
            ),
            hint=say("correct the fact, or set as_of to rehearse a past season"),
        )
        for name, value in _dates("facts", campaign.facts)
        if _end(value, zone) < judged
    ]


def _dates(prefix: str, value: Any) -> Iterator[tuple[str, date | Deadline]]:
    if isinstance(value, date | Deadline):
        yield prefix, value
    elif isinstance(value, dict):
        # When a range has begun it is not yet past: only its end counts.
        for key, inner in value.items():
            if not (key in ("from", "open", "opens") and isinstance(inner, date | Deadline)):
                yield from _dates(f"{prefix}.{key}", inner)
    elif isinstance(value, list):
        for place, inner in enumerate(value, start=1):
            yield from _dates(f"{prefix}.{place}", inner)


def _instant(value: date | Deadline, zone: ZoneInfo) -> datetime:
    if isinstance(value, Deadline):
        return value.utc
    return datetime.combine(value, time.min, tzinfo=zone)


def _end(value: date | Deadline, zone: ZoneInfo) -> datetime:
    if isinstance(value, Deadline):
        return value.utc
    return datetime.combine(value, time.max, tzinfo=zone)
