"""What the platform tells a server of the organisers when a job has ended: read, and noted.

https://developers.weixin.qq.com/doc/offiaccount/Publish/Callback_on_finish.html
https://developers.weixin.qq.com/doc/subscription/guide/product/message/Batch_Sends.html
https://developers.weixin.qq.com/doc/service/api/notify/template/api_sendtemplatemessage.html
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from lxml import etree

from announce.articles.desk import Now
from announce.articles.standing import Piece, campaigns_of, piece_of, pieces_of
from announce.errors import InputError
from announce.ledger.base import Ledger
from announce.texts import say

_LARGEST = 1_000_000
_DIGITS = 18
# The second name stands in one SDK's sample.
_PUBLISHED = frozenset({"PUBLISHJOBFINISH", "FREEPUBLISHJOBFINISH"})
_SENT = "MASSSENDJOBFINISH"
_NOTICED = "TEMPLATESENDJOBFINISH"
ARRIVED = "success"
_COUNTS = {
    "total": "TotalCount",
    "filtered": "FilterCount",
    "sent": "SentCount",
    "errors": "ErrorCount",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class JobEnd:
    """The end of a publication, a mass message or a notice: `job` is its publish_id, msg_id or
    msgid (`id` says which), `detail` what is kept."""

    id: str
    job: str
    detail: dict[str, Any]


def read_event(text: bytes) -> JobEnd:
    """An event as it was posted, in plain mode. InputError for anything else."""
    root = _parsed(text)
    if root.find("Encrypt") is not None:
        raise InputError(
            say("the event is encrypted"),
            hint=say(
                "let your server decrypt it first, or set the console to plain mode (明文模式)"
            ),
        )
    event = _text(root, "Event")
    if event in _PUBLISHED:
        return _published(root)
    if event == _SENT:
        return _sent(root)
    if event == _NOTICED:
        return _noticed(root)
    raise InputError(
        say('"{name}" is no end of anything that was sent', name=event or root.tag),
        hint=_hint(),
    )


def note_event(ledger: Ledger, end: JobEnd, now: Now, wanted: str | None) -> tuple[Piece, bool]:
    """Write the end down with the article or notice that it belongs to; whether it was new. A
    send may be under way. InputError where the ledger knows no such job.
    """
    pieces = _notices(ledger, wanted, end) if end.id == "msgid" else _all(ledger, wanted)
    piece = next((one for one in pieces if _is_of(one, end)), None)
    if piece is None:
        raise InputError(
            say("the ledger knows nothing with {id} {job}", id=end.id, job=end.job),
            hint=say("it may be another program's, or sent by hand in the console"),
        )
    if piece.result == end.detail:
        return piece, False  # the platform posts an event up to three times
    reason = not_arrived(end.detail["status"]) if end.id == "msgid" else None
    ledger.tell(piece.key, "result", now(), end.detail, reason=reason)
    return piece_of(ledger, piece.key), True


def _all(ledger: Ledger, wanted: str | None) -> Iterator[Piece]:
    for campaign in campaigns_of(ledger, wanted):
        yield from pieces_of(ledger, campaign)


def _notices(ledger: Ledger, wanted: str | None, end: JobEnd) -> Iterator[Piece]:
    """The notices to the event's reader."""
    for row in ledger.told("notice", end.detail["openid"]):
        if wanted in (None, row.key.campaign):
            yield piece_of(ledger, row.key)


def not_arrived(status: str) -> str:
    """Why a notice that was taken did not reach its reader; "" where it did."""
    if status == ARRIVED:
        return ""
    known = {
        "failed:user block": say("the reader has blocked the account"),
        "failed:userblock": say("the reader has blocked the account"),
        "failed: system failed": say("the platform could not deliver it"),
    }
    return known.get(status.casefold()) or say("WeChat did not deliver it: {status}", status=status)


def _is_of(piece: Piece, end: JobEnd) -> bool:
    if end.id == "msgid":
        return bool(piece.end.get("msgid") == end.job)
    known = piece.known
    return end.job == (known.publish_id if end.id == "publish_id" else known.msg_id)


def _parsed(text: bytes) -> etree._Element:
    # An event comes from the network: no entities, no DTD, no other files.
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False
    )
    try:
        if len(text) > _LARGEST:
            raise ValueError(say("it is larger than an event can be"))
        root = etree.fromstring(text, parser)
        if root.getroottree().docinfo.internalDTD is not None:
            raise ValueError(say("it has a DOCTYPE, as no event has"))
    except (etree.XMLSyntaxError, ValueError) as error:
        raise InputError(
            say("the event cannot be read: {cause}", cause=error),
            hint=_hint(),
        ) from error
    return root


def _published(root: etree._Element) -> JobEnd:
    job = _wanted(root, "publish_id")
    detail: dict[str, Any] = {
        "publish_id": job,
        "publish_status": _number(root, "publish_status"),
    }
    if article := _text(root, "article_id"):
        detail["article_id"] = article
    if urls := _texts(root, "article_url"):
        detail["urls"] = urls
    if failed := _texts(root, "fail_idx"):
        detail["articles"] = failed
    return JobEnd(id="publish_id", job=job, detail=detail)


def _sent(root: etree._Element) -> JobEnd:
    job = _text(root, "MsgID") or _wanted(root, "MsgId")
    detail: dict[str, Any] = {"msg_id": job, "status": _wanted(root, "Status")}
    for name, theirs in _COUNTS.items():
        detail[name] = _number(root, theirs)
    if urls := _texts(root, "ArticleUrl"):
        detail["urls"] = urls
    return JobEnd(id="msg_id", job=job, detail=detail)


def _noticed(root: etree._Element) -> JobEnd:
    job = _text(root, "MsgID") or _wanted(root, "MsgId")
    detail = {
        "msgid": job,
        "openid": _wanted(root, "FromUserName"),
        "status": _wanted(root, "Status"),
    }
    return JobEnd(id="msgid", job=job, detail=detail)


def _hint() -> str:
    return say(
        "give the XML of PUBLISHJOBFINISH, MASSSENDJOBFINISH or TEMPLATESENDJOBFINISH as it was "
        "posted"
    )


def _texts(root: etree._Element, name: str) -> list[str]:
    return [(found.text or "").strip() for found in root.iter(name) if (found.text or "").strip()]


def _text(root: etree._Element, name: str) -> str:
    return next(iter(_texts(root, name)), "")


def _wanted(root: etree._Element, name: str) -> str:
    if found := _text(root, name):
        return found
    raise InputError(
        say("the event has no {name}", name=name),
        hint=_hint(),
    )


def _number(root: etree._Element, name: str) -> int:
    found = _wanted(root, name)
    if not found.isascii() or not found.isdecimal() or len(found) > _DIGITS:
        raise InputError(
            say('{name} of the event is "{value}", not a number', name=name, value=found),
            hint=_hint(),
        )
    return int(found)
