"""What a run does about a no: again later, a pause for the account, a stop, or the end of it."""

from __future__ import annotations

import random
import time
from collections import deque
from dataclasses import dataclass, field

from announce.backlog import Backlog, Job
from announce.errors import MachineError
from announce.model.delivery import Outcome, State
from announce.model.project import Retry
from announce.tally import Tally, Watcher
from announce.texts import say

THROTTLES = 10  # pauses of the account before the run stops


@dataclass(slots=True, kw_only=True)
class Refusals:
    """Decides by an answer's class (`Outcome.detail`); writes nothing down, which is the engine's.

    `paused_until` is in monotonic seconds.
    """

    retry: Retry
    backlog: Backlog
    tally: Tally
    watcher: Watcher
    paused_until: float = 0.0
    _throttles: int = 0
    _alike: deque[str] = field(default_factory=deque)

    def is_final(self, job: Job, outcome: Outcome) -> bool:
        """Whether this is what became of a message; else it is due again."""
        kind = outcome.detail.get("class")
        if outcome.state is not State.FAILED:
            return True
        if kind in ("throttled", "quota", "account", "connection_lost"):
            # Of the account, or of the way to it: nothing is wrong with this recipient.
            return False
        return not (outcome.detail.get("transient") and job.tries < len(self.retry.waits))

    def put_again(self, job: Job, outcome: Outcome) -> None:
        """Make a message due again that met an answer which is not final."""
        match outcome.detail.get("class"):
            case "throttled":
                self._throttled(job, outcome)
            case "quota":
                self._quota_is_spent(job, outcome)
            case "account":
                self._account_is_at_fault(job, outcome)
            case _:
                self._again_later(job, outcome)

    def ended(self, outcome: Outcome) -> None:
        """Take note of a final outcome: too many failures or doubts alike stop the run."""
        if outcome.state is State.SENT:
            self._throttles = 0
        failed = outcome.state in (State.FAILED, State.IN_DOUBT)
        kind, code = outcome.detail.get("class"), outcome.detail.get("code")
        sign = f"{outcome.state.value}:{kind}:{code}" if failed else ""
        self._alike.append(sign)
        if len(self._alike) > self.retry.budget.of_last:
            self._alike.popleft()
        if failed and self._alike.count(sign) >= self.retry.budget.alike:
            self.tally.stopped = self.tally.stopped or say(
                "{n} of the last {of} messages ended alike: {reason}",
                n=self._alike.count(sign),
                of=len(self._alike),
                reason=outcome.reason,
            )
            self.tally.mend = (
                say(
                    "the rest is planned: see to the server, then run again; settle those in "
                    "doubt with `announce settle`"
                )
                if outcome.state is State.IN_DOUBT
                else say(
                    "the rest is planned: mend the cause, then run again, for those that failed "
                    "with --retry-failed"
                )
            )

    def pause(self, reason: str, seconds: float) -> None:
        """Let nothing more go for so long."""
        self.paused_until = time.monotonic() + seconds
        self.watcher.paused(reason, seconds)

    def _throttled(self, job: Job, outcome: Outcome) -> None:
        """The account is too fast: all pause, and the job goes behind the others. One that is
        put off at every try is set aside, so that it does not hold up everybody."""
        job.tries += 1
        if job.tries <= len(self.retry.waits):
            self.backlog.put_behind(job)
        else:
            self.backlog.aside.append(job)
        if time.monotonic() < self.paused_until:
            return
        self._throttles += 1
        if self._throttles > THROTTLES:
            self.tally.stopped = say(
                "the server keeps asking to slow down: {answer}", answer=outcome.reason
            )
            return
        pause = float(outcome.detail.get("wait") or self.retry.throttle_pause.total_seconds())
        self.pause(say("the server asks to slow down: {answer}", answer=outcome.reason), pause)

    def _quota_is_spent(self, job: Job, outcome: Outcome) -> None:
        """The account may send no more today: the recipient stays due, the run ends."""
        self.backlog.put_back(job)
        self.tally.stopped = say("the account's quota is spent: {answer}", answer=outcome.reason)

    def _account_is_at_fault(self, job: Job, outcome: Outcome) -> None:
        """Everybody would meet the same answer: the recipient stays due, the run ends."""
        self.backlog.put_back(job)
        hint = str(outcome.detail.get("mend", ""))
        self.tally.error = self.tally.error or MachineError(outcome.reason, hint=hint)

    def _again_later(self, job: Job, outcome: Outcome) -> None:
        if job.tries < len(self.retry.waits):
            wait = self.retry.waits[job.tries].total_seconds() * random.uniform(0.8, 1.2)
            job.tries += 1
            self.backlog.put_off(job, wait)
            return
        # The way is broken, for all of them.
        self.backlog.put_back(job)
        self.tally.error = self.tally.error or MachineError(
            say("the connection breaks again and again: {reason}", reason=outcome.reason),
            hint=say("see to the network or the server, then run the same command again"),
        )
