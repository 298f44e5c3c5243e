"""Delivering an article as a draft, once: after a lost answer it looks before it adds again."""

from __future__ import annotations

import hashlib
import html
import re
import time
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Protocol, Self

from announce.channels.base import HandedOver
from announce.channels.wechat import readback
from announce.channels.wechat.client import OfficialAccount
from announce.channels.wechat.failures import (
    ApiFailure,
    as_machine_error,
    ends_the_run,
)
from announce.channels.wechat.limits import SOURCE, media_type, picture_name
from announce.channels.wechat.search import find_article
from announce.model.delivery import DeliveryKey, Outcome, State
from announce.model.message import Article, Blob, Sendable
from announce.texts import say

Sleep = Callable[[float], None]

UNKNOWN_MEDIA = 40007
# Material just uploaded is unknown to draft/add for some seconds (field reports: 2.5 s, 5 s).
MEDIA_WAITS = (2.5, 5.0)
# A call whose answer was lost may still be at work: absence counts when it lasts.
LOOK_WAITS = (1.0, 3.0)

_SUFFIXES = {"image/png": "png", "image/jpeg": "jpg", "image/gif": "gif", "image/bmp": "bmp"}
_FIRST_SECTION = re.compile(r"\s*<section\b", re.IGNORECASE)


class UploadMemory(Protocol):
    """What an account's uploads were given, by what they are for and their content.

    `kind` is `cover` (a media_id) or `picture` (an address).
    """

    def get(self, account: str, kind: str, sha: str) -> str | None: ...

    def put(self, account: str, kind: str, sha: str, value: str) -> None: ...


