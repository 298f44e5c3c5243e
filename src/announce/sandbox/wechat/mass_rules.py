"""What a mass message must be: its kind, its content and its readers.

https://developers.weixin.qq.com/doc/subscription/guide/product/message/Batch_Sends.html
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from announce.sandbox.wechat.protocol import ApiError

LONGEST_CLIENT_ID = 32
FEWEST_OPENIDS, MOST_OPENIDS = 2, 10_000
_KINDS = frozenset({"mpnews", "text", "voice", "image", "mpvideo"})
# The library's name of what a message of a kind carries.
MATERIAL_OF = {"voice": "voice", "image": "image", "mpvideo": "video"}
_LINK = re.compile(r"<a\b[^>]*\bhref\s*=\s*[\"']?([^\"'\s>]+)", re.I)
_WX_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{5,19}\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What a message carries: media_ids (one, or several pictures) or words."""

    kind: str
    media: tuple[object, ...] = ()
    words: str = ""

    @property
    def media_id(self) -> str:
        """The one media_id of a message of articles."""
        return str(self.media[0]) if self.media else ""


def read_content(asked: dict[str, Any], *, preview: bool = False) -> Content:
    """The message of a body; a preview shows one picture where a message takes several."""
    kind = asked.get("msgtype")
    if kind not in _KINDS:
        raise ApiError(40008, "invalid message type")
    several = kind == "image" and not preview
    part = asked.get("images" if several else kind)
    if not isinstance(part, dict):
        raise ApiError(44004 if kind == "text" else 40007, _missing(kind))
    if kind == "text":
        return Content(kind=kind, words=_words(part.get("content")))
    media = part.get("media_ids") if several else [part.get("media_id")]
    if not isinstance(media, list) or not media:
        raise ApiError(40007, "invalid media_id")
    return Content(kind=kind, media=tuple(media))


def check_reprint(asked: dict[str, Any]) -> int:
    """`send_ignore_reprint`: 0, the default, or 1."""
    ignore = asked.get("send_ignore_reprint", 0)
    if type(ignore) is not int or ignore not in (0, 1):
        raise ApiError(40035, "invalid parameter: send_ignore_reprint")
    return ignore


def read_filter(asked: dict[str, Any]) -> dict[str, Any]:
    """To whom `sendall` goes: `{"all": true}` or `{"tag": n}`; whether n exists is not asked."""
    found = asked.get("filter")
    if not isinstance(found, dict):
        raise ApiError(40035, "invalid parameter: filter")
    to_all = found.get("is_to_all", False)
    if type(to_all) is not bool:
        raise ApiError(40035, "invalid parameter: is_to_all")
    return {"all": True} if to_all else {"tag": found.get("tag_id")}


def read_openids(asked: dict[str, Any]) -> dict[str, Any]:
    """To whom `send` goes: two people at least, ten thousand at most."""
    people = asked.get("touser")
    if not isinstance(people, list) or not all(isinstance(one, str) for one in people):
        raise ApiError(40031, "invalid openid list")
    if len(people) < FEWEST_OPENIDS:
        raise ApiError(40130, "invalid openid list size, at least two openid")
    if len(people) > MOST_OPENIDS:
        raise ApiError(40032, "invalid openid list size")
    return {"openids": list(dict.fromkeys(people))}


def read_client_id(asked: dict[str, Any], audience: dict[str, Any], content: Content) -> str:
    """`clientmsgid`; without one it is made of audience and content, as the platform does."""
    given = asked.get("clientmsgid", "")
    if not isinstance(given, str):
        raise ApiError(47001, "data format error")
    if len(given.encode()) > LONGEST_CLIENT_ID:
        raise ApiError(45067, "clientmsgid length exceeds limit")
    if given:
        return given
    told = json.dumps([audience, content.kind, content.media, content.words], ensure_ascii=False)
    return f"made:{hashlib.sha256(told.encode()).hexdigest()}"


def check_wx_name(name: object) -> str:
    """`towxname`: what may be a WeChat name. Whether its owner follows, nobody here can know."""
    if not isinstance(name, str) or not _WX_NAME.match(name):
        raise ApiError(40132, "invalid username")
    return name


def _words(text: object) -> str:
    if not isinstance(text, str) or not text.strip():
        raise ApiError(44004, "empty text message")
    for href in _LINK.findall(text):
        if urlsplit(href).hostname != "mp.weixin.qq.com":
            raise ApiError(40066, "invalid url")
    return text


def _missing(kind: str) -> str:
    return "empty text message" if kind == "text" else "invalid media_id"
