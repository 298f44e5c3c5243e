"""Last step: claim, hand over, record. The only place from which messages leave.

The ledger is written before the wire (the claim, synced) and after it (the outcome). Between
the two a delivery is `sending`; whatever ends the process there is settled by the next run.
"""

from __future__ import annotations

import heapq
import random
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Protocol

from announce.channels.base import Transport
from announce.crew import Crew, Job
from announce.errors import AnnounceError, LoginRefused, MachineError, StoppedError
from announce.ledger.base import Run
from announce.model.delivery import Delivery, DeliveryKey, Outcome, State
from announce.model.message import Message
from announce.model.project import Retry
from announce.outlets import Outlet
from announce.pace import Pace
from announce.texts import say

BATCH = 100  # deliveries claimed in one synced commit
FAREWELL = 3.0  # seconds that connections get to say goodbye
THROTTLES = 10  # pauses of the account before the run stops


class Watcher(Protocol):
    """Who wants to see how a run goes on."""

    def delivered(self, delivery: Delivery, outcome: Outcome) -> None: ...

    def paused(self, reason: str, seconds: float) -> None: ...


@dataclass(slots=True, kw_only=True)
class Tally:
    """What one run did on a channel. `stopped` says why it ended early, "" when it did not;
    `in_part` counts the messages sent that some of their addresses were refused for."""

    counts: Counter[State] = field(default_factory=Counter)
    in_part: int = 0
    stopped: str = ""
    error: AnnounceError | None = None


