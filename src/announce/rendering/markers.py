"""Markers stand for values on the way through Markdown, layouts and CSS inlining.

A marker is U+FDD0, a letter, the value's number, U+FDD1: noncharacters, which no text has
(https://www.unicode.org/faq/private_use.html#nonchar1). So values are never read as markup,
and what lies between the markers is worked out once for all recipients of one shape.

The letter says what the value is (`t` any text, `u` an address of the web or of mail, `w` one
of mp.weixin.qq.com), and after the document is written, where it stands: `A` in an attribute,
`U` as a whole address in one, `Q` as a part of such an address.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any
from urllib.parse import quote

from markdown_it.common.normalize_url import normalizeLink

OPEN, CLOSE, TAIL = "\ufdd0", "\ufdd1", "\ufdd2"
RESERVED = re.compile(f"[{OPEN}-{TAIL}]")
MARKER = re.compile(f"{OPEN}([a-zA-Z])([0-9]+)(?:{TAIL}([^{CLOSE}]*))?{CLOSE}")

_WEB = re.compile(r"(?:https?://[^\s/?#]+[^\s]*|mailto:[^\s@]+@[^\s@]+)\Z", re.I)
_WEIXIN = re.compile(r"https?://mp\.weixin\.qq\.com(?:[/?#]|\Z)", re.I)
# Addresses that stand in an attribute as they are, but for their "&".
_PLAIN_ADDRESS = re.compile(
    r"https?://[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){1,3}(?:/[A-Za-z0-9/_.~-]*)?"
    r"(?:\?[A-Za-z0-9=&_.~-]*)?(?:#[A-Za-z0-9=&_.~-]*)?\Z"
)
_NOT_PLAIN = re.compile("[&<>\u00a0\n]").search
# Line ends are made one; what no text may hold (controls, lone surrogates, markers) is shown.
_CONTROL = re.compile(f"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff{OPEN}-\ufdef\ufffe\uffff]")


def marker(letter: str, number: int) -> str:
    """The marker of a value."""
    return f"{OPEN}{letter}{number}{CLOSE}"


def kind_of(value: str) -> str:
    """The letter for what a value is."""
    if not _WEB.match(value):
        return "t"
    return "w" if _WEIXIN.match(value) else "u"


def is_link(value: str) -> bool:
    """Whether a value is an address that a reader may follow: http, https or mailto."""
    return bool(_WEB.match(value))


def is_weixin(url: str) -> bool:
    """Whether an address leads to an article of an official account."""
    return bool(_WEIXIN.match(url))


def clean(value: str) -> str:
    """A value with one kind of line end and without what no text may hold."""
    value = value.replace("\r\n", "\n").replace("\r", "\n")
    return _CONTROL.sub("\ufffd", value)


@lru_cache(maxsize=8192)
def prepared(value: str) -> tuple[str, str]:
    """A value made clean, and the letter for what it is."""
    value = clean(value)
    return value, kind_of(value)


def html_text(value: str) -> str:
    """Text as HTML, as the HTML standard serialises it; line ends stay visible."""
    # A look first: this is called for each value of each mail, and most are plain.
    return escape_text(value).replace("\n", "<br>") if _NOT_PLAIN(value) else value


def escape_text(value: str) -> str:
    """Text escaped for HTML content."""
    value = value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return value.replace("\u00a0", "&nbsp;")


def escape_attribute(value: str) -> str:
    """Text escaped for a quoted attribute."""
    value = value.replace("&", "&amp;").replace('"', "&quot;")
    return value.replace("\u00a0", "&nbsp;")


def address(url: str) -> str:
    """A link's address, percent-encoded and escaped for a quoted attribute."""
    if _PLAIN_ADDRESS.match(url):
        return url.replace("&", "&amp;")
    return _odd_address(url)


@lru_cache(maxsize=4096)
def _odd_address(url: str) -> str:
    return escape_attribute(normalizeLink(url))


@lru_cache(maxsize=4096)
def _part_of_address(value: str) -> str:
    return quote(value, safe="/@:-._~")


def _indented(prefix: str, value: str) -> str:
    if "\n" not in value:
        return value
    first, *rest = value.split("\n")
    return "\n".join([first, *((prefix + line).rstrip() for line in rest)])


_HTML_WRITERS: dict[str, Callable[[str], str]] = {
    "A": escape_attribute,
    "U": address,
    # Percent-encoded text holds nothing that HTML reads.
    "Q": _part_of_address,
}


@dataclass(frozen=True, slots=True)
class Pieces:
    """A text split at its markers: `literals[0] value literals[1] value … literals[-1]`."""

    literals: tuple[str, ...]
    slots: tuple[tuple[int, Callable[[str], str] | None], ...]

    def fill(self, values: Sequence[Any]) -> str:
        """The text with the values in their places, each escaped for its place."""
        parts = [self.literals[0]]
        for (number, write), literal in zip(self.slots, self.literals[1:], strict=True):
            value = values[number]
            parts += (write(value) if write else value, literal)
        return "".join(parts)


def html_pieces(html: str) -> Pieces:
    """HTML split at its markers."""
    return _split(html, lambda letter, _: _HTML_WRITERS.get(letter, html_text))


def text_pieces(text: str) -> Pieces:
    """Plain text split at its markers; a marker's tail is put before the value's further lines."""
    return _split(text, _text_writer)


def _text_writer(letter: str, tail: str) -> Callable[[str], str] | None:
    if letter == "Q":
        return _part_of_address
    return partial(_indented, tail) if tail else None


def _split(text: str, writer: Callable[[str, str], Callable[[str], str] | None]) -> Pieces:
    literals, slots, end = [], [], 0
    for found in MARKER.finditer(text):
        literals.append(text[end : found.start()])
        slots.append((int(found[2]), writer(found[1], found[3] or "")))
        end = found.end()
    return Pieces((*literals, text[end:]), tuple(slots))


def place_in_attribute(text: str) -> str:
    """Attribute text: literals escaped, markers marked as standing in an attribute."""
    return MARKER.sub(lambda m: marker("A", int(m[2])), escape_attribute(text))


def place_in_address(url: str) -> str:
    """An address in an attribute: a leading value begins it, later ones are parts of it."""
    return MARKER.sub(lambda m: marker("Q" if m.start() else "U", int(m[2])), escape_attribute(url))


def place_in_shown_address(url: str) -> str:
    """An address as readers see it: a leading value as written, parts of it encoded."""
    return MARKER.sub(lambda m: marker("Q", int(m[2])) if m.start() else m[0], url)


def shift(text: str, by: int) -> str:
    """The text with every marker's number raised: to join texts with values of their own."""
    if not by:
        return text
    return MARKER.sub(lambda m: m[0].replace(m[2], str(int(m[2]) + by), 1), text)


def indent(line: str, prefix: str) -> str:
    """A line of plain text whose values' further lines are to stand after `prefix`."""
    return MARKER.sub(lambda m: f"{OPEN}{m[1]}{m[2]}{TAIL}{prefix}{m[3] or ''}{CLOSE}", line)
