"""What a picture is by its bytes, whatever its name says: its kind, its size in pixels."""

from __future__ import annotations

import struct

_MAGIC = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"BM", "image/bmp"),
    (b"II*\0", "image/tiff"),
    (b"MM\0*", "image/tiff"),
)
# Markers of a JPEG's frame; those between them begin tables.
_JPEG_FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
_JPEG_BARE = {0x01, *range(0xD0, 0xD9)}


def media_type(data: bytes) -> str:
    """The kind of picture by its first bytes; "" if it is none known."""
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    return next((kind for magic, kind in _MAGIC if data.startswith(magic)), "")


def is_animated(data: bytes) -> bool:
    """Whether a GIF shows more than one picture."""
    try:
        return media_type(data) == "image/gif" and _gif_pictures(data) > 1
    except IndexError:  # it ends too early
        return False


def _gif_pictures(data: bytes) -> int:
    """How many pictures a GIF holds; the counting ends at two."""
    at, found = 13 + _colours(data[10]), 0
    while found < 2 and data[at] in (0x21, 0x2C):
        if data[at] == 0x2C:  # a picture: its place, its colours, how its bytes are packed
            found += 1
            at += 11 + _colours(data[at + 9])
        else:  # what is said of it
            at += 2
        while data[at]:  # blocks with their length
            at += data[at] + 1
        at += 1
    return found


def _colours(flags: int) -> int:
    """The bytes of a GIF's table of colours."""
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def pixels(data: bytes) -> tuple[int, int] | None:
    """Width and height; None where the bytes do not tell."""
    kind = media_type(data)
    try:
        if kind == "image/png" and data[12:16] == b"IHDR":
            return _size(">II", data, 16)
        if kind == "image/gif":
            return _size("<HH", data, 6)
        if kind == "image/bmp":
            size = _size("<ii", data, 18)
            return (size[0], abs(size[1])) if size else None
        return _jpeg(data) if kind == "image/jpeg" else None
    except struct.error:
        return None


def _size(layout: str, data: bytes, at: int) -> tuple[int, int] | None:
    width, height = struct.unpack_from(layout, data, at)
    return (width, height) if width and height else None


def _jpeg(data: bytes) -> tuple[int, int] | None:
    at = 2
    while data[at : at + 1] == b"\xff":
        marker = data[at + 1]
        if marker == 0xFF:  # filling
            at += 1
        elif marker in _JPEG_BARE:
            at += 2
        elif marker in _JPEG_FRAMES:
            height, width = struct.unpack_from(">HH", data, at + 5)
            return (width, height) if width and height else None
        else:
            at += 2 + struct.unpack_from(">H", data, at + 2)[0]
    return None
