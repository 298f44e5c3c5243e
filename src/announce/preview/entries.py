"""What the page loads when it is wanted: a script with data for each message and each picture,
and the list in pieces. A page from disk can load scripts, and nothing else."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from announce.model.audience import Address
from announce.model.message import Article, Blob, Mail, Notice
from announce.model.plan import Planned
from announce.preview.articles import fields_html
from announce.preview.html import data_address
from announce.texts import say

PIECE = 1000  # lines of the list a file


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of the list: `number` is that of its files (0: it has no message), `kind` that of
    its kind, `doubts` the numbers of the problems whose place is its recipient's row, `empty` the
    columns its recipient's row leaves blank."""

    line: Planned
    number: int
    variant: str
    kind: int
    length: int
    doubts: tuple[int, ...]

    @property
    def empty(self) -> list[str]:
        """The columns that the recipient's row leaves blank."""
        recipient = self.line.recipient
        return [name for name, text in recipient.fields.items() if not text] if recipient else []

    def packed(self) -> list[Any]:
        """As `list.js` reads it: keep the order in step with its `FIELDS`."""
        delivery = self.line.delivery
        return [
            self.number,
            delivery.key.recipient,
            ", ".join(delivery.to),
            self.line.recipient.name if self.line.recipient else "",
            delivery.language,
            self.variant,
            delivery.key.channel,
            delivery.state.value,
            delivery.reason,
            delivery.subject,
            self.kind,
            self.length,
            list(self.doubts),
            self.empty,
        ]


class DataFiles:
    """Writes them into the folder `data`. A picture that many messages show is written once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known: dict[bytes, str] = {}

    def begin(self) -> None:
        """Make its folders."""
        for name in ("messages", "pictures"):
            (self._folder / name).mkdir(parents=True)

    def message(self, number: int, document: Mapping[str, Any]) -> None:
        """Write one message."""
        path = self._folder / "messages" / f"{number:04}.js"
        _write(path, "message", number, document)

    def text_of(self, number: int) -> str:
        """The text of a message that was written."""
        path = self._folder / "messages" / f"{number:04}.js"
        written = path.read_text(encoding="utf-8")
        document = json.loads(written[written.index("{") : written.rindex("}") + 1])
        return str(document["text"])

    def pictures(self, pictures: Iterable[Blob], *, scheme: str) -> dict[str, str]:
        """Write those that are new; the name of each by its address in the message."""
        names = {}
        for blob in pictures:
            own = blob.cid if scheme == "cid" else blob.name
            names[f"{scheme}:{own}"] = self._picture(blob)
        return names

    def _picture(self, blob: Blob) -> str:
        digest = hashlib.sha256(blob.data).digest()
        if digest not in self._known:
            name = self._known[digest] = digest.hex()[:16]
            _write(self._folder / "pictures" / f"{name}.js", "picture", name, data_address(blob))
        return self._known[digest]

    def list(self, entries: Iterable[Entry]) -> list[str]:
        """Write the list; the names of its files."""
        names = []
        for number, piece in enumerate(_pieces(entry.packed() for entry in entries), 1):
            names.append(f"data/list-{number:03}.js")
            _write(self._folder / f"list-{number:03}.js", "list", number, piece)
        return names

    def document(self, name: str, document: Mapping[str, Any]) -> str:
        """Write a document of its own; its name."""
        _write(self._folder / f"{name}.js", name, 0, document)
        return f"data/{name}.js"


def mail_document(mail: Mail, raw: bytes, eml: str, pictures: Mapping[str, str]) -> dict[str, Any]:
    """A mail as `viewer.js` shows it."""
    facts = [
        (say("from"), _address(mail.sender)),
        (say("to"), ", ".join(map(_address, mail.to))),
        (say("replies to"), _address(mail.reply_to) if mail.reply_to else ""),
        (say("attachments"), ", ".join(map(_attachment, mail.attachments))),
    ]
    return {
        "kind": "mail",
        "subject": mail.subject,
        "facts": [fact for fact in facts if fact[1]],
        "languages": list(mail.languages),
        "html": mail.html,
        "text": mail.text,
        "headers": raw.split(b"\r\n\r\n", 1)[0].decode("utf-8", "replace"),
        "file": eml,
        "pictures": dict(pictures),
    }


def article_document(article: Article, page: str, text: str) -> dict[str, Any]:
    """An article as `viewer.js` shows it: its own page in a frame, and its words."""
    html = "".join(
        f"<div lang='{one.language}'><h1>{escape(one.title)}</h1>{one.html}</div>"
        for one in article.articles
    )
    return {
        "kind": "article",
        "subject": article.title,
        "facts": [],
        "languages": [one.language for one in article.articles],
        "html": html,
        "text": text,
        "page": page,
        "pictures": {},
    }


def notice_document(notice: Notice, page: str) -> dict[str, Any]:
    """The same of a notice."""
    return {
        "kind": "notice",
        "subject": notice.subject,
        "facts": [],
        "languages": [notice.language],
        "html": fields_html(notice),
        "text": "\n".join(f"{name}: {value}" for name, value in notice.fields),
        "page": page,
        "pictures": {},
    }


def _address(one: Address) -> str:
    spec = one.shown or one.spec
    return f"{one.name} <{spec}>" if one.name else spec


def _attachment(blob: Blob) -> str:
    size = say("{n} kB", n=max(1, round(len(blob.data) / 1000)))
    return f"{blob.name} ({size})"


def _pieces(rows: Iterable[list[Any]]) -> Iterator[list[list[Any]]]:
    piece: list[list[Any]] = []
    for row in rows:
        piece.append(row)
        if len(piece) == PIECE:
            yield piece
            piece = []
    if piece:
        yield piece


def _write(path: Path, call: str, name: int | str, value: Any) -> None:
    written = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    path.write_bytes(f"announce.{call}({json.dumps(name)},{written})\n".encode("utf-8", "replace"))
