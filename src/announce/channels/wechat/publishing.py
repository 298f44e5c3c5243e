"""Publishing a draft, once: submitted, then asked after until it has come to an end.

https://developers.weixin.qq.com/doc/subscription/guide/product/publish.html
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta

from announce.channels.wechat.api import OfficialAccount, Publication
from announce.channels.wechat.drafting import LOOK_WAITS, UNKNOWN_MEDIA, Sleep
from announce.channels.wechat.failures import ApiFailure, Kind
from announce.channels.wechat.job import Job, absent, failed, in_doubt
from announce.channels.wechat.payload import marker_of, wanted
from announce.channels.wechat.search import find_article
from announce.model.delivery import Outcome, State
from announce.texts import say

# Between two questions, in seconds. A publication takes seconds to minutes, and a new account may
# ask a hundred times a day.
POLLS = (2.0, 5.0, 10.0, 20.0)
# A draft that is still in the box so long after its lost submission was not submitted: our own
# measure, for the platform names none.
STILL_THERE = timedelta(minutes=10)

DONE, UNDER_WAY = 0, 1
# https://developers.weixin.qq.com/doc/subscription/api/public/api_freepublish_get.html
_ENDS = {2: "originality", 3: "refused", 4: "review", 5: "deleted", 6: "banned"}


class Publisher:
    """Publishes the drafts of one account."""

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

    def publish(self, job: Job) -> Outcome | ApiFailure:
        """Publish the job's draft; a failure where the account has no right to."""
        if job.known.publish_id:
            return self.follow(job)
        job.note("submitting", {"media_id": job.known.media_id})
        job.hand_over()
        try:
            publish_id = self._account.submit(job.known.media_id)
        except ApiFailure as failure:
            if failure.kind is Kind.RIGHTS:
                return failure
            # A draft that has left the box may be this very publication, asked for before.
            if failure.unsure or failure.code == UNKNOWN_MEDIA:
                return self._after_lost(job, failure)
            return failed(failure)
        job.note("submitted", {"publish_id": publish_id})
        return self.follow(job)

    def follow(self, job: Job, *, waits: tuple[float, ...] = POLLS) -> Outcome:
        """Ask after a publication until it ends; `waiting` where it takes longer."""
        for wait in waits:
            self._sleep(wait)
            if ended := self.ended(job):
                return ended
        return Outcome(
            state=State.WAITING,
            reason=say("the platform is publishing it"),
            detail={"publish_id": job.known.publish_id, "media_id": job.known.media_id},
        )

    def ended(self, job: Job) -> Outcome | None:
        """How a submitted publication ended; None while it is under way, or nobody can tell."""
        try:
            found = self._account.publication(job.known.publish_id)
        except ApiFailure:
            return None
        return None if found.status == UNDER_WAY else _end(job, found)

    def look(self, job: Job) -> Outcome | None:
        """What became of a submission without an answer: published, or proved not to have
        happened (`planned`); None where nothing can be said yet."""
        account, marker = self._account, marker_of(job.message_id)
        try:
            found = find_article(account, wanted(job.article, job.message_id), marker)
        except ApiFailure:
            return None
        if found is None:
            return None
        if found.where == "published":
            return job.sent("publish", article_id=found.item_id, found=found.where)
        began = job.known.submitting_at
        if began is not None and self._now() - began < STILL_THERE:
            return None
        return Outcome(
            state=State.PLANNED, reason=say("the draft is in the box: it was not published")
        )

    def _after_lost(self, job: Job, failure: ApiFailure) -> Outcome:
        for wait in (0.0, *LOOK_WAITS):
            if wait:
                self._sleep(wait)
            found = self.look(job)
            if found is not None:
                return absent(failure) if found.state is State.PLANNED else found
        return in_doubt(failure)


def _end(job: Job, found: Publication) -> Outcome:
    evidence = {"publish_id": job.known.publish_id, "publish_status": found.status}
    if found.status == DONE or found.status in (5, 6):
        more = {"deleted_since": _ENDS[found.status]} if found.status != DONE else {}
        return job.sent(
            "publish", article_id=found.article_id, urls=list(found.urls), **evidence, **more
        )
    reasons = {
        2: say("the platform refused it: somebody else declared the original"),
        4: say("the platform's review refused it"),
    }
    mend = say("look into the official account, mend the article, then --retry-failed")
    return Outcome(
        state=State.FAILED,
        reason=reasons.get(found.status, say("the platform failed to publish it")),
        detail={**evidence, "class": "refused", "articles": list(found.failed), "mend": mend},
    )
