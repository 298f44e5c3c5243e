"""Last step: claim, hand over, record. The only place from which messages leave.

The ledger is written before the wire (the claim, synced) and after it (the outcome). Between
the two a delivery is `sending`; whatever ends the process there is settled by the next run.
"""

from __future__ import annotations

import random
import threading
import time
from collections import deque
from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import datetime, timedelta

from announce.backlog import BATCH, Backlog
from announce.channels.base import Transport
from announce.crew import Crew, Job
from announce.errors import AnnounceError, LoginRefused, MachineError, StoppedError
from announce.ledger.base import LEASE, Run
from announce.model.delivery import Delivery, DeliveryKey, Outcome, State
from announce.model.message import Message
from announce.model.project import Retry
from announce.outlets import Outlet
from announce.pace import Pace
from announce.planning import UNREACHABLE
from announce.tally import Tally, Watcher
from announce.texts import say

FAREWELL = 3.0  # seconds that connections get to say goodbye
THROTTLES = 10  # pauses of the account before the run stops


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
        only: Collection[DeliveryKey] | None = None,
        limit: int | None = None,
        tally: Tally | None = None,
        recorded: Callable[[DeliveryKey, State], None] | None = None,
    ) -> None:
        self._run, self._outlet, self._compose = run, outlet, compose
        self._retry, self._now, self._watcher, self._stop = retry, now, watcher, stop
        self._only, self._recorded = only, recorded
        self._pace = Pace(outlet)
        self._backlog = Backlog(self._claim, limit)
        self._flying: dict[DeliveryKey, Job] = {}
        self._handed: set[DeliveryKey] = set()
        self._crew = Crew(outlet.open, self._deliver, outlet.connections)
        self._alike: deque[str] = deque(maxlen=retry.budget.of_last)
        self._paused_until = 0.0
        self._throttles = 0
        self._unsynced = 0
        self._beat = now()
        self._ledger_failed: AnnounceError | None = None
        self.tally = Tally() if tally is None else tally

    def go(self) -> Tally:
        """Deliver until nothing is due or something stops the run."""
        if not self._halted:
            self._backlog.claim()
        if not list(self._backlog):
            return self.tally
        try:
            self._crew.start()
            while self._more():
                self._feed()
                self._collect()
                self._stay_alive()
        finally:
            self._wind_up()
        if self._backlog.aside and not self.tally.stopped:
            self.tally.stopped = say(
                "the server kept putting off {n} messages, which stay due",
                n=len(self._backlog.aside),
            )
        return self.tally

    # -- feeding ---------------------------------------------------------------------------

    def _more(self) -> bool:
        if self._flying:
            # Jobs that no connection is left to take never land.
            return self._crew.alive > 0
        return not self._halted and self._backlog.has_more

    @property
    def _halted(self) -> bool:
        if self._stop.is_set() and not self.tally.stopped:
            self.tally.stopped = say("interrupted")
        return bool(self.tally.stopped) or self.tally.error is not None

    def _claim(self, size: int) -> list[Delivery]:
        return self._run.claim(size, self._now(), channel=self._outlet.channel, only=self._only)

    def _feed(self) -> None:
        while not self._halted and len(self._flying) < self._outlet.connections:
            if time.monotonic() < self._paused_until:
                return
            job = self._backlog.next()
            if job is None or not self._has_room(job):
                return
            self._launch(job)

    def _has_room(self, job: Job) -> bool:
        """Whether the account's limits let a job go now; otherwise it is put back."""
        people = len(job.delivery.to)
        if self._pace.too_many(people):
            reason = say("its {n} addresses are more than the account may write to a day", n=people)
            self._record(job, Outcome(state=State.FAILED, reason=reason))
            return False
        if self._pace.day_is_full(self._now(), people):
            self._backlog.put_back(job)
            # What is on its way may be counted twice: only a fresh count ends the day.
            if not self._flying and self._pace.day_is_full(self._now(), people, anew=True):
                self._stop_for_the_day()
            return False
        wait = self._pace.wait(self._now())
        if wait > timedelta(0):
            self._backlog.put_back(job)
            self._pause(say("the account's limit a minute is reached"), wait.total_seconds())
            return False
        return True

    def _launch(self, job: Job) -> None:
        if job.message is None:
            try:
                job.message = self._compose(job.delivery.key)
            except AnnounceError:
                self._backlog.put_back(job)
                raise
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

    def _stay_alive(self) -> None:
        """Renew the lease, also while nothing moves for long."""
        if self._now() - self._beat > LEASE / 5:
            self._beat = self._now()
            self._run.heartbeat(self._beat)

    # -- hand-over -------------------------------------------------------------------------

    def _deliver(self, transport: Transport, job: Job) -> Outcome:
        """Called in a connection's thread."""
        assert job.message is not None
        key, account, people = job.delivery.key, self._outlet.account, len(job.delivery.to)
        message_id = self._outlet.message_id(key)

        def handed_over() -> None:
            try:
                self._run.handed_over(
                    key, self._now(), account=account, recipients=people, message_id=message_id
                )
            except AnnounceError as error:
                self._ledger_failed = error
                raise
            self._handed.add(key)

        last = job.tries >= len(self._retry.waits)
        return transport.deliver(job.message, key, message_id, handed_over, last=last)

    # -- results ---------------------------------------------------------------------------

    def _collect(self) -> None:
        found = self._crew.result(self._patience())
        if found is None:
            return
        job, result = self._landed(*found)
        if isinstance(result, BaseException):
            self._lost_worker(result)
            if job is not None:
                self._backlog.put_back(job)
        elif job is not None:
            self._answered(job, result)

    def _landed(
        self, job: Job, result: Outcome | BaseException
    ) -> tuple[Job | None, Outcome | BaseException]:
        """What came back, with its job; without, where it failed after the hand-over: then
        nobody may take it again, and it stays for settling."""
        key = job.delivery.key
        handed_over = key in self._handed
        del self._flying[key]
        self._pace.landed(len(job.delivery.to), handed_over=handed_over)
        self._handed.discard(key)
        if handed_over and isinstance(result, BaseException):
            self._record(job, Outcome(state=State.IN_DOUBT, reason=str(result)))
            return None, result
        return job, result

    def _patience(self) -> float:
        """How long to wait for a result before looking at the clock again."""
        if self._flying:
            return 0.2
        due = max(self._paused_until, self._backlog.next_due or 0.0)
        return min(0.2, max(0.0, due - time.monotonic()))

    def _lost_worker(self, error: BaseException) -> None:
        """A connection is gone before its job was handed over, or the ledger refused the mark."""
        self._crew.lost_one()
        if not isinstance(error, AnnounceError):
            raise error
        fatal = self._ledger_failed or (error if isinstance(error, LoginRefused) else None)
        if fatal is None and self._crew.alive == 0:
            fatal = self._crew.broken or error
        if fatal is not None and self.tally.error is None:
            self.tally.error = fatal

    def _answered(self, job: Job, outcome: Outcome) -> None:
        kind = str(outcome.detail.get("class", ""))
        if outcome.state is not State.FAILED:
            self._record(job, outcome)
        elif kind == "throttled":
            self._throttled(job, outcome)
        elif kind == "quota":
            self._quota_is_spent(job, outcome)
        elif outcome.detail.get("transient"):
            self._again_later(job, outcome)
        else:
            self._record(job, outcome)

    def _not_now(self, job: Job, outcome: Outcome) -> None:
        self._run.refused_for_now(job.delivery.key, self._now(), outcome.reason, outcome.detail)

    def _throttled(self, job: Job, outcome: Outcome) -> None:
        """The account is too fast: all pause, and the job goes behind the others. One that is
        put off at every try is set aside, so that it does not hold up everybody."""
        self._not_now(job, outcome)
        job.tries += 1
        if job.tries <= len(self._retry.waits):
            self._backlog.put_behind(job)
        else:
            self._backlog.aside.append(job)
        if time.monotonic() < self._paused_until:
            return
        self._throttles += 1
        if self._throttles > THROTTLES:
            self.tally.stopped = say(
                "the server keeps asking to slow down: {answer}", answer=outcome.reason
            )
            return
        pause = float(outcome.detail.get("wait") or self._retry.throttle_pause.total_seconds())
        self._pause(say("the server asks to slow down: {answer}", answer=outcome.reason), pause)

    def _quota_is_spent(self, job: Job, outcome: Outcome) -> None:
        """The account may send no more today: the recipient stays due, the run ends."""
        self._not_now(job, outcome)
        self._backlog.put_back(job)
        self.tally.stopped = say("the account's quota is spent: {answer}", answer=outcome.reason)

    def _again_later(self, job: Job, outcome: Outcome) -> None:
        if job.tries < len(self._retry.waits):
            self._not_now(job, outcome)
            wait = self._retry.waits[job.tries].total_seconds() * random.uniform(0.8, 1.2)
            job.tries += 1
            self._backlog.put_off(job, wait)
        elif outcome.detail.get("class") == "connection_lost":
            # Nothing is wrong with this recipient: the way is broken, for all of them.
            self._not_now(job, outcome)
            self._backlog.put_back(job)
            self.tally.error = self.tally.error or MachineError(
                say("the connection breaks again and again: {reason}", reason=outcome.reason),
                hint=say("see to the network or the server, then run the same command again"),
            )
        else:
            self._record(job, outcome)

    def _record(self, job: Job, outcome: Outcome) -> None:
        somebody_left_out = job.delivery.reason.startswith(UNREACHABLE)
        if outcome.state is State.SENT and somebody_left_out:
            # Somebody was left out already by the plan: that stays with the delivery.
            told = [one for one in (job.delivery.reason, outcome.reason) if one]
            outcome = replace(outcome, reason=say("; ").join(told))
        self._run.record(job.delivery.key, outcome, self._now())
        self.tally.counts[outcome.state] += 1
        left_out = "refused" in outcome.detail or somebody_left_out
        self.tally.in_part += outcome.state is State.SENT and left_out
        if outcome.state is State.SENT:
            self._throttles = 0
        self._unsynced += 1
        if self._unsynced >= BATCH:
            self._run.sync()
            self._unsynced = 0
        self._watcher.delivered(job.delivery, outcome)
        if self._recorded:
            self._recorded(job.delivery.key, outcome.state)
        self._spend_budget(outcome)

    def _spend_budget(self, outcome: Outcome) -> None:
        failed = outcome.state is State.FAILED
        sign = f"{outcome.detail.get('class')}:{outcome.detail.get('code')}" if failed else ""
        self._alike.append(sign)
        if failed and self._alike.count(sign) >= self._retry.budget.alike:
            self.tally.stopped = self.tally.stopped or say(
                "{n} of the last {of} messages failed alike: {reason}",
                n=self._alike.count(sign),
                of=len(self._alike),
                reason=outcome.reason,
            )

    # -- the end ---------------------------------------------------------------------------

    def _wind_up(self) -> None:
        """Take in the answers that are still coming, and let go of what was not handed over;
        what was, and got no answer, stays for settling."""
        self._crew.dismiss(FAREWELL)
        if isinstance(self._ledger_failed, StoppedError):
            return  # another process has the run: nothing of it is ours to write any more
        while found := self._crew.result(0):
            job, result = self._landed(*found)
            if job is None:
                continue
            if isinstance(result, BaseException):
                self._backlog.put_behind(job)
            elif result.state is State.FAILED and _may_come_later(result):
                self._not_now(job, result)
                self._backlog.put_behind(job)
            else:
                self._record(job, result)
        waiting = [*self._backlog, *self._flying.values()]
        self._run.give_back([job.delivery.key for job in waiting], self._now())
        self._run.sync()


def _may_come_later(outcome: Outcome) -> bool:
    """Whether a refusal is of this moment or of the account, and not of the recipient."""
    return bool(outcome.detail.get("transient")) or outcome.detail.get("class") == "quota"
