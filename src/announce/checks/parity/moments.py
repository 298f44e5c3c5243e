"""Dates, times and zones as Chinese and English texts say them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TypeVar

from announce.checks.parity.words import HAN_NUMBER, number, words

# A date: year (None where the text leaves it open), month, day.
Day = tuple[int | None, int, int]
# Hour and minute, and whether the text says which half of the day it is.
Clock = tuple[int, int, bool]
_Moment = TypeVar("_Moment", Day, Clock)

_TO = (
    r"\s*(?:至|到|和|、|[-–—~～]|to|and|through|until|or)\s*"
    r"(?:(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?\.?,?\s+)?"
)
_N = rf"(?:\d{{1,2}}|{HAN_NUMBER}{{1,3}})"
_MONTHS = "|".join(
    f"{one[:3]}(?:{one[3:]}|\\.)?" if one != "may" else "may" for one in words()["months"]
)
_ORDINAL = r"(?:st|nd|rd|th)?"
_DAYS = rf"(?P<d>\d{{1,2}}){_ORDINAL}(?:{_TO}(?P<d2>\d{{1,2}}){_ORDINAL})?"
_BESIDE = r"(?:\s*[（(][^）)\d]{1,8}[）)])?"  # a weekday in brackets
_DATES = (
    re.compile(
        r"(?<!\d)(?P<y>\d{4})[-/.](?P<m>\d{1,2})[-/.](?P<d>\d{1,2})(?!\d)"
        r"(?:\s*[-–—~至到]\s*(?P<d2>\d{1,2})(?![\d:]))?"
    ),
    re.compile(
        rf"(?:(?P<y>\d{{4}}|[零〇一二三四五六七八九]{{4}})\s*年\s*)?(?P<m>{_N})\s*月\s*(?P<d>{_N})"
        rf"(?:\s*[日号]{_BESIDE})?{_TO}(?P<d2>{_N})\s*[日号]"
    ),
    re.compile(
        rf"(?:(?P<y>\d{{4}}|[零〇一二三四五六七八九]{{4}})\s*年\s*)?(?P<m>{_N})\s*月\s*(?P<d>{_N})\s*[日号]"
    ),
    re.compile(rf"\b(?P<m>{_MONTHS})\s+{_DAYS}(?!\d|:\d)(?:,?\s+(?P<y>\d{{4}})\b)?", re.IGNORECASE),
    re.compile(
        rf"(?<![\d:.])\b{_DAYS}\s+(?:of\s+)?(?P<m>{_MONTHS})\b(?:,?\s+(?P<y>\d{{4}})\b)?",
        re.IGNORECASE,
    ),
)
# A month without a day, which is neither a date nor a figure.
_MONTH = re.compile(rf"(?<!\d)(?:\d{{1,2}}|{HAN_NUMBER}{{1,2}})\s*月(?!\d)")
_PART = r"(?P<part>凌晨|清晨|早上|上午|中午|下午|傍晚|晚上|晚|夜里)?"
_WHEN_ZH = re.compile(
    rf"{_PART}\s*(?P<h>{_N})\s*(?:[:：](?P<m>\d{{2}})|"
    r"[点點](?:(?P<half>半)|(?P<quarter>一刻|三刻)|(?P<m2>\d{1,2}|[一二三四五六七八九十]{1,3})(?=分)分)?"
    r"(?!\w*[篇个项击评赞名]))"
)
_WHEN_EN = re.compile(
    r"(?<![\d:])(?P<h>\d{1,2})(?:[:.](?P<m>\d{2}))?\s*(?P<part>a\.?m\b\.?|p\.?m\b\.?)|"
    r"(?<![\d:.])(?P<h2>\d{1,2}):(?P<m2>\d{2})(?![\d:])|\b(?P<word>noon|midnight)\b|"
    r"\b(?P<past>half|a quarter|quarter) (?P<way>past|to) (?P<h3>\w+)",
    re.IGNORECASE,
)
# The first time of a range has the second one's half of the day: 8–9 pm, 3:30 to 5:00 pm.
_RANGE = re.compile(
    r"(?<![\d:.])(\d{1,2}(?:[:.]\d{2})?)(\s*(?:[-–—~]|to|until|and)\s*)"
    r"(\d{1,2}(?:[:.]\d{2})?)\s*([ap])\.?m\b\.?",
    re.IGNORECASE,
)
_WEEKDAY = re.compile(
    r"(?:星期|周|礼拜|[（(])(?P<zh>[一二三四五六日天])(?![一-鿿]*[年会期岁刊报])|"
    r"\b(?P<en>Mon|Tues?|Wed(?:nes)?|Thu(?:rs)?|Fri|Sat(?:ur)?|Sun)(?:days?)?\b",
)
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_RANGE_ZH = re.compile(
    r"(凌晨|早上|上午|下午|傍晚|晚上|晚)?\s*(\d{1,2})\s*[-–—~至到]\s*(\d{1,2})\s*点"
)
_IN_WORDS = re.compile(
    r"(?<![\d:.])(\d{1,2}) (in the morning|in the afternoon|in the evening|at night)\b",
    re.IGNORECASE,
)
_LATE = ("中午", "下午", "傍晚", "晚上", "晚", "夜里")


@dataclass(slots=True)
class Moments:
    """What a text says of time; `rest` is the text without it."""

    days: dict[Day, str] = field(default_factory=dict)
    clocks: dict[Clock, str] = field(default_factory=dict)
    zones: dict[str, str] = field(default_factory=dict)
    rest: str = ""


def moments(text: str, language: str) -> Moments:
    """All dates, times and zones of a text, each with the words that say it first."""
    found = Moments(rest=text)
    for pattern in _DATES:
        found.rest = _take(pattern, found.rest, found.days, _days)
    found.rest = _MONTH.sub(" ", _RANGE.sub(r"\1 \4m\2\3 \4m", found.rest))
    found.rest = _RANGE_ZH.sub(r"\1\2点、\1\3点", found.rest)
    found.rest = _IN_WORDS.sub(
        lambda said: f"{said[1]} {'am' if said[2].lower() == 'in the morning' else 'pm'}",
        found.rest,
    )
    pattern = _WHEN_ZH if language == "zh" else _WHEN_EN
    clock = _clock_zh if language == "zh" else _clock_en
    found.rest = _take(pattern, found.rest, found.clocks, clock)
    if language == "zh":  # 23:59 and the like, with English beside it
        found.rest = _take(_WHEN_EN, found.rest, found.clocks, _clock_en)
    for zone, written in words()["zones"].items():
        for match in re.finditer(written, text):
            found.zones.setdefault(zone, match[0])
        found.rest = re.sub(written, " ", found.rest)
    return found


def dated(text: str) -> Iterator[tuple[Day, re.Match[str]]]:
    """Every date of a text with its place, the ends of ranges left out."""
    for pattern in _DATES:
        for match in pattern.finditer(text):
            for day in list(_days(match, all_days=True))[:1]:
                yield day, match
        text = pattern.sub(lambda match: "\n" * len(match[0]), text)


def _take(
    pattern: re.Pattern[str],
    text: str,
    into: dict[_Moment, str],
    read: Callable[[re.Match[str]], Iterator[_Moment]],
) -> str:
    def replaced(match: re.Match[str]) -> str:
        values = list(read(match))
        for value in values:
            into.setdefault(value, match[0].strip())
        return "\n" if values else match[0]

    return pattern.sub(replaced, text)


def _days(match: re.Match[str], *, all_days: bool = False) -> Iterator[Day]:
    groups = match.groupdict()
    month = _month(groups["m"])
    year = number(groups["y"]) if groups.get("y") else None
    for day in (groups.get("d"), groups.get("d2")):
        value = number(day) if day else None
        if month and value and 1 <= month <= 12 and (all_days or 1 <= value <= 31):
            yield year, month, value


def _month(text: str) -> int | None:
    for place, name in enumerate(words()["months"], 1):
        if text.lower().startswith(name[:3]):
            return place
    return number(text)


def _clock_zh(match: re.Match[str]) -> Iterator[Clock]:
    hour = number(match["h"])
    minute = number(match["m"] or match["m2"] or "0")
    if match["half"]:
        minute = 30
    elif match["quarter"]:
        minute = 15 if match["quarter"] == "一刻" else 45
    if hour is None or minute is None or hour > 24 or minute > 59:
        return
    if match[0] in ("一点", "两点"):  # a point, a bit
        return
    part = match["part"]
    if part in _LATE and hour < 12 and not (part == "中午" and hour == 11):
        hour += 12
    elif part in ("晚上", "晚", "夜里", "凌晨") and hour == 12:
        hour = 24
    yield hour % 24, minute, part is not None or hour > 12


def _clock_en(match: re.Match[str]) -> Iterator[Clock]:
    if match["word"]:
        yield (12 if match["word"].lower() == "noon" else 0), 0, False
        return
    if match["past"]:
        yield from _clock_past(match)
        return
    hour, minute = int(match["h"] or match["h2"]), int(match["m"] or match["m2"] or 0)
    if hour > 24 or minute > 59:
        return
    part = (match["part"] or "").lower()
    if part.startswith("p") and hour < 12:
        hour += 12
    elif part.startswith("a") and hour == 12:
        hour = 0
    yield hour % 24, minute, bool(part) or hour > 12


def _clock_past(match: re.Match[str]) -> Iterator[Clock]:
    hour = words()["numbers"].get(match["h3"].lower(), 1 if match["h3"].lower() == "one" else None)
    if hour is None:
        hour = int(match["h3"]) if match["h3"].isdigit() else None
    if hour is None:
        return
    minute = 30 if match["past"].lower() == "half" else 15
    if match["way"].lower() == "to":
        hour, minute = (hour - 1) % 24, 60 - minute
    yield hour, minute, False


def same_clock(one: Clock, other: Clock) -> bool:
    """Whether two times are the same; where one does not say which half of the day, either."""
    if one[2] and other[2]:
        return one[:2] == other[:2]
    return (one[0] % 12, one[1]) == (other[0] % 12, other[1])


def same_day(one: Day, other: Day) -> bool:
    """Whether two dates are the same; where one leaves the year open, in any."""
    return one[1:] == other[1:] and (one[0] == other[0] or None in (one[0], other[0]))


def weekdays(text: str) -> dict[int, str]:
    """The weekdays that a text names, Monday being 0."""
    found: dict[int, str] = {}
    for match in _WEEKDAY.finditer(text):
        if match["zh"]:
            day = "一二三四五六日".index(match["zh"].replace("天", "日"))
        else:
            day = _WEEKDAYS.index(match["en"][:3].lower())
        found.setdefault(day, match[0])
    return found
