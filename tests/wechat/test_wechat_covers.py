"""Covers that are made: nothing overflows, lines break well, and a missing font is told."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image, ImageChops

from announce.channels.wechat.breaking import broken
from announce.channels.wechat.cover import make_cover, square_of, wide_of
from announce.channels.wechat.fonts import Face, Fonts, FontTrouble, find_fonts

RED = {"background-color": "#ad1f2d", "color": "#fff3da", "border-color": "#f0c56a"}


@pytest.fixture(scope="module")
def fonts() -> Fonts:
    """What this machine has."""
    try:
        return find_fonts(None)
    except FontTrouble:
        pytest.skip("no font with Chinese characters")


def lettered(data: bytes, colours: dict[str, str]) -> tuple[int, int, int, int] | None:
    """The smallest box with all letters: what is near their colour."""
    image = Image.open(io.BytesIO(data)).convert("RGB")
    ink = Image.new("RGB", image.size, colours["color"])
    distance = ImageChops.difference(image, ink).convert("L")
    return distance.point(lambda value: 255 if value < 40 else 0).getbbox()


LONG = "首届基础模型开放科学研讨会征稿：开源、开放、可复现的基础模型及其数据"


@pytest.mark.parametrize(
    "lines",
    [
        ["征稿"],
        ["SCI-FM 2025 征稿", "Call for Papers", "2025年2月10日截稿"],
        [LONG, "First Workshop on Open Science for Foundation Models (SCI-FM)", "24–28 April 2025"],
        ["Internationalisation_2025", "x" * 30, "征" * 50],
        ["征稿"] * 6,
    ],
)
def test_words_stay_within_the_square_that_lists_show(fonts: Fonts, lines: list[str]) -> None:
    """900 × 383, and all letters in the middle 383 with some air around."""
    data = make_cover(lines, RED, fonts)
    box = lettered(data, RED)

    assert Image.open(io.BytesIO(data)).size == (900, 383)
    assert box is not None
    assert (box[0] >= 258 + 20, box[1] >= 20, box[2] <= 641 - 20, box[3] <= 383 - 20) == (True,) * 4


def test_same_words_give_the_same_bytes(fonts: Fonts) -> None:
    """And other colours others."""
    lines = ["征稿", "Call for Papers"]

    assert make_cover(lines, RED, fonts) == make_cover(lines, RED, fonts)
    assert make_cover(lines, RED, fonts) != make_cover(lines, {}, fonts)


@pytest.mark.parametrize("lines", [["征" * 400], ["x" * 300], ["征稿"] * 20])
def test_words_that_cannot_fit_are_told(fonts: Fonts, lines: list[str]) -> None:
    """Rather than cut off."""
    with pytest.raises(FontTrouble, match="the words are too long for a cover"):
        make_cover(lines, {}, fonts)


def test_letter_that_the_font_lacks_is_told(fonts: Fonts) -> None:
    """Instead of an empty square."""
    with pytest.raises(FontTrouble, match="the font of the cover has no “🦜”"):
        make_cover(["🦜 征稿"], {}, fonts)


def width(text: str) -> float:
    """Chinese characters are twice as wide as others."""
    return float(sum(2 if ord(letter) > 0x2000 else 1 for letter in text))


@pytest.mark.parametrize(
    ("text", "wide", "lines"),
    [
        ("征稿", 20, ("征稿",)),
        ("SCI-FM 2025 征稿：开源、开放", 16, ("SCI-FM 2025", "征稿：开源、开放")),
        ("开源、开放、可复现", 12, ("开源、开放、", "可复现")),
        ("欢迎投稿（短文）", 10, ("欢迎投稿", "（短文）")),
        ("截至2025年2月10日", 12, ("截至2025年", "2月10日")),
        ("Call for papers", 9, ("Call for", "papers")),
        ("一二三四五，六", 10, ("一二三四", "五，六")),
    ],
)
def test_lines_break_at_good_places(text: str, wide: float, lines: tuple[str, ...]) -> None:
    """After stops and between words; figures stay with their signs."""
    found = broken(text, width=wide, most=3, measure=width)
    assert found is not None
    assert found.lines == lines


@pytest.mark.parametrize("wide", range(6, 24))
def test_no_line_begins_with_a_stop_or_ends_with_a_bracket(wide: int) -> None:
    """Whatever the width."""
    found = broken("开源、开放、可复现（草案）：欢迎。", width=wide, most=9, measure=width)
    lines = found.lines if found else ()

    assert [line for line in lines if line[0] in "、（）：。"[2:] + "、" or line[-1] == "（"] == []


def test_text_that_does_not_fit_is_not_broken() -> None:
    """A word is never cut."""
    assert broken("Reproducibility", width=10, most=9, measure=width) is None
    assert broken("一二三四五六七八", width=4, most=3, measure=width) is None


def test_font_that_is_named_is_used(fonts: Fonts) -> None:
    """For all of the cover."""
    assert find_fonts(Path(fonts.bold.path)) == Fonts(Face(fonts.bold.path), Face(fonts.bold.path))


def test_file_that_is_no_font_is_told(tmp_path: Path) -> None:
    """By its name, with what to name instead."""
    (tmp_path / "a.ttf").write_bytes(b"no font")
    with pytest.raises(FontTrouble, match=r"a\.ttf cannot be used as a font") as caught:
        find_fonts(tmp_path / "a.ttf")
    assert caught.value.hint == "name a TTF, OTF or TTC file as wechat.font in announce.yaml"


@pytest.mark.parametrize(
    ("size", "wide", "square"),
    [
        ((900, 383), "0_0_1_1", "0.287222_0_0.712778_1"),
        ((1080, 1080), "0_0.287234_1_0.712766", "0_0_1_1"),
        ((300, 900), "0_0.429078_1_0.570922", "0_0.333333_1_0.666667"),
    ],
)
def test_crops_are_the_middle_of_a_cover(size: tuple[int, int], wide: str, square: str) -> None:
    """In parts of one, with at most six decimals."""
    assert (wide_of(*size), square_of(*size)) == (wide, square)
