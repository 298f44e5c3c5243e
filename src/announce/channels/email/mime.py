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

import base64
import binascii
import hashlib
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import quote

from announce.channels.email.headers import (
    address_field,
    field,
    list_id_field,
    refuse_control,
    text_field,
)
from announce.model.languages import HTML_TAG
from announce.model.message import Blob, Mail
from announce.texts import say

_SHORT_LINES = re.compile(rb"(?:[ -~\t]{0,78}\r\n)*\Z")
_MEDIA_TYPE = re.compile(r"[\w.+-]+/[\w.+-]+(?:; ?[\w-]+=[\w.-]+)*\Z", re.A)
_MESSAGE_ID = re.compile(r"<[^\s<>@]+@[^\s<>@]+>\Z")
_PLAIN_NAME = re.compile(r"[A-Za-z0-9_.+-]+(?: [A-Za-z0-9_.+-]+)*\Z")
_NAME_OCTETS = 50
_FIXED_DATE = datetime(2000, 1, 1, tzinfo=UTC)
_FIXED_ID = "<digest@example.invalid>"


class _Part(NamedTuple):
    head: str  # header lines, each with its CRLF
    body: bytes


def write(mail: Mail, *, message_id: str, date: datetime) -> bytes:
    """The mail as RFC 5322 bytes with CRLF line ends, ready for DATA but for dot-stuffing.

    All ASCII, unless an address has a non-ASCII local part: its header is UTF-8 then (RFC 6532).
    Raises ValueError where a header cannot be written safely: line breaks, NUL, a bad address,
    a Message-ID that is none, a naive date.
    """
    content = _content(mail)
    return _head(mail, message_id, date).encode() + content.head.encode() + b"\r\n" + content.body


def digest(mail: Mail) -> str:
    """SHA-256 of the mail as written, Date and Message-ID left out. Raises as `write`."""
    written = write(mail, message_id=_FIXED_ID, date=_FIXED_DATE)
    return hashlib.sha256(written).hexdigest()


def check_writable(mail: Mail) -> None:
    """Raise the ValueError that `write` would raise for this mail, its headers and its files."""
    _head(mail, _FIXED_ID, _FIXED_DATE)
    for blob in (*mail.pictures, *mail.attachments):
        _blob(blob)


def needs_smtputf8(mail: Mail) -> bool:
    """Whether only a server with SMTPUTF8 can carry the mail's headers."""
    addresses = [mail.sender, *mail.to, *([mail.reply_to] if mail.reply_to else [])]
    return any(address.needs_smtputf8 for address in addresses)


def _head(mail: Mail, message_id: str, date: datetime) -> str:
    if not _MESSAGE_ID.match(message_id):
        raise ValueError("Message-ID: not of the form <left@right>")
    if date.tzinfo is None:
        raise ValueError("Date: without a time zone")
    fields = [address_field("From", [mail.sender])]
    if mail.reply_to is not None:
        fields.append(address_field("Reply-To", [mail.reply_to]))
    fields += [
        address_field("To", mail.to),
        text_field("Subject", mail.subject),
        field("Date", format_datetime(date).split(" ")),
        field("Message-ID", [message_id]),
        "MIME-Version: 1.0\r\n",
        field("Content-Language", [", ".join(HTML_TAG[language] for language in mail.languages)]),
    ]
    if mail.list_id:
        fields.append(list_id_field(mail.list_id))
    if mail.unsubscribe:
        fields.append(_unsubscribe_field(mail.unsubscribe))
    # RFC 3834 §5: keeps out-of-office answers from coming back.
    fields.append("Auto-Submitted: auto-generated\r\n")
    return "".join(fields)


def _unsubscribe_field(address: str) -> str:
    # No List-Unsubscribe-Post: RFC 8058 allows it only beside an https address.
    if not re.fullmatch(r"mailto:[!-~]+", address) or set(address) & set("<>,"):
        raise ValueError(say("{header}: not a mail address", header="List-Unsubscribe"))
    return field("List-Unsubscribe", [f"<{address}>"])