class Engine:
    """Delivers what a run holds, over several connections, from one feeding thread."""

    def __init__(
        self,
        *,
        run: Run,
        outlet: Outlet,
        compose: Callable[[DeliveryKey], Message],
        retry: Retry,
        now: Callable[[], datetime],
        watcher: Watcher,
        stop: threading.Event,
        only: frozenset[DeliveryKey],
        limit: int | None = None,
        tally: Tally | None = None,
        recorded: Callable[[DeliveryKey, State], None] | None = None,
    ) -> None:
        self._run, self._outlet, self._compose = run, outlet, compose
        self._retry, self._now, self._watcher, self._stop = retry, now, watcher, stop
        self._only, self._left = only, limit
        self._pace = Pace(outlet)
        self._fresh: deque[Job] = deque()
        self._later: list[Job] = []
        self._order = count()
        self._flying: dict[DeliveryKey, Job] = {}
        self._crew = Crew(outlet.open, self._deliver, outlet.connections)
        self._alike: deque[str] = deque(maxlen=retry.budget.of_last)
        self._paused_until = 0.0
        self._throttles = 0
        self._recorded = recorded
        self._unsynced = 0
        self._exhausted = False
        self.tally = Tally() if tally is None else tally

    def go(self) -> Tally:
        """Deliver until nothing is due or something stops the run."""
        self._claim()
        if not self._fresh:
            return self.tally
        try:
            self._crew.start()
            while self._more():
                self._feed()
                self._collect()
        finally:
            self._wind_up()
        return self.tally

    # -- feeding ---------------------------------------------------------------------------

    def _more(self) -> bool:
        if self._flying:
            return True
        return not self._halted and bool(self._fresh or self._later)

    @property
    def _halted(self) -> bool:
        if self._stop.is_set() and not self.tally.stopped:
            self.tally.stopped = say("interrupted")
        return bool(self.tally.stopped) or self.tally.error is not None

    def _claim(self) -> None:
        if self._exhausted or self._left == 0:
            return
        size = BATCH if self._left is None else min(BATCH, self._left)
        claimed = self._run.claim(size, self._now(), channel=self._outlet.channel, only=self._only)
        self._exhausted = len(claimed) < size
        if self._left is not None:
            self._left -= len(claimed)
        self._fresh.extend(Job(0.0, next(self._order), delivery) for delivery in claimed)

    def _feed(self) -> None:
        while not self._halted and len(self._flying) < self._outlet.connections:
            if time.monotonic() < self._paused_until:
                return
            job = self._next()
            if job is None:
                return
            if self._pace.day_is_full(self._now(), len(job.delivery.to)):
                self._put_back(job)
                self._stop_for_the_day()
                return
            wait = self._pace.wait(self._now())
            if wait > timedelta(0):
                self._put_back(job)
                self._pause(say("the account's limit a minute is reached"), wait.total_seconds())
                return
            self._launch(job)

    def _next(self) -> Job | None:
        if self._later and self._later[0].due <= time.monotonic():
            return heapq.heappop(self._later)
        if not self._fresh:
            self._claim()
        return self._fresh.popleft() if self._fresh else None

    def _put_back(self, job: Job) -> None:
        self._fresh.appendleft(job)

    def _launch(self, job: Job) -> None:
        if job.message is None:
            job.message = self._compose(job.delivery.key)
        self._flying[job.delivery.key] = job
        self._pace.let_go(len(job.delivery.to))
        self._crew.give(job, len(self._flying))

    def _stop_for_the_day(self) -> None:
        again = self._pace.room_again(self._now())
        self.tally.stopped = say(
            "the account's limit a day is reached; room again at {when}",
            when=f"{again.astimezone():%Y-%m-%d %H:%M %z}" if again else "?",
        )

    def _pause(self, reason: str, seconds: float) -> None:
        self._paused_until = time.monotonic() + seconds
        self._watcher.paused(reason, seconds)

    # -- hand-over -------------------------------------------------------------------------

    def _deliver(self, transport: Transport, job: Job) -> Outcome:
        assert job.message is not None
        key, account, people = job.delivery.key, self._outlet.account, len(job.delivery.to)
        message_id = self._outlet.message_id(key)

        def handed_over() -> None:
            self._run.handed_over(
                key, self._now(), account=account, recipients=people, message_id=message_id
            )

        last = job.tries >= len(self._retry.waits)
        return transport.deliver(job.message, key, message_id, handed_over, last=last)

    # -- results ---------------------------------------------------------------------------

    def _collect(self) -> None:
        found = self._crew.result(self._patience())
        if found is None:
            return
        job, result = found
        del self._flying[job.delivery.key]
        if isinstance(result, BaseException):
            self._lost_worker(job, result)
        else:
            self._answered(job, result)

    def _patience(self) -> float:
        """How long to wait for a result before looking at the clock again."""
        if self._flying:
            return 0.2
        now = time.monotonic()
        due = [self._paused_until] if self._paused_until > now else []
        if self._later and not self._fresh:
            due.append(self._later[0].due)
        return min(0.2, max(0.0, min(due) - now)) if due else 0.0

    def _lost_worker(self, job: Job, error: BaseException) -> None:
        self._crew.lost_one()
        if not isinstance(error, AnnounceError):
            raise error
        gave_up = isinstance(error, LoginRefused) or self._crew.alive == 0
        if gave_up and self.tally.error is None:
            self.tally.error = error
        # Not handed over, or `deliver` would have answered: another connection may take it.
        self._fresh.appendleft(job)

    def _answered(self, job: Job, outcome: Outcome) -> None:
        kind = str(outcome.detail.get("class", ""))
        if outcome.state is State.FAILED and kind == "throttled":
            self._throttled(job, outcome)
        elif outcome.state is State.FAILED and kind == "quota":
            self._quota_is_spent(job, outcome)
        elif outcome.state is State.FAILED and outcome.detail.get("transient"):
            self._again_later(job, outcome)
        else:
            self._record(job, outcome)

    def _throttled(self, job: Job, outcome: Outcome) -> None:
        self._throttles += 1
        self._run.refused_for_now(job.delivery.key, self._now(), outcome.reason, outcome.detail)
        self._fresh.appendleft(job)
        if self._throttles > THROTTLES:
            self.tally.stopped = say(
                "the server keeps asking to slow down: {answer}", answer=outcome.reason
            )
            return
        pause = self._retry.throttle_pause.total_seconds()
        self._pause(say("the server asks to slow down: {answer}", answer=outcome.reason), pause)

    def _quota_is_spent(self, job: Job, outcome: Outcome) -> None:
        """The account may send no more today: the recipient stays due, the run ends."""
        self._run.refused_for_now(job.delivery.key, self._now(), outcome.reason, outcome.detail)
        self._put_back(job)
        self.tally.stopped = say("the account's quota is spent: {answer}", answer=outcome.reason)

    def _again_later(self, job: Job, outcome: Outcome) -> None:
        if job.tries >= len(self._retry.waits):
            self._record(job, outcome)
            return
        self._run.refused_for_now(job.delivery.key, self._now(), outcome.reason, outcome.detail)
        wait = self._retry.waits[job.tries].total_seconds() * random.uniform(0.8, 1.2)
        job.tries += 1
        job.due = time.monotonic() + wait
        heapq.heappush(self._later, job)

    def _record(self, job: Job, outcome: Outcome) -> None:
        self._run.record(job.delivery.key, outcome, self._now())
        if self._recorded:
            self._recorded(job.delivery.key, outcome.state)
        self.tally.counts[outcome.state] += 1
        self.tally.in_part += outcome.state is State.SENT and "refused" in outcome.detail
        self._watcher.delivered(job.delivery, outcome)
        self._unsynced += 1
        if self._unsynced >= BATCH:
            self._run.sync()
            self._run.heartbeat(self._now())
            self._unsynced = 0
        self._spend_budget(outcome)

    def _spend_budget(self, outcome: Outcome) -> None:
        failed = outcome.state is State.FAILED
        sign = f"{outcome.detail.get('class')}:{outcome.detail.get('code')}" if failed else ""
        self._alike.append(sign)
        if failed and self._alike.count(sign) >= self._retry.budget.alike:
            self.tally.stopped = say(
                "{n} of the last {of} messages failed alike: {reason}",
                n=self._alike.count(sign),
                of=len(self._alike),
                reason=outcome.reason,
            )

    # -- the end ---------------------------------------------------------------------------

    def _wind_up(self) -> None:
        """Let go of what was not handed over; what was and got no answer stays for settling."""
        self._crew.dismiss(FAREWELL)
        waiting = [*self._fresh, *self._later, *self._flying.values()]
        self._run.give_back([job.delivery.key for job in waiting], self._now())
        self._run.sync()


def end_of(tallies: Mapping[str, Tally]) -> AnnounceError | None:
    """The error with which a run over several channels ends; None when it went to its end."""
    for tally in tallies.values():
        if tally.error is not None:
            return tally.error
    for tally in tallies.values():
        if tally.stopped:
            return StoppedError(
                say("stopped: {reason}", reason=tally.stopped),
                hint=say("the rest is planned: run the same command again"),
            )
    return None


def settle_doubts(
    run: Run,
    outlet: Outlet,
    doubtful: list[tuple[Delivery, Message]],
    now: Callable[[], datetime],
) -> int:
    """Look for what became of deliveries in doubt, where the channel can look; how many it found.

    A failed look leaves the doubt for the next run. Proof of absence makes the delivery due.
    """
    if not doubtful or outlet.channel == "email":
        return 0
    settled = 0
    try:
        with outlet.open() as transport:
            for delivery, message in doubtful:
                seen = outlet.ledger.evidence(delivery.key)
                seen["message_id"] = outlet.message_id(delivery.key)
                outcome = transport.settle(message, delivery.key, seen)
                if outcome is not None:
                    run.looked(delivery.key, outcome, now())
                    settled += 1
    except MachineError:
        return settled
    return settled
