"""Full-width colons and commas where YAML wants its own."""

from __future__ import annotations

from announce.problems import Place, Problem
from announce.reading.characters import halfwidth
from announce.reading.secret_names import masked
from announce.texts import say


def fullwidth_problem(place: Place, text: str) -> Problem:
    """The problem of a text that was meant as `key: value`, or as several entries."""
    text = masked(text)
    return Problem(
        code="full-width-colon",
        place=place,
        message=say('a full-width "：" or "，" stands in "{text}"', text=text.strip()[:40]),
        hint=say("YAML needs the half-width signs: {text}", text=spaced(text)[:60]),
    )


def fullwidth_line(text: str) -> bool:
    """Whether a text begins like `key：value`, a YAML line with a full-width colon."""
    word, colon, _rest = text.strip().partition("：")
    return (
        bool(colon)
        and word.isascii()
        and word.replace("_", "").replace("-", "").isalnum()
        and (word == word.lower())
    )


def spaced(text: str) -> str:
    """The text as YAML wants it: half-width colons and commas, each followed by a space."""
    return " ".join(halfwidth(text.replace("：", ": ").replace("，", ", ")).split())
