"""Markdown: CommonMark with tables, strikethrough and boxes, friendly to Chinese, without raw
HTML."""

from __future__ import annotations

import re

from markdown_it import MarkdownIt
from markdown_it.common.normalize_url import normalizeLink
from markdown_it.rules_inline import StateInline
from markdown_it.tree import SyntaxTreeNode
from mdit_py_cjk_friendly import cjk_friendly

from announce.rendering.boxes import boxes
from announce.rendering.markers import MARKER

_MARKED_LINK = re.compile(f"<({MARKER.pattern})>")


class _Parser(MarkdownIt):
    """Addresses are kept with their markers, and judged when the document is written."""

    def validateLink(self, url: str) -> bool:
        return True

    def normalizeLink(self, url: str) -> str:
        return url if MARKER.search(url) else normalizeLink(url)


def _marked_autolink(state: StateInline, silent: bool) -> bool:
    """`<address>` where the address is a value."""
    found = _MARKED_LINK.match(state.src, state.pos, state.posMax)
    if found is None:
        return False
    if not silent:
        state.push("link_open", "a", 1).attrs = {"href": found[1]}
        state.push("text", "", 0).content = found[1]
        state.push("link_close", "a", -1)
    state.pos = found.end()
    return True


def _parser() -> MarkdownIt:
    parser = _Parser("commonmark", {"html": False})
    parser.use(cjk_friendly).use(boxes).enable(["table", "strikethrough"])
    # Jinja2 blocks invite indentation, and announcements have no programs.
    parser.disable("code")
    parser.inline.ruler.before("autolink", "marked_autolink", _marked_autolink)
    return parser


_PARSER = _parser()


def parse(source: str) -> SyntaxTreeNode:
    """The document as a tree."""
    return SyntaxTreeNode(_PARSER.parse(source))
