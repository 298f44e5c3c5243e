"""Times of day, lengths and facts of a schedule, as moments."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any

from announce.model.moment import Deadline

_CLOCK = re.compile(r"([0-9]{1,2}):([0-9]{2})\Z")
_LENGTH = re.compile(r"([0-9]{1,4})\s*(m|h|d|w)\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Length:
    """How long before or after: days of the calendar, or an exact time. `text` is the same for
    equal ones, for it names occurrences."""

    days: int = 0
    exact: timedelta = timedelta(0)

    @property
    def text(self) -> str:
        """`7d`, `12h`, `30m`."""
        if self.days or not self.exact:
            return f"{self.days}d"
        minutes = self.exact // timedelta(minutes=1)
        return f"{minutes // 60}h" if minutes % 60 == 0 else f"{minutes}m"


def read_length(text: str) -> Length | None:
    """`14d`, `2w`, `12h`, `30m`; None for any other text."""
    found = _LENGTH.match(text.strip())
    if found is None:
        return None
    number = int(found[1])
    match found[2]:
        case "m":
            return Length(exact=timedelta(minutes=number))
        case "h":
            return Length(exact=timedelta(hours=number))
        case "w":
            return Length(days=7 * number)
    return Length(days=number)


def read_clock(text: str) -> time | None:
    """`09:00`; None for what is no time of day."""
    found = _CLOCK.match(text.strip())
    if found is None or int(found[1]) > 23 or int(found[2]) > 59:
        return None
    return time(int(found[1]), int(found[2]))


def instant(day: date, clock: time, zone: tzinfo) -> datetime:
    """The moment of a time of day in a zone.

    One that clocks skip when they go forward is moved by what they skip (02:30 is 03:30), as
    iCalendar has it (RFC 5545, 3.3.5); of one that happens twice the first is meant.
    """
    return datetime.combine(day, clock, tzinfo=zone).astimezone(UTC).astimezone(zone)


def fact_of(facts: Mapping[str, Any], name: str) -> date | Deadline | None:
    """A date of the facts by its way, such as `deadlines.submission`; None where there is none."""
    found: Any = facts
    for step in name.removeprefix("facts.").split("."):
        found = found.get(step) if isinstance(found, Mapping) else None
    return found if isinstance(found, date | Deadline) else None


def end_of(value: date | Deadline, zone: tzinfo) -> datetime:
    """When a date or deadline is over: of a date, the end of that day in the zone."""
    if isinstance(value, Deadline):
        return value.local
    return instant(value + timedelta(days=1), time.min, zone)


def day_of(value: date | Deadline, zone: tzinfo) -> date:
    """The day on which a date or deadline falls in a zone."""
    return value.local.astimezone(zone).date() if isinstance(value, Deadline) else value
