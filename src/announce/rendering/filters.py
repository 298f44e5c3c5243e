"""The filters that templates have: few, without markup of their own, and bound to a language."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from functools import partial, wraps
from typing import Any

from jinja2.filters import FILTERS
from jinja2.runtime import Undefined
from markupsafe import Markup

from announce.model.languages import Language
from announce.model.moment import Deadline, MomentError, looks_like_moment, parse_moment
from announce.rendering import dates
from announce.rendering.faults import TemplateTrouble
from announce.rendering.markers import clean, is_link
from announce.rendering.printing import CURRENT, concatenate, printed, source_refused
from announce.rendering.qr import MAX_BYTES, qr_name
from announce.rendering.tracing import Tracked, lifted
from announce.texts import say

# Jinja2's own that neither make markup of data nor grow it without bound.
_HARMLESS = (
    "abs", "attr", "capitalize", "count", "dictsort", "first", "float", "int", "items", "last",
    "length", "lower", "map", "max", "min", "reject", "rejectattr", "reverse", "round", "select",
    "selectattr", "sort", "title", "trim", "unique", "upper",
)  # fmt: skip
_AND = {"en": {"and": " and ", "or": " or "}, "zh": {"and": "和", "or": "或"}}
_COMMA = {"en": ", ", "zh": "、"}


def filters_for(language: Language) -> dict[str, Callable[..., Any]]:
    """All filters of one language."""
    harmless = {name: _on_values(FILTERS[name]) for name in _HARMLESS}
    default = FILTERS["default"]
    bound = {
        "date": _date, "dates": _dates, "deadline": _deadline, "time": _time,
        "weekday": _weekday, "number": _number,
    }  # fmt: skip
    return {
        **harmless,
        "default": default, "d": default,
        "join": _on_lists(_join), "list": _on_lists(partial(_list, language)),
        "cut": _on_values(_cut), "replace": _on_values(_replace), "split": _on_values(_split),
        "link": partial(_link, language), "email": _email, "qr": _qr,
        **{name: _on_values(partial(function, language)) for name, function in bound.items()},
    }  # fmt: skip


def _on_values(function: Callable[..., Any]) -> Callable[..., Any]:
    """The filter, refusing the text of macros and blocks, and undefined names by their name."""
    own = function.func if isinstance(function, partial) else function

    @wraps(own)
    def run(*args: Any, **more: Any) -> Any:
        for value in (*args, *more.values()):
            if isinstance(value, Markup):
                raise source_refused()
            if isinstance(value, Undefined):
                str(value)  # raises, and names it
        return function(*args, **more)

    return lifted(run)


def _on_lists(function: Callable[..., Any]) -> Callable[..., Any]:
    """The filter, given a recipient's own list whole, so that its length makes no difference."""

    def run(value: Any, *args: Any, **more: Any) -> Any:
        if type(value) is Tracked and not any(isinstance(arg, Markup | Tracked) for arg in args):
            return value.trace.lift(function, (value, *args), more)
        return function(value, *args, **more)

    return run


def _trouble(message: str, hint: str = "") -> TemplateTrouble:
    return TemplateTrouble("filter-value", message, hint)


def _moment(value: Any, name: str) -> date | Deadline:
    if isinstance(value, date | Deadline):
        return value
    if isinstance(value, str) and looks_like_moment(value.strip()):
        try:
            return parse_moment(value.strip())
        except MomentError as error:
            raise _trouble(str(error), error.hint) from error
    raise _trouble(
        say("the filter {name} needs a date, not {value}", name=name, value=_shown(value)),
        say("write dates as 2025-02-10, or 2025-02-10 23:59 AoE"),
    )


def _shown(value: Any) -> str:
    text = f'"{value}"' if isinstance(value, str) else type(value).__name__
    return text if len(text) <= 60 else f"{text[:57]}…"


def _one_of(value: str, known: Iterable[str], name: str) -> str:
    if value in known:
        return value
    raise _trouble(
        say('the filter {name} does not know "{value}"', name=name, value=value),
        say("known here: {names}", names=", ".join(known)),
    )


def _date(language: Language, value: Any, style: str = "long") -> str:
    """`5 March 2025`; `full` adds the weekday, `short` leaves the year out."""
    day = dates.day_of(_moment(value, "date"))
    return dates.in_words(day, _one_of(style, dates.STYLES, "date"), language)


def _dates(language: Language, value: Any, until: Any = None) -> str:
    """A span of days: a mapping {from, to}, or `a | dates(b)`."""
    if isinstance(value, Mapping) and {"from", "to"} <= set(value):
        value, until = value["from"], value["to"]
    if until is None:
        raise _trouble(
            say("the filter dates needs a first and a last day"),
            say("write {from: …, to: …} in the facts, or {{ a | dates(b) }}"),
        )
    first, last = (dates.day_of(_moment(day, "dates")) for day in (value, until))
    if last < first:
        raise _trouble(say("{first} is after {last}", first=first, last=last), say("swap them"))
    return dates.date_range(first, last, language)


def _deadline(language: Language, value: Any) -> str:
    """The moment with its zone, and in UTC and Beijing; a date alone with its weekday."""
    moment = _moment(value, "deadline")
    if isinstance(moment, Deadline):
        return dates.deadline(moment, language)
    return dates.in_words(moment, "full", language)


