"""A mail as bytes: the same mail gives the same bytes, but for Date and Message-ID.

    multipart/mixed                     where there are attachments
    ├── multipart/alternative
    │   ├── text/plain
    │   └── multipart/related           where the body shows pictures
    │       ├── text/html
    │       └── image/…                 Content-ID
    └── attachments, the .ics among them

Only the levels that are needed are written. Written by hand rather than with EmailMessage,
which folds long List-* tokens into encoded-words and takes milliseconds a mail; the tests hold
every byte against the standard library's parser.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, tzinfo
from functools import lru_cache
from typing import Any

from announce.channels.email.attached import FilePart, file_part
from announce.channels.email.bodies import Body, body_of
from announce.channels.email.headers import address_field, field, list_id_field, text_field
from announce.model.audience import Address
from announce.model.languages import HTML_TAG
from announce.model.message import Mail, SealedMail
from announce.texts import say

_MESSAGE_ID = re.compile(r"<[!-;=?A-~]{1,400}@[!-;=?A-~]{1,400}>\Z")
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = (
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
)  # fmt: skip

# A body in base64 has no dots but those of its headers: finding these takes half the time that
# looking for line ends followed by a dot takes.
_FEW_DOTS = 32
_LINE_FEED = 10

# A part as it stands in a mail: its head, an empty line, its body.
_Part = list[bytes]


def write(mail: Mail, *, message_id: str, date: datetime) -> bytes:
    """The mail as RFC 5322 bytes with CRLF line ends, ready for DATA but for dot-stuffing.

    All ASCII, unless an address has a non-ASCII local part: its header is UTF-8 then (RFC 6532).
    Raises ValueError where a header cannot be written safely: line breaks, NUL, a bad address,
    a Message-ID that is none, a naive date.
    """
    content = _content(mail)
    frame, stamp = content.frame, stamped(message_id, date)
    return b"".join([frame.before, content.own_fields, stamp, frame.after, *_body(content)])


def sealed(mail: Mail) -> SealedMail:
    """The mail as `write` writes it, without Date and Message-ID; its dots are doubled. Raises as
    `write`."""
    content = _content(mail)
    return SealedMail(
        to=envelope(mail),
        utf8=needs_smtputf8(mail),
        before=content.frame.before + content.own_fields,
        # No header begins with a dot: doubled apart, all of it is as if doubled in one.
        after=dots_doubled(b"".join([content.frame.after, *_body(content)])),
    )


def dots_doubled(raw: bytes) -> bytes:
    """The body with every dot at the start of a line doubled (RFC 5321 §4.5.2)."""
    at = raw.find(b".")
    for _ in range(_FEW_DOTS):
        if at < 0:
            return raw
        if at == 0 or raw[at - 1] == _LINE_FEED:
            break
        at = raw.find(b".", at + 1)
    doubled = raw.replace(b"\n.", b"\n..")
    return b"." + doubled if raw.startswith(b".") else doubled


def stamped(message_id: str, date: datetime) -> bytes:
    """Date and Message-ID. ValueError for a Message-ID that is none, and a naive date."""
    if not _MESSAGE_ID.match(message_id):
        raise ValueError("Message-ID: not of the form <left@right>")
    if date.tzinfo is None:
        raise ValueError("Date: without a time zone")
    day = _date(date.replace(microsecond=0), date.tzinfo)
    return f"{day}Message-ID: {message_id}\r\n".encode()


def envelope(mail: Mail) -> tuple[str, ...]:
    """To whom a mail goes, each address once."""
    to = tuple([address.spec for address in mail.to])
    return to if len(to) == 1 else tuple(dict.fromkeys(to))


def digest(mail: Mail) -> str:
    """SHA-256 of all that is written of a mail but Date and Message-ID. Raises as `write`.

    Not of the bytes themselves: of the header fields, the texts before their encoding, and the
    files' hashes. The rest of the bytes follows from these.
    """
    return _content(mail).digest


def check_writable(mail: Mail) -> None:
    """Raise the ValueError that `write` would raise for this mail, its headers and its files."""
    _content(mail)


def needs_smtputf8(mail: Mail) -> bool:
    """Whether only a server with SMTPUTF8 can carry the mail's headers."""
    specs = [address.spec for address in mail.to]
    specs += (mail.sender.spec, mail.reply_to.spec if mail.reply_to else "")
    return not "".join(specs).isascii()


class Frame:
    """What all mails of a campaign in the same languages share, written once: the header fields
    before and after their own ones, and the pictures. Raises ValueError as `write`."""

    def __init__(self, mail: Mail) -> None:
        before = [address_field("From", [mail.sender])]
        if mail.reply_to is not None:
            before.append(address_field("Reply-To", [mail.reply_to]))
        languages = ", ".join(HTML_TAG[language] for language in mail.languages)
        after = ["MIME-Version: 1.0\r\n", field("Content-Language", [languages])]
        if mail.list_id:
            after.append(list_id_field(mail.list_id))
        if mail.unsubscribe:
            after.append(_unsubscribe_field(mail.unsubscribe))
        # RFC 3834 §5: keeps out-of-office answers from coming back.
        after.append("Auto-Submitted: auto-generated\r\n")
        self.before, self.after = "".join(before).encode(), "".join(after).encode()
        self.pictures = [file_part(picture) for picture in mail.pictures]
        seals = [picture.seal for picture in self.pictures]
        self.begun = hashlib.sha256(b"\r\n".join([self.before, self.after, *seals, b""]))


