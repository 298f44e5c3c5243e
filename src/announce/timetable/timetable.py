"""All occurrences of a campaign, in the order in which they are due."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from announce.model.campaign import Campaign
from announce.model.moment import zone_of
from announce.model.occurrence import Occurrence
from announce.model.project import Project
from announce.model.schedule import AUDIENCE
from announce.texts import say
from announce.timetable.quiet import Hush
from announce.timetable.rules import Setting, occurrences_of

# How far around a moment occurrences of cron expressions are looked for.
BACK, AHEAD = timedelta(days=40), timedelta(days=400)
# How far quiet times may move one: holidays of a week, and some.
_MARGIN = timedelta(days=21)
# `schedule run` may be called so seldom (`schedule install --every`): what was due just before a
# quiet time, and is only then called for, is on time.
_CALLS = timedelta(minutes=30)


def timetable(
    project: Project,
    campaign: Campaign,
    now: datetime,
    *,
    zones: Sequence[str] = ("",),
    begin: datetime | None = None,
    end: datetime | None = None,
) -> list[Occurrence]:
    """The campaign's occurrences by their due moment; of cron expressions those between `begin`
    and `end` (default: around `now`). `zones` are the audience's."""
    first, last = begin or now - BACK, end or now + AHEAD
    zone = ZoneInfo(project.settings.timezone)
    setting = Setting(facts=campaign.facts, zone=zone, zones=zones)
    hush = _hush(campaign, zone)
    found: list[Occurrence] = []
    for place, entry in enumerate(campaign.schedule):
        several = occurrences_of(entry, place, setting, first - _MARGIN, last)
        found += [_hushed(one, hush) for one in several]
    found = [_held(_in_order(one, found), hush, now) for one in found]
    inside = [
        one for one in found if one.entry is None or one.entry.cron is None or _due(one) >= first
    ]
    return sorted(inside, key=by_due)


def by_due(one: Occurrence) -> tuple[datetime, int, str]:
    """What puts occurrences into order."""
    return _due(one), one.place, one.id


def is_around(
    one: Occurrence, now: datetime, *, begin: datetime | None = None, end: datetime | None = None
) -> bool:
    """Whether an occurrence lies where those of cron expressions are looked for."""
    return (begin or now - BACK) <= _due(one) <= (end or now + AHEAD)


def _in_order(one: Occurrence, others: Sequence[Occurrence]) -> Occurrence:
    """The occurrence; left out where quiet times would take it before one that comes earlier in
    its entry, or after one that comes later: "12 hours left" is not sent before "2 days left"."""
    if one.nominal is None or not one.moved:
        return one
    goes_back = _due(one) < one.nominal
    overtaken = any(
        (other.place, other.zone) == (one.place, one.zone)
        and other.nominal is not None
        and (
            other.nominal < one.nominal and _due(other) >= _due(one)
            if goes_back
            else other.nominal > one.nominal and _due(other) < _due(one)
        )
        for other in others
    )
    if not overtaken:
        return one
    why = say("{why}; moved, it would come out of turn with another reminder", why=one.moved)
    return replace(one, due=one.nominal, skipped=why, moved="")


def _due(one: Occurrence) -> datetime:
    assert one.due is not None
    return one.due


def _hush(campaign: Campaign, zone: ZoneInfo) -> Hush | None:
    quiet = campaign.quiet
    if quiet is None:
        return None
    return Hush(quiet, zone_of(quiet.zone) if quiet.zone else zone)


def _hushed(one: Occurrence, hush: Hush | None) -> Occurrence:
    """The occurrence where quiet times leave it."""
    if hush is None or one.due is None:
        return one
    hush = _hush_of(one, hush)
    if hush.quiet.then == "skip":
        return replace(one, skipped=hush.why(one.due))
    moved = hush.moved(one.due, one.closes)
    return replace(one, due=moved.at, moved=moved.why)


def _held(one: Occurrence, hush: Hush | None, now: datetime) -> Occurrence:
    """The occurrence; where it is late, and now is a quiet time, held until that is over. Not
    where it could not be sent then: late at night is better than not at all."""
    entry = one.entry
    if hush is None or entry is None or one.skipped or now - _due(one) <= _CALLS:
        return one
    last = None if entry.if_late == "send" else _due(one) + entry.grace
    # Of most that are past nobody asks any more.
    if last is not None and now > last:
        return one
    free = _hush_of(one, hush).free_from(now)
    is_lost = (last is not None and free > last) or (one.closes is not None and free >= one.closes)
    return one if free == now or is_lost else replace(one, held=free)


def _hush_of(one: Occurrence, hush: Hush) -> Hush:
    """Quiet times as they are judged for it: who has a zone of their own has them in it."""
    if one.entry is not None and one.entry.zone == AUDIENCE and one.zone:
        return Hush(hush.quiet, zone_of(one.zone))
    return hush
