"""The web inbox's pages: HTML from templates beside this file, everything filled in escaped."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from html import escape
from pathlib import Path
from string import Template

from babel.dates import format_date

from announce.texts import say, spoken

_PARTS = ("mails", "drafts", "outbox", "reader")
_FOLDER = Path(__file__).parent
# A phone's scroll bar lies over the page and takes none of its 375 pixels.
_BARE = "<style>html { scrollbar-width: none }</style>"


class Html(str):
    """Text that is HTML already."""

    __slots__ = ()


@cache
def asset(name: str) -> str:
    """A file beside this one."""
    return (_FOLDER / name).read_text(encoding="utf-8")


def fill(template: str, /, **values: object) -> Html:
    """A template with its `$names` filled; whatever is not Html is escaped."""
    safe = {
        key: value if isinstance(value, Html) else escape(str(value))
        for key, value in values.items()
    }
    return Html(Template(asset(template)).substitute(safe))


def join(pieces: list[Html]) -> Html:
    """One after the other."""
    return Html("".join(pieces))


def frame(*, base: str, title: str, here: str, main: Html) -> Html:
    """A whole page around `main`; `here` is the part of the inbox it belongs to."""
    return fill(
        "frame.html",
        lang="zh-CN" if spoken() == "zh" else "en",
        base=base,
        title=title,
        sandbox=say("Sandbox"),
        promise=say("Nothing here has left this machine"),
        mails=say("Mails"),
        drafts=say("Draft box"),
        outbox=say("Sent out"),
        reader=say("Followers' view"),
        **{f"{part}_here": _here(part == here) for part in _PARTS},
        main=main,
    )


def _here(chosen: bool) -> Html:
    return Html(' aria-current="page"' if chosen else "")


def nothing(text: str, hint: str) -> Html:
    """What stands where a list would be."""
    return fill("nothing.html", text=text, hint=hint)


def phone(page: str, title: str) -> Html:
    """A page in a phone-sized frame without rights."""
    return fill("phone.html", page=page + _BARE, title=title)


def emptying(*, base: str, what: str, ask: str, sure: str) -> Html:
    """The button that empties a part, behind a second look."""
    return fill("emptying.html", base=base, what=what, ask=ask, sure=sure)


def day(moment: datetime, *, weekday: bool = True) -> str:
    """The day of a moment on this machine's clock, in the interface's language."""
    locale, pattern = ("zh_CN", "y年M月d日") if spoken() == "zh" else ("en_GB", "d MMMM y")
    if weekday:
        pattern = f"{pattern} EEEE" if spoken() == "zh" else f"EEEE, {pattern}"
    return format_date(moment.astimezone(), pattern, locale=locale)


def clock(moment: datetime) -> str:
    """The time of a moment on this machine's clock."""
    return f"{moment.astimezone():%H:%M:%S}"


def offset(moment: datetime) -> str:
    """This machine's offset from UTC at a moment."""
    text = f"{moment.astimezone():%z}"
    return f"UTC{text[:3]}:{text[3:5]}"


def tabs(base: str, choices: dict[str, str], chosen: str) -> Html:
    """Links of which one is in force; `base` ends where the choice is appended."""
    return join(
        [
            fill(
                "tab.html",
                href=f"{base}{value}",
                text=text,
                here=Html(' aria-current="true"' if value == chosen else ""),
            )
            for value, text in choices.items()
        ]
    )


def size(count: int) -> str:
    """A number of bytes for people."""
    if count < 1000:
        return f"{count} B"
    return f"{count / 1000:.1f} kB" if count < 1_000_000 else f"{count / 1_000_000:.1f} MB"
