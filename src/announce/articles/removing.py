"""Taking articles away again: a draft, a publication, a mass message. All of it is final.

What there is of each is looked at first, so that a question names the truth; and after an
answer that says nothing, so that only what is surely gone is written down.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from announce.articles.desk import Desk, end_of_run
from announce.articles.standing import Piece, piece_of
from announce.channels.wechat.drafting import UNKNOWN_MEDIA
from announce.channels.wechat.failures import ApiFailure, Kind, as_machine_error
from announce.channels.wechat.payload import marker_of
from announce.channels.wechat.publishing import UNDER_WAY
from announce.channels.wechat.readback import shape_of
from announce.ledger.base import Run
from announce.model.delivery import State

UNKNOWN_ARTICLE = 53600
BY = "announce wechat delete"
_DELETED_BY_HAND = 5


class Thing(StrEnum):
    """What there is of an article at the account."""

    DRAFT = "draft"
    PUBLICATION = "publication"
    MASS = "mass"
    GONE = "gone"  # the draft left the box, and not by us
    DELETED_BY_HAND = "deleted_by_hand"  # a publication or mass message, by a person
    DELETED = "deleted"  # by an earlier call of this command
    UNDER_WAY = "under_way"  # nothing can be deleted before it has ended
    IN_DOUBT = "in_doubt"
    PASTED = "pasted"  # a page here, and whatever a person made of it
    UNKNOWN = "unknown"  # a person said that it was sent, and nothing says how
    NOTHING = "nothing"


_AWAY = frozenset({Thing.GONE, Thing.DELETED_BY_HAND})
# What a call can take away.
DELETABLE = frozenset({Thing.DRAFT, Thing.PUBLICATION, Thing.MASS})


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """An article of the ledger and what there is of it; `id` is what its call takes."""

    piece: Piece
    thing: Thing
    id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Removed:
    """What came of one: `deleted` is whether it is surely gone by this call, `due` whether the
    next send makes it anew, `failure` why it is still there, or nobody can say."""

    found: Found
    deleted: bool = False
    due: bool = False
    moved: bool = False
    failure: ApiFailure | None = None


def survey(desk: Desk, pieces: Iterable[Piece]) -> list[Found]:
    """What there is of each. MachineError where the platform does not say."""
    desk.log_in()
    try:
        return [_survey(desk, piece) for piece in pieces]
    except ApiFailure as failure:
        raise as_machine_error(failure) from failure


def remove(desk: Desk, run: Run, found: Found, *, again: bool) -> Removed:
    """Delete one and write it down; with `again` it is due for the next send.

    Nothing is done where the article moved on since it was looked at. MachineError where no
    further call can go through.
    """
    piece = piece_of(desk.ledger, found.piece.key)
    if (piece.known, piece.row.state) != (found.piece.known, found.piece.row.state):
        return Removed(found=found, moved=True)
    deleted = False
    if found.thing in DELETABLE:
        try:
            _delete(desk, found)
        except ApiFailure as failure:
            end_of_run(failure)
            left = _left(desk, piece)
            if left in (None, found.thing):
                return Removed(found=found, failure=failure)
            if left not in _AWAY or not failure.unsure:
                # Somebody was quicker, and perhaps published what was to go.
                return Removed(found=found, moved=True)
        deleted = True
    known_gone = found.thing is Thing.DELETED_BY_HAND or (again and found.thing is Thing.GONE)
    if deleted or known_gone:
        run.note(piece.key, "deleted", desk.now(), _evidence(found, deleted=deleted))
    due = _make_due(desk, run, piece, found) if again else piece.row.state is State.PLANNED
    return Removed(found=found, deleted=deleted, due=due)


def _evidence(found: Found, *, deleted: bool) -> dict[str, Any]:
    who = {"by": BY} if deleted else {"found": found.thing.value}
    return {"what": found.thing.value, "id": found.id, **who}


def _make_due(desk: Desk, run: Run, piece: Piece, found: Found) -> bool:
    """Let the next send make it anew: whatever was served, or failed, and is not there now."""
    if found.thing in (Thing.UNDER_WAY, Thing.IN_DOUBT):
        return False
    if piece.row.state is State.PLANNED:
        return True
    if piece.row.state is State.FAILED:
        return run.retry_failed(desk.now(), [piece.key]) > 0
    return run.go_on([piece.key], desk.now(), "deleted") > 0


# What there is


def _survey(desk: Desk, piece: Piece) -> Found:
    known, state = piece.known, piece.row.state
    if known.deleted:
        return Found(piece=piece, thing=Thing.DELETED)
    if state in (State.IN_DOUBT, State.SENDING) or known.submitting_at or known.mass_at:
        return Found(piece=piece, thing=Thing.IN_DOUBT)
    if state is State.WAITING:
        # Were it deleted first, the ledger would never learn how it ended.
        return Found(piece=piece, thing=Thing.UNDER_WAY)
    if known.msg_id:
        return _mass(desk, piece)
    if known.publish_id or known.article_id:
        return _publication(desk, piece)
    if known.way == "paste":
        return Found(piece=piece, thing=Thing.PASTED)
    if known.way == "mass":
        return Found(piece=piece, thing=Thing.UNKNOWN)
    if known.media_id:
        return _draft(desk, piece)
    return Found(piece=piece, thing=Thing.NOTHING)


def _mass(desk: Desk, piece: Piece) -> Found:
    msg_id = piece.known.msg_id
    match desk.account.mass_status(msg_id).upper().replace(" ", "_"):
        case "SEND_SUCCESS":
            return Found(piece=piece, thing=Thing.MASS, id=msg_id)
        case "DELETE":
            return Found(piece=piece, thing=Thing.DELETED_BY_HAND)
        case "SEND_FAIL":
            return _draft(desk, piece)
        case _:
            return Found(piece=piece, thing=Thing.UNDER_WAY)


def _publication(desk: Desk, piece: Piece) -> Found:
    article_id = piece.known.article_id
    if piece.known.publish_id:
        found = desk.account.publication(piece.known.publish_id)
        if found.status == UNDER_WAY:
            return Found(piece=piece, thing=Thing.UNDER_WAY)
        if found.status == _DELETED_BY_HAND:
            return Found(piece=piece, thing=Thing.DELETED_BY_HAND)
        article_id = found.article_id or article_id
    if not article_id:
        return Found(piece=piece, thing=Thing.UNKNOWN)
    thing = Thing.DELETED_BY_HAND if _is_deleted(desk, article_id) else Thing.PUBLICATION
    return Found(piece=piece, thing=thing, id=article_id)


def _is_deleted(desk: Desk, article_id: str) -> bool:
    """Whether a publication is not there any more; an account that may not look is not asked."""
    try:
        return all(one.get("is_deleted") for one in desk.account.get_published(article_id))
    except ApiFailure as failure:
        if failure.kind is Kind.RIGHTS:
            return False
        if failure.code == UNKNOWN_ARTICLE:
            return True
        raise


def _draft(desk: Desk, piece: Piece) -> Found:
    media_id = piece.known.media_id
    try:
        desk.account.get_draft(media_id)
    except ApiFailure as failure:
        if failure.code != UNKNOWN_MEDIA:
            raise
        if article_id := _published_by_hand(desk, piece):
            return Found(piece=piece, thing=Thing.PUBLICATION, id=article_id)
        return Found(piece=piece, thing=Thing.GONE)
    return Found(piece=piece, thing=Thing.DRAFT, id=media_id)


def _published_by_hand(desk: Desk, piece: Piece) -> str:
    """The article_id of a draft that a person published, by its marker; "" where it is not among
    the newest, or the account may not list them."""
    if not piece.row.message_id:
        return ""
    marker = marker_of(piece.row.message_id)
    try:
        _, items = desk.account.list_published(0)
    except ApiFailure:
        return ""
    for item in items:
        content = item.get("content")
        articles = content.get("news_item", []) if isinstance(content, dict) else []
        for one in articles:
            theirs = shape_of(str(one.get("content", ""))).marker
            if theirs == marker and not one.get("is_deleted"):
                return str(item.get("article_id", ""))
    return ""


# Deleting


def _delete(desk: Desk, found: Found) -> None:
    match found.thing:
        case Thing.DRAFT:
            desk.account.delete_draft(found.id)
        case Thing.PUBLICATION:
            desk.account.delete_publication(found.id)
        case Thing.MASS:
            desk.account.delete_mass(found.id)


def _left(desk: Desk, piece: Piece) -> Thing | None:
    """What there is after a call that failed: perhaps only its answer was lost. None where
    nobody can say."""
    try:
        return _survey(desk, piece).thing
    except ApiFailure:
        return None
