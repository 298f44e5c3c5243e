"""What an official account keeps of an article's HTML, and what it empties or cuts out.

From round trips of draft/add and draft/get that practitioners published in September 2026;
there is no official list.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from announce.rendering.faults import TemplateTrouble
from announce.texts import say

TAGS = frozenset({
    "section", "p", "span", "h1", "h2", "h3", "h4", "h5", "h6", "strong", "b", "em", "i", "u", "s",
    "del", "blockquote", "ul", "ol", "li", "table", "thead", "tbody", "tr", "td", "th", "figure",
    "figcaption", "mark", "small", "sub", "sup", "br", "hr", "pre", "code", "header", "footer",
    "aside", "article", "font", "a", "img",
})  # fmt: skip
_PROPERTIES = frozenset({
    "display", "flex", "float", "gap", "padding", "margin", "width", "max-width", "border",
    "box-shadow", "background", "color", "line-height", "letter-spacing", "white-space", "opacity",
    "transform", "overflow-x", "z-index",
    # These come with the tables, pictures and long words of the platform's own editor.
    "border-collapse", "vertical-align", "height", "word-break", "overflow-wrap",
})  # fmt: skip
# With all that begin so: `padding-left`, `font-size`, `text-align`.
_FAMILIES = ("padding-", "margin-", "border-", "background-", "font-", "text-", "flex-")
# Each block with words of its own is given a colour, or readers in the dark see none of it.
_BLOCK = re.compile(r"<(p|h[1-6]|td|th|pre|figcaption|li)((?: [^>]*)?)>")
_TAG = re.compile(r'<([a-z][a-z0-9]*)((?:[^>"]|"[^"]*")*)>')
_STYLE = re.compile(r' style="([^"]*)"')
_DROPPED = re.compile(r' (?:class|id)="[^"]*"')
_COLOUR = re.compile(r"(?:\A|;)\s*color\s*:\s*([^;!]+)")
_DEFAULT_COLOUR = "#333333"


def finished(content: str) -> str:
    """The article with every style checked, every block coloured, no class and no id.

    Raises TemplateTrouble for a style that would not survive.
    """
    first = _STYLE.search(content)
    found = _COLOUR.search(first[1]) if first else None
    fallback = found[1].strip() if found else _DEFAULT_COLOUR
    content = _BLOCK.sub(lambda block: _coloured(block, fallback), content)
    return _TAG.sub(lambda tag: _DROPPED.sub("", _checked(tag[0])), content)


def _coloured(block: re.Match[str], colour: str) -> str:
    style = _STYLE.search(block[2])
    if style is None:
        return f'<{block[1]}{block[2]} style="color: {colour}">'
    if _COLOUR.search(style[1]):
        return block[0]
    own = style[1].rstrip("; ")
    return block[0].replace(style[0], f' style="{own}; color: {colour}"')


def _checked(tag: str) -> str:
    style = _STYLE.search(tag)
    for sign in ("&", "'", "position:", "url(", "var("):
        if style and sign in style[1]:
            what = say('a style with "{sign}" does not survive in an article', sign=sign)
            mend = say("write it without quotes, positions, addresses and variables")
            raise TemplateTrouble("theme", what, mend)
    return tag


def lost_tags(content: str) -> list[str]:
    """The tags of an article that the platform is not known to keep, each once."""
    return sorted({tag[1] for tag in _TAG.finditer(content)} - TAGS)


def lost_properties(content: str) -> list[str]:
    """The style properties of an article that the platform is not known to keep, each once."""
    return sorted({name for name in _properties(content) if not _is_kept(name)})


def _properties(content: str) -> Iterator[str]:
    for tag in _TAG.finditer(content):
        if style := _STYLE.search(tag[2]):
            for declaration in style[1].split(";"):
                name, colon, _ = declaration.partition(":")
                if colon:
                    yield name.strip().lower()


def _is_kept(name: str) -> bool:
    return name in _PROPERTIES or name.startswith(_FAMILIES)
