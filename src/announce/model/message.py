"""Finished messages: frozen for one recipient, the same bytes in preview and delivery."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from announce.model.audience import Address
from announce.model.campaign import Comments, Deliver, NoticeUse
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

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            """The texts of a mail that was made of its content, when somebody asks for them."""
            if name not in ("text", "html"):
                raise AttributeError(name)
            text = getattr(self.content, name).written
            object.__setattr__(self, name, text)
            return text

    @classmethod
    def of(cls, content: Any, fields: Iterable[tuple[str, Any]]) -> Mail:
        """A mail of content that knows its texts, with all other fields by name. This is quicker
        than to fill in texts that nobody reads, and for those who send many mails only."""
        mail = cls.__new__(cls)
        put = object.__setattr__
        put(mail, "content", content)
        for name, value in fields:
            put(mail, name, value)
        return mail


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """An article as composed: `html` names pictures by `picture:NAME`, replaced by the
    addresses that their uploads get. `summary` is the digest that list cards show.

    `crops` says which part of the cover the wide card (`235_1`) and the square one (`1_1`) show,
    as "x1_y1_x2_y2" in parts of one; empty: the platform's own choice. `comments` is `closed`,
    `fans` or `everybody`. `deliver` says how far the message goes, and `tag` to which followers;
    neither shapes it. `seconds` are the further articles of the same message, which have
    none of their own.
    """

    language: Language
    title: str
    summary: str
    author: str
    html: str
    original_url: str
    cover: Blob
    pictures: tuple[Blob, ...] = ()
    crops: tuple[tuple[str, str], ...] = ()
    comments: Comments = "closed"
    deliver: Deliver = "draft"
    tag: str = ""
    seconds: tuple[Article, ...] = ()

    @property
    def articles(self) -> tuple[Article, ...]:
        """All articles of the message, this one first."""
        return (self, *self.seconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One person's matter as a service account tells it: `fields` are the values of its
    template's fields, by name and in order. `subject` names it in lists, and `source` the file
    its words came from in faults; neither is sent. `link` is "" where a tap leads nowhere.
    """

    language: Language
    subject: str
    openid: str
    use: NoticeUse
    template_id: str
    fields: tuple[tuple[str, str], ...]
    link: str = ""
    source: str = field(default="", compare=False)


class SealedMail(NamedTuple):
    """A mail as it is written, ready but for Date and Message-ID: these stand between `before`
    and `after`, in which dots at the beginning of lines are doubled as SMTP wants them. `to` names
    each address once; `utf8` says that its headers need SMTPUTF8."""

    to: tuple[str, ...]
    utf8: bool
    before: bytes
    after: bytes


Message = Mail | Article | Notice
# What may be handed over.
Sendable = Message | SealedMail
