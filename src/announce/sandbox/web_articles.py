"""The pages about articles: draft box, what came out, and the followers' view."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from announce.sandbox.loopback import HttpReply, HttpRequest
from announce.sandbox.pages import drafts, outbox, reader
from announce.sandbox.replies import choice, missing, moved, page
from announce.sandbox.wechat.drafts import drafts_in, empty_drafts
from announce.sandbox.wechat.feed import feed, known_people
from announce.sandbox.wechat.outbox import (
    empty_outbox,
    masses_in,
    notices_in,
    publications_in,
)
from announce.sandbox.wechat.state import State

VIEWS = ("phone", "source")


class Administrator(Protocol):
    """Who answers mass messages that wait: an account that is being played."""

    def admin_answers(self, yes: bool, msg_id: int | None = None) -> list[int]:
        """Confirm or refuse one; tells which were waiting."""


class ArticlePages:
    """The pages under /drafts, /draft, /outbox and /reader of one inbox."""

    def __init__(self, state: State, base: str, account: Administrator | None) -> None:
        self._state = state
        self._base = base
        self._account = account

    def answer(self, request: HttpRequest, parts: Sequence[str]) -> HttpReply:
        """The page at an address."""
        match list(parts):
            case ["drafts"]:
                return page(drafts.list_page(drafts_in(self._state), base=self._base))
            case ["draft", media_id]:
                return self._draft(request, media_id)
            case ["outbox"]:
                return self._outbox()
            case ["outbox", kind, key]:
                return self._out(request, kind, key)
            case ["reader"]:
                return self._reader(request)
        return missing(self._base)

    def change(self, parts: Sequence[str]) -> HttpReply:
        """What a form of these pages does."""
        match list(parts):
            case ["empty", "drafts"]:
                empty_drafts(self._state)
                return moved(f"{self._base}/drafts")
            case ["empty", "outbox"]:
                empty_outbox(self._state)
                return moved(f"{self._base}/outbox")
            case ["admin", msg_id, ("yes" | "no") as said] if (
                msg_id.isdecimal() and self._account is not None
            ):
                self._account.admin_answers(said == "yes", int(msg_id))
                return moved(f"{self._base}/outbox")
        return missing(self._base)

    def _draft(self, request: HttpRequest, media_id: str) -> HttpReply:
        found = [draft for draft in drafts_in(self._state) if draft.media_id == media_id]
        number = _asked(request, len(found[0].articles) if found else 0)
        if number is None:
            return missing(self._base)
        return page(
            drafts.draft_page(
                found[0],
                number,
                base=self._base,
                state=self._state,
                shown_as=choice(request, VIEWS),
            )
        )

    def _outbox(self) -> HttpReply:
        return page(
            outbox.list_page(
                publications_in(self._state),
                masses_in(self._state),
                notices_in(self._state),
                base=self._base,
                answers=self._account is not None,
            )
        )

    def _out(self, request: HttpRequest, kind: str, key: str) -> HttpReply:
        every: list[outbox.Out] = [
            *publications_in(self._state),
            *masses_in(self._state),
            *notices_in(self._state),
        ]
        found = [out for out in every if outbox.address(out) == f"{kind}/{key}"]
        number = _asked(request, len(found[0].articles) if found else 0)
        if number is None:
            return missing(self._base)
        return page(
            outbox.out_page(
                found[0],
                number,
                base=self._base,
                state=self._state,
                shown_as=choice(request, VIEWS),
            )
        )

    def _reader(self, request: HttpRequest) -> HttpReply:
        people = known_people(self._state)
        openids = [one.openid for one in people]
        asked = request.query.get("as", "")
        chosen = asked if asked in openids else (openids[0] if openids else "")
        return page(
            reader.reader_page(
                people,
                chosen,
                feed(self._state, chosen),
                publications_in(self._state),
                base=self._base,
                shown=choice(request, (reader.CONVERSATION, reader.PUBLISHED), "shown"),
            )
        )


def _asked(request: HttpRequest, count: int) -> int | None:
    """Which of so many articles the address names, from 0; None for one that there is not."""
    number = request.query.get("article", "0")
    return int(number) if number in map(str, range(count)) else None
