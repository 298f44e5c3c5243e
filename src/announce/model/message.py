"""Finished messages: frozen for one recipient, the same bytes in preview and delivery."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from announce.model.audience import Address
from announce.model.languages import Language


@dataclass(frozen=True, slots=True, kw_only=True)
class Blob:
    """Bytes sent along: a picture or an attachment. `name` is the file name a reader sees,
    `cid` the Content-ID (without <>) of a picture shown in the body, "" for an attachment."""

    name: str
    media_type: str
    data: bytes
    cid: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """A mail without Date and Message-ID, which are given when it is written.

    `languages`: one, or both with the reader's first. `html` shows pictures by `cid:`.
    `list_id` and `unsubscribe` (a mailto address) are "" where they do not apply. `content` is
    the e-mail channel's own: how the mail is written, where that is known already.
    """

    languages: tuple[Language, ...]
    subject: str
    sender: Address
    reply_to: Address | None
    to: tuple[Address, ...]
    text: str
    html: str
    pictures: tuple[Blob, ...] = ()
    attachments: tuple[Blob, ...] = ()
    list_id: str = ""
    unsubscribe: str = ""
    # Not given and not copied: `replace` makes a mail that has to be written anew.
    content: Any = field(default=None, init=False, repr=False, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """An article as composed: `html` names pictures by `picture:NAME`, replaced by the
    addresses that their uploads get. `summary` is the digest that list cards show."""

    language: Language
    title: str
    summary: str
    author: str
    html: str
    original_url: str
    cover: Blob
    pictures: tuple[Blob, ...] = ()


Message = Mail | Article
