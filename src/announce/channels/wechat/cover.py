"""Covers that are made: the title in the middle square, which is what lists show of them.

The same bytes for the same words, colours and fonts.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache, partial
from typing import TYPE_CHECKING, NamedTuple

from announce.channels.wechat.breaking import broken
from announce.channels.wechat.fonts import Face, Fonts, FontTrouble
from announce.texts import say

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageDraw import ImageDraw

WIDTH, HEIGHT = 900, 383
_DENSE = 2  # drawn larger and scaled down, so that circles are smooth
_COLUMN = 331  # of the 383 that the square card shows
_TALL = 319
_LARGEST = (58, 27, 22)  # of the title, the line below it, and those below that
_LEAST = 13
_MOST_LINES = (4, 3, 3)
_LEADING = 1.28
_GAPS = (30, 10)  # below the title, where the bar stands, and between the other lines
_BAR = (44, 4)
_MEASURED = 200
_SHRINK = tuple(1 - step / 20 for step in range(15))
_COLOURS = {"background-color": "#f1f6f6", "color": "#16323a", "border-color": "#0e6b70"}
_HEX = re.compile(r"#[0-9a-fA-F]{6}\Z")


class _Block(NamedTuple):
    """One of the cover's lines, as it is set."""

    lines: tuple[str, ...]
    face: Face
    size: int

    @property
    def height(self) -> float:
        return len(self.lines) * self.size * _LEADING


def make_cover(lines: Sequence[str], colours: Mapping[str, str], fonts: Fonts) -> bytes:
    """A PNG of 900 × 383 pixels: the first line large, the others below it.

    `colours` are of a theme's rule `.cover`, `#rrggbb` each; what it lacks has a default.
    Raises FontTrouble for a character that the font lacks, and for words that do not fit.
    """
    _check_letters(lines, fonts)
    blocks = _set(lines, fonts)
    ground, ink, accent = (_colour(colours, name) for name in _COLOURS)
    image = _ground(ground, accent)
    _write(image, blocks, ink, accent)
    out = io.BytesIO()
    image.save(out, "PNG", optimize=True)
    return out.getvalue()


def square_of(width: int, height: int) -> str:
    """The middle square of a picture, as `pic_crop_1_1` takes it."""
    return _crop(width, height, 1.0)


def wide_of(width: int, height: int) -> str:
    """The middle of a picture at 2.35 to 1, as `pic_crop_235_1` takes it."""
    return _crop(width, height, 2.35)


def _crop(width: int, height: int, ratio: float) -> str:
    """Two corners, in parts of one with at most six decimals."""
    # 900 × 383 is what the platform asks for, and a hair off its own ratio.
    wide, tall = (
        part if part < 0.998 else 1.0 for part in (height * ratio / width, width / ratio / height)
    )
    corners = ((1 - wide) / 2, (1 - tall) / 2, (1 + wide) / 2, (1 + tall) / 2)
    return "_".join(f"{corner:.6f}".rstrip("0").rstrip(".") for corner in corners)


def _check_letters(lines: Sequence[str], fonts: Fonts) -> None:
    text = "".join(lines)
    if lacking := "".join(dict.fromkeys(fonts.bold.lacks(text) + fonts.regular.lacks(text))):
        raise FontTrouble(
            say("the font of the cover has no “{letters}”", letters=lacking[:20]),
            say("write other words under article: cover: in the template, or give a cover"),
        )


def _set(lines: Sequence[str], fonts: Fonts) -> list[_Block]:
    """All lines in sizes that fit together."""
    for shrink in _SHRINK:
        blocks: list[_Block] = []
        for number, line in enumerate(lines):
            rank = min(number, 2)
            face = fonts.regular if number else fonts.bold
            block = _fitted(line, face, round(_LARGEST[rank] * shrink), _MOST_LINES[rank])
            if block is None:
                break
            blocks.append(block)
        if len(blocks) == len(lines) and _height(blocks) <= _TALL:
            return blocks
    raise FontTrouble(
        say("the words are too long for a cover: “{words}”", words=" / ".join(lines)[:80]),
        say("write shorter ones under article: cover: in the template, or give a cover"),
    )


