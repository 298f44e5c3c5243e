"""YAML's complaints in our own words, all tabs and full-width colons of a file at once."""

from __future__ import annotations

import re
from collections.abc import Callable

import yaml

from announce.problems import Place, Problem
from announce.reading.fullwidth import fullwidth_line, fullwidth_problem
from announce.texts import say

_LEADING_TAB = re.compile(r"[ \t]*?\t")


def explain(error: yaml.YAMLError, text: str, shown: str) -> list[Problem]:
    """The problems behind a file that is no YAML; never empty, never YAML's own sentence."""
    mark = getattr(error, "problem_mark", None)
    if mark is None:
        return [
            _problem("yaml-syntax", Place(file=shown), say("this is not a YAML file"), _general())
        ]
    lines = text.split("\n")
    context = getattr(error, "context_mark", None)
    first = context.line if context is not None else max(0, mark.line - 3)
    if tabs := _tabs(lines, mark.line, shown):
        return tabs
    if any(_fullwidth(line) for line in lines[first : mark.line + 1]):
        return _fullwidth_lines(lines, shown)
    return [_other(str(getattr(error, "problem", "")), lines, mark, context, shown)]


def _tabs(lines: list[str], at: int, shown: str) -> list[Problem]:
    if not (at < len(lines) and _LEADING_TAB.match(lines[at])):
        return []
    return [
        _problem(
            "yaml-tab",
            Place(file=shown, line=number, column=found.end()),
            say("this line is indented with a tab"),
            say("YAML is indented with spaces only: replace the tab by two spaces"),
        )
        for number, line in enumerate(lines, 1)
        if (found := _LEADING_TAB.match(line))
    ]


def _fullwidth(line: str) -> bool:
    return fullwidth_line(line.strip().removeprefix("- ").strip("“”\"'"))


def _fullwidth_lines(lines: list[str], shown: str) -> list[Problem]:
    return [
        fullwidth_problem(Place(file=shown, line=number, column=line.index("：") + 1), line)
        for number, line in enumerate(lines, 1)
        if _fullwidth(line)
    ]


def _other(
    cause: str, lines: list[str], mark: yaml.Mark, context: yaml.Mark | None, shown: str
) -> Problem:
    """One problem in our words; some causes stand where the part began, the others at `mark`."""
    line = lines[mark.line] if mark.line < len(lines) else ""
    here = Place(file=shown, line=mark.line + 1, column=mark.column + 1)
    began = here
    if context is not None:
        began = Place(file=shown, line=context.line + 1, column=context.column + 1)
    if "or ']'" in cause or "or '}'" in cause:
        return _bracket(lines, mark, began, shown)
    if "cannot start any token" in cause and mark.column < len(line):
        message = say('a text cannot begin with "{sign}"', sign=line[mark.column])
        return _problem("yaml-syntax", here, message, say("put the text in quotes"))
    for fragment, at_begin, words in _CAUSES:
        if fragment in cause:
            return _problem("yaml-syntax", began if at_begin else here, *words())
    return _problem("yaml-syntax", here, say("this is not YAML from here on"), _general())


def _misfit() -> tuple[str, str]:
    return (
        say("this does not fit the lines above it"),
        say("check the indentation (same level, same number of spaces) and the quotation marks"),
    )


# What libyaml says, whether it counts from where the part began, and our words for it.
_CAUSES: tuple[tuple[str, bool, Callable[[], tuple[str, str]]], ...] = (
    (
        "mapping values are not allowed",
        False,
        lambda: (
            say("a second colon makes no sense here"),
            say(
                'if the text holds ": ", put it in quotes; if this is a key, check its indentation'
            ),
        ),
    ),
    (
        "expected ':'",
        True,
        lambda: (
            say("this line is not `key: value`"),
            say("write a colon and a space after the key"),
        ),
    ),
    (
        "unexpected end of stream",
        True,
        lambda: (
            say("the quotation mark that opens here is never closed"),
            say("close it, with the same sign"),
        ),
    ),
    (
        "unknown escape",
        True,
        lambda: (
            say("a backslash in double quotes has a meaning of its own"),
            say("use single quotes, or write it twice: \\\\"),
        ),
    ),
    ("expected key", False, _misfit),
    ("expected '-'", False, _misfit),
    ("not allowed in this context", False, _misfit),
)


def _bracket(lines: list[str], mark: yaml.Mark, began: Place, shown: str) -> Problem:
    for number in range((began.line or 1) - 1, min(mark.line + 1, len(lines))):
        for column, sign in enumerate(lines[number], 1):
            if sign in "：，":
                return fullwidth_problem(
                    Place(file=shown, line=number + 1, column=column), lines[number]
                )
    return _problem(
        "yaml-syntax",
        began,
        say("the bracket that opens here is not closed properly"),
        say("separate entries with half-width commas and close the bracket"),
    )


def _general() -> str:
    return say(
        "check indentation, colons, brackets and quotation marks of this line and the one above"
    )


def _problem(code: str, place: Place, message: str, hint: str) -> Problem:
    return Problem(code=code, place=place, message=message, hint=hint)
