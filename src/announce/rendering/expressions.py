"""Expressions: how a value is got from a recipient. Equal ones are one object."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from datetime import date
from functools import partial
from operator import itemgetter
from typing import Any

from jinja2 import Environment

from announce.model.moment import Deadline
from announce.rendering.markers import clean, kind_of

# A recipient's values by name; what filters made of them is kept beside them, by expression.
Names = dict[Any, Any]
Read = Callable[[Names], Any]

# Values that templates and facts are made of, and what some filters are given besides.
_SIMPLE = (str, int, float, date, Deadline, type(None), Environment)


class Expression:
    """How a value is got from a recipient: a column, or what was made of columns; `name` is the
    first one's."""

    __slots__ = ("name", "read")

    def __init__(self, read: Read, name: str) -> None:
        self.read = read
        self.name = name


class Expressions:
    """All expressions of the same templates; what equals another one is that one."""

    def __init__(self) -> None:
        self._known: dict[Hashable, Expression] = {}

    def field(self, key: Any) -> Expression:
        """The value under a name. Reading it raises KeyError where there is none."""
        return self._one((Expression, key), lambda: itemgetter(key), str(key))

    def has(self, key: Any) -> Expression:
        """Whether there is a value under a name."""
        return self._one((Names, key), lambda: partial(_has, key), str(key))

    def made(self, function: Callable[..., Any], parts: tuple[Any, ...]) -> Expression:
        """What a function makes of its arguments: expressions and simple values (`is_simple`)."""
        key = (function, *map(_identity, parts))
        name = next((one.name for one in parts if isinstance(one, Expression)), "")
        return self._one(key, lambda: _reader(function, parts), name)

    def kept(self, made: Expression) -> Expression:
        """The same, worked out once for a recipient."""
        return self._one((_kept, made), lambda: _kept(made), made.name)

    def _one(self, key: Hashable, make: Callable[[], Read], name: str) -> Expression:
        if key not in self._known:
            self._known[key] = Expression(make(), name)
        return self._known[key]


def is_simple(value: Any) -> bool:
    """Whether a value is one of those that templates and facts are made of."""
    if type(value) in (list, tuple):
        return all(map(is_simple, value))
    if type(value) is dict:
        return all(map(is_simple, value)) and all(map(is_simple, value.values()))
    return isinstance(value, _SIMPLE)


def _identity(part: Any) -> Hashable:
    """What tells one argument of a function from another; 1 and True are not the same."""
    if isinstance(part, Expression):
        return part
    if type(part) in (list, tuple):
        return (type(part), *map(_identity, part))
    if type(part) is dict:
        return (dict, *map(_identity, part.items()))
    return (type(part), part)


def _has(key: Any, names: Names) -> bool:
    return key in names


def _reader(function: Callable[..., Any], parts: tuple[Any, ...]) -> Read:
    first, *others = parts
    if isinstance(first, Expression) and not any(isinstance(one, Expression) for one in others):
        read = first.read
        if not others:
            return lambda names: function(read(names))
        return lambda names: function(read(names), *others)

    def run(names: Names) -> Any:
        values = [part.read(names) if isinstance(part, Expression) else part for part in parts]
        return function(*values)

    return run


def _kept(made: Expression) -> Read:
    """The reader of an expression that works it out once a recipient."""

    def read(names: Names) -> Any:
        if made not in names:
            names[made] = made.read(names)
        return names[made]

    return read


def print_alike(one: str, other: str) -> bool:
    """Whether two texts are the same in print."""
    return one == other or _cleaned(one) == _cleaned(other)


def call_method(value: str, name: str, *args: Any) -> Any:
    """What a text's method makes of it."""
    return getattr(value, name)(*args)


def cut(value: Any, start: Any, stop: Any, step: Any) -> Any:
    """A slice of a text or of a list."""
    return value[start:stop:step]


def letter_of(value: Any) -> str:
    """The letter for what a value prints as; "" where it does not print."""
    if type(value) is str:
        if not value or value.isspace():
            return ""
        # No address is without it.
        return kind_of(_cleaned(value)) if ":" in value else "t"
    return "t" if type(value) in (int, float) else ""


def sort_of(value: Any) -> str:
    """What a filter's result is; "" for what is not tracked further."""
    if type(value) is str:
        return "text"
    if type(value) is bool:
        return "truth"
    if type(value) is list and all(type(one) is str for one in value):
        return "list"
    return "number" if type(value) in (int, float) else ""


def _cleaned(value: str) -> str:
    # What can be printed holds nothing to be cleaned; this is quicker, and asked for each mail.
    return value if value.isprintable() else clean(value)
