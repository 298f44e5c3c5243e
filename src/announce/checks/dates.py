"""Dates of the facts against the moment at which they are judged."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from announce.model.campaign import Campaign
from announce.model.moment import Deadline
from announce.model.project import Project
from announce.problems import Place, Problem, Severity
from announce.texts import say

NEAR = timedelta(hours=3)  # how short before a deadline the last mail is worth a word


def past_facts(project: Project, campaign: Campaign, place: Place, now: datetime) -> list[Problem]:
    """A warning for each deadline or date of the facts that lies before `as_of`, else the moment of
    the occurrence, else `now`. The date that an occurrence comes after is past by its nature."""
    zone = ZoneInfo(project.settings.timezone)
    occurrence = campaign.occurrence
    moment = occurrence.measured or now
    behind = f"facts.{occurrence.fact}" if occurrence.entry and occurrence.entry.after else ""
    judged = (_instant(campaign.as_of, zone) if campaign.as_of else moment).astimezone(zone)
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
        if _end(value, zone) < judged and name != behind
    ]


def late_facts(
    project: Project, campaign: Campaign, place: Place, begins: datetime, done: datetime
) -> list[Problem]:
    """A warning for each date of the facts that is to come when sending begins, and past, or
    nearly so, when the last mail goes; with `as_of` the sending is thought to begin then."""
    zone = ZoneInfo(project.settings.timezone)
    judged = _instant(campaign.as_of, zone) if campaign.as_of else begins
    last = judged + (done - begins)
    found = []
    for name, value in _dates("facts", campaign.facts):
        end = _end(value, zone)
        if judged <= end < last:
            message = say(
                "within the account's limits the last mail goes {by} after {fact} ({value})",
                by=_span(last - end),
                fact=name,
                value=value,
            )
            found.append(_late("ends-after-deadline", place, message))
        elif last <= end < last + NEAR:
            message = say(
                "within the account's limits the last mail goes only {by} before {fact} ({value})",
                by=_span(end - last),
                fact=name,
                value=value,
            )
            found.append(_late("ends-near-deadline", place, message))
    return found


def _late(code: str, place: Place, message: str) -> Problem:
    return Problem(
        code=code,
        severity=Severity.WARNING,
        place=place,
        message=message,
        hint=say(
            "send earlier or from an account that may send more; where this one may, write its "
            "limits into email.limits"
        ),
    )


def _span(length: timedelta) -> str:
    """How long, in words: days from two on, else hours and minutes."""
    minutes = max(1, round(length / timedelta(minutes=1)))
    if minutes >= 48 * 60:
        return say("{n} days", n=round(minutes / (24 * 60)))
    hours, minutes = divmod(minutes, 60)
    if not hours:
        return say("{n} min", n=minutes)
    return say("{h} h {n} min", h=hours, n=minutes)


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
