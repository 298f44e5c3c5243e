"""How fast and how much an account may send: windows kept in the ledger, not in the process."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from announce.outlets import Outlet

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
AT_ONCE = timedelta(0)
# The shortest wait: until what is on its way has landed, or clocks agree.
SHORTLY = timedelta(milliseconds=50)
# How long a count from the ledger is believed: others may send from the account meanwhile, and
# counting a day's window anew for each message costs milliseconds.
BELIEVED = timedelta(seconds=2)
# The ledger counts an instant itself; what was handed over a day ago to the microsecond has left.
TICK = timedelta(microseconds=1)


@dataclass(slots=True)
class _Window:
    """One window of the account: what the ledger said of it, and what was handed over since."""

    span: timedelta
    limit: int
    messages: bool
    counted_at: datetime | None = None
    used: int = 0


class Pace:
    """Room in an account's windows, counted in recipients or messages as its provider does.

    Two campaigns of one ledger share it; it survives restarts. What is on its way counts as
    used: for a moment twice, but never not at all.
    """

    def __init__(self, outlet: Outlet) -> None:
        limits = outlet.limits
        self._ledger = outlet.ledger
        self._account = outlet.account
        self._minute = _window(MINUTE, limits.per_minute, limits.minute_counts)
        self._day = _window(DAY, limits.per_day, limits.day_counts)
        self._windows = [one for one in (self._minute, self._day) if one is not None]
        self._flying_recipients = 0
        self._flying_messages = 0

    @property
    def unlimited(self) -> bool:
        """Whether there is always room."""
        return not self._windows

    def too_many(self, recipients: int) -> bool:
        """Whether one message has more recipients than any day has room for."""
        day = self._day
        return day is not None and _units(day, recipients) > day.limit

    def day_is_full(self, now: datetime, recipients: int, *, anew: bool = False) -> bool:
        """Whether so many more recipients would pass the limit of any 24 hours; `anew` asks the
        ledger again first."""
        day = self._day
        if day is None:
            return False
        if anew:
            self._count(day, now)
        return self._used(day, now) + _units(day, recipients) > day.limit

    def wait(self, now: datetime, recipients: int = 1) -> timedelta:
        """How long to wait before the next message; zero when it may go now.

        A message with more recipients than a minute has room for goes in a minute of its own.
        """
        minute = self._minute
        if minute is None or self._fits(minute, now, recipients):
            return AT_ONCE
        self._count(minute, now)
        if self._fits(minute, now, recipients):
            return AT_ONCE
        oldest = self._ledger.oldest_in(self._account, now - MINUTE + TICK)
        if oldest is None or minute.used + _units(minute, recipients) <= minute.limit:
            # What is on its way is all that is in the way, and may be counted twice.
            return SHORTLY
        return max(SHORTLY, oldest + MINUTE - now)

    def let_go(self, recipients: int) -> None:
        """A message with so many recipients is on its way."""
        self._flying_recipients += recipients
        self._flying_messages += 1

    def landed(self, recipients: int, *, handed_over: bool) -> None:
        """It has come to an end; the account was used where it was handed over."""
        self._flying_recipients -= recipients
        self._flying_messages -= 1
        if handed_over:
            for window in self._windows:
                window.used += 1 if window.messages else recipients

    def room_again(self, now: datetime, recipients: int = 1) -> datetime | None:
        """When the 24-hour window has room for so many again, where that is known: a whole
        minute, for it is told without seconds."""
        day = self._day
        if day is None:
            return None
        held = self._ledger.handovers(self._account, now - DAY + TICK)
        used = [(at, messages if day.messages else people) for at, people, messages in held]
        room = day.limit - _units(day, recipients) - sum(units for _, units in used)
        for at, units in used:
            room += units
            if room >= 0:
                return whole_minute(at + DAY)
        return None

    def _fits(self, window: _Window, now: datetime, recipients: int) -> bool:
        used = self._used(window, now)
        return used == 0 or used + _units(window, recipients) <= window.limit

    def _used(self, window: _Window, now: datetime) -> int:
        if window.counted_at is None or now - window.counted_at > BELIEVED:
            self._count(window, now)
        return window.used + (self._flying_messages if window.messages else self._flying_recipients)

    def _count(self, window: _Window, now: datetime) -> None:
        since = now - window.span + TICK
        window.used = self._ledger.used(self._account, since, messages=window.messages)
        window.counted_at = now


def whole_minute(moment: datetime) -> datetime:
    """The moment, or the next one without seconds."""
    return moment + (datetime.min.replace(tzinfo=moment.tzinfo) - moment) % MINUTE


def _window(span: timedelta, limit: int | None, counts: str) -> _Window | None:
    return None if limit is None else _Window(span, limit, counts == "messages")


def _units(window: _Window, recipients: int) -> int:
    return 1 if window.messages else recipients