class Content:
    """A mail as it is written, but for Date and Message-ID: `own_fields` are To and Subject."""

    __slots__ = ("_digest", "files", "frame", "html", "own_fields", "text")

    def __init__(
        self,
        frame: Frame,
        own_fields: bytes,
        text: Body,
        html: Body | None,
        files: Sequence[FilePart],
    ) -> None:
        self.frame = frame
        self.own_fields = own_fields
        self.text = text
        self.html = html
        self.files = files
        self._digest = ""

    @property
    def digest(self) -> str:
        """See `digest`."""
        if not self._digest:
            seals = b"".join([file.seal for file in self.files])
            html = self.html.octets if self.html else b""
            parts = (self.own_fields, self.text.octets, html, seals)
            # With their lengths before them, no two rows of parts are the same octets.
            lengths = b"%d %d %d %d\r\n" % tuple(map(len, parts))
            state = self.frame.begun.copy()
            state.update(b"".join((lengths, *parts)))
            self._digest = state.hexdigest()
        return self._digest


def own_fields(to: Iterable[Address], subject: bytes) -> bytes:
    """The header fields of one mail, its Subject being written already. ValueError as `write`."""
    return address_field("To", to).encode() + subject


def subject_field(subject: str) -> bytes:
    """The Subject. Raises ValueError as `write`."""
    return text_field("Subject", subject).encode()


def _content(mail: Mail) -> Content:
    kept: Any = mail.content
    if kept is not None:
        return kept  # type: ignore[no-any-return]
    content = Content(
        frame=Frame(mail),
        own_fields=own_fields(mail.to, subject_field(mail.subject)),
        text=body_of(mail.text),
        html=body_of(mail.html) if mail.html else None,
        files=[file_part(attachment) for attachment in mail.attachments],
    )
    object.__setattr__(mail, "content", content)
    return content


# Instants are equal in whatever zone, and written differently.
@lru_cache(maxsize=16)
def _date(date: datetime, zone: tzinfo) -> str:
    day = f"{_DAYS[date.weekday()]}, {date.day:02} {_MONTHS[date.month - 1]} {date.year:04}"
    offset = "+0000" if zone is UTC else f"{date:%z}"
    return f"Date: {day} {date.hour:02}:{date.minute:02}:{date.second:02} {offset}\r\n"


def _unsubscribe_field(address: str) -> str:
    # No List-Unsubscribe-Post: RFC 8058 allows it only beside an https address.
    if not re.fullmatch(r"mailto:[!-~]+", address) or set(address) & set("<>,"):
        raise ValueError(say("{header}: not a mail address", header="List-Unsubscribe"))
    return field("List-Unsubscribe", [f"<{address}>"])


def _body(content: Content) -> _Part:
    # Nothing in a part can name its boundary: it follows from a hash of all parts.
    seed = content.digest[:24].encode()
    body = text = _text(b"plain", content.text)
    if content.html is not None:
        body = _text(b"html", content.html)
        if content.frame.pictures:
            kind = b'related; type="text/html"'
            files = [_file(picture) for picture in content.frame.pictures]
            body = _multipart(kind, b"=_related_" + seed, [body, *files])
        body = _multipart(b"alternative", b"=_alternative_" + seed, [text, body])
    if content.files:
        files = [_file(file) for file in content.files]
        body = _multipart(b"mixed", b"=_mixed_" + seed, [body, *files])
    return body


def _text(subtype: bytes, body: Body) -> _Part:
    encoding, octets = body.encoded()
    return [_TEXT_HEADS[subtype, encoding], octets]


def _file(part: FilePart) -> _Part:
    return [part.head, b"\r\n", part.body]


def _multipart(kind: bytes, boundary: bytes, parts: Sequence[_Part]) -> _Part:
    mark = b"--" + boundary
    chunks = [b"Content-Type: multipart/" + kind + b';\r\n boundary="' + boundary + b'"\r\n\r\n']
    for part in parts:
        chunks += (mark, b"\r\n", *part, b"\r\n")
    chunks += (mark, b"--\r\n")
    return chunks


_TEXT_HEADS = {
    (subtype.encode(), encoding): (
        f"Content-Type: text/{subtype}; charset=utf-8\r\n"
        f"Content-Transfer-Encoding: {encoding}\r\n\r\n"
    ).encode()
    for subtype in ("plain", "html")
    for encoding in ("7bit", "quoted-printable", "base64")
}