def _fitted(text: str, face: Face, largest: int, most: int) -> _Block | None:
    """The text in the size in which it breaks best, a larger one where all is alike."""
    best: tuple[float, _Block] | None = None
    for size in range(largest, max(_LEAST, largest * 3 // 5) - 1, -1):
        measure = partial(_wide, face, size)
        found = broken(text, width=_COLUMN, most=most, measure=measure)
        if found is None:
            continue
        cost = found.cost + 80 * (1 - size / largest)
        if (best is None or cost < best[0]) and _stays(found.lines, face, size):
            best = (cost, _Block(found.lines, face, size))
    return best[1] if best else None


def _wide(face: Face, size: int, text: str) -> float:
    return _advance(face, text) * size / _MEASURED


@lru_cache(maxsize=4096)
def _advance(face: Face, text: str) -> float:
    """How wide a word is in a size in which rounding to whole pixels counts for little."""
    return face.at(_MEASURED).getlength(text)


def _stays(lines: Sequence[str], face: Face, size: int) -> bool:
    """Whether the lines as they are drawn stay in the column: small letters are rounded up."""
    font = face.at(size)
    return all(font.getlength(line) <= _COLUMN for line in lines)


def _height(blocks: Sequence[_Block]) -> float:
    gaps = [_GAPS[0] if number == 0 else _GAPS[1] for number in range(len(blocks) - 1)]
    return sum(block.height for block in blocks) + sum(gaps)


def _write(image: Image, blocks: Sequence[_Block], ink: str, accent: str) -> None:
    from PIL import ImageDraw

    draw = ImageDraw.Draw(image)
    for left, top, line, block in _places(blocks):
        font = block.face.at(block.size)
        draw.text((left, top), line, font=font, fill=ink, anchor="mm")
    if len(blocks) > 1:
        middle = (HEIGHT - _height(blocks)) / 2 + blocks[0].height + _GAPS[0] / 2
        left, top = round((WIDTH - _BAR[0]) / 2), round(middle - _BAR[1] / 2)
        draw.rectangle((left, top, left + _BAR[0] - 1, top + _BAR[1] - 1), fill=accent)


def _places(blocks: Sequence[_Block]) -> Iterator[tuple[float, float, str, _Block]]:
    """The middle of each line."""
    top = (HEIGHT - _height(blocks)) / 2
    for number, block in enumerate(blocks):
        for line in block.lines:
            yield WIDTH / 2, round(top + block.size * _LEADING / 2), line, block
            top += block.size * _LEADING
        top += _GAPS[1] if number else _GAPS[0]


def _ground(ground: str, accent: str) -> Image:
    """Rings at both ends, as of a stone that fell into still water."""
    from PIL import Image, ImageDraw

    image = Image.new("RGB", (WIDTH * _DENSE, HEIGHT * _DENSE), ground)
    draw = ImageDraw.Draw(image)
    for left, top in ((30, HEIGHT - 20), (WIDTH - 30, 20)):
        for number in range(6, 0, -1):
            strength = 0.44 - 0.055 * number
            _ring(draw, left, top, 36 * number, _mixed(ground, accent, strength))
        _disc(draw, left, top, 12, _mixed(ground, accent, 0.75))
    return image.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)


def _ring(draw: ImageDraw, left: int, top: int, radius: int, colour: str) -> None:
    draw.ellipse(_box(left, top, radius), outline=colour, width=2 * _DENSE)


def _disc(draw: ImageDraw, left: int, top: int, radius: int, colour: str) -> None:
    draw.ellipse(_box(left, top, radius), fill=colour)


def _box(left: int, top: int, radius: int) -> tuple[int, int, int, int]:
    edges = (left - radius, top - radius, left + radius, top + radius)
    west, north, east, south = (edge * _DENSE for edge in edges)
    return west, north, east, south


def _colour(colours: Mapping[str, str], name: str) -> str:
    value = colours.get(name, "")
    return value if _HEX.match(value) else _COLOURS[name]


def _mixed(ground: str, over: str, part: float) -> str:
    """A colour laid over another one."""
    pairs = ((int(ground[at : at + 2], 16), int(over[at : at + 2], 16)) for at in (1, 3, 5))
    return "#" + "".join(f"{round(a + (b - a) * part):02x}" for a, b in pairs)
