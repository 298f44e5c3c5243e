"""The words of `data/parity_words.yaml`, and numbers as both languages write them."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

_DIGITS = {char: number for number, char in enumerate("零一二三四五六七八九")} | {
    "〇": 0, "两": 2, "兩": 2,
}  # fmt: skip
_UNITS = {"十": 10, "百": 100, "千": 1000}
_LARGE = {"万": 10_000, "亿": 100_000_000}
HAN_NUMBER = "[零〇一二三四五六七八九十百千万亿两]"
_HALF = {"半": 0.5}


@cache
def words() -> dict[str, Any]:
    """The data file."""
    text = (files("announce") / "data" / "parity_words.yaml").read_text(encoding="utf-8")
    loaded: dict[str, Any] = yaml.safe_load(text)
    return loaded


def han_number(text: str) -> int | None:
    """A number in Chinese characters (四十一, 一百零五, 二〇二五, 一万两千), or None."""
    if not text or not re.fullmatch(f"{HAN_NUMBER}+", text):
        return None
    if all(char in _DIGITS for char in text):
        return int("".join(str(_DIGITS[char]) for char in text))
    total = section = digit = 0
    for char in text:
        if char in _DIGITS:
            digit = _DIGITS[char]
        elif char in _UNITS:
            section += (digit or 1) * _UNITS[char]
            digit = 0
        else:
            total = (total + section + digit) * _LARGE[char] if total == 0 else (
                total + (section + digit) * _LARGE[char]
            )  # fmt: skip
            section = digit = 0
    return total + section + digit


def number(text: str) -> int | None:
    """A whole number in digits or in Chinese characters."""
    return int(text) if text.isascii() and text.isdigit() else han_number(text)
