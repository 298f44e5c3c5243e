"""How fast and how much an account may send: windows kept in the ledger, not in the process."""

from __future__ import annotations

from datetime import datetime, timedelta

from announce.outlets import Outlet

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)


class Pace:
    """Room in an account's windows. Two campaigns of one ledger share it; it survives restarts."""

    def __init__(self, outlet: Outlet) -> None:
        self._ledger = outlet.ledger
        self._account = outlet.account
        self._limits = outlet.limits

    def day_is_full(self, now: datetime, count: int) -> bool:
        """Whether `count` more recipients would pass the limit of any 24 hours."""
        limit = self._limits.per_day
        return limit is not None and self._used(now - DAY) + count > limit

    def wait(self, now: datetime) -> timedelta:
        """How long to wait before the next message; zero when it may go now."""
        limit = self._limits.per_minute
        if limit is None or self._used(now - MINUTE) < limit:
            return timedelta(0)
        oldest = self._ledger.oldest_in(self._account, now - MINUTE)
        return max(timedelta(milliseconds=50), (oldest or now) + MINUTE - now)

    def room_again(self, now: datetime) -> datetime | None:
        """When the 24-hour window has room again, where it is known."""
        oldest = self._ledger.oldest_in(self._account, now - DAY)
        return oldest + DAY if oldest else None

    def _used(self, since: datetime) -> int:
        return self._ledger.used(self._account, since)