class DraftTransport:
    """The way to an account's draft box.

    Entering fetches the token: LoginRefused where AppID or AppSecret is refused, MachineError
    (with the mend) where the platform is out of reach or this machine is not on the allow-list.
    """

    def __init__(
        self, account: OfficialAccount, uploads: UploadMemory, *, sleep: Sleep = time.sleep
    ) -> None:
        self._account = account
        self._uploads = uploads
        self._sleep = sleep
        # Message ids whose draft/add got no answer: looked for again before adding again.
        self._lost: set[str] = set()

    def __enter__(self) -> Self:
        try:
            _ = self._account.access_token
        except ApiFailure as failure:
            raise as_machine_error(failure) from failure
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._account.close()

    def deliver(
        self,
        message: Sendable,
        key: DeliveryKey,
        message_id: str,
        handed_over: HandedOver,
        *,
        last: bool = True,
    ) -> Outcome:
        """Upload the pictures, add the draft, read it back.

        `detail` has `media_id`, and in `differences` what the platform changed, a sentence
        each. Raises MachineError only before `handed_over`.
        """
        article = _article(message)
        if message_id in self._lost and (settled := self._looked_again(article, message_id)):
            return settled
        try:
            payload, cover_is_new = self._prepared(article, message_id)
        except ApiFailure as failure:
            if ends_the_run(failure):
                raise as_machine_error(failure) from failure
            return _failed(failure)
        handed_over()
        try:
            media_id = self._add(article, payload, cover_is_new=cover_is_new)
        except ApiFailure as failure:
            if not failure.unsure:
                return _failed(failure)
            self._lost.add(message_id)
            return self._after_lost(article, message_id, failure)
        return self._sent(payload, media_id)

    def settle(self, message: Sendable, message_id: str) -> Outcome | None:
        """Look for the article among the drafts and the published articles.

        Found is sent; absent is planned, so that it may be delivered again; None where the
        lists could not be read whole. A draft that lost its marker is known by title and text.
        """
        article = _article(message)
        marker = marker_of(message_id)
        payload = self._payload(article, _marked(article.html, marker), "")
        try:
            for wait in (0.0, *LOOK_WAITS):
                if wait:
                    self._sleep(wait)
                if found := find_article(self._account, payload, marker):
                    return _found(payload, *found)
        except ApiFailure:
            return None
        return Outcome(state=State.PLANNED, reason=say("the article is not in the draft box"))

    # Before the hand-over

    def _prepared(self, article: Article, message_id: str) -> tuple[dict[str, Any], bool]:
        """The article as draft/add takes it, and whether its cover was uploaded just now."""
        sources = {picture.name: self._picture(picture)[0] for picture in article.pictures}
        cover, cover_is_new = self._cover(article.cover)
        content = _marked(_filled(article.html, sources), marker_of(message_id))
        return self._payload(article, content, cover), cover_is_new

    def _picture(self, picture: Blob) -> tuple[str, bool]:
        return self._uploaded("picture", picture, self._account.upload_picture)

    def _cover(self, cover: Blob) -> tuple[str, bool]:
        return self._uploaded("cover", cover, self._account.upload_cover)

    def _uploaded(
        self, kind: str, blob: Blob, upload: Callable[[str, str, bytes], str], *, anew: bool = False
    ) -> tuple[str, bool]:
        sha = hashlib.sha256(blob.data).hexdigest()
        account = self._account.appid
        if not anew and (known := self._uploads.get(account, kind, sha)):
            return known, False
        found = media_type(blob.data) or blob.media_type
        # A name of our own: file names beyond ASCII break multipart bodies in several ways.
        value = upload(f"{sha[:16]}.{_SUFFIXES.get(found, 'bin')}", found, blob.data)
        self._uploads.put(account, kind, sha, value)
        return value, True

    @staticmethod
    def _payload(article: Article, content: str, cover: str) -> dict[str, Any]:
        payload = {
            "article_type": "news",
            "title": article.title,
            "author": article.author,
            "digest": article.summary,
            "content": content,
            "content_source_url": article.original_url,
            "thumb_media_id": cover,
        }
        return {name: value for name, value in payload.items() if value}

    # After the hand-over

    def _add(self, article: Article, payload: dict[str, Any], *, cover_is_new: bool) -> str:
        """Add the draft; a cover that the platform does not know (yet) is waited for or renewed.

        Each further call follows a definite refusal, so that nothing is added twice.
        """
        for wait in MEDIA_WAITS:
            try:
                return self._account.add_draft(payload)
            except ApiFailure as failure:
                if failure.code != UNKNOWN_MEDIA:
                    raise
            if cover_is_new:
                self._sleep(wait)
                continue
            # Remembered, and gone from the library since.
            payload["thumb_media_id"], cover_is_new = self._uploaded(
                "cover", article.cover, self._account.upload_cover, anew=True
            )
        return self._account.add_draft(payload)

    def _looked_again(self, article: Article, message_id: str) -> Outcome | None:
        """What a lost call came to after all; None where it is still proved absent."""
        outcome = self.settle(article, message_id)
        if outcome is None:
            return Outcome(state=State.IN_DOUBT, reason=say("the draft box could not be read"))
        return outcome if outcome.state is State.SENT else None

    def _after_lost(self, article: Article, message_id: str, failure: ApiFailure) -> Outcome:
        outcome = self.settle(article, message_id)
        if outcome is None:
            return Outcome(state=State.IN_DOUBT, reason=failure.message, detail=failure.detail)
        if outcome.state is State.SENT:
            return outcome
        return Outcome(
            state=State.FAILED,
            reason=failure.message,
            detail={**failure.detail, "absent": True, "transient": True},
        )

    def _sent(self, payload: Mapping[str, Any], media_id: str) -> Outcome:
        detail: dict[str, Any] = {"media_id": media_id}
        try:
            kept = self._account.get_draft(media_id)
        except ApiFailure as failure:
            detail["differences"] = []
            detail["not_compared"] = failure.message
        else:
            detail["differences"] = readback.differences(payload, kept[0] if kept else {})
        return Outcome(state=State.SENT, detail=detail)


def marker_of(message_id: str) -> str:
    """What tells a delivery's article from others with the same words: nothing readable."""
    return hashlib.sha256(f"announce:{message_id}".encode()).hexdigest()[:16]


def _article(message: Sendable) -> Article:
    if not isinstance(message, Article):
        raise TypeError(f"an official account takes articles, not {type(message).__name__}")
    return message


def _marked(content: str, marker: str) -> str:
    """The content with the marker in an attribute, which the platform passes through."""
    if not marker:
        return content
    attribute = f'{readback.MARKER}="{marker}"'
    if match := _FIRST_SECTION.match(content):
        return f"{match[0]} {attribute}{content[match.end() :]}"
    return f"<section {attribute}>{content}</section>"


def _filled(content: str, sources: Mapping[str, str]) -> str:
    """The content with `picture:NAME` replaced by what the uploads were given."""

    def fill(match: re.Match[str]) -> str:
        name = picture_name(match[2] if match[2] is not None else match[3])
        if name is None or name not in sources:
            return match[0]
        return f'{match[1]}"{html.escape(sources[name])}"'

    return SOURCE.sub(fill, content)


def _failed(failure: ApiFailure) -> Outcome:
    return Outcome(state=State.FAILED, reason=failure.message, detail=failure.detail)


def _found(sent: Mapping[str, Any], where: str, item_id: str, kept: Mapping[str, Any]) -> Outcome:
    return Outcome(
        state=State.SENT,
        detail={
            "media_id" if where == "draft" else "article_id": item_id,
            "found": where,
            "differences": readback.differences(sent, kept),
        },
    )
