"""Comparing a draft as it was sent with the draft as the platform keeps it.

The platform rewrites what it takes: sources of pictures become `data-src` at its own
addresses, `'` in a style becomes `&#39;`, colours become `rgb()`. None of that is a
difference; what a reader would miss is.
"""

from __future__ import annotations

import hashlib
import html
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

from announce.texts import say

MARKER = "data-announce"
_HIDDEN = frozenset({"script", "style"})


@dataclass(slots=True)
class Shape:
    """What is compared of an article's HTML."""

    tags: Counter[str] = field(default_factory=Counter)
    styles: int = 0
    empty_styles: int = 0
    properties: Counter[str] = field(default_factory=Counter)
    values: Counter[str] = field(default_factory=Counter)
    pictures: int = 0
    text: str = ""
    marker: str = ""


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.shape = Shape()
        self._text: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        shape, given = self.shape, dict(attrs)
        shape.tags[tag] += 1
        self._hidden += tag in _HIDDEN
        if tag == "img" and (given.get("src") or given.get("data-src")):
            shape.pictures += 1
        if "style" in given:
            shape.styles += 1
            properties = list(_properties(given["style"] or ""))
            shape.properties.update(properties)
            shape.values[re.sub(r"[\s;]+", "", given["style"] or "").lower()] += 1
            shape.empty_styles += not properties
        shape.marker = shape.marker or given.get(MARKER) or ""

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self._hidden -= tag in _HIDDEN

    def handle_endtag(self, tag: str) -> None:
        self._hidden = max(0, self._hidden - (tag in _HIDDEN))

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self._text.append(data)

    def read(self, text: str) -> Shape:
        self.feed(text)
        self.close()
        # Without any white space: the platform adds and drops it between blocks.
        self.shape.text = re.sub(r"\s+", "", "".join(self._text))
        return self.shape


def _properties(style: str) -> Iterator[str]:
    for declaration in style.split(";"):
        name, colon, _ = declaration.partition(":")
        if colon and re.fullmatch(r"\s*-?[a-zA-Z-]+\s*", name):
            yield name.strip().lower()


def shape_of(content: str) -> Shape:
    """What an article's HTML consists of."""
    return _Reader().read(content)


def fingerprint(kept: Sequence[Mapping[str, Any]]) -> str:
    """What tells a draft as it was read back from the same one after somebody's edits.

    The addresses that the platform gives to pictures and previews are left out: they may change
    between two readings, and no edit shows in them.
    """
    state = hashlib.sha256()
    for article in kept:
        shape = shape_of(str(article.get("content", "")))
        names = ("title", "author", "digest", "content_source_url")
        words = [_plain(article.get(name)) for name in names]
        counted = [sorted(shape.tags.items()), sorted(shape.values.items()), shape.pictures]
        state.update(json.dumps([words, shape.text, counted], ensure_ascii=False).encode())
    return state.hexdigest()[:32]


def same_words(sent: Mapping[str, Any], kept: Mapping[str, Any]) -> bool:
    """Whether title and text are the same: what identifies an article without its marker."""
    if _plain(sent.get("title")) != _plain(kept.get("title")):
        return False
    return _text_of(sent) == _text_of(kept)


def differences(sent: Mapping[str, Any], kept: Mapping[str, Any]) -> list[str]:
    """What the platform changed that a reader would notice, a sentence each."""
    ours, theirs = shape_of(str(sent["content"])), shape_of(str(kept.get("content", "")))
    return [
        *_words(sent, kept),
        *_tags(ours, theirs),
        *_pictures(ours, theirs),
        *_styles(ours, theirs),
        *_text(ours, theirs),
    ]


def _words(sent: Mapping[str, Any], kept: Mapping[str, Any]) -> Iterator[str]:
    names = {
        "title": say("title"),
        "author": say("author"),
        "digest": say("digest"),
        "content_source_url": say("address of “read original”"),
    }
    for name, shown in names.items():
        ours, theirs = _plain(sent.get(name)), _plain(kept.get(name))
        # Without a digest of ours the platform takes the first 54 characters of the text.
        if ours != theirs and not (name == "digest" and not ours):
            yield say(
                "the {name} is “{theirs}” instead of “{ours}”",
                name=shown,
                theirs=theirs,
                ours=ours,
            )


def _text_of(article: Mapping[str, Any]) -> str:
    return shape_of(str(article.get("content", ""))).text


def _plain(value: Any) -> str:
    return html.unescape(str(value or "")).strip()


def _tags(ours: Shape, theirs: Shape) -> Iterator[str]:
    for tag in sorted(set(ours.tags) | set(theirs.tags)):
        if tag != "img" and ours.tags[tag] != theirs.tags[tag]:
            yield say(
                "<{tag}>: {theirs} instead of {ours}",
                tag=tag,
                theirs=theirs.tags[tag],
                ours=ours.tags[tag],
            )


def _pictures(ours: Shape, theirs: Shape) -> Iterator[str]:
    if ours.pictures != theirs.pictures:
        yield say(
            "pictures: {theirs} instead of {ours}", theirs=theirs.pictures, ours=ours.pictures
        )


def _styles(ours: Shape, theirs: Shape) -> Iterator[str]:
    if ours.styles != theirs.styles:
        yield say(
            "styled elements: {theirs} instead of {ours}", theirs=theirs.styles, ours=ours.styles
        )
    if theirs.empty_styles > ours.empty_styles:
        yield say("{n} styles were emptied", n=theirs.empty_styles - ours.empty_styles)
    lost = ours.properties - theirs.properties
    # Those of an element that is gone or was emptied are told already.
    if lost and ours.styles == theirs.styles and theirs.empty_styles <= ours.empty_styles:
        yield say("style properties were taken out: {names}", names=", ".join(sorted(lost)))


def _text(ours: Shape, theirs: Shape) -> Iterator[str]:
    if ours.text == theirs.text:
        return
    pairs = zip(ours.text, theirs.text, strict=False)
    at = next(
        (i for i, (a, b) in enumerate(pairs) if a != b), min(len(ours.text), len(theirs.text))
    )
    yield say(
        "the text differs from “{ours}” on: the platform has “{theirs}”",
        ours=ours.text[at : at + 20],
        theirs=theirs.text[at : at + 20],
    )
