"""Calls that go wrong: scripted one by one, or at random in a season."""

from __future__ import annotations

import random
import threading
from collections import defaultdict, deque
from collections.abc import Sequence
from enum import StrEnum


class Fault(StrEnum):
    """How a call goes wrong: before it took effect, or after."""

    LOST_BEFORE = "lost-before"  # the connection closes, nothing happened
    LOST_AFTER = "lost-after"  # it happened, the connection closes without an answer
    STALL_BEFORE = "stall-before"  # no answer until the client gives up, nothing happened
    STALL_AFTER = "stall-after"  # it happened, and no answer comes until the client gives up
    BUSY_BEFORE = "busy-before"  # -1, nothing happened
    BUSY_AFTER = "busy-after"  # it happened, and the answer is -1
    HTTP502 = "http502"  # a gateway's answer, nothing happened
    HTTP502_AFTER = "http502-after"  # it happened, and a gateway answers
    HTML = "html"  # an error page with HTTP 200, nothing happened
    HTML_AFTER = "html-after"  # it happened, and an error page with HTTP 200 comes
    TOKEN = "token"  # another program asked for a token: this call meets 40001


AFTER = frozenset(
    {
        Fault.LOST_AFTER,
        Fault.STALL_AFTER,
        Fault.BUSY_AFTER,
        Fault.HTTP502_AFTER,
        Fault.HTML_AFTER,
    }
)
# What a season draws from: everything but a stall, which takes as long as a client is patient.
SEASON: tuple[Fault | int, ...] = (
    Fault.LOST_BEFORE,
    Fault.LOST_AFTER,
    Fault.BUSY_BEFORE,
    Fault.BUSY_AFTER,
    Fault.HTTP502,
    Fault.HTTP502_AFTER,
    Fault.HTML,
    Fault.HTML_AFTER,
    Fault.TOKEN,
    45011,
)


def read_fault(text: str) -> Fault | int:
    """A fault by its name (`lost_after`, `lost-after`) or an error code (`45011`).

    Raises ValueError for any other text.
    """
    try:
        return int(text)
    except ValueError:
        return Fault(text.strip().lower().replace("_", "-"))


class Script:
    """The faults to come: by endpoint, each used once, and those of a season."""

    def __init__(self) -> None:
        self._coming: defaultdict[str, deque[Fault | int]] = defaultdict(deque)
        self._lock = threading.Lock()
        self._dice: random.Random | None = None
        self._rate = 0.0
        self._kinds: Sequence[Fault | int] = SEASON

    def add(self, path: str, fault: Fault | int, times: int) -> None:
        """Make the next `times` calls of an endpoint go wrong."""
        with self._lock:
            self._coming[path].extend([fault] * times)

    def season(self, dice: random.Random | None, rate: float, kinds: Sequence[Fault | int]) -> None:
        """From now on each call goes wrong with probability `rate`; None ends it."""
        with self._lock:
            self._dice, self._rate, self._kinds = dice, rate, kinds

    def take(self, path: str) -> Fault | int | None:
        """The fault for this call, if one is due."""
        with self._lock:
            coming = self._coming[path]
            if coming:
                return coming.popleft()
            if self._dice is None or self._dice.random() >= self._rate:
                return None
            return self._dice.choice(self._kinds)
