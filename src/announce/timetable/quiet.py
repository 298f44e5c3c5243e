"""Quiet hours, weekends and public holidays: where an occurrence goes that falls into them.

Holidays are those of the library `holidays`, China's with the days that its State Council moves.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, tzinfo
from functools import cache, cached_property
from typing import TYPE_CHECKING

from announce.model.schedule import Quiet
from announce.texts import say, spoken
from announce.timetable.clocks import instant, read_clock

if TYPE_CHECKING:
    from holidays import HolidayBase

_COUNTRY = re.compile(r"[A-Z]{2,3}(-.+)?\Z")
_MOST_STEPS = 200
_SATURDAY = 5
_LANGUAGES = {"zh": "zh_CN", "en": "en_US"}


class Regions:
    """The public holidays of regions: `CN`, `DE-BE`."""

    def __init__(self, codes: list[str]) -> None:
        self._codes = codes

    @cached_property
    def _calendars(self) -> list[HolidayBase]:
        return [_calendar_in(code, spoken()) for code in self._codes]

    def name(self, day: date) -> str:
        """What is celebrated; "" on other days. A weekend between two holidays is one with them."""
        if (name := self._of(day)) or day.weekday() < _SATURDAY or self.works(day):
            return name
        friday = day - timedelta(days=day.weekday() - _SATURDAY + 1)
        before, after = self._of(friday), self._of(friday + timedelta(days=3))
        return before if after else ""

    def _of(self, day: date) -> str:
        return next((found for one in self._calendars if (found := one.get(day))), "")

    def works(self, day: date) -> bool:
        """Whether it is a weekend day that is worked on, for another one that is off."""
        return any(day in (one.weekend_workdays or ()) for one in self._calendars)


@cache
def _calendar_in(code: str, language: str) -> HolidayBase:
    # It takes a quarter of a second to import, and few campaigns need it.
    import holidays

    country, _, part = code.partition("-")
    found: HolidayBase = holidays.country_holidays(country, subdiv=part or None)
    wanted = _LANGUAGES[language]
    if wanted in found.supported_languages:
        found = holidays.country_holidays(country, subdiv=part or None, language=wanted)
    return found


def is_region(code: str) -> bool:
    """Whether the library knows the holidays of a region."""
    if not _COUNTRY.match(code):
        return False
    try:
        # Only this one: to list all regions imports every country there is.
        _calendar_in(code, spoken())
    except NotImplementedError:
        return False
    return True


def read_hours(text: str) -> tuple[time, time] | None:
    """`22:00-08:00`; None for what is no span of a day."""
    begin, dash, end = text.replace("–", "-").partition("-")
    first, last = read_clock(begin), read_clock(end)
    if not dash or first is None or last is None or first == last:
        return None
    return first, last


@dataclass(frozen=True)
class Moved:
    """Where a moment goes, and why; `why` is "" where it stays."""

    at: datetime
    why: str = ""


@dataclass
class Hush:
    """What a campaign says of quiet times, judged in one zone."""

    quiet: Quiet
    zone: tzinfo
    regions: Regions = field(init=False)

    def __post_init__(self) -> None:
        self.regions = Regions(self.quiet.holidays)
        self._hours = read_hours(self.quiet.hours) if self.quiet.hours else None

    def why(self, at: datetime) -> str:
        """Why nothing is sent at a moment; "" where it may be."""
        local = at.astimezone(self.zone)
        return self._day_off(local.date()) or self._hour_off(local.time())

    def moved(self, at: datetime, closes: datetime | None) -> Moved:
        """The next moment at which it may be sent; where that is not before `closes`, the last one
        before."""
        why = self.why(at)
        if not why:
            return Moved(at)
        later = self.free_from(at)
        if closes is None or later < closes:
            return Moved(later, why)
        return Moved(self._until_free(at, self._earlier), why)

    def free_from(self, at: datetime) -> datetime:
        """The next moment at which anything may be sent: itself, or the end of the quiet time."""
        return self._until_free(at, self._later)

    def _until_free(self, at: datetime, step: Callable[[datetime], datetime]) -> datetime:
        for _ in range(_MOST_STEPS):
            if not self.why(at):
                return at
            at = step(at)
        return at

    def _later(self, at: datetime) -> datetime:
        local = at.astimezone(self.zone)
        if self._day_off(local.date()):
            return instant(local.date() + timedelta(days=1), local.time(), self.zone)
        assert self._hours is not None
        begin, end = self._hours
        over = local.time() >= begin and begin > end
        return instant(local.date() + timedelta(days=over), end, self.zone)

    def _earlier(self, at: datetime) -> datetime:
        local = at.astimezone(self.zone)
        if self._day_off(local.date()):
            return instant(local.date() - timedelta(days=1), local.time(), self.zone)
        assert self._hours is not None
        begin, end = self._hours
        before = local.time() < end and begin > end
        start = instant(local.date() - timedelta(days=before), begin, self.zone)
        return (start - timedelta(minutes=1)).astimezone(self.zone)

    def _day_off(self, day: date) -> str:
        if name := self.regions.name(day) if self.quiet.holidays else "":
            return say("holiday: {name}", name=name)
        if self.quiet.weekends and day.weekday() >= _SATURDAY and not self.regions.works(day):
            return say("weekend")
        return ""

    def _hour_off(self, clock: time) -> str:
        if self._hours is None:
            return ""
        begin, end = self._hours
        inside = begin <= clock < end if begin < end else clock >= begin or clock < end
        return say("quiet hours") if inside else ""
