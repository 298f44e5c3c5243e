"""A caught mail as a reader sees it: parts, pictures in place, attachments."""

from __future__ import annotations

import base64
import email
import email.policy
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from html import escape, unescape
from pathlib import Path
from urllib.parse import unquote

from announce.sandbox.store import CaughtMail, decoded
from announce.sandbox.wechat.materials import picture_file
from announce.sandbox.wechat.state import State

# Even a page that we wrote shows a stranger's HTML: no scripts, nothing from elsewhere.
_GUARD = (
    '<meta http-equiv="Content-Security-Policy" content="default-src \'none\';'
    " img-src data:; style-src 'unsafe-inline'; font-src data:\">"
)
_CID = re.compile(r"cid:([^\"'\s)>]+)", re.I)
_OUTWARD = re.compile(r"<a\b(?=[^>]*\bhref\s*=\s*[\"']?(?:https?|mailto):)", re.I)
_INWARD = re.compile(r"(\bhref\s*=\s*[\"']?)#", re.I)
_DATA_SRC = re.compile(r"\bdata-src=\"([^\"]*)\"")
_PICTURE_TYPES = {"png": "image/png", "jpeg": "image/jpeg", "gif": "image/gif", "bmp": "image/bmp"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file that came with a mail."""

    name: str
    media_type: str
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class MailView:
    """A mail taken apart. `html` is a whole page for a frame without rights: pictures inlined,
    links to elsewhere opened in a window of their own; "" where the mail has no such part."""

    mail: CaughtMail
    headers: tuple[tuple[str, str], ...]
    html: str
    text: str
    source: str
    attachments: tuple[Attachment, ...]

    def header(self, name: str) -> str:
        """The first header of this name, "" without one."""
        return next((text for known, text in self.headers if known.lower() == name.lower()), "")


def open_mail(mail: CaughtMail) -> MailView:
    """Read one caught mail. Raises OSError where it is gone."""
    content = mail.path.read_bytes()
    message = email.message_from_bytes(content, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    html_part = message.get_body(("html",))
    text_part = message.get_body(("plain",))
    shown = [part for part in (html_part, text_part) if part is not None]
    pictures = _pictures(message)
    html = _text(html_part) if isinstance(html_part, EmailMessage) else ""
    used = {unquote(cid) for cid in _CID.findall(html)}
    return MailView(
        mail=mail,
        headers=tuple((name, decoded(str(text))) for name, text in message.raw_items()),
        html=_framed(html, pictures) if html else "",
        text=_text(text_part) if isinstance(text_part, EmailMessage) else "",
        source=content.decode("utf-8", "replace").replace("\r\n", "\n"),
        attachments=tuple(
            _attachment(part, number)
            for number, part in enumerate(_leaves(message), 1)
            if part not in shown and _cid_of(part) not in used
        ),
    )


def article_page(content: str, state: State, *, head: str, foot: str, css: str) -> str:
    """An article's stored content as a page for a frame without rights, pictures inlined.

    `head` and `foot` are trusted HTML around the content.
    """
    body = _DATA_SRC.sub(lambda match: _local_picture(match[1], state), content)
    body = _OUTWARD.sub('<a target="_blank" rel="noopener noreferrer"', body)
    return (
        f'{_GUARD}<meta charset="utf-8"><style>{css}</style>'
        f'{head}<div class="rich_media_content">{body}</div>{foot}'
    )


def pictures_page(pictures: Sequence[Path], words: str, *, head: str, css: str) -> str:
    """A post of pictures as a page for a frame without rights: them first, the words below."""
    shown = "".join(
        f'<img src="{_data_uri(picture_type(path), path.read_bytes())}" alt="">'
        for path in pictures
    )
    return (
        f'{_GUARD}<meta charset="utf-8"><style>{css}</style><div class="pictures">{shown}</div>'
        f'{head}<div class="rich_media_content"><p class="words">{escape(words)}</p></div>'
    )


def picture_type(path: Path) -> str:
    """The media type of a kept picture, by its ending."""
    return _PICTURE_TYPES.get(path.suffix.removeprefix("."), "application/octet-stream")


def _framed(html: str, pictures: dict[str, str]) -> str:
    inlined = _CID.sub(lambda match: pictures.get(unquote(match[1]), match[0]), html)
    opened = _OUTWARD.sub('<a target="_blank" rel="noopener noreferrer"', inlined)
    # In a srcdoc page, "#en" alone would mean a place in the page around the frame.
    opened = _INWARD.sub(r"\1about:srcdoc#", opened)
    # Before the doctype: a srcdoc page is never in quirks mode, and the guard comes first.
    return _GUARD + opened


def _pictures(message: EmailMessage) -> dict[str, str]:
    found = {}
    for part in _leaves(message):
        if cid := _cid_of(part):
            found[cid] = _data_uri(part.get_content_type(), _bytes(part))
    return found


def _leaves(message: EmailMessage) -> Iterator[EmailMessage]:
    for part in message.walk():
        if not part.is_multipart() and isinstance(part, EmailMessage):
            yield part


def _cid_of(part: EmailMessage) -> str:
    return str(part.get("Content-ID", "")).strip().strip("<>")


def _text(part: EmailMessage) -> str:
    charset = part.get_content_charset("utf-8")
    try:
        return _bytes(part).decode(charset, "replace").replace("\r\n", "\n")
    except LookupError:
        return _bytes(part).decode("utf-8", "replace")


def _bytes(part: EmailMessage) -> bytes:
    data = part.get_payload(decode=True)
    return data if isinstance(data, bytes) else b""


def _attachment(part: EmailMessage, number: int) -> Attachment:
    return Attachment(
        name=part.get_filename() or f"part-{number}",
        media_type=part.get_content_type(),
        data=_bytes(part),
    )


def _local_picture(url: str, state: State) -> str:
    path = picture_file(state, unescape(url))
    if path is None:
        return f'data-src="{url}"'
    return f'src="{escape(_data_uri(picture_type(path), path.read_bytes()))}"'


def _data_uri(media_type: str, data: bytes) -> str:
    return f"data:{media_type};base64,{base64.b64encode(data).decode()}"
