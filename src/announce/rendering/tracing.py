"""Following a recipient through templates: what they look at, and what they merely print.

On a first run the recipient's values are `Tracked`: closed boxes, which only what is written
here opens. Whatever depends on what is inside a box is put as a question to the `Trace`, and
the questions with their answers say for whom else the run would have gone the same way. A
printed box goes through unopened, but for the question how its value prints; so does what a
filter makes of it. What cannot be followed raises (Untraceable, or TypeError out of a library
that got a box for a text), and the template is then run for each recipient.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Hashable, Iterator, Mapping
from functools import wraps
from typing import Any, Literal

from announce.rendering.expressions import (
    Expression,
    Expressions,
    Names,
    call_method,
    cut,
    is_simple,
    letter_of,
    print_alike,
    sort_of,
)

Sort = Literal["text", "number", "list"]

MAX_QUESTIONS = 400


class Untraceable(Exception):
    """Something was done with a recipient that cannot be followed."""


class Trace:
    """One run whose recipient is followed: the questions put so far, with their answers.

    `known` holds the expressions of all runs of the same templates. `uses` counts what was
    printed or given to a filter.
    """

    def __init__(self, names: Names, known: Expressions) -> None:
        self.names = names
        self.path: list[tuple[Expression, Hashable]] = []
        self.uses = 0
        self._known = known
        self._answers: dict[Expression, Any] = {}

    def take(self, key: Any) -> Tracked | None:
        """A value of the recipient by its name; None where there is none."""
        key = self.opened(key)
        if key not in self.names:
            self.has(key)
            return None
        # Nobody is asked for the name: without it, reading the value raises.
        sort: Sort = "list" if type(self.names[key]) is list else "text"
        return Tracked(self, self._known.field(key), sort)

    def has(self, key: Any) -> bool:
        """Whether the recipient has a value of this name; from here on the run depends on it."""
        key = self.opened(key)
        return bool(self.ask(self._known.has(key)))

    def ask(self, question: Expression) -> Any:
        """The answer to a question for this recipient; from here on the run depends on it."""
        if question not in self._answers:
            if len(self.path) >= MAX_QUESTIONS:
                raise Untraceable
            answer = question.read(self.names)
            self.path.append((question, answer))
            self._answers[question] = answer
        return self._answers[question]

    def made(self, function: Callable[..., Any], *args: Any) -> Expression:
        """What a function makes of its arguments, some of which are tracked."""
        return self._known.made(function, tuple(self._part(arg) for arg in args))

    def lift(self, function: Callable[..., Any], args: Any, more: Mapping[str, Any]) -> Any:
        """What a function makes of tracked values: tracked again where it is a text, a number
        or a list of texts; else the values are opened, and it is run."""
        self.uses += 1
        if more or not all(type(arg) is Tracked or is_simple(arg) for arg in args):
            return function(*self.opened(args), **self.opened(dict(more)))
        made = self._known.kept(self.made(function, *args))
        sort = self.ask(self.made(sort_of, made))
        if sort == "truth":
            return self.ask(made)
        return Tracked(self, made, sort) if sort else function(*self.opened(args))

    def opened(self, value: Any) -> Any:
        """A value with nothing tracked in it: from here on the run depends on all of it."""
        kind = type(value)
        if kind is Tracked:
            return value.open()
        if kind in (list, tuple):
            return kind([self.opened(one) for one in value])
        if kind is dict:
            return {self.opened(key): self.opened(one) for key, one in value.items()}
        if kind is People:
            raise Untraceable
        return value

    def _part(self, arg: Any) -> Any:
        if type(arg) is Tracked:
            return arg.expression
        if isinstance(arg, Expression):
            return arg
        arg = self.opened(arg)
        if not is_simple(arg):
            raise Untraceable
        return arg


class Tracked:
    """A recipient's value, or what filters made of it, that nobody has looked at yet."""

    __slots__ = ("expression", "sort", "trace")

    def __init__(self, trace: Trace, expression: Expression, sort: Sort) -> None:
        self.trace = trace
        self.expression = expression
        self.sort = sort

    def ask(self, function: Callable[..., Any], *args: Any) -> Any:
        """What a function says of the value; from here on the run depends on it."""
        return self.trace.ask(self.trace.made(function, self, *args))

    def open(self) -> Any:
        """The value itself; from here on the run depends on it."""
        # Equal numbers may print differently, and a list is no key.
        if self.sort == "text":
            return self.trace.ask(self.expression)
        self.ask(repr)
        return self.expression.read(self.trace.names)

    def printed(self) -> tuple[Tracked, str]:
        """The value as text, and the letter for what it is. Untraceable where none prints."""
        self.trace.uses += 1
        kind = self.ask(letter_of)
        if not kind:
            raise Untraceable
        if self.sort == "text":
            return self, kind
        return Tracked(self.trace, self.trace.made(str, self), "text"), kind

    def item(self, number: int) -> Tracked:
        """One of the items, which is there, or one of the characters."""
        return Tracked(self.trace, self.trace.made(operator.getitem, self, number), "text")

    def __getitem__(self, at: Any) -> Tracked:
        at = slice(*self.trace.opened((at.start, at.stop, at.step))) if type(at) is slice else at
        if type(at) is not slice or self.sort == "number":
            raise Untraceable
        made = self.trace.made(cut, self, at.start, at.stop, at.step)
        return Tracked(self.trace, made, self.sort)

    def __bool__(self) -> bool:
        return bool(self.ask(bool))

    def __len__(self) -> int:
        return int(self.ask(len))

    def __iter__(self) -> Iterator[Tracked]:
        return iter([self.item(number) for number in range(len(self))])

    def __contains__(self, item: Any) -> bool:
        return bool(self.ask(operator.contains, item))

    def __hash__(self) -> int:
        return hash(self.open())

    def __index__(self) -> int:
        return operator.index(self.open())

    def __eq__(self, other: object) -> Any:
        return self.ask(operator.eq, other)

    def __ne__(self, other: object) -> Any:
        return self.ask(operator.ne, other)

    def __lt__(self, other: Any) -> Any:
        return self.ask(operator.lt, other)

    def __le__(self, other: Any) -> Any:
        return self.ask(operator.le, other)

    def __gt__(self, other: Any) -> Any:
        return self.ask(operator.gt, other)

    def __ge__(self, other: Any) -> Any:
        return self.ask(operator.ge, other)

    def __str__(self) -> str:
        raise Untraceable

    def __format__(self, _: str) -> str:
        raise Untraceable


