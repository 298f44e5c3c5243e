"""YAML events become values with places; nesting, size and aliases are bounded on the way."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from yaml import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from announce.problems import Place, Problem
from announce.reading.characters import FORBIDDEN, named
from announce.reading.fullwidth import fullwidth_line, fullwidth_problem
from announce.reading.places import Loc, Places
from announce.reading.scalars import CLOCK, ScalarFault, resolve
from announce.reading.secret_names import is_secret
from announce.texts import say

# Keys below which 09:00 is a time of day.
_OF_TIMES = {("schedule",), ("quiet",)}
MAX_DEPTH = 40


class Refused(Exception):
    """The file is not read any further; carries the one problem that says why."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


@dataclass(frozen=True, slots=True)
class _Anchored:
    value: Any
    size: int
    height: int


@dataclass(slots=True, kw_only=True)
class Builder:
    """Builds one document's value from its events; problems, places and `faulty` locs beside it.

    With `as_text` every unquoted scalar stays the text that is written (null becomes "").
    """

    events: Iterator[Event]
    shown: str
    max_nodes: int
    as_text: bool = False
    problems: list[Problem] = field(default_factory=list)
    faulty: set[Loc] = field(default_factory=set)
    places: Places = field(init=False)
    _anchors: dict[str, _Anchored] = field(default_factory=dict)
    _nodes: int = 0

    def __post_init__(self) -> None:
        self.places = Places(self.shown)

    def document(self) -> Any:
        """The first document's value, None for an empty file. Raises Refused, YAMLError."""
        value: Any = None
        documents = 0
        for event in self.events:
            if isinstance(event, DocumentStartEvent):
                documents += 1
                if documents > 1:
                    raise Refused(
                        self._at(
                            event,
                            "yaml-documents",
                            say("a second document begins here"),
                            say("remove this --- line, or use two files"),
                        )
                    )
                value, _height = self._node(next(self.events), (), 1)
        return value

    def _at(self, event: Event, code: str, message: str, hint: str = "") -> Problem:
        line, column = _spot(event)
        place = Place(file=self.shown, line=line, column=column)
        return Problem(code=code, place=place, message=message, hint=hint)

    def _fault(self, loc: Loc, event: Event, code: str, message: str, hint: str = "") -> None:
        self.faulty.add(loc)
        self.problems.append(self._at(event, code, message, hint))

    def _count(self, event: Event, more: int, depth: int) -> None:
        self._nodes += more
        if depth > MAX_DEPTH:
            raise Refused(
                self._at(
                    event,
                    "yaml-nesting",
                    say("nested more than {n} levels deep", n=MAX_DEPTH),
                    say("flatten this part of the file"),
                )
            )
        if self._nodes > self.max_nodes:
            raise Refused(
                self._at(
                    event,
                    "yaml-too-large",
                    say("more than {n} values, repeated ones counted", n=self.max_nodes),
                    say("split the file, or write fewer aliases (*name)"),
                )
            )

    def _node(self, event: Event, loc: Loc, depth: int) -> tuple[Any, int]:
        """A node's value and its height (1 for a scalar)."""
        self.places.values[loc] = _spot(event)
        self._count(event, 1, depth)
        if isinstance(event, AliasEvent):
            return self._alias(event, loc, depth)
        before = self._nodes
        self._check_tag(event, loc)
        if isinstance(event, ScalarEvent):
            value, height = self._scalar(event, loc), 1
        elif isinstance(event, SequenceStartEvent):
            value, height = self._sequence(loc, depth)
        else:
            value, height = self._mapping(loc, depth)
        if anchor := getattr(event, "anchor", None):
            self._anchors[anchor] = _Anchored(value, self._nodes - before + 1, height)
        return value, height

    def _alias(self, event: AliasEvent, loc: Loc, depth: int) -> tuple[Any, int]:
        known = self._anchors.get(event.anchor or "")
        if known is None:
            name = "…" if is_secret(loc) else event.anchor
            self._fault(
                loc,
                event,
                "yaml-alias",
                say("nothing is named &{name} above this line", name=name),
                say('a text that begins with * must be in quotes: "*{name}"', name=name),
            )
            return None, 1
        self._count(event, known.size, depth + known.height - 1)
        return known.value, known.height

    def _check_tag(self, event: Event, loc: Loc) -> None:
        if tag := getattr(event, "tag", None):
            self._fault(
                loc,
                event,
                "yaml-tag",
                say(
                    "YAML tags such as {tag} are not used here",
                    tag="!…" if is_secret(loc) else str(tag)[:60],
                ),
                say("remove the tag; a text that begins with ! must be in quotes"),
            )

    def _scalar(self, event: ScalarEvent, loc: Loc) -> Any:
        text = str(event.value)
        if found := FORBIDDEN.search(text):
            self._fault(
                loc,
                event,
                "control-character",
                say("this text holds the control character {code}", code=named(found[0])),
                say("remove it"),
            )
        if event.style:
            return text
        if self.as_text:
            return "" if text in ("~", "null") else text
        if loc[:1] in _OF_TIMES and CLOCK.fullmatch(text):
            return text  # nothing but a time of day can stand there
        try:
            return resolve(text)
        except ScalarFault as fault:
            # A secret that is written out is told as such, and never repeated.
            if is_secret(loc):
                return text
            self._fault(loc, event, fault.code, str(fault), fault.hint)
            return text

    def _sequence(self, loc: Loc, depth: int) -> tuple[list[Any], int]:
        items: list[Any] = []
        tallest = 0
        while not isinstance(event := next(self.events), SequenceEndEvent):
            value, height = self._node(event, (*loc, len(items)), depth + 1)
            items.append(value)
            tallest = max(tallest, height)
        return items, tallest + 1

    def _mapping(self, loc: Loc, depth: int) -> tuple[dict[str, Any], int]:
        found: dict[str, Any] = {}
        tallest = 0
        while not isinstance(event := next(self.events), MappingEndEvent):
            key = self._key(event, loc, depth)
            here = (*loc, key)
            again = self.places.keys.get(here)
            if again is not None:
                self._duplicate(event, here, again[0])
                # Built all the same, for the faults inside it, at a place of its own.
                here = (*loc, self._nameless())
            self.places.keys[here] = _spot(event)
            value_event = next(self.events)
            value, height = self._node(value_event, here, depth + 1)
            tallest = max(tallest, height)
            if again is None:
                found[key] = value
                self._check_fullwidth(event, value_event, value, here)
        return found, tallest + 1

    def _duplicate(self, event: Event, here: Loc, line: int) -> None:
        self._fault(
            here,
            event,
            "duplicate-key",
            say('"{key}" stands here again; it is already in line {line}', key=here[-1], line=line),
            say("keep one of the two"),
        )

    def _nameless(self) -> str:
        """A key that no file can hold."""
        return f"\0{len(self.places.values)}"

    def _key(self, event: Event, loc: Loc, depth: int) -> str:
        if not isinstance(event, ScalarEvent):
            return self._no_key(event, loc, depth)
        text = str(event.value)
        here = (*loc, text)
        self._count(event, 1, depth)
        self._check_tag(event, here)
        if text == "<<" and not event.style:
            self._fault(
                here,
                event,
                "yaml-merge",
                say("merge keys (<<) are not used here"),
                say("write the lines out"),
            )
        elif not event.style and not self.as_text:
            self._check_plain_key(event, text, here)
        if found := FORBIDDEN.search(text):
            self._fault(
                here,
                event,
                "control-character",
                say("this text holds the control character {code}", code=named(found[0])),
                say("remove it"),
            )
        return text

    def _no_key(self, event: Event, loc: Loc, depth: int) -> str:
        name = self._nameless()
        self._node(event, (*loc, name), depth + 1)
        message = say("a key must be a text")
        hint = say("write: key: value; brackets and braces belong in quotes")
        self._fault((*loc, name), event, "yaml-key", message, hint)
        return name

    def _check_plain_key(self, event: ScalarEvent, text: str, here: Loc) -> None:
        try:
            is_text = isinstance(resolve(text), str)
        except ScalarFault:
            is_text = False
        if not is_text:
            self._fault(
                here,
                event,
                "yaml-key",
                say('the key "{key}" is not a text to YAML', key=text),
                say('put it in quotes: "{text}"', text=text),
            )

    def _check_fullwidth(self, key_event: Event, event: Event, value: Any, here: Loc) -> None:
        """A full-width colon or comma inside a plain key, or in a plain value below its key."""
        plain = isinstance(event, ScalarEvent) and not event.style
        below = _spot(event)[0] > _spot(key_event)[0]
        key = "" if getattr(key_event, "style", "") else str(here[-1])
        text = str(value) if plain and below and isinstance(value, str) else ""
        if any(sign in key for sign in "：，"):
            text = key
        elif not fullwidth_line(text):
            return
        self.faulty.add(here)
        place = self.places.key(here) if text is key else self.places.of(here)
        self.problems.append(fullwidth_problem(place, text))


def _spot(event: Event) -> tuple[int, int]:
    """Line and column from 1. Events that a parser makes have a mark."""
    mark = event.start_mark
    return (mark.line + 1, mark.column + 1) if mark else (1, 1)
