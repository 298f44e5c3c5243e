"""Sending a draft to followers, once: the platform knows a message by an id of ours for a day.

https://developers.weixin.qq.com/doc/subscription/guide/product/message/Batch_Sends.html
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from datetime import datetime, timedelta

from announce.channels.wechat.api import MassJob, OfficialAccount
from announce.channels.wechat.drafting import UNKNOWN_MEDIA, Sleep
from announce.channels.wechat.failures import ApiFailure, Kind
from announce.channels.wechat.job import Job, failed, in_doubt
from announce.channels.wechat.payload import marker_of, wanted
from announce.channels.wechat.search import find_article
from announce.model.delivery import Outcome, State
from announce.model.steps import GONE
from announce.texts import say

# Between two questions, in seconds. The administrator has half an hour to confirm.
POLLS = (2.0, 5.0, 10.0)
# The platform recognises a repeated clientmsgid for 24 hours; an hour is left for clocks.
RECOGNISED = timedelta(hours=23)
# A repeat within a minute is refused (45066).
AGAIN_AFTER = 61.0


class MassSender:
    """Sends the drafts of one account to its followers."""

    def __init__(
        self,
        account: OfficialAccount,
        *,
        now: Callable[[], datetime],
        sleep: Sleep = time.sleep,
    ) -> None:
        self._account = account
        self._now = now
        self._sleep = sleep

    def recognised(self, job: Job) -> bool:
        """Whether the platform would still know a message that was asked for before."""
        asked = job.known.mass_asked
        return asked is not None and self._now() - asked < RECOGNISED

    def send(self, job: Job) -> Outcome | ApiFailure:
        """Send the job's draft; a failure where the account has no right to."""
        if job.known.msg_id:
            return self.follow(job)
        tag = self.tag_of(job)
        if isinstance(tag, Outcome | ApiFailure):
            return tag
        job.note("mass_sending", {"media_id": job.known.media_id})
        job.hand_over()
        try:
            started = self._asked(job, tag)
        except ApiFailure as failure:
            return self._refused(failure)
        if not started.msg_id:
            reason = say("the administrator is asked to confirm it in WeChat")
            return Outcome(state=State.WAITING, reason=reason)
        job.note("mass_sent", {"msg_id": started.msg_id, "awaits_admin": started.awaits_admin})
        return self.follow(job, awaits_admin=started.awaits_admin)

    def _asked(self, job: Job, tag: int | None) -> MassJob:
        """Ask for it; where the answer is lost, ask once more: it is the same job."""
        media_id, client_id = job.known.media_id, client_id_of(job)
        try:
            return self._account.send_mass(media_id, client_id, tag)
        except ApiFailure as failure:
            if not failure.unsure:
                raise
        self._sleep(AGAIN_AFTER)
        return self._account.send_mass(media_id, client_id, tag)

    @staticmethod
    def _refused(failure: ApiFailure) -> Outcome | ApiFailure:
        if failure.unsure:
            return in_doubt(failure)
        if failure.kind is Kind.RIGHTS:
            return failure
        outcome = failed(failure)
        if failure.code == UNKNOWN_MEDIA:
            outcome.detail["class"] = GONE
        return outcome

    def tag_of(self, job: Job) -> int | Outcome | ApiFailure | None:
        """The id of the tag that the message is for, None where it is for all; a failure where the
        account has no right to tags, an outcome where it has no such tag."""
        name = job.article.tag
        if not name:
            return None
        try:
            tags = self._account.tags()
        except ApiFailure as failure:
            return failure if failure.kind is Kind.RIGHTS else failed(failure)
        if name in tags:
            return tags[name]
        names = say(", ").join(sorted(tags)) or "—"
        return Outcome(
            state=State.FAILED,
            reason=say("the account has no tag “{name}”; it has: {names}", name=name, names=names),
            detail={"class": "refused", "mend": say("correct `tag` in the campaign")},
        )

    def follow(
        self, job: Job, *, awaits_admin: bool = False, waits: tuple[float, ...] = POLLS
    ) -> Outcome:
        """Ask after a mass message until it ends; `waiting` where it takes longer."""
        for wait in waits:
            self._sleep(wait)
            if ended := self.ended(job):
                return ended
        reason = (
            say("the administrator is asked to confirm it in WeChat")
            if awaits_admin
            else say("the platform is sending it")
        )
        detail = {"msg_id": job.known.msg_id, "media_id": job.known.media_id}
        return Outcome(state=State.WAITING, reason=reason, detail=detail)

    def ended(self, job: Job) -> Outcome | None:
        """How a mass message ended; None while it is under way, or nobody can tell."""
        try:
            status = self._account.mass_status(job.known.msg_id)
        except ApiFailure:
            return None
        if status.upper() in ("SEND_SUCCESS", "SEND SUCCESS", "DELETE"):
            return job.sent("mass", msg_id=job.known.msg_id, status=status)
        if status.upper() in ("SENDING", "WAIT_FOR_CONFIRM"):
            return None
        return Outcome(
            state=State.FAILED,
            reason=say("the platform did not send it: {status}", status=status),
            detail={
                "class": "refused",
                "msg_id": job.known.msg_id,
                "mend": say("look into the official account, mend the cause, then --retry-failed"),
            },
        )

    def look(self, job: Job) -> Outcome | None:
        """What became of a mass message without an answer: `planned` where it is safe to ask
        again, because the platform knows it or the draft never left; None where a person must
        look."""
        again = Outcome(state=State.PLANNED, reason=say("asked again: the platform knows it"))
        if self.recognised(job):
            return again
        try:
            found = find_article(
                self._account, wanted(job.article, job.message_id), marker_of(job.message_id)
            )
        except ApiFailure:
            return None
        return again if found is not None and found.where == "draft" else None


def client_id_of(job: Job) -> str:
    """The clientmsgid of a delivery: 32 ASCII bytes, the longest that is surely taken. It is of
    the delivery and not of the draft, and another one only after a message was surely refused."""
    return hashlib.sha256(f"{job.message_id} {job.known.refusals}".encode()).hexdigest()[:32]
