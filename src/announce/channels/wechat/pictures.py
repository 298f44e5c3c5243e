"""Pictures made fit for the platform: scaled down or saved as another kind where that helps.

What fits already is not touched. What cannot be made fit is left as it is, and `limits` says why.
"""

from __future__ import annotations

import hashlib
import io
import warnings
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from announce.channels.wechat.figures import figures
from announce.channels.wechat.kinds import media_type, pixels
from announce.model.message import Blob
from announce.problems import Place, Problem, Severity
from announce.texts import say

if TYPE_CHECKING:
    from PIL.Image import Image

_QUALITIES = (90, 80, 70)
_KINDS = {"PNG": "image/png", "JPEG": "image/jpeg"}


class Fitter:
    """Makes pictures fit, each once; `notices` gathers what was done, a warning each."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._made: dict[tuple[str, str, str], Blob] = {}
        self._notices: list[Problem] = []

    def picture(self, blob: Blob) -> Blob:
        """A picture of the text."""
        return self._fitted(blob, "picture")

    def cover(self, blob: Blob) -> Blob:
        """A cover."""
        return self._fitted(blob, "cover")

    def told(self) -> list[Problem]:
        """What was done since this was last asked."""
        told, self._notices = self._notices, []
        return told

    def _fitted(self, blob: Blob, use: str) -> Blob:
        key = (use, blob.name, hashlib.sha256(blob.data).hexdigest())
        if key not in self._made:
            self._made[key] = self._new(blob, use)
        return self._made[key]

    def _new(self, blob: Blob, use: str) -> Blob:
        limits = figures()[use]
        size = pixels(blob.data)
        wide = size is not None and size[0] > limits["width"]
        small = len(blob.data) < limits["bytes"]
        if small and not wide and media_type(blob.data) in limits["kinds"]:
            return blob
        made = _smaller(blob.data, limits["bytes"], limits["width"])
        if made is None:
            return blob
        fitted = replace(blob, data=made, media_type=media_type(made))
        self._notices.append(self._notice(blob, fitted))
        return fitted

    def _notice(self, before: Blob, after: Blob) -> Problem:
        return Problem(
            code="wechat-picture-fitted",
            place=self._place,
            message=say(
                "{name} is sent smaller: {before} became {after}",
                name=before.name,
                before=_told(before.data),
                after=_told(after.data),
            ),
            hint=say("look at it in the preview; to decide yourself, save it smaller"),
            severity=Severity.WARNING,
        )


def _told(data: bytes) -> str:
    kind = media_type(data).removeprefix("image/").upper()
    size = pixels(data)
    figures = [kind, f"{size[0]} × {size[1]}" if size else "", f"{len(data):,} B"]
    return " · ".join(figure for figure in figures if figure)


def _smaller(data: bytes, most: int, width: int) -> bytes | None:
    """The picture with fewer bytes than `most` and no wider than `width` pixels; None where it
    cannot be read, moves, or stays too large."""
    from PIL import Image, ImageOps, UnidentifiedImageError

    with warnings.catch_warnings():
        # One of so many pixels that it may be a trap for memory is refused, not warned of.
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            with Image.open(io.BytesIO(data)) as opened:
                if getattr(opened, "n_frames", 1) > 1:
                    return None
                image = _plain(ImageOps.exif_transpose(opened))
        except (
            UnidentifiedImageError, OSError, ValueError, SyntaxError,
            Image.DecompressionBombError, Image.DecompressionBombWarning,
        ):  # fmt: skip
            return None
    return next((made for made in _tries(image, width) if len(made) < most), None)


def _plain(image: Image) -> Image:
    """In the colours that PNG and JPEG share, with its transparency."""
    transparent = image.has_transparency_data
    return image.convert("RGBA" if transparent else "RGB")


def _tries(image: Image, width: int) -> Iterator[bytes]:
    """Versions of a picture, the best first: as few pixels and as little quality as must be."""
    most = min(width, image.width)
    for wide in (most, most * 3 // 4, most // 2):
        scaled = _scaled(image, wide)
        if scaled.mode == "RGBA" or _is_drawn(scaled):
            yield _saved(scaled, "PNG", optimize=True)
        opaque = _on_white(scaled)
        for quality in _QUALITIES:
            yield _saved(opaque, "JPEG", quality=quality, optimize=True, progressive=True)


def _scaled(image: Image, width: int) -> Image:
    if image.width <= width:
        return image
    from PIL import Image

    height = max(1, round(image.height * width / image.width))
    return image.resize((width, height), Image.Resampling.LANCZOS)


def _is_drawn(image: Image) -> bool:
    """Whether a picture has the few colours of a drawing, which JPEG would smear."""
    return image.getcolors(4096) is not None


def _on_white(image: Image) -> Image:
    if image.mode != "RGBA":
        return image
    from PIL import Image

    ground = Image.new("RGB", image.size, "white")
    ground.paste(image, mask=image.getchannel("A"))
    return ground


def _saved(image: Image, kind: str, **options: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()
