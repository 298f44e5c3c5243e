"""Breaking a title into lines at good places, by the rules of Chinese and of English."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

Measure = Callable[[str], float]

# https://www.w3.org/TR/clreq/#prohibition_rules_for_line_start_end
_NOT_FIRST = "，。、；：？！）】》」』〉〕”’…—·,.;:?!)]}%℃～"
_NOT_LAST = "（【《「『〈〔“‘([{#"
_STOPS = "，。、；：？！—·|,;:?!)）》"
_WIDE = r"\u2e80-\u303f\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff00-\uffef"
# A Chinese character, a date's figure with its sign, or a word.
_UNITS = re.compile(rf"\d+[年月日]|[{_WIDE}“”‘’…—·]|[^\s{_WIDE}“”‘’…—·]+")
# What a break costs: nothing after a stop, little between words, much within Chinese words,
# which nobody here can tell apart.
_AT_SPACE, _AT_SCRIPT, _WITHIN = 8.0, 14.0, 40.0
_RAGGED = 60.0
_PER_LINE = 12.0


class Lines(NamedTuple):
    """A text in lines, and how badly it is broken."""

    lines: tuple[str, ...]
    cost: float


class _Unit(NamedTuple):
    text: str
    spaced: bool  # a space stands before it


def broken(text: str, *, width: float, most: int, measure: Measure) -> Lines | None:
    """The text in at most so many lines of this width; None where it does not fit.

    `measure` gives the width of a word or a space; those of a line are added up.
    """
    units = _units(text)
    space = measure(" ")
    sizes = [(space * unit.spaced, measure(unit.text)) for unit in units]
    best: dict[tuple[int, int], Lines] = {(0, 0): Lines((), 0.0)}
    for count in range(1, most + 1):
        for end in range(1, len(units) + 1):
            found = _best_end(units, sizes, end, best, count, width)
            if found is not None:
                best[count, end] = found
    whole = [best[count, len(units)] for count in range(1, most + 1) if (count, len(units)) in best]
    return min(whole, key=lambda lines: lines.cost, default=None)


def _best_end(
    units: Sequence[_Unit],
    sizes: Sequence[tuple[float, float]],
    end: int,
    best: dict[tuple[int, int], Lines],
    count: int,
    width: float,
) -> Lines | None:
    """The best way to set the first `end` units in `count` lines."""
    found: Lines | None = None
    wide = 0.0
    for start in range(end - 1, -1, -1):
        wide += sizes[start][1] + (sizes[start + 1][0] if start + 1 < end else 0.0)
        if wide > width:
            break
        before = best.get((count - 1, start))
        if before is None:
            continue
        ragged = _RAGGED * ((width - wide) / width) ** 2
        cost = before.cost + ragged + _PER_LINE + (_cost(units, start) if start else 0.0)
        if found is None or cost < found.cost:
            found = Lines((*before.lines, _joined(units[start:end])), cost)
    return found


def _units(text: str) -> list[_Unit]:
    """What is never broken: words, figures with their signs, characters with their stops."""
    units: list[_Unit] = []
    glued = False
    for match in _UNITS.finditer(text):
        piece = match[0]
        spaced = match.start() > 0 and text[match.start() - 1].isspace()
        if units and (glued or (piece[0] in _NOT_FIRST and not spaced)):
            units[-1] = units[-1]._replace(text=units[-1].text + " " * spaced + piece)
        else:
            units.append(_Unit(piece, spaced))
        glued = piece[-1] in _NOT_LAST
    return units


def _joined(units: Sequence[_Unit]) -> str:
    first, *more = units
    return first.text + "".join(" " * unit.spaced + unit.text for unit in more)


def _cost(units: Sequence[_Unit], at: int) -> float:
    """What a break before a unit costs."""
    before, after = units[at - 1].text[-1], units[at]
    if before in _STOPS:
        return 0.0
    if after.spaced:
        return _AT_SPACE
    return _WITHIN if _is_wide(before) and _is_wide(after.text[0]) else _AT_SCRIPT


def _is_wide(letter: str) -> bool:
    return re.match(f"[{_WIDE}]", letter) is not None
