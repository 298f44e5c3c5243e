"""What a run still has to deliver: claimed a batch at a time, put off, or set aside."""

from __future__ import annotations

import heapq
import math
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count

from announce.model.delivery import Delivery
from announce.model.message import Sendable

BATCH = 100  # deliveries claimed in one synced commit
# Where a batch is gone in a moment, the next one is larger: it costs a sync of the disk, and what
# a power failure leaves in doubt is no more than a moment's work all the same.
_MOMENT = 0.25  # seconds
_MOST = 4 * BATCH


@dataclass(order=True, slots=True)
class Job:
    """One delivery on its way through a run; sorted by when it is due (monotonic seconds)."""

    due: float
    order: int
    delivery: Delivery = field(compare=False)
    message: Sendable | None = field(compare=False, default=None)
    message_id: str = field(compare=False, default="")
    tries: int = field(compare=False, default=0)


class Backlog:
    """Jobs in the plan's order; `claim(n)` takes up to n more deliveries from the ledger, of
    which a run wants `limit` in all."""

    def __init__(self, claim: Callable[[int], list[Delivery]], limit: int | None) -> None:
        self._claim_more = claim
        self._left = limit
        self._fresh: deque[Job] = deque()
        self._later: list[Job] = []
        self._order = count()
        self._exhausted = False
        self._size, self._claimed_at = BATCH, -math.inf
        self.aside: list[Job] = []

    def __iter__(self) -> Iterator[Job]:
        """Every job in it, those put off and set aside too."""
        return iter([*self._fresh, *self._later, *self.aside])

    @property
    def has_more(self) -> bool:
        """Whether anything is left to deliver, now or later in this run."""
        unclaimed = not self._exhausted and self._left != 0
        return bool(self._fresh or self._later) or unclaimed

    @property
    def next_due(self) -> float | None:
        """When the next job is due (monotonic seconds), where all of them are put off."""
        return self._later[0].due if self._later and not self._fresh else None

    def claim(self) -> None:
        """Claim the next batch, if there is one."""
        if self._exhausted or self._left == 0:
            return
        size = self._next_size()
        if self._left is not None:
            size = min(size, self._left)
        claimed = self._claim_more(size)
        self._exhausted = len(claimed) < size
        if self._left is not None:
            self._left -= len(claimed)
        self._fresh.extend(Job(0.0, next(self._order), delivery) for delivery in claimed)

    def _next_size(self) -> int:
        before, self._claimed_at = self._claimed_at, time.monotonic()
        fast = self._claimed_at - before < _MOMENT
        self._size = min(2 * self._size, _MOST) if fast else BATCH
        return self._size

    def next(self) -> Job | None:
        """The next job that is due now."""
        if self._later and self._later[0].due <= time.monotonic():
            return heapq.heappop(self._later)
        if not self._fresh:
            self.claim()
        return self._fresh.popleft() if self._fresh else None

    def put_back(self, job: Job) -> None:
        """It is the next one again."""
        self._fresh.appendleft(job)

    def put_behind(self, job: Job) -> None:
        """It waits until the others had their turn."""
        self._fresh.append(job)

    def put_off(self, job: Job, seconds: float) -> None:
        """It is due after so many seconds."""
        job.due = time.monotonic() + seconds
        heapq.heappush(self._later, job)
