"""Boxes in Markdown: lines between `::: sponsor` and `:::`, for the layouts to set apart."""

from __future__ import annotations

import re

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock

# What there is: the first words, something to mind, who pays, and where “read original” leads.
BOXES = ("lead", "note", "sponsor", "original")

_OPENS = re.compile(r":::[ \t]*([A-Za-z][\w-]*)[ \t]*\Z")
_CLOSES = re.compile(r":::[ \t]*\Z")


def boxes(parser: MarkdownIt) -> None:
    """Let the parser know boxes: nodes `box`, with the name as `info` and in `meta` whether it
    is closed."""
    breaks = ["paragraph", "reference", "blockquote", "list"]
    parser.block.ruler.before("fence", "box", _box, {"alt": breaks})


def _line(state: StateBlock, number: int) -> str:
    return state.src[state.bMarks[number] + state.tShift[number] : state.eMarks[number]]


def _box(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    opens = _OPENS.match(_line(state, start))
    if opens is None:
        return False
    if silent:
        return True
    last = _last(state, start, end)
    before = state.parentType, state.lineMax
    state.parentType, state.lineMax = "box", last
    token = state.push("box_open", "section", 1)
    token.info, token.block, token.map = opens[1].lower(), True, [start, last]
    token.meta["closed"] = last < end
    state.md.block.tokenize(state, start + 1, last)
    state.push("box_close", "section", -1).block = True
    state.parentType, state.lineMax = before
    state.line = min(last + 1, end)
    return True


def _last(state: StateBlock, start: int, end: int) -> int:
    """The line that closes the box begun at `start`, which is indented as much; else `end`."""
    depth = 0
    for number in range(start, end):
        if state.sCount[number] == state.sCount[start]:
            line = _line(state, number)
            depth += bool(_OPENS.match(line)) - bool(_CLOSES.match(line))
            if depth == 0:
                return number
    return end
