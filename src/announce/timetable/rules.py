"""An entry of a schedule as its occurrences, before quiet hours are looked at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Any

from announce.model.delivery import ONCE
from announce.model.moment import Deadline, zone_of
from announce.model.occurrence import Occurrence
from announce.model.schedule import AUDIENCE, Entry
from announce.timetable.clocks import (
    Length,
    day_of,
    end_of,
    fact_of,
    instant,
    read_clock,
    read_length,
)

# Of a cron entry alone; so many are looked through for one window.
_MOST = 100_000


@dataclass(frozen=True, kw_only=True)
class Setting:
    """What entries are read against: the facts, the project's zone, and the zones of the audience
    (blank for who names none)."""

    facts: Mapping[str, Any]
    zone: tzinfo
    zones: Sequence[str] = field(default=("",))


def occurrences_of(
    entry: Entry, place: int, setting: Setting, begin: datetime, end: datetime
) -> Iterator[Occurrence]:
    """The occurrences of an entry, `place` in its schedule. Those of a cron expression only
    between two moments; all others at any time. An entry at fault has none."""
    if entry.cron is not None:
        yield from _by_cron(entry, place, setting, begin, end)
    elif entry.fact is not None:
        yield from _by_fact(entry, place, setting)
    elif isinstance(entry.at, Deadline):
        yield Occurrence(
            id=entry.id or ONCE,
            place=place,
            entry=entry,
            due=entry.at.local,
            nominal=entry.at.local,
        )


def prefix_of(entry: Entry) -> str:
    """How the ids of an entry's occurrences begin."""
    if entry.id is not None:
        return entry.id
    return "cron" if entry.cron is not None else (entry.fact or "").rpartition(".")[2].lower()


def moment_of(name: str) -> datetime | None:
    """The local moment, without its zone, that the id of a cron entry's occurrence ends with."""
    try:
        return datetime.strptime(name[-15:], "%Y-%m-%dT%H%M")  # noqa: DTZ007
    except ValueError:
        return None


def former(entry: Entry, place: int, setting: Setting, name: str) -> Occurrence | None:
    """The occurrence with an id that a cron entry made with an expression which it had once; None
    where the id is none of this entry's."""
    local = moment_of(name)
    if entry.cron is None or local is None or name[:-15] != f"{prefix_of(entry)}-":
        return None
    zone = zone_of(entry.zone) if entry.zone else setting.zone
    at = instant(local.date(), local.time(), zone)
    stop = _edge(entry.end, setting, zone, closes=True)
    return Occurrence(
        id=name, place=place, entry=entry, due=at, nominal=at, closes=stop, vanished=True
    )


def _by_fact(entry: Entry, place: int, setting: Setting) -> Iterator[Occurrence]:
    name = entry.fact or ""
    value = fact_of(setting.facts, name)
    if value is None:
        return
    lengths = {length.text: length for text in entry.lengths if (length := read_length(text))}
    for number, length in enumerate(lengths.values(), 1):
        for zone_name, zone in _zones(entry, setting):
            at = _near(entry, value, length, zone)
            if at is None:
                continue
            yield Occurrence(
                id=f"{prefix_of(entry)}-{'after-' if entry.after else ''}{length.text}",
                place=place,
                entry=entry,
                due=at,
                nominal=at,
                zone=zone_name,
                fact=name.removeprefix("facts."),
                date=value,
                length=length.text,
                number=number,
                closes=end_of(value, zone) if entry.before else None,
            )


def _zones(entry: Entry, setting: Setting) -> Iterator[tuple[str, tzinfo]]:
    if entry.zone != AUDIENCE:
        yield "", zone_of(entry.zone) if entry.zone else setting.zone
        return
    for name in setting.zones:
        yield name, zone_of(name) if name else setting.zone


def _near(entry: Entry, value: date | Deadline, length: Length, zone: tzinfo) -> datetime | None:
    """The moment so long before or after a date, in a zone."""
    sign = -1 if entry.before else 1
    if length.exact:
        return (end_of(value, zone) + sign * length.exact).astimezone(zone)
    clock = read_clock(entry.at) if isinstance(entry.at, str) else None
    if clock is None:
        if not isinstance(value, Deadline):
            return None
        clock = value.local.astimezone(zone).time()
    return instant(day_of(value, zone) + sign * timedelta(days=length.days), clock, zone)


def _by_cron(
    entry: Entry, place: int, setting: Setting, begin: datetime, end: datetime
) -> Iterator[Occurrence]:
    from cronsim import CronSim, CronSimError

    zone = zone_of(entry.zone) if entry.zone else setting.zone
    start = _edge(entry.start, setting, zone)
    stop = _edge(entry.end, setting, zone, closes=True)
    # The first one that may be is looked for from just before.
    first = (start or begin).astimezone(zone) - timedelta(minutes=1)
    try:
        moments = CronSim(entry.cron or "", first)
    except CronSimError:
        return
    seen: set[str] = set()
    for number, at in enumerate(moments, 1):
        if at > end or (stop and at > stop) or number > (entry.count or _MOST):
            return
        if start and at < start:
            continue
        name = f"{prefix_of(entry)}-{at:%Y-%m-%dT%H%M}"
        # What clocks that go back repeat is the same occurrence.
        if at < begin or name in seen:
            continue
        seen.add(name)
        yield Occurrence(
            id=name, place=place, entry=entry, due=at, nominal=at, number=number, closes=stop
        )


def _edge(
    value: Deadline | date | str | None, setting: Setting, zone: tzinfo, *, closes: bool = False
) -> datetime | None:
    found = fact_of(setting.facts, value) if isinstance(value, str) else value
    if found is None:
        return None
    if isinstance(found, Deadline):
        return found.local.astimezone(zone)
    return end_of(found, zone) if closes else instant(found, time.min, zone)
