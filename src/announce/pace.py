"""How fast and how much an account may send: windows kept in the ledger, not in the process."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from announce.outlets import Outlet

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
# How long a count from the ledger is believed: others may send from the account meanwhile, and
# counting a day's window anew for each message costs milliseconds.
BELIEVED = timedelta(seconds=2)


@dataclass(slots=True)
class _Count:
    """What the ledger said of a window, and what was handed over since."""

    at: datetime
    used: int


class Pace:
    """Room in an account's windows, counted in recipients.

    Two campaigns of one ledger share it; it survives restarts. What is on its way counts as
    used: for a moment twice, but never not at all.
    """

    def __init__(self, outlet: Outlet) -> None:
        self._ledger = outlet.ledger
        self._account = outlet.account
        self._limits = outlet.limits
        self._counts: dict[timedelta, _Count] = {}
        self._flying = 0

    def too_many(self, recipients: int) -> bool:
        """Whether one message has more recipients than any day has room for."""
        limit = self._limits.per_day
        return limit is not None and recipients > limit

    def day_is_full(self, now: datetime, recipients: int, *, anew: bool = False) -> bool:
        """Whether so many more recipients would pass the limit of any 24 hours; `anew` asks the
        ledger again first."""
        if anew:
            self._counts.pop(DAY, None)
        limit = self._limits.per_day
        return limit is not None and self._used(DAY, now) + recipients > limit

    def wait(self, now: datetime) -> timedelta:
        """How long to wait before the next message; zero when it may go now."""
        limit = self._limits.per_minute
        if limit is None or self._used(MINUTE, now) < limit:
            return timedelta(0)
        del self._counts[MINUTE]
        oldest = self._ledger.oldest_in(self._account, now - MINUTE)
        return max(timedelta(milliseconds=50), (oldest or now) + MINUTE - now)

    def let_go(self, recipients: int) -> None:
        """A message with so many recipients is on its way."""
        self._flying += recipients

    def landed(self, recipients: int, *, handed_over: bool) -> None:
        """It has come to an end; the account was used where it was handed over."""
        self._flying -= recipients
        if handed_over:
            for count in self._counts.values():
                count.used += recipients

    def room_again(self, now: datetime) -> datetime | None:
        """When the 24-hour window has room again, where it is known."""
        oldest = self._ledger.oldest_in(self._account, now - DAY)
        return oldest + DAY if oldest else None

    def _used(self, window: timedelta, now: datetime) -> int:
        count = self._counts.get(window)
        if count is None or now - count.at > BELIEVED:
            used = self._ledger.used(self._account, now - window)
            count = self._counts[window] = _Count(now, used)
        return count.used + self._flying
