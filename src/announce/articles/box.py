"""The drafts that stand in an account's box, and whose they are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from announce.articles.desk import Desk
from announce.articles.standing import Piece, campaigns_of, pieces_of
from announce.channels.wechat.failures import ApiFailure, as_machine_error
from announce.channels.wechat.readback import shape_of
from announce.channels.wechat.search import MOST_PAGES


@dataclass(frozen=True, slots=True, kw_only=True)
class BoxDraft:
    """A draft of the box. `owner` is the article of our ledger that it is of; `marked`: a program
    of this kind made it, whoever's ledger knows it."""

    media_id: str
    titles: tuple[str, ...]
    changed: datetime | None
    owner: Piece | None
    marked: bool


def drafts_in(desk: Desk) -> list[BoxDraft]:
    """The box, in the platform's order. MachineError where it cannot be read."""
    desk.log_in()
    owners = {
        piece.known.media_id: piece
        for campaign in campaigns_of(desk.ledger)
        for piece in pieces_of(desk.ledger, campaign)
        if piece.known.media_id
    }
    try:
        items = {str(item.get("media_id", "")): item for item in _items(desk)}
    except ApiFailure as failure:
        raise as_machine_error(failure) from failure
    return [_draft(media_id, item, owners.get(media_id)) for media_id, item in items.items()]


def _items(desk: Desk) -> Iterator[dict[str, Any]]:
    offset = 0
    for _ in range(MOST_PAGES):
        total, page = desk.account.list_drafts(offset)
        yield from page
        offset += len(page)
        if not page or offset >= total:
            return


def _draft(media_id: str, item: dict[str, Any], owner: Piece | None) -> BoxDraft:
    content = item.get("content")
    articles = content.get("news_item", []) if isinstance(content, dict) else []
    return BoxDraft(
        media_id=media_id,
        titles=tuple(str(one.get("title", "")) for one in articles),
        changed=_time(item.get("update_time")),
        owner=owner,
        marked=any(shape_of(str(one.get("content", ""))).marker for one in articles),
    )


def _time(seconds: object) -> datetime | None:
    """A moment as the platform tells it; None where it is none."""
    if type(seconds) is not int:
        return None
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None
