"""Stopping a send from elsewhere: `announce stop` asks through the ledger, a send looks there."""

from __future__ import annotations

import time
from collections.abc import Iterable
from datetime import datetime
from secrets import token_hex

from announce.ledger.base import Ledger
from announce.tally import Stop

# Under this name the ledger keeps, for each campaign, a sign that is new each time one asks.
_PLACE = "stops"
_EVERY = 0.2  # seconds between two looks


def ask_to_stop(ledger: Ledger, campaign: str, now: datetime) -> None:
    """Have every send of the campaign that is under way end after what is in flight."""
    ledger.accounts.keep(_PLACE, campaign, token_hex(8), now)


class Halt:
    """Whether a send is to end: somebody interrupted it, or asked for it after it began."""

    def __init__(self, stop: Stop, ledgers: Iterable[Ledger], campaign: str) -> None:
        self._stop = stop
        self._campaign = campaign
        self._signs = [(ledger, self._sign(ledger)) for ledger in ledgers]
        self._looked = 0.0
        self.asked = False

    def is_set(self) -> bool:
        """Whether nothing more is to be begun. Looks into the ledger now and then."""
        if self._stop.is_set() or self.asked:
            return True
        if time.monotonic() - self._looked >= _EVERY:
            self._looked = time.monotonic()
            self.asked = any(self._sign(ledger) != sign for ledger, sign in self._signs)
        return self.asked

    def _sign(self, ledger: Ledger) -> str:
        found = ledger.accounts.fact(_PLACE, self._campaign)
        return found[0] if found else ""
