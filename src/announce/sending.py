"""Last step: claim, hand over, record. The only place from which messages leave.

The ledger is written before the wire (the claim, synced; the mark of the hand-over, at once) and
after it (the answer). Between the two a delivery is `sending`; whatever ends the process there
is settled by the next run.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime, timedelta

from announce.backlog import Backlog, Job
from announce.channels.base import Carrier, Turn
from announce.crew import FAREWELL
from announce.errors import AnnounceError, PutOff, StoppedError, Unreachable
from announce.ledger.base import LEASE, Run
from announce.model.delivery import Delivery, DeliveryKey, Outcome, State
from announce.model.message import Sendable
from announce.model.project import Retry
from announce.outlets import Outlet
from announce.pace import Pace
from announce.planning import UNREACHABLE
from announce.refusals import Refusals
from announce.tally import Stop, Tally, Watcher
from announce.texts import say

SYNC_EVERY = 1.0  # seconds that answers may stay unsynced; a claim syncs them too


class Engine:
    """Delivers what a run holds, in turns, in the thread that calls `go`."""

    def __init__(
        self,
        *,
        run: Run,
        outlet: Outlet,
        compose: Callable[[Delivery], Sendable],
        retry: Retry,
        now: Callable[[], datetime],
        watcher: Watcher,
        stop: Stop,
        only: Collection[DeliveryKey] | None = None,
        limit: int | None = None,
        tally: Tally | None = None,
        recorded: Callable[[datetime], None] | None = None,
    ) -> None:
        self._run, self._outlet, self._compose = run, outlet, compose
        self._now, self._watcher, self._stop = now, watcher, stop
        self._only, self._recorded = only, recorded
        self._pace = Pace(outlet)
        self._backlog = Backlog(self._claim, limit)
        self.tally = Tally() if tally is None else tally
        self._refusals = Refusals(
            retry=retry, backlog=self._backlog, tally=self.tally, watcher=watcher
        )
        self._retry = retry
        self._flying: dict[DeliveryKey, Job] = {}
        self._handed: set[DeliveryKey] = set()
        self._unwritten = Turn()
        self._synced = time.monotonic()
        self._unsynced = False
        self._beat = now()

    def go(self) -> Tally:
        """Deliver until nothing is due or something stops the run."""
        if not self._halted:
            self._backlog.claim()
        if list(self._backlog):
            try:
                self._drive()
            finally:
                self._let_go_of_the_rest()
        if self._backlog.aside and not self.tally.stopped:
            self.tally.stopped = say(
                "the server kept putting off {n} messages, which stay due",
                n=len(self._backlog.aside),
            )
        return self.tally

    def _drive(self) -> None:
        """Carry all there is; where the way breaks down in the middle, again after each wait."""
        waits = iter(self._retry.waits)
        while True:
            sent = self.tally.counts[State.SENT]
            self._carry()
            error = self.tally.error
            if not isinstance(error, Unreachable):
                return
            # Who never got through has perhaps a wrong host or port: no reason to wait.
            if not (isinstance(error, PutOff) or self.tally.counts[State.SENT]):
                return
            if self.tally.counts[State.SENT] > sent:
                waits = iter(self._retry.waits)
            wait = next(waits, None)
            if wait is None:
                return
            self._begin_anew(error, wait.total_seconds())
            if self._halted:
                return

    def _begin_anew(self, error: AnnounceError, seconds: float) -> None:
        """Put back what was under way, and wait as long as a server takes to come back."""
        if not self._stop.is_set():
            self._watcher.paused(error.message, seconds)
        self.tally.error = None
        for key, job in self._flying.items():
            self._pace.landed(len(job.delivery.to), handed_over=key in self._handed)
            if key not in self._handed:  # what was handed over is left for settling
                self._backlog.put_back(job)
        self._flying.clear()
        self._handed.clear()
        until = time.monotonic() + seconds
        while time.monotonic() < until and not self._halted:
            time.sleep(min(0.2, max(0.0, until - time.monotonic())))
            self._stay_alive()

    def _carry(self) -> None:
        with ExitStack() as stack:
            try:
                carrier = stack.enter_context(self._outlet.carry())
            except Unreachable as error:
                self.tally.error = error
                return
            try:
                while self._more():
                    self._feed(carrier)
                    self._turn(carrier)
                    self._stay_alive()
            except KeyboardInterrupt:
                self._last_answers(carrier, 0)
                raise
            except BaseException:
                self._last_answers(carrier, FAREWELL)
                raise
            self._last_answers(carrier, FAREWELL)

    # -- feeding ---------------------------------------------------------------------------

    def _more(self) -> bool:
        if self._halted:
            return self.tally.error is None and bool(self._handed)
        return bool(self._flying) or self._backlog.has_more

    @property
    def _halted(self) -> bool:
        if self._stop.is_set() and not self.tally.stopped:
            self.tally.stopped = say("interrupted")
        return bool(self.tally.stopped) or self.tally.error is not None

    def _claim(self, size: int) -> list[Delivery]:
        claimed = self._run.claim(size, self._now(), channel=self._outlet.channel, only=self._only)
        self._is_synced()
        return claimed

    def _feed(self, carrier: Carrier) -> None:
        for _ in range(carrier.room):
            if self._halted or time.monotonic() < self._refusals.paused_until:
                return
            job = self._backlog.next()
            if job is None or not self._has_room(job):
                return
            self._launch(carrier, job)

    def _has_room(self, job: Job) -> bool:
        """Whether the account's limits let a job go now; otherwise it is put back."""
        if self._pace.unlimited:
            return True
        people = len(job.delivery.to)
        if self._pace.too_many(people):
            reason = say("its {n} addresses are more than the account may write to a day", n=people)
            self._refuse(job, reason)
            return False
        if self._pace.day_is_full(self._now(), people):
            self._backlog.put_back(job)
            # What is on its way may be counted twice: only a fresh count ends the day.
            if not self._flying and self._pace.day_is_full(self._now(), people, anew=True):
                self._stop_for_the_day(people)
            return False
        wait = self._pace.wait(self._now(), people)
        if wait > timedelta(0):
            self._backlog.put_back(job)
            reason = say("the account's limit a minute is reached")
            self._refusals.pause(reason, wait.total_seconds())
            return False
        return True

    def _refuse(self, job: Job, reason: str) -> None:
        outcome = Outcome(state=State.FAILED, reason=reason)
        self._run.record(job.delivery.key, outcome, self._now())
        self._tell(job, outcome)

    def _launch(self, carrier: Carrier, job: Job) -> None:
        delivery = job.delivery
        if job.message is None:
            try:
                job.message = self._compose(delivery)
            except AnnounceError:
                self._backlog.put_back(job)
                raise
        self._flying[delivery.key] = job
        self._pace.let_go(len(delivery.to))
        last = job.tries >= len(self._retry.waits)
        job.message_id = job.message_id or self._outlet.message_id(delivery.key)
        carrier.take(job.message, delivery.key, job.message_id, last=last)

    def _stop_for_the_day(self, people: int) -> None:
        again, zone = self._pace.room_again(self._now(), people), self._outlet.zone
        when = f"{again.astimezone(zone):%Y-%m-%d %H:%M %z}" if again else "?"
        self.tally.stopped = say(
            "the account's limit a day is reached; room again at {when}", when=when
        )

    def _stay_alive(self) -> None:
        """Renew the lease, also while nothing moves for long; sync what was answered."""
        if self._now() - self._beat > LEASE / 5:
            self._beat = self._now()
            self._run.heartbeat(self._beat)
        if self._unsynced and time.monotonic() - self._synced > SYNC_EVERY:
            self._run.sync()
            self._is_synced()

    def _is_synced(self) -> None:
        self._synced, self._unsynced = time.monotonic(), False

    # -- hand-over -------------------------------------------------------------------------

    def _turn(self, carrier: Carrier) -> None:
        try:
            turn = carrier.turn(self._patience())
        except AnnounceError as error:
            self.tally.error = self.tally.error or error
            return
        if self._halted:
            turn = Turn(turn.landed)  # who stands at the brink stays due
        try:
            self._write(turn)
        except AnnounceError as error:
            self.tally.error = self.tally.error or error
            return
        carrier.go(turn.ready)

    def _patience(self) -> float:
        """How long to wait for something to happen before looking at the clock again."""
        if self._flying:
            return 0.2
        due = max(self._refusals.paused_until, self._backlog.next_due or 0.0)
        return min(0.2, max(0.0, due - time.monotonic()))

    def _write(self, turn: Turn) -> None:
        """All that a turn brought in one transaction: answers, and marks before bodies leave."""
        if not (turn.landed or turn.ready):
            return
        self._unwritten = turn
        now, run = self._now(), self._run
        landed = [(self._flying[key], self._completed(key, told)) for key, told in turn.landed]
        with run.together() as group:
            for job, outcome in landed:
                key = job.delivery.key
                if self._refusals.is_final(job, outcome):
                    group.record(key, outcome, now)
                else:
                    group.refused_for_now(key, now, outcome.reason, outcome.detail)
            for key in turn.ready:
                group.handed_over(
                    key,
                    now,
                    account=self._outlet.account,
                    recipients=len(self._flying[key].delivery.to),
                    message_id=self._flying[key].message_id,
                )
        self._unwritten, self._unsynced = Turn(), True
        self._handed.update(turn.ready)
        for job, outcome in landed:
            self._landed(job, outcome)
        if landed and self._recorded:
            self._recorded(now)

    def _completed(self, key: DeliveryKey, outcome: Outcome) -> Outcome:
        """The outcome, with whom the plan had left out already: that stays with the delivery."""
        before = self._flying[key].delivery.reason
        if outcome.state is not State.SENT or not before.startswith(UNREACHABLE):
            return outcome
        return replace(outcome, reason=say("; ").join(filter(None, (before, outcome.reason))))

    def _landed(self, job: Job, outcome: Outcome) -> None:
        key = job.delivery.key
        del self._flying[key]
        self._pace.landed(len(job.delivery.to), handed_over=key in self._handed)
        self._handed.discard(key)
        if self._refusals.is_final(job, outcome):
            self._tell(job, outcome)
        else:
            self._refusals.put_again(job, outcome)

    def _tell(self, job: Job, outcome: Outcome) -> None:
        self.tally.counts[outcome.state] += 1
        left_out = "refused" in outcome.detail or job.delivery.reason.startswith(UNREACHABLE)
        self.tally.in_part += outcome.state is State.SENT and left_out
        self._watcher.delivered(job.delivery, outcome)
        self._refusals.ended(outcome)

    # -- the end ---------------------------------------------------------------------------

    def _last_answers(self, carrier: Carrier, seconds: float) -> None:
        """Take in the answers that are still coming to what was handed over. What gets none
        stays for settling."""
        if isinstance(self.tally.error, StoppedError):
            return  # another process has the run: nothing of it is ours to write any more
        until = time.monotonic() + seconds
        try:
            self._write(Turn(self._unwritten.landed))
            while self._handed:
                left = until - time.monotonic()
                turn = carrier.turn(max(0.0, min(0.2, left)))
                self._write(Turn(turn.landed))
                if left <= 0:
                    return
        except AnnounceError as error:
            self.tally.error = self.tally.error or error

    def _let_go_of_the_rest(self) -> None:
        if isinstance(self.tally.error, StoppedError):
            return
        waiting = [*self._backlog, *self._flying.values()]
        self._run.give_back([job.delivery.key for job in waiting], self._now())
        self._run.sync()
