"""All mails of one shape: what is the same in them is written once, and the rest filled in."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from announce.channels.email.attached import FilePart, file_part
from announce.channels.email.bodies import BodySkeleton
from announce.channels.email.mime import Content, Frame, own_fields, subject_field
from announce.model.audience import Address, Recipient
from announce.model.languages import Language
from announce.model.message import Blob, Mail

if TYPE_CHECKING:
    from announce.rendering.shape import Filling, Page


@dataclass(frozen=True, slots=True, kw_only=True)
class Letterhead:
    """What the mails of a campaign in the same languages have in common, whoever gets them.

    `answers` is where answers go, "" where no words name it; the rest as in a Mail.
    """

    languages: tuple[Language, ...]
    sender: Address
    reply_to: Address | None
    answers: str
    list_id: str
    unsubscribe: str

    @property
    def domain(self) -> str:
        """The sender's, for the ids of what is sent along."""
        return self.sender.spec.rpartition("@")[2]

    def mail(
        self,
        *,
        to: tuple[Address, ...],
        subject: str,
        text: str,
        html: str,
        pictures: tuple[Blob, ...],
        attachments: tuple[Blob, ...],
    ) -> Mail:
        """A mail under this head."""
        return Mail(
            languages=self.languages,
            subject=subject,
            sender=self.sender,
            reply_to=self.reply_to,
            to=to,
            text=text,
            html=html,
            pictures=pictures,
            attachments=attachments,
            list_id=self.list_id,
            unsubscribe=self.unsubscribe,
        )


class Skeleton:
    """The mails of one shape. `attachments` are those of everybody, None where each has their own.

    Raises ValueError for what cannot be written, and for a page without line ends of its own.
    """

    def __init__(
        self,
        letterhead: Letterhead,
        page: Page,
        subject: str | int,
        pictures: tuple[Blob, ...],
        attachments: tuple[Blob, ...] | None,
    ) -> None:
        self._page = page
        self.pictures = pictures
        self.attachments = attachments
        self._parts = [file_part(blob) for blob in attachments or ()]
        bare = letterhead.mail(
            to=(), subject="", text="", html="", pictures=pictures, attachments=attachments or ()
        )
        self._frame = Frame(bare)
        own = {"to", "subject", "text", "html", "attachments", "content"}
        names = [one.name for one in fields(Mail) if one.name not in own]
        self._fields = [(name, getattr(bare, name)) for name in names]
        self._subject = subject_field(subject) if isinstance(subject, str) else b""
        self._text, self._html = BodySkeleton(page.text), BodySkeleton(page.html)

    def mail(self, recipient: Recipient, filling: Filling, attachments: tuple[Blob, ...]) -> Mail:
        """One recipient's mail. Raises ValueError for a header that cannot be written."""
        subject, values = filling.subject, filling.values
        text, html = self._page
        content = Content(
            self._frame,
            own_fields(recipient.addresses, self._subject or subject_field(subject)),
            self._text.body(text.cells(values)),
            self._html.body(html.cells(values)),
            self._parts if attachments is self.attachments else list(map(FilePart, attachments)),
        )
        own = (("to", recipient.addresses), ("subject", subject), ("attachments", attachments))
        return Mail.of(content, (*own, *self._fields))
