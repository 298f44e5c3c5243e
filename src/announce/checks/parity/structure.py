"""What a message is built of: headings, lists, tables, pictures, links."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

# What tells one language's page from the other's in an address; all else must be the same.
_MARK = re.compile(
    r"(?<=[/._=-])(?:zh|en|cn)(?:[-_](?:hans|cn|us|gb))?(?=[/._?&#-]|$)", re.IGNORECASE
)
_HEADINGS = ("h1", "h2", "h3", "h4")


@dataclass(slots=True)
class Structure:
    """The number of headings, of each list's items, of tables' rows and of pictures; the links by
    their address without its language; the addresses that `mailto:` leads to."""

    headings: int = 0
    lists: list[int] = field(default_factory=list)
    rows: int = 0
    pictures: int = 0
    links: dict[str, str] = field(default_factory=dict)
    mails: dict[str, str] = field(default_factory=dict)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found = Structure()
        self._open: list[int] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = self.found
        if tag in _HEADINGS:
            found.headings += 1
        elif tag in ("ul", "ol"):
            found.lists.append(0)
            self._open.append(len(found.lists) - 1)
        elif tag == "li" and self._open:
            found.lists[self._open[-1]] += 1
        elif tag == "tr":
            found.rows += 1
        elif tag == "img":
            found.pictures += 1
        elif tag == "a":
            self._link(dict(attrs).get("href") or "")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("ul", "ol") and self._open:
            self._open.pop()

    def _link(self, address: str) -> None:
        if address.lower().startswith("mailto:"):
            self.found.mails.setdefault(address[7:].partition("?")[0].casefold(), address[7:])
        elif address:
            self.found.links.setdefault(_plain(address), address)


def structure(html: str, text: str) -> Structure:
    """The structure of a message; links that stand in the text alone count too (an article shows
    them so)."""
    reader = _Reader()
    reader.feed(html)
    for match in re.finditer(r"https?://[^\s<>\"'，。；、）)（(】」》]+", text):
        reader.found.links.setdefault(_plain(match[0].rstrip(".,;:!?")), match[0].rstrip(".,;:!?"))
    return reader.found


def _plain(address: str) -> str:
    return _MARK.sub("·", address.rstrip("/"))
