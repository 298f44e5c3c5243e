"""Fonts for covers that are made: one with Chinese characters, found on this machine."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from announce.texts import say

if TYPE_CHECKING:
    from PIL.ImageFont import FreeTypeFont

_NOTO = tuple(
    f"/usr/share/fonts/{folder}/NotoSansCJK-"
    for folder in (
        "opentype/noto", "google-noto-cjk", "google-noto-sans-cjk-fonts", "noto-cjk", "noto",
    )
)  # fmt: skip
_MAC, _WINDOWS = "/System/Library/Fonts", "C:/Windows/Fonts"
# File and number of the face in it, bold and regular. Of Noto's five, Simplified Chinese is the
# third; what macOS and Windows have is theirs.
_KNOWN = (
    *((f"{noto}Bold.ttc", 2, f"{noto}Regular.ttc", 2) for noto in _NOTO),
    (f"{_MAC}/PingFang.ttc", 8, f"{_MAC}/PingFang.ttc", 2),
    (f"{_MAC}/Hiragino Sans GB.ttc", 2, f"{_MAC}/Hiragino Sans GB.ttc", 0),
    (f"{_WINDOWS}/msyhbd.ttc", 0, f"{_WINDOWS}/msyh.ttc", 0),
)
# Bold and regular, as fontconfig counts weights.
_WEIGHTS = (200, 80)
_SAMPLE = "中文征稿"


class FontTrouble(Exception):
    """No font for a cover: `message` says why, `hint` how to get one."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Face:
    """One face of a font file."""

    path: str
    index: int = 0

    def at(self, size: int) -> FreeTypeFont:
        """The face in a size in pixels. OSError where the file is no font."""
        return _opened(self, size)

    def lacks(self, text: str) -> str:
        """Those characters of a text that the face cannot show, each once."""
        font = self.at(32)
        nothing = bytes(font.getmask("\U0010fffe"))
        shown = (letter for letter in dict.fromkeys(text) if not letter.isspace())
        return "".join(letter for letter in shown if bytes(font.getmask(letter)) == nothing)


@lru_cache(maxsize=64)
def _opened(face: Face, size: int) -> FreeTypeFont:
    from PIL import ImageFont

    # The other engine shapes text differently from version to version.
    engine = ImageFont.Layout.BASIC
    return ImageFont.truetype(face.path, size, index=face.index, layout_engine=engine)


@dataclass(frozen=True, slots=True)
class Fonts:
    """What a cover is written with."""

    bold: Face
    regular: Face


def find_fonts(named: Path | None) -> Fonts:
    """The fonts of the file that was named, or those found on this machine.

    Raises FontTrouble where there is none with Chinese characters.
    """
    if named is not None:
        return _named(named)
    for fonts in _candidates():
        if _is_chinese(fonts.bold) and _is_chinese(fonts.regular):
            return fonts
    raise FontTrouble(
        say("no cover can be made: this machine has no font with Chinese characters"),
        say(
            "install one (Debian, Ubuntu: fonts-noto-cjk; Fedora: google-noto-sans-cjk-fonts), "
            "name a font file as wechat.font in announce.yaml, or give the article a cover"
        ),
    )


def _named(file: Path) -> Fonts:
    face = Face(str(file))
    try:
        found = not face.lacks(_SAMPLE)
    except OSError as error:
        raise FontTrouble(
            say("{file} cannot be used as a font: {cause}", file=file.name, cause=error),
            say("name a TTF, OTF or TTC file as wechat.font in announce.yaml"),
        ) from error
    if not found:
        raise FontTrouble(
            say("the font {file} has no Chinese characters", file=file.name),
            say(
                "name another one as wechat.font in announce.yaml, or take the setting out: one is "
                "looked for"
            ),
        )
    return Fonts(face, face)


def _candidates() -> Iterator[Fonts]:
    for bold, bold_index, regular, regular_index in _KNOWN:
        if Path(bold).is_file() and Path(regular).is_file():
            yield Fonts(Face(bold, bold_index), Face(regular, regular_index))
    faces = [face for weight in _WEIGHTS if (face := _matched(weight))]
    if len(faces) == len(_WEIGHTS):
        yield Fonts(*faces)


def _matched(weight: int) -> Face | None:
    """What fontconfig takes for Chinese in this weight; None where there is no fontconfig."""
    pattern = f"sans-serif:lang=zh-cn:weight={weight}"
    try:
        done = subprocess.run(
            ["fc-match", "-f", "%{file}|%{index}", pattern],
            capture_output=True, text=True, timeout=20, check=True,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return None
    path, _, index = done.stdout.partition("|")
    # The upper half of the number tells an instance of a variable font.
    return Face(path, int(index) & 0xFFFF) if index.isdecimal() else None


def _is_chinese(face: Face) -> bool:
    try:
        return not face.lacks(_SAMPLE)
    except OSError:
        return False