def _time(language: Language, value: Any) -> str:
    """`23:59 AoE`."""
    moment = _moment(value, "time")
    if isinstance(moment, Deadline):
        return dates.clock_in_zone(moment, language)
    raise _trouble(
        say("{date} has no time of day", date=moment),
        say("write it as {date} 23:59 AoE", date=moment),
    )


def _weekday(language: Language, value: Any) -> str:
    """`Monday`, `星期一`."""
    return dates.in_words(dates.day_of(_moment(value, "weekday")), "weekday", language)


def _number(language: Language, value: Any) -> str:
    """`12,345`."""
    text = str(value).strip()
    if isinstance(value, bool) or not re.fullmatch(r"[-+]?\d{1,30}(\.\d{1,15})?", text):
        raise _trouble(
            say("the filter number needs a number, not {value}", value=_shown(value)),
            say("print it without the filter"),
        )
    from babel.numbers import format_decimal  # as in `dates`

    number = float(text) if "." in text else int(text)
    return str(format_decimal(number, locale="zh_Hans_CN" if language == "zh" else "en_GB"))


def _items(value: Any, name: str) -> list[Any]:
    if isinstance(value, Undefined):
        str(value)  # raises, and names it
    if isinstance(value, str) or (type(value) is Tracked and value.sort == "text"):
        return [value]
    if isinstance(value, Mapping) or not isinstance(value, Iterable):
        raise _trouble(
            say("the filter {name} needs a list, not {value}", name=name, value=_shown(value))
        )
    items = list(value)
    CURRENT.get().spend(len(items))
    return items


def _list(language: Language, value: Any, word: str = "and") -> str:
    """`A, B and C`, `甲、乙和丙`; `list("or")` for a choice."""
    items = _items(value, "list")
    word = _AND[language][_one_of(word, _AND[language], "list")]
    if not items:
        raise _trouble(say("an empty list would be printed"), say("guard it with {% if … %}"))
    parts: list[Any] = []
    for number, item in enumerate(items):
        if number:
            parts.append(word if number == len(items) - 1 else _COMMA[language])
        parts.append(item)
    return concatenate(parts)


def _join(value: Any, between: str = "") -> str:
    """The items as texts, one after the other."""
    items = _items(value, "join")
    parts: list[Any] = []
    for item in items:
        parts += (between, item) if parts else (item,)
    return concatenate(parts)


def _replace(value: Any, old: str, new: str) -> str:
    """The text with another in place of a part of it."""
    text = str(value)
    CURRENT.get().spend(text.count(old) * (len(new) // 100 + 1))
    return text.replace(old, new)


def _cut(value: Any, most: int) -> str:
    """The text, or as much of its beginning as goes with … into so many characters."""
    if type(most) is not int or most < 1:
        raise _trouble(
            say("the filter cut needs a number of characters, not {value}", value=_shown(most)),
            say("write for example: {example}", example="{{ recipient.paper | cut(20) }}"),
        )
    text = str(value).strip()
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"


def _split(value: Any, by: str = ";") -> list[str]:
    """The parts of a text, trimmed, without the empty ones; `;` also splits at `；`."""
    parts = re.split("[;；]", str(value)) if by == ";" else str(value).split(by)
    return [part.strip() for part in parts if part.strip()]


def _link(language: Language, value: Any, text: Any = None) -> str:
    """The address as a link to itself, or under a text."""
    url = _url(value)
    rendering = CURRENT.get()
    if not rendering.markdown:
        return url if text is None else concatenate((text, "：" if language == "zh" else ": ", url))
    marked = rendering.mark(url)
    if text is None:
        return Markup(f"<{marked}>")
    return Markup(f"[{printed(text)}]({marked})")


@lifted
def _url(value: Any) -> Any:
    if isinstance(value, Undefined):
        str(value)  # raises, and names it
    url = clean(value.strip()) if isinstance(value, str) else ""
    if isinstance(value, Markup) or not is_link(url):
        raise _trouble(
            say("{value} is no address of the web", value=_shown(value)),
            say("write it whole, with https://"),
        )
    return url


def _email(value: Any) -> Any:
    """A mail address as a link."""
    address, rendering = _address(value), CURRENT.get()
    if not rendering.markdown:
        return address
    marked = rendering.mark(address)
    return Markup(f"[{marked}](mailto:{marked})")


@lifted
def _address(value: Any) -> Any:
    if isinstance(value, Undefined):
        str(value)  # raises, and names it
    address = value.strip() if isinstance(value, str) else ""
    if isinstance(value, Markup) or not is_link(f"mailto:{address}"):
        raise _trouble(say("{value} is no mail address", value=_shown(value)))
    return address


def _qr(value: Any, caption: Any = None) -> str:
    """The address as a QR picture, with a text below it."""
    url, rendering = _url(value), CURRENT.get()
    if not rendering.markdown:
        raise _trouble(say("a QR picture has its place in the body"), say("move it there"))
    if isinstance(caption, Markup):
        raise source_refused()
    # The picture's name is made of the address, so that each recipient's own is one more shape.
    known = url.open() if type(url) is Tracked else url
    try:
        name = qr_name(known)
    except ValueError as error:
        raise _trouble(
            say("the address is too long for a QR picture: {url}", url=_shown(known)),
            say("at most {n} bytes: make a short link", n=MAX_BYTES),
        ) from error
    below = f' "{printed(caption)}"' if caption is not None else ""
    return Markup(f"![{rendering.mark(known)}]({name}{below})")
