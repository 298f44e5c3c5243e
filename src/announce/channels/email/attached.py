"""Files sent along as parts of a mail: their heads, and their bodies in base64."""

from __future__ import annotations

import hashlib
import re
from functools import cached_property, lru_cache
from urllib.parse import quote

from announce.channels.email.bodies import in_base64
from announce.channels.email.headers import field, refuse_control
from announce.model.message import Blob
from announce.texts import say

_MEDIA_TYPE = re.compile(r"[\w.+-]+/[\w.+-]+(?:; ?[\w-]+=[\w.-]+)*\Z", re.A)
_PLAIN_NAME = re.compile(r"[A-Za-z0-9_.+-]+(?: [A-Za-z0-9_.+-]+)*\Z")
_NAME_OCTETS = 50


class FilePart:
    """A file as a part. Raises ValueError for a name or type that no head can hold."""

    def __init__(self, blob: Blob) -> None:
        self._data = blob.data
        self.head = _head(blob).encode()  # header lines, each with its CRLF

    @cached_property
    def seal(self) -> bytes:
        """What stands for the part in a digest."""
        # Of heads that end in CRLF and hashes of one length no two rows are the same.
        return self.head + b"\r\n" + hashlib.sha256(self._data).hexdigest().encode() + b"\r\n"

    @cached_property
    def body(self) -> bytes:
        """The file in base64."""
        return in_base64(self._data)


@lru_cache(maxsize=8)
def file_part(blob: Blob) -> FilePart:
    """The part of a file that others may be sent as well: it is encoded once."""
    return FilePart(blob)


def _head(blob: Blob) -> str:
    if not _MEDIA_TYPE.match(blob.media_type):
        raise ValueError(say("{header}: not a media type", header="Content-Type"))
    head = [f"Content-Type: {blob.media_type}\r\n", "Content-Transfer-Encoding: base64\r\n"]
    if blob.cid:
        refuse_control("Content-ID", blob.cid)
        head.append(field("Content-ID", [f"<{blob.cid}>"]))
    head.append(_disposition("inline" if blob.cid else "attachment", blob.name))
    return "".join(head)


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