class People:
    """The recipient as a template sees it: values are taken by name, and all else refused."""

    __slots__ = ("trace",)

    def __init__(self, trace: Trace) -> None:
        self.trace = trace

    def __bool__(self) -> bool:
        return True

    def __contains__(self, key: Any) -> bool:
        return self.trace.has(key)

    def __hash__(self) -> int:
        raise Untraceable

    def __eq__(self, other: object) -> bool:
        raise Untraceable

    def __str__(self) -> str:
        raise Untraceable

    def __format__(self, _: str) -> str:
        raise Untraceable


class Method:
    """A method of a tracked text, not yet called."""

    __slots__ = ("name", "of")

    def __init__(self, of: Tracked, name: str) -> None:
        self.of = of
        self.name = name

    def call(self, args: tuple[Any, ...], more: Mapping[str, Any]) -> Any:
        """What the method makes of the text."""
        return self.of.trace.lift(call_method, (self.of, self.name, *args), more)


def trace_in(values: Any) -> Trace | None:
    """The trace of the first tracked value among these, or in lists and mappings of them."""
    for value in values:
        kind = type(value)
        if kind is Tracked or kind is People:
            found: Trace | None = value.trace
        elif kind in (list, tuple):
            found = trace_in(value)
        elif kind is dict:
            found = trace_in([*value, *value.values()])
        else:
            continue
        if found is not None:
            return found
    return None


def lifted(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, made fit for tracked values; pure, and without markup in what it makes."""

    @wraps(function)
    def run(*args: Any, **more: Any) -> Any:
        trace = trace_in((args, more))
        return function(*args, **more) if trace is None else trace.lift(function, args, more)

    return run


def same_text(one: Any, other: Any) -> bool:
    """Whether two values print the same; where one is tracked, the run depends on it."""
    if isinstance(one, str) and isinstance(other, str):
        return one == other
    if type(one) is Tracked and type(other) is Tracked and one.expression is other.expression:
        return True
    tracked, text = (one, other) if type(one) is Tracked else (other, one)
    return bool(tracked.ask(print_alike, text))
