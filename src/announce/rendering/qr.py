"""QR pictures of addresses: made on this machine, the same bytes for the same address.

A template names such a picture by what it shows (`qr:` and the address in base64), so that it
travels through Markdown and layouts as any picture's name does.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import io
from functools import lru_cache

from announce.rendering.markers import clean, is_link

QR = "qr:"
# Beyond this the squares are too small for a phone that looks at another phone's screen.
MAX_BYTES = 400
_SCALE = 12  # pixels of the picture for each square
_QUIET = 4  # white squares around it, as the standard wants


def qr_name(url: str) -> str:
    """The name of an address's picture. ValueError for one too long to be scanned."""
    data = url.encode()
    if len(data) > MAX_BYTES:
        raise ValueError(f"{len(data)} bytes")
    return QR + base64.urlsafe_b64encode(data).decode().rstrip("=")


def qr_address(name: str) -> str | None:
    """The address that a picture of this name shows; None where it is no such name."""
    if not name.startswith(QR):
        return None
    written = name.removeprefix(QR)
    try:
        data = base64.b64decode(written + "=" * (-len(written) % 4), altchars=b"-_", validate=True)
        url = data.decode()
    except (binascii.Error, ValueError):
        return None
    sound = url == clean(url) and is_link(url) and len(data) <= MAX_BYTES
    return url if sound else None


def qr_file(url: str) -> str:
    """What the picture's file is called, without ending: by what it shows."""
    return f"qr-{hashlib.sha256(url.encode()).hexdigest()[:12]}"


@lru_cache(maxsize=256)
def qr_png(url: str) -> bytes:
    """The picture, a PNG of black and white squares with its quiet zone."""
    import segno  # for campaigns that show one

    code = segno.make(url, error="m", micro=False)
    out = io.BytesIO()
    code.save(out, kind="png", scale=_SCALE, border=_QUIET)
    return out.getvalue()
