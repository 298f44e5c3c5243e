"""Dates, times and deadlines in words of both languages, always with their zone."""

from __future__ import annotations

from datetime import date, datetime
from functools import lru_cache

from announce.model.languages import Language
from announce.model.moment import Deadline

_LOCALES: dict[Language, str] = {"en": "en_GB", "zh": "zh_Hans_CN"}
_PATTERNS: dict[Language, dict[str, str]] = {
    "en": {
        "long": "d MMMM y", "full": "EEEE, d MMMM y", "short": "d MMM",
        "day": "d MMMM", "weekday": "EEEE", "day+weekday": "EEEE, d MMMM",
    },
    "zh": {
        "long": "y年M月d日", "full": "y年M月d日（EEEE）", "short": "M月d日",
        "day": "M月d日", "weekday": "EEEE", "day+weekday": "M月d日EEEE",
    },
}  # fmt: skip
STYLES = ("long", "full", "short")


def day_of(value: date | Deadline) -> date:
    """The day of a date, or of a deadline in the zone it was written in."""
    return value.local.date() if isinstance(value, Deadline) else value


@lru_cache(maxsize=4096)
def in_words(day: date, style: str, language: Language) -> str:
    """A day by the name of a pattern: long, full, short, day, weekday, day+weekday."""
    from babel.dates import format_date  # slow to import, and not every campaign has dates

    return str(format_date(day, _PATTERNS[language][style], locale=_LOCALES[language]))


def long_date(value: date | Deadline, language: Language) -> str:
    """`5 March 2025`, `2025年3月5日`."""
    return in_words(day_of(value), "long", language)


def date_range(first: date, last: date, language: Language) -> str:
    """`24–28 April 2025`, `2025年4月24日至28日`; the same day twice is one day."""
    if first == last:
        return in_words(first, "long", language)
    if language == "zh":
        if first.year != last.year:
            end = in_words(last, "long", "zh")
        else:
            end = f"{last.day}日" if first.month == last.month else in_words(last, "day", "zh")
        return f"{in_words(first, 'long', 'zh')}至{end}"
    end = in_words(last, "long", "en")
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day}–{end}"
    return f"{in_words(first, 'day' if first.year == last.year else 'long', 'en')} – {end}"


def clock(moment: datetime) -> str:
    """`23:59`; seconds where there are any."""
    return f"{moment:%H:%M:%S}" if moment.second else f"{moment:%H:%M}"


def clock_in_zone(value: Deadline, language: Language) -> str:
    """`23:59 AoE`, `19:59 Beijing time`, `北京时间19:59`."""
    return _zoned(clock(value.local), value.zone, language)


@lru_cache(maxsize=4096)
def deadline(value: Deadline, language: Language) -> str:
    """The moment as written, then in UTC and in Beijing where these say something new."""
    written = value.local
    return _english(value, written) if language == "en" else _chinese(value, written)


def _english(value: Deadline, written: datetime) -> str:
    parts: list[str] = []
    day = written.date()
    for zone, moment in _elsewhere(value, ("UTC", "Asia/Shanghai")):
        shown = _zoned(clock(moment), zone, "en")
        parts.append(f"{_day_if_new(moment.date(), day, 'en')}{shown}")
        day = moment.date()
    head = f"{in_words(written.date(), 'full', 'en')}, {_zoned(clock(written), value.zone, 'en')}"
    return f"{head} ({'; '.join(parts)})" if parts else head


def _chinese(value: Deadline, written: datetime) -> str:
    day, here = in_words(written.date(), "full", "zh"), clock(written)
    beijing = _is_beijing(value.zone)
    head = f"北京时间{day}{here}" if beijing else f"{day}{_zoned(here, value.zone, 'zh')}"
    parts: list[str] = []
    for zone, moment in _elsewhere(value, ("Asia/Shanghai", "UTC")):
        # The weekday is said once, with Beijing's day.
        told = _day_if_new(moment.date(), written.date(), "zh", weekday=not parts)
        parts.append(f"{'UTC ' if zone == 'UTC' else '北京时间'}{told}{clock(moment)}")
    return f"{head}（即{'，'.join(parts)}）" if parts else head


def _elsewhere(value: Deadline, zones: tuple[str, ...]) -> list[tuple[str, datetime]]:
    moments = {"UTC": value.utc, "Asia/Shanghai": value.beijing}
    written = value.local.utcoffset()
    return [(zone, moments[zone]) for zone in zones if moments[zone].utcoffset() != written]


def _day_if_new(day: date, told: date, language: Language, *, weekday: bool = True) -> str:
    if day == told:
        return ""
    styles = ("full", "day+weekday") if weekday else ("long", "day")
    shown = in_words(day, styles[day.year == told.year], language)
    return f"{shown}, " if language == "en" else shown


def _is_beijing(zone: str) -> bool:
    return zone == "Asia/Shanghai"


def _zoned(time: str, zone: str, language: Language) -> str:
    if _is_beijing(zone):
        return f"{time} Beijing time" if language == "en" else f"北京时间{time}"
    if zone[:1] in "+-−":
        zone = f"UTC{zone}"
    return f"{time} {zone}"
