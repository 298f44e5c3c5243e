"""Caught mails as files: the bytes as they came, and beside them the envelope.

    mail/20250106T090000.000000Z-0001.eml     exactly what followed DATA
    mail/20250106T090000.000000Z-0001.json    {"from": …, "to": […], "at": …}

Several processes may write to one folder at once: a name is taken by hard link, never replaced.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.parser import BytesHeaderParser
from functools import lru_cache
from pathlib import Path

Clock = Callable[[], datetime]

_HEAD = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class CaughtMail:
    """One mail that came in: `to` and `sender` are the envelope's, `subject` is decoded."""

    path: Path
    sender: str
    to: tuple[str, ...]
    subject: str
    at: datetime

    @property
    def name(self) -> str:
        """Its file name without the ending: unique in the folder."""
        return self.path.stem


class MailStore:
    """The folder of caught mails; made, private, when it is first written to."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def save(self, content: bytes, *, sender: str, to: Sequence[str], at: datetime) -> Path:
        """Keep one mail; it appears whole or not at all. Raises OSError."""
        private_folder(self.folder)
        envelope = {"from": sender, "to": list(to), "at": at.isoformat()}
        spare = self.folder / f".{secrets.token_hex(8)}"
        spare.write_bytes(content)
        try:
            path = self._take_name(spare, at, json.dumps(envelope, ensure_ascii=False))
        finally:
            spare.unlink()
        return path

    def names(self) -> list[str]:
        """Their names, in the order in which they came."""
        return sorted(path.stem for path in self.folder.glob("*.eml"))

    def mails(self) -> list[CaughtMail]:
        """All of them, in the order in which they came."""
        found = (_read(self.folder / f"{name}.eml") for name in self.names())
        return [mail for mail in found if mail is not None]

    def mail(self, name: str) -> CaughtMail | None:
        """The one of this name, if it is there."""
        # Through the list, so that a name can never lead out of the folder.
        return _read(self.folder / f"{name}.eml") if name in self.names() else None

    def empty(self) -> int:
        """Remove them all; tells how many."""
        gone = 0
        for name in self.names():
            (self.folder / f"{name}.eml").unlink(missing_ok=True)
            (self.folder / f"{name}.json").unlink(missing_ok=True)
            gone += 1
        return gone

    def _take_name(self, spare: Path, at: datetime, envelope: str) -> Path:
        stamp = f"{at.astimezone(UTC):%Y%m%dT%H%M%S.%fZ}"
        for number in range(1, 1_000_000):
            side = self.folder / f"{stamp}-{number:04}.json"
            try:
                with side.open("x", encoding="utf-8") as file:
                    file.write(envelope)
            except FileExistsError:
                continue
            # The mail last: whoever sees it finds its envelope too.
            os.link(spare, side.with_suffix(".eml"))
            return side.with_suffix(".eml")
        raise FileExistsError(f"no free name for {stamp} in {self.folder}")


def private_folder(folder: Path) -> Path:
    """Make a folder that only its owner can read, parents included."""
    if not folder.is_dir():
        private_folder(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def decoded(header: str) -> str:
    """A header's text with its encoded words read; as it stands where they are broken."""
    try:
        return str(make_header(decode_header(header.replace("\r\n", "").replace("\n", ""))))
    except (HeaderParseError, LookupError, UnicodeDecodeError, ValueError):
        return header


@lru_cache(maxsize=20_000)
def _read(path: Path) -> CaughtMail | None:
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD)
        envelope = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None  # emptied by another process between listing and reading
    headers = BytesHeaderParser().parsebytes(head.partition(b"\r\n\r\n")[0])
    return CaughtMail(
        path=path,
        sender=envelope["from"],
        to=tuple(envelope["to"]),
        subject=decoded(str(headers.get("Subject", ""))),
        at=datetime.fromisoformat(envelope["at"]),
    )
