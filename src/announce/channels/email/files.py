"""Files of the project that go into mails: pictures and attachments."""

from __future__ import annotations

import hashlib
import mimetypes
from collections.abc import Mapping
from pathlib import Path

from announce.errors import StoppedError
from announce.texts import say

_KEPT = 32 << 20  # bytes


class FileTrouble(Exception):
    """A file that cannot be sent along; `code` and `hint` as a Problem has them."""

    def __init__(self, code: str, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint


class Files:
    """The project's files by their names relative to it; what was read lately is kept.

    Each is the same at every reading, in this process and in one that is forked from it: a file
    that was edited in between is a StoppedError: the mails of one send must not differ by it.
    """

    def __init__(self, root: Path, *, largest: int) -> None:
        self._root = root.resolve()
        self._largest = largest
        self._kept: dict[str, bytes] = {}
        self._held = 0
        self._digests: dict[str, str] = {}

    def hold_to(self, digests: Mapping[str, str]) -> None:
        """The `digest` that each of these files has; a reading of another one is a StoppedError."""
        self._digests.update(digests)

    def read(self, name: str) -> bytes:
        """The file's bytes. Raises FileTrouble: outside the project, missing, unreadable, or
        larger than any mail may be. StoppedError where it changed since it was read first."""
        data = self._kept.pop(name, None)
        if data is None:
            data = self._unchanged(name, self._read(name))
            self._held += len(data)
        self._kept[name] = data  # the last one now
        while self._held > _KEPT and len(self._kept) > 1:
            self._held -= len(self._kept.pop(next(iter(self._kept))))
        return data

    def _unchanged(self, name: str, data: bytes) -> bytes:
        if self._digests.setdefault(name, digest(data)) != digest(data):
            raise StoppedError(
                say('"{file}" was changed while the mails were made', file=name),
                hint=say("run the same command again"),
            )
        return data

    def _read(self, name: str) -> bytes:
        path = (self._root / name).resolve()
        if not path.is_relative_to(self._root):
            raise FileTrouble(
                "file-outside",
                say('"{file}" lies outside the project', file=name),
                say("put it into the project's folder"),
            )
        try:
            if path.stat().st_size > self._largest:
                raise FileTrouble(
                    "attachments-too-large",
                    say('"{file}" is larger than {limit} MB', file=name, limit=self._largest >> 20),
                    say("put it online and link to it"),
                )
            return path.read_bytes()
        except OSError as error:
            raise FileTrouble(
                "file-missing",
                say('"{file}" cannot be read: {cause}', file=name, cause=error.strerror or ""),
                say("names are relative to the project and mind upper and lower case"),
            ) from error


def digest(data: bytes) -> str:
    """What tells a file's content from another's."""
    return hashlib.sha256(data).hexdigest()[:32]


# Not asked of the machine: the same project gives the same bytes everywhere.
_TYPES = mimetypes.MimeTypes()
_MORE_TYPES = {
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".webp": "image/webp",
    ".zip": "application/zip",
    ".ics": "text/calendar",
    ".md": "text/markdown",
}


def media_type(name: str) -> str:
    """The media type by the file's name; bytes that nothing is known of otherwise."""
    suffix = Path(name).suffix.lower()
    found = _MORE_TYPES.get(suffix) or _TYPES.types_map[1].get(suffix) or ""
    # Parts of these may not be in base64 (RFC 2046 §5.2.1).
    return found if found and not found.startswith(("message/", "multipart/")) else _UNKNOWN


_UNKNOWN = "application/octet-stream"
