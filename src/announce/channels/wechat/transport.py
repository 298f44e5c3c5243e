"""Delivering an article as far as the account may: draft, publication or mass message, once.

After a lost answer it looks before it does anything again; what it cannot see stays in doubt.
Where the account has no right to a way (48001), it goes the next lower one and says so.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

from announce.channels.base import HandedOver
from announce.channels.wechat.api import OfficialAccount
from announce.channels.wechat.drafting import Draft, DraftBox, Sleep
from announce.channels.wechat.failures import ApiFailure, Kind
from announce.channels.wechat.job import Job
from announce.channels.wechat.massing import MassSender
from announce.channels.wechat.memory import StepMemory, UploadMemory
from announce.channels.wechat.pasting import Paste
from announce.channels.wechat.publishing import Publisher
from announce.channels.wechat.session import AccountSession
from announce.model.delivery import DeliveryKey, Edits, Outcome, State
from announce.model.message import Article, Sendable
from announce.model.steps import rank
from announce.texts import say


class ArticleTransport(AccountSession):
    """The way to an account's readers.

    `paste` writes the page of an article that is to be pasted by hand, and tells its place.
    """

    def __init__(
        self,
        account: OfficialAccount,
        uploads: UploadMemory,
        steps: StepMemory,
        *,
        paste: Paste,
        now: Callable[[], datetime],
        edits: Edits = "refuse",
        sleep: Sleep = time.sleep,
    ) -> None:
        super().__init__(account)
        self._steps = steps
        self._paste = paste
        self._box = DraftBox(account, uploads, edits=edits, sleep=sleep)
        self._publisher = Publisher(account, now=now, sleep=sleep)
        self._masses = MassSender(account, now=now, sleep=sleep)

    def deliver(
        self,
        message: Sendable,
        key: DeliveryKey,
        message_id: str,
        handed_over: HandedOver,
        *,
        last: bool = True,
    ) -> Outcome:
        """Take the article as far as it is to go and the account may.

        `detail` says in `way` how far it came and in `wanted` how far it was to go; `media_id`,
        `publish_id`, `article_id`, `urls` and `msg_id` as far as there are any; in `differences`
        what the platform changed, a sentence each. Raises MachineError only before the hand-over.
        """
        job = self._job(message, key, message_id, handed_over)
        article, known = job.article, job.known
        if article.deliver == "paste":
            return self._pasted(job)
        if known.publish_id:
            return self._publisher.follow(job)
        if known.msg_id:
            return self._masses.follow(job)
        if article.deliver == "mass" and self._masses.recognised(job) and known.media_id:
            # It may have left the draft box by a call whose answer was lost.
            sent = self._masses.send(job)
            if isinstance(sent, Outcome):
                return sent
        if article.deliver == "mass" and isinstance(tag := self._masses.tag_of(job), Outcome):
            return tag  # before a draft is made for nothing
        found = self._box.ensure(job)
        if isinstance(found, Outcome):
            return self._pasted_instead(job, found)
        return self._onward(job, found)

    def settle(self, message: Sendable, key: DeliveryKey, message_id: str) -> Outcome | None:
        """Look what became of an article in doubt or waiting.

        `sent` where it went as far as it was to; `planned` where it is safe to go on: it is
        proved absent, or its draft is there; None where nothing can be said (yet).
        """
        job = self._job(message, key, message_id, _nothing)
        known = job.known
        if known.publish_id:
            return self._publisher.ended(job)
        if known.msg_id:
            return self._masses.ended(job)
        if known.submitting_at is not None:
            return self._publisher.look(job)
        if known.mass_asked is not None:
            return self._masses.look(job)
        found = self._box.look(job)
        if isinstance(found, Outcome):
            return None if found.state is State.IN_DOUBT else found
        if rank(job.article.deliver) > rank("draft"):
            return Outcome(state=State.PLANNED, reason=say("its draft is there: it goes on"))
        return job.sent("draft", found="draft", **found.detail)

    def _job(
        self, message: Sendable, key: DeliveryKey, message_id: str, handed_over: HandedOver
    ) -> Job:
        if not isinstance(message, Article):
            raise TypeError(f"an official account takes articles, not {type(message).__name__}")
        return Job(
            article=message,
            key=key,
            message_id=message_id,
            memory=self._steps,
            handed_over=handed_over,
        )

    # How far

    def _onward(self, job: Job, draft: Draft) -> Outcome:
        wanted = job.article.deliver
        refused: ApiFailure | None = None
        if wanted == "mass":
            sent = self._masses.send(job)
            if isinstance(sent, Outcome):
                return _with(sent, draft.detail)
            refused = sent
        if wanted in ("mass", "publish"):
            published = self._publisher.publish(job)
            if isinstance(published, Outcome):
                return _with(published, {**draft.detail, **_why(refused)})
            refused = published
        return self._degraded(job, draft, refused)

    @staticmethod
    def _degraded(job: Job, draft: Draft, refused: ApiFailure | None) -> Outcome:
        return job.sent("draft", **draft.detail, **_why(refused))

    def _pasted_instead(self, job: Job, found: Outcome) -> Outcome:
        """A page to copy from, where the account may not even have a draft made."""
        if found.state is State.FAILED and found.detail.get("class") == Kind.RIGHTS:
            return self._pasted(job, refused=found.reason)
        return found

    def _pasted(self, job: Job, refused: str = "") -> Outcome:
        page = self._paste(job.article, job.key)
        return job.sent("paste", page=page, **({"denied": refused} if refused else {}))


def _why(refused: ApiFailure | None) -> dict[str, Any]:
    return {"denied": refused.message, "code": refused.code} if refused else {}


def _with(outcome: Outcome, more: dict[str, Any]) -> Outcome:
    return Outcome(state=outcome.state, reason=outcome.reason, detail={**more, **outcome.detail})


def _nothing() -> None:
    """A look hands nothing over."""
