"""The platform's figures, and what those who check against them share."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any
from urllib.parse import unquote

import yaml

from announce.problems import Place, Problem, Severity

PICTURE_SCHEME = "picture:"
SOURCE = re.compile(r"""(<img\b[^>]*?\bsrc\s*=\s*)(?:"([^"]*)"|'([^']*)')""", re.IGNORECASE)


@cache
def figures() -> Mapping[str, Any]:
    """The platform's figures, from `data/wechat_limits.yaml`."""
    text = (files("announce") / "data" / "wechat_limits.yaml").read_text(encoding="utf-8")
    loaded: dict[str, Any] = yaml.safe_load(text)
    return loaded


def picture_name(source: str) -> str | None:
    """Which picture of the article an `src` names (`picture:NAME`), or None."""
    plain = html.unescape(source)
    return unquote(plain.removeprefix(PICTURE_SCHEME)) if plain.startswith(PICTURE_SCHEME) else None


def sources(text: str) -> Iterator[str]:
    """The `src` of every picture in the HTML."""
    for match in SOURCE.finditer(text):
        yield match[2] if match[2] is not None else match[3]


def fault(code: str, place: Place, message: str, hint: str) -> Problem:
    """What the platform refuses."""
    return Problem(code=code, place=place, message=message, hint=hint)


def doubt(code: str, place: Place, message: str, hint: str) -> Problem:
    """What it may refuse."""
    return Problem(code=code, place=place, message=message, hint=hint, severity=Severity.WARNING)
