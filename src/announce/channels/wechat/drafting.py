"""The draft of an article: added once, brought up to date, never over a person's edits unasked."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from announce.channels.wechat import readback
from announce.channels.wechat.api import OfficialAccount
from announce.channels.wechat.failures import ApiFailure, Kind, as_machine_error, ends_the_run
from announce.channels.wechat.job import Job, absent, failed, in_doubt
from announce.channels.wechat.memory import UploadMemory
from announce.channels.wechat.payload import Payloads, content_of, marker_of, wanted
from announce.channels.wechat.search import Found, find_article, find_draft
from announce.model.delivery import Edits, Outcome, State
from announce.model.steps import GONE
from announce.texts import say

Sleep = Callable[[float], None]

UNKNOWN_MEDIA = 40007
NO_COMMENTS = 88000
# Material just uploaded is unknown to draft/add for some seconds (field reports: 2.5 s, 5 s).
MEDIA_WAITS = (2.5, 5.0)
# A call whose answer was lost may still be at work: absence counts when it lasts.
LOOK_WAITS = (1.0, 3.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A draft in the box. `differences` are what the platform changed that a reader would
    notice, a sentence each; `not_compared` says why they are not known."""

    media_id: str
    differences: tuple[str, ...] = ()
    not_compared: str = ""

    @property
    def detail(self) -> dict[str, Any]:
        """For the log."""
        why = {"not_compared": self.not_compared} if self.not_compared else {}
        return {"differences": list(self.differences), **why}


