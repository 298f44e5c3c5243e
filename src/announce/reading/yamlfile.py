"""A hand-written YAML file becomes values, the places of each, and every fault found on the way.

`yaml.load` is never called: values are built from events, so that duplicate keys, ambiguous
scalars, deep nesting and aliases that multiply are seen, and nothing is constructed by tag.
"""

from __future__ import annotations

import codecs
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from announce.problems import Place, Problem
from announce.reading.characters import FORBIDDEN, named
from announce.reading.flood import capped
from announce.reading.fullwidth import fullwidth_line, fullwidth_problem
from announce.reading.nodes import Builder, Refused
from announce.reading.places import Loc, Places
from announce.reading.syntax import explain
from announce.texts import say

MAX_BYTES = 2 * 1024 * 1024
MAX_NODES = 100_000
_PART = 1 << 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """A file's value, the places of its parts, and its problems.

    `faulty` holds the ways down to values already complained of, so that they are not again.
    """

    value: Any
    places: Places
    problems: list[Problem] = field(default_factory=list)
    faulty: frozenset[Loc] = frozenset()

    def complained(self, loc: Loc) -> bool:
        """Whether this value, or one that holds it, has a problem already."""
        return any(loc[:end] in self.faulty for end in range(len(loc) + 1))


def load_yaml(
    path: Path,
    shown: str,
    *,
    as_text: bool = False,
    max_bytes: int = MAX_BYTES,
    max_nodes: int = MAX_NODES,
) -> Loaded:
    """Read a YAML file; `shown` is its name to people. Never raises for what is in it.

    With `as_text`, unquoted scalars stay as they are written (for tables of people). Where
    nothing could be read, `value` is None and `problems` says why.
    """
    text, problems = read_text(path, shown, max_bytes=max_bytes)
    if text is None:
        return Loaded(value=None, places=Places(shown), problems=problems, faulty=frozenset({()}))
    builder = Builder(
        events=yaml.parse(text, yaml.CSafeLoader), shown=shown, max_nodes=max_nodes, as_text=as_text
    )
    value: Any = None
    try:
        value = builder.document()
    except Refused as refused:
        builder.problems.append(refused.problem)
        builder.faulty.add(())
    except yaml.YAMLError as error:
        builder.problems += explain(error, text, shown)
        builder.faulty.add(())
    if isinstance(value, str) and not as_text and fullwidth_line(value):
        builder.faulty.add(())
        builder.problems.append(fullwidth_problem(builder.places.of(()), value))
    return Loaded(
        value=value,
        places=builder.places,
        problems=capped(sorted(builder.problems, key=_position), shown),
        faulty=frozenset(builder.faulty),
    )


def read_text(
    path: Path, shown: str, *, max_bytes: int = MAX_BYTES
) -> tuple[str | None, list[Problem]]:
    """A file's text, or None with the problem: not there, too large, binary, not UTF-8."""
    data, problem = read_bytes(path, shown, max_bytes=max_bytes)
    if problem:
        return None, [problem]
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return None, [_encoding(Place(file=shown), say("the file is in UTF-16"))]
    if b"\0" in data:
        return None, [
            _problem(
                shown,
                "binary",
                say("this is not a text file"),
                say("it holds NUL bytes: name the right file, or save it as plain text in UTF-8"),
            )
        ]
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        message = say("byte {byte} is not UTF-8 text", byte=f"0x{data[error.start]:02X}")
        return None, [_encoding(Place(file=shown, line=line), message)]
    return (None, found) if (found := _control_characters(text, shown)) else (text, [])


def read_bytes(path: Path, shown: str, *, max_bytes: int) -> tuple[bytes, Problem | None]:
    """A regular file's bytes, or the problem that keeps it from being read."""
    data = bytearray()
    try:
        for part in read_parts(path, shown, max_bytes=max_bytes):
            data += part
    except Unreadable as fault:
        return b"", fault.problem
    return bytes(data), None


class Unreadable(Exception):
    """A file that cannot be read; `problem` says why."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


def read_parts(path: Path, shown: str, *, max_bytes: int) -> Iterator[bytes]:
    """A regular file's bytes, a piece at a time. Raises Unreadable."""
    try:
        # A pipe or device would make us wait for ever.
        about = path.stat()
        if not stat.S_ISREG(about.st_mode):
            raise Unreadable(
                _problem(
                    shown,
                    "file-unreadable",
                    say("this is not a file"),
                    say("name a file, not a folder"),
                )
            )
        with path.open("rb") as file:
            # It may have grown since.
            left = max_bytes - about.st_size
            while left >= 0 and (part := file.read(_PART)):
                left = min(left, max_bytes - file.tell())
                yield part
        if left < 0:
            raise Unreadable(_too_large(shown, max_bytes))
    except FileNotFoundError as error:
        raise Unreadable(
            _problem(
                shown,
                "file-missing",
                say("there is no such file"),
                say("check the name and the folder"),
            )
        ) from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise Unreadable(
            _problem(shown, "file-unreadable", say("cannot read the file: {reason}", reason=reason))
        ) from error


def _too_large(shown: str, max_bytes: int) -> Problem:
    return _problem(
        shown,
        "file-too-large",
        say("the file is larger than {n} MiB", n=max_bytes // 1024 // 1024),
        say("name the right file, or split it"),
    )


def _control_characters(text: str, shown: str) -> list[Problem]:
    problems = []
    for found in FORBIDDEN.finditer(text):
        start = text.rfind("\n", 0, found.start()) + 1
        place = Place(
            file=shown,
            line=text.count("\n", 0, found.start()) + 1,
            column=found.start() - start + 1,
        )
        problems.append(
            Problem(
                code="control-character",
                place=place,
                message=say(
                    "the file holds the control character {code} here", code=named(found[0])
                ),
                hint=say("remove it; if there are many, this is not a text file"),
            )
        )
        if len(problems) == 10:
            break
    return problems


def _encoding(place: Place, message: str) -> Problem:
    hint = say("save the file as UTF-8 (in Windows Notepad: Save as, Encoding UTF-8)")
    return Problem(code="encoding", place=place, message=message, hint=hint)


def _problem(shown: str, code: str, message: str, hint: str = "") -> Problem:
    return Problem(code=code, place=Place(file=shown), message=message, hint=hint)


def _position(problem: Problem) -> tuple[int, int]:
    return problem.place.line or 0, problem.place.column or 0
