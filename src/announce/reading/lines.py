"""Texts that end in headers or names: they stand on one line and are not empty."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from announce.problems import Problem
from announce.reading.characters import NOT_ON_ONE_LINE, named
from announce.reading.places import Loc
from announce.reading.yamlfile import Loaded
from announce.texts import say


def line_problems(loaded: Loaded, value: Any, loc: Loc) -> Iterator[Problem]:
    """Faults of every text at or below a value: line breaks, controls, nothing but spaces."""
    if loaded.complained(loc):
        return
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from line_problems(loaded, item, (*loc, key))
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from line_problems(loaded, item, (*loc, number))
    elif isinstance(value, str):
        yield from _one(loaded, value, loc)


def _one(loaded: Loaded, text: str, loc: Loc) -> Iterator[Problem]:
    name = ".".join(str(step) for step in loc)
    if found := NOT_ON_ONE_LINE.search(text):
        is_break = found[0] in "\r\n\u2028\u2029\x85"
        yield Problem(
            code="control-character",
            place=loaded.places.of(loc),
            message=say("{name} holds a line break", name=name)
            if is_break
            else say("{name} holds the control character {code}", name=name, code=named(found[0])),
            hint=say("write it on one line; below a key, >- joins lines without a final break")
            if is_break
            else say("remove it"),
        )
    elif not text.strip():
        yield Problem(
            code="empty-value",
            place=loaded.places.of(loc),
            message=say("{name} is empty", name=name),
            hint=say("write a value, or remove the line"),
        )
