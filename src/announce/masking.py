"""Secrets kept out of what others say: a server may repeat in its answer what it was sent."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import quote, quote_plus

_WORD = re.compile(r"[!-~]{8,}")
_WINDOW = 8


def masked(text: str, secrets: Iterable[str]) -> str:
    """The text with `***` for these secrets, as they are or as a form encodes them; a word that
    shares eight characters with one is masked whole."""
    held = [secret for secret in secrets if secret]
    spelled = {spelling for one in held for spelling in (one, quote(one, safe=""), quote_plus(one))}
    # The longest first: one secret may be a part of another.
    for spelling in sorted(spelled, key=len, reverse=True):
        text = text.replace(spelling, "***")
    return _WORD.sub(lambda word: "***" if _shares(word[0], spelled) else word[0], text)


def _shares(word: str, secrets: Iterable[str]) -> bool:
    windows = {word[at : at + _WINDOW] for at in range(len(word) - _WINDOW + 1)}
    return any(window in secret for secret in secrets for window in windows)
