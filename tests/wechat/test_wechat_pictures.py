"""Pictures made fit: scaled or saved as another kind, and told with figures."""

from __future__ import annotations

import io
import random
from typing import Any

import pytest
from PIL import Image

from announce.channels.wechat.kinds import is_animated, media_type, pixels
from announce.channels.wechat.pictures import Fitter
from announce.model.message import Blob
from announce.problems import Place

MIB = 2**20


def noise(width: int, height: int, *, mode: str = "RGB") -> Image.Image:
    """A picture that no compression makes much smaller."""
    data = random.Random(7).randbytes(width * height * len(mode))
    return Image.frombytes(mode, (width, height), data)


def saved(image: Image.Image, kind: str, **options: Any) -> bytes:
    """Its file."""
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def fitted(data: bytes, use: str = "picture") -> tuple[Blob, list[str]]:
    """What becomes of a picture, and what is said of it."""
    fitter = Fitter(Place(file="campaigns/cfp.yaml"))
    make = fitter.picture if use == "picture" else fitter.cover
    blob = make(Blob(name="poster", media_type=media_type(data), data=data))
    return blob, [problem.message for problem in fitter.told()]


def test_picture_that_fits_is_not_touched() -> None:
    """Its bytes are the author's."""
    data = saved(noise(200, 100), "PNG")
    assert fitted(data) == (Blob(name="poster", media_type="image/png", data=data), [])


def test_photograph_of_many_bytes_is_scaled_and_told() -> None:
    """The figures before and after are named."""
    data = saved(noise(2600, 800), "JPEG", quality=95)
    blob, said = fitted(data)

    assert (blob.media_type, pixels(blob.data), len(blob.data) < MIB) == (
        "image/jpeg",
        pixels(blob.data),
        True,
    )
    assert (pixels(blob.data) or (9999, 0))[0] <= 2160
    assert len(said) == 1
    assert said[0].startswith(f"poster is sent smaller: JPEG · 2600 × 800 · {len(data):,} B became")


def test_wide_drawing_stays_a_png() -> None:
    """Few colours would be smeared by JPEG."""
    blob, said = fitted(saved(Image.new("RGB", (4000, 1000), "teal"), "PNG"))
    assert (blob.media_type, pixels(blob.data), len(said)) == ("image/png", (2160, 540), 1)


@pytest.mark.parametrize("kind", ["WEBP", "BMP", "TIFF", "GIF"])
def test_other_kinds_are_saved_as_one_that_is_taken(kind: str) -> None:
    """A still picture of any kind will do."""
    blob, said = fitted(saved(Image.new("RGB", (300, 200), "teal"), kind))
    assert (blob.media_type, pixels(blob.data), len(said)) == ("image/png", (300, 200), 1)


def test_transparency_is_kept_where_it_fits() -> None:
    """And laid on white where it does not."""
    small, _ = fitted(saved(noise(200, 200, mode="RGBA"), "WEBP", lossless=True))
    large, _ = fitted(saved(noise(900, 900, mode="RGBA"), "PNG"))

    assert (small.media_type, Image.open(io.BytesIO(small.data)).mode) == ("image/png", "RGBA")
    assert (large.media_type, len(large.data) < MIB) == ("image/jpeg", True)


def test_turned_photograph_stands_upright() -> None:
    """What the camera noted of its position would be lost in saving anew."""
    exif = Image.Exif()
    exif[0x0112] = 6
    blob, _ = fitted(saved(noise(2400, 1200), "JPEG", exif=exif, quality=95))

    width, height = pixels(blob.data) or (0, 0)
    assert (width * 2 == height, width <= 2160) == (True, True)


def test_moving_picture_and_what_is_none_are_left_alone() -> None:
    """The check of limits says why they are refused."""
    frames = [Image.new("RGB", (20, 20), colour) for colour in ("red", "green", "blue")]
    gif = saved(frames[0], "GIF", save_all=True, append_images=frames[1:])

    assert is_animated(gif)
    assert [fitted(data) for data in (gif, b"no picture")] == [
        (Blob(name="poster", media_type="image/gif", data=gif), []),
        (Blob(name="poster", media_type="", data=b"no picture"), []),
    ]


def test_bomb_is_not_opened() -> None:
    """A file that claims more pixels than memory has stays as it is."""
    header = saved(Image.new("1", (8, 8)), "PNG")
    bomb = header[:16] + (60_000).to_bytes(4) * 2 + header[24:]
    assert fitted(bomb) == (Blob(name="poster", media_type="image/png", data=bomb), [])


def test_cover_may_be_larger_than_a_picture() -> None:
    """Each use has its own figures."""
    data = saved(noise(1200, 600), "PNG")
    assert len(data) > MIB
    assert fitted(data, "cover") == (Blob(name="poster", media_type="image/png", data=data), [])


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "BMP"])
def test_pixels_are_read_from_the_bytes(kind: str) -> None:
    """Without opening the picture; a cut file tells nothing."""
    data = saved(Image.new("RGB", (321, 123)), kind)
    assert (pixels(data), pixels(data[:8])) == ((321, 123), None)


def test_still_gif_is_not_animated() -> None:
    """One picture does not move."""
    assert not is_animated(saved(Image.new("P", (20, 20)), "GIF"))