class DraftBox:
    """Makes and keeps the drafts of one account."""

    def __init__(
        self,
        account: OfficialAccount,
        uploads: UploadMemory,
        *,
        edits: Edits = "refuse",
        sleep: Sleep = time.sleep,
    ) -> None:
        self._account = account
        self._payloads = Payloads(account, uploads)
        self._edits = edits
        self._sleep = sleep

    def ensure(self, job: Job) -> Draft | Outcome:
        """The draft with the article's words; an outcome where there is none to go on with.

        Raises MachineError only before the hand-over.
        """
        if job.known.media_id:
            return self._present(job)
        # The answer to an earlier call may have been lost: first it is looked for.
        if not job.known.tried:
            return self._new(job)
        found = self.look(job)
        if isinstance(found, Outcome):
            return found if found.state is not State.PLANNED else self._new(job)
        return found if job.known.content == content_of(job.article) else self._present(job)

    def look(self, job: Job) -> Draft | Outcome:
        """Look for an article whose draft/add got no answer.

        A draft found is noted. Published already is an outcome `sent`, nowhere `planned`, and
        unreadable lists `in_doubt`.
        """
        try:
            found = self._find(job)
        except ApiFailure as failure:
            return in_doubt(failure)
        if found is None:
            return Outcome(state=State.PLANNED, reason=say("the article is not in the draft box"))
        if found.where == "published":
            more = {"article_id": found.item_id, "found": found.where}
            return job.sent("publish", **more)
        ours = wanted(job.article, job.message_id)
        # Words of an earlier state of the campaign are brought up to date afterwards.
        same = len(found.articles) == 1 and readback.same_words(ours, found.kept)
        self._note(job, "drafted", found.item_id, found.articles, same=same)
        return Draft(
            media_id=found.item_id, differences=tuple(readback.differences(ours, found.kept))
        )

    def _find(self, job: Job) -> Found | None:
        ours, marker = wanted(job.article, job.message_id), marker_of(job.message_id)
        for wait in LOOK_WAITS:
            if found := find_draft(self._account, ours, marker):
                return found
            self._sleep(wait)
        return find_article(self._account, ours, marker)

    # A new one

    def _new(self, job: Job) -> Draft | Outcome:
        try:
            payloads = self._payloads.ready(job.article, job.message_id)
        except ApiFailure as failure:
            if ends_the_run(failure):
                raise as_machine_error(failure) from failure
            return failed(failure)
        job.hand_over()
        try:
            media_id = self._add(job, payloads)
        except ApiFailure as failure:
            if not failure.unsure:
                return failed(failure)
            return self._after_lost(job, failure)
        return self._read_back(job, "drafted", media_id, payloads)

    def _add(self, job: Job, payloads: list[dict[str, Any]]) -> str:
        """Add the draft; what the platform does not know (yet) is waited for or renewed.

        Each further call follows a definite refusal, so that nothing is added twice.
        """
        for wait in MEDIA_WAITS:
            try:
                return self._account.add_draft(payloads)
            except ApiFailure as failure:
                if failure.code == NO_COMMENTS:
                    _close_comments(payloads)
                elif failure.code == UNKNOWN_MEDIA:
                    self._renew_covers(job, payloads, wait)
                else:
                    raise
        return self._account.add_draft(payloads)

    def _renew_covers(self, job: Job, payloads: list[dict[str, Any]], wait: float) -> None:
        new = self._payloads.new_covers
        for article, payload in zip(job.article.articles, payloads, strict=True):
            if payload.get("thumb_media_id") not in new:
                # Remembered, and gone from the library since.
                payload["thumb_media_id"] = self._payloads.cover(article.cover, anew=True)
                return
        self._sleep(wait)

    def _after_lost(self, job: Job, failure: ApiFailure) -> Draft | Outcome:
        found = self.look(job)
        if isinstance(found, Draft) or found.state is State.SENT:
            return found
        return absent(failure) if found.state is State.PLANNED else in_doubt(failure)

    def _read_back(
        self, job: Job, event: str, media_id: str, payloads: list[dict[str, Any]]
    ) -> Draft:
        try:
            kept = self._account.get_draft(media_id)
        except ApiFailure as failure:
            self._note(job, event, media_id, [])
            return Draft(media_id=media_id, not_compared=failure.message)
        self._note(job, event, media_id, kept)
        return Draft(media_id=media_id, differences=tuple(_compared(payloads, kept)))

    @staticmethod
    def _note(
        job: Job, event: str, media_id: str, kept: list[dict[str, Any]], *, same: bool = True
    ) -> None:
        """What stands in the box now; without `kept` nobody can tell a later edit."""
        job.note(
            event,
            {
                "media_id": media_id,
                "content": content_of(job.article) if same else "",
                "kept": readback.fingerprint(kept) if kept else "",
            },
        )

    # One that is there

    def _present(self, job: Job) -> Draft | Outcome:
        known = job.known
        try:
            kept = self._account.get_draft(known.media_id)
        except ApiFailure as failure:
            return self._gone(job) if failure.code == UNKNOWN_MEDIA else failed(failure)
        edited = bool(known.kept) and readback.fingerprint(kept) != known.kept
        if edited and self._edits == "refuse":
            return _edited(job)
        if edited and self._edits == "keep":
            return Draft(media_id=known.media_id, differences=(say("edited by hand"),))
        if edited or known.content != content_of(job.article):
            return self._update(job, kept)
        return Draft(media_id=known.media_id)

    def _gone(self, job: Job) -> Outcome:
        """The draft is not in the box any more: it went out, or somebody took it away."""
        try:
            found = find_article(
                self._account, wanted(job.article, job.message_id), marker_of(job.message_id)
            )
        except ApiFailure as failure:
            return failed(failure)
        if found and found.where == "published":
            return job.sent("publish", article_id=found.item_id, found=found.where)
        return Outcome(
            state=State.FAILED,
            reason=say("the draft is gone: somebody published, sent or deleted it"),
            detail={
                "class": GONE,
                "mend": say("look into the official account; `--retry-failed` makes a new draft"),
            },
        )

    def _update(self, job: Job, kept: list[dict[str, Any]]) -> Draft | Outcome:
        media_id = job.known.media_id
        try:
            payloads = self._payloads.ready(job.article, job.message_id)
            if len(payloads) != len(kept):
                return self._replace(job)
            job.hand_over()
            for index, payload in enumerate(payloads):
                self._put(media_id, index, payload)
        except ApiFailure as failure:
            # Putting the same words there again is the same: no doubt can come of it.
            return failed(failure)
        return self._read_back(job, "updated", media_id, payloads)

    def _put(self, media_id: str, index: int, payload: dict[str, Any]) -> None:
        try:
            self._account.update_draft(media_id, index, payload)
        except ApiFailure as failure:
            if failure.code == NO_COMMENTS:
                _close_comments([payload])
            elif failure.kind is not Kind.LOST and not failure.unsure:
                raise
            self._account.update_draft(media_id, index, payload)

    def _replace(self, job: Job) -> Draft | Outcome:
        """Another number of articles: update cannot add or take one, so the draft is made anew."""
        job.hand_over()
        media_id = job.known.media_id
        # Before it is done: a run that is killed here looks for the draft by its marker.
        job.note("deleted", {"media_id": media_id, "by": "announce"})
        try:
            self._account.delete_draft(media_id)
        except ApiFailure as failure:
            if failure.code != UNKNOWN_MEDIA:
                return failed(failure)
        return self._new(job)


def _close_comments(payloads: list[dict[str, Any]]) -> None:
    for payload in payloads:
        payload.pop("need_open_comment", None)
        payload.pop("only_fans_can_comment", None)


def _compared(payloads: list[dict[str, Any]], kept: list[dict[str, Any]]) -> list[str]:
    if len(payloads) != len(kept):
        return [say("articles: {theirs} instead of {ours}", theirs=len(kept), ours=len(payloads))]
    pairs = zip(payloads, kept, strict=True)
    found = [readback.differences(ours, theirs) for ours, theirs in pairs]
    if len(found) == 1:
        return found[0]
    return [
        say("article {n}: {difference}", n=number, difference=difference)
        for number, differences in enumerate(found, 1)
        for difference in differences
    ]


def _edited(job: Job) -> Outcome:
    return Outcome(
        state=State.FAILED,
        reason=say("somebody edited the draft by hand: it was left as it is"),
        detail={
            "class": "edited",
            "media_id": job.known.media_id,
            "mend": say(
                "run again with --retry-failed and `--edits keep` (go on with the edited draft) or "
                "`--edits overwrite` (put the campaign's words back)"
            ),
        },
    )