def _content(mail: Mail) -> _Part:
    leaves = [_text("plain", mail.text)]
    if mail.html:
        leaves.append(_text("html", mail.html))
    pictures = [_blob(picture) for picture in mail.pictures]
    attachments = [_blob(attachment) for attachment in mail.attachments]
    seed = _seed([*leaves, *pictures, *attachments])
    body = leaves[-1]
    if pictures and mail.html:
        body = _multipart('related; type="text/html"', f"=_related_{seed}", [body, *pictures])
    if mail.html:
        body = _multipart("alternative", f"=_alternative_{seed}", [leaves[0], body])
    if attachments:
        body = _multipart("mixed", f"=_mixed_{seed}", [body, *attachments])
    return body


def _seed(parts: Sequence[_Part]) -> str:
    state = hashlib.sha256()
    for part in parts:
        state.update(part.head.encode())
        state.update(hashlib.sha256(part.body).digest())
    return state.hexdigest()[:24]


def _multipart(kind: str, boundary: str, parts: Sequence[_Part]) -> _Part:
    mark = f"--{boundary}".encode()
    body = b"".join(
        mark + b"\r\n" + part.head.encode() + b"\r\n" + part.body + b"\r\n" for part in parts
    )
    head = f'Content-Type: multipart/{kind};\r\n boundary="{boundary}"\r\n'
    return _Part(head, body + mark + b"--\r\n")


def _text(subtype: str, text: str) -> _Part:
    lines = re.sub(r"\r\n|\r|\n", "\r\n", text)
    octets = (lines if lines.endswith("\r\n") else lines + "\r\n").encode()
    encoding, body = _shortest(octets)
    head = (
        f"Content-Type: text/{subtype}; charset=utf-8\r\nContent-Transfer-Encoding: {encoding}\r\n"
    )
    return _Part(head, body)


def _shortest(octets: bytes) -> tuple[str, bytes]:
    if _SHORT_LINES.match(octets):
        return "7bit", octets
    quoted = binascii.b2a_qp(octets, istext=True)
    in_base64 = _base64(octets)
    return ("quoted-printable", quoted) if len(quoted) < len(in_base64) else ("base64", in_base64)


def _base64(octets: bytes) -> bytes:
    return base64.encodebytes(octets).replace(b"\n", b"\r\n")


# A file sent to everyone is encoded once; files of their own pass through.
@lru_cache(maxsize=16)
def _blob(blob: Blob) -> _Part:
    if not _MEDIA_TYPE.match(blob.media_type):
        raise ValueError(say("{header}: not a media type", header="Content-Type"))
    head = [f"Content-Type: {blob.media_type}\r\n", "Content-Transfer-Encoding: base64\r\n"]
    if blob.cid:
        refuse_control("Content-ID", blob.cid)
        head.append(field("Content-ID", [f"<{blob.cid}>"]))
    head.append(_disposition("inline" if blob.cid else "attachment", blob.name))
    return _Part("".join(head), _base64(blob.data))


def _disposition(kind: str, name: str) -> str:
    refuse_control("Content-Disposition", name)
    if _PLAIN_NAME.match(name) and len(name) <= _NAME_OCTETS:
        return f'Content-Disposition: {kind}; filename="{name}"\r\n'
    pieces = _percent_pieces(name)
    if len(pieces) == 1:
        return f"Content-Disposition: {kind};\r\n filename*=utf-8''{pieces[0]}\r\n"
    # RFC 2231 continuations, each piece of whole characters.
    pieces[0] = "utf-8''" + pieces[0]
    lines = [f" filename*{index}*={piece}" for index, piece in enumerate(pieces)]
    return f"Content-Disposition: {kind};\r\n" + ";\r\n".join(lines) + "\r\n"


def _percent_pieces(name: str) -> list[str]:
    pieces = [""]
    for character in name:
        escaped = quote(character, safe="")
        if len(pieces[-1]) + len(escaped) > _NAME_OCTETS:
            pieces.append("")
        pieces[-1] += escaped
    return pieces
