"""Printing: what a template prints is data and becomes a marker, unless it is source itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sized
from contextvars import ContextVar
from datetime import date, datetime
from itertools import islice
from typing import Any

from jinja2.runtime import Undefined
from markupsafe import Markup

from announce.model.languages import Language
from announce.model.moment import Deadline
from announce.rendering import markers
from announce.rendering.dates import deadline, long_date
from announce.rendering.faults import TemplateTrouble
from announce.rendering.tracing import Tracked, same_text, trace_in
from announce.texts import say

MAX_STEPS = 200_000
MAX_TEXT = 1_000_000
LONG = 1000  # characters that cost a step

# What is printed: a text, or one that differs from recipient to recipient.
Value = str | Tracked


class Rendering:
    """One rendering under way: the values printed so far, and what it may still spend."""

    __slots__ = ("kinds", "language", "markdown", "names", "steps", "values")

    def __init__(
        self, *, language: Language, names: Mapping[str, Any], markdown: bool = True
    ) -> None:
        self.language = language
        self.names = names
        self.markdown = markdown
        self.values: list[Value] = []
        self.kinds: list[str] = []
        self.steps = MAX_STEPS

    def mark(self, value: Value) -> str:
        """The marker that stands for a value from now on."""
        if type(value) is Tracked:
            return self._placed(*value.printed())
        text, kind = markers.prepared(value)
        if len(text) >= LONG:
            self.spend(len(text) // LONG)
        return self._placed(text, kind)

    def _placed(self, value: Value, kind: str) -> str:
        # A link shown as its own address must be seen to be the same as its text.
        if kind != "t":
            for number, other in enumerate(self.values):
                if self.kinds[number] == kind and same_text(other, value):
                    return markers.marker(kind, number)
        self.values.append(value)
        self.kinds.append(kind)
        return markers.marker(kind, len(self.values) - 1)

    def spend(self, steps: int) -> None:
        """Count work; refuse a template that does not come to an end."""
        self.steps -= steps
        if self.steps < 0:
            raise TemplateTrouble(
                "template-runaway",
                say("the template takes more than {n} steps", n=MAX_STEPS),
                say("shorten its loops"),
            )


CURRENT: ContextVar[Rendering] = ContextVar("announce.rendering")


def printed(value: Any) -> str:
    """What printing a value puts into the source: source itself, or the value's marker."""
    if isinstance(value, Markup):
        return value
    return CURRENT.get().mark(value if type(value) is Tracked else _as_text(value))


def _as_text(value: Any) -> str:
    if isinstance(value, str):
        if value and not value.isspace():
            return value
        raise TemplateTrouble(
            "value-blank",
            say("an empty value would be printed"),
            _guard(),
        )
    if isinstance(value, bool) or value is None:
        raise TemplateTrouble(
            "value-unprintable",
            say("{value} would be printed", value="null" if value is None else str(value).lower()),
            _guard(),
        )
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, Undefined):
        return str(value)  # raises, and names what is undefined
    if isinstance(value, date | Deadline) and not isinstance(value, datetime):
        return _moment(value)
    raise _unprintable(value)


def _guard() -> str:
    return say('guard it with {% if … %}, or give another: {{ … | default("…", true) }}')


def _moment(value: date | Deadline) -> str:
    language = CURRENT.get().language
    return deadline(value, language) if isinstance(value, Deadline) else long_date(value, language)


def _unprintable(value: Any) -> TemplateTrouble:
    if isinstance(value, dict):
        what, mend = say("a mapping would be printed"), say("print one of its values, as in a.b")
    elif isinstance(value, list | tuple | set):
        what = say("a list would be printed")
        mend = say("write {{ … | list }}, or loop over it with {% for … %}")
    elif isinstance(value, datetime):
        what = say("a time without its zone would be printed")
        mend = say("print the moment itself: {{ … | deadline }} or {{ … | time }}")
    else:
        what = say("something that is no value would be printed (a method or a macro)")
        mend = say("a macro is called with parentheses")
    return TemplateTrouble("value-unprintable", what, mend)


def concatenate(parts: Iterable[Any]) -> str:
    """Texts joined: source when any of them is source, and then the others as markers."""
    items = list(parts)
    if any(isinstance(item, Markup) for item in items):
        return bounded(Markup("".join(_joined(item) for item in items)))
    items = [item if isinstance(item, str | Tracked) else _as_text(item) for item in items]
    trace = trace_in(items)
    return _together(*items) if trace is None else trace.lift(_together, items, {})


def _together(*items: Any) -> str:
    return bounded("".join([item if isinstance(item, str) else _as_text(item) for item in items]))


def _joined(item: Any) -> str:
    # A space between two links is no value that was forgotten.
    return CURRENT.get().mark(item) if isinstance(item, str) and item.isspace() else printed(item)


def bounded(text: str) -> str:
    """The text, unless it is absurdly long."""
    if len(text) > MAX_TEXT:
        raise too_large()
    CURRENT.get().spend(len(text) // LONG)
    return text


def counted(value: Any) -> Any:
    """What a loop runs over, its length counted first."""
    if isinstance(value, Undefined) or not isinstance(value, Iterable):
        return value
    rendering = CURRENT.get()
    items = value if isinstance(value, Sized) else list(islice(value, rendering.steps + 1))
    rendering.spend(len(items) + 1)
    return items


def too_large() -> TemplateTrouble:
    """A value of absurd size."""
    what = say("the template makes a value that is too large")
    return TemplateTrouble("template-runaway", what, say("make it smaller"))


def counted_range(*bounds: int) -> range:
    """`range`, its length counted first."""
    numbers = range(*bounds)
    try:
        CURRENT.get().spend(len(numbers))
    except OverflowError as error:
        raise too_large() from error
    return numbers


def source_refused() -> TemplateTrouble:
    """A macro's or block's text where only values can be."""
    return TemplateTrouble(
        "template-source",
        say("the text of a macro or a block can be printed and joined, and nothing else"),
        say("apply the filter to the values inside it"),
    )
