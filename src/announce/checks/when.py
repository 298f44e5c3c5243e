"""Dates and times as messages say them, and the order of the facts' dates.

Only what is written can be judged: the moment is the one at which the message is sent, or the
campaign's `as_of`.
"""

from __future__ import annotations

import re
from calendar import day_name
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from announce.checks.catalogue import finding
from announce.checks.parity.moments import Day, dated, moments, weekdays
from announce.model.moment import Deadline
from announce.model.sample import Sample
from announce.problems import Place, Problem
from announce.texts import say, spoken

_BEFORE = re.compile(r"(?:[A-Za-z]+,?\s+|(?:星期|周)[一二三四五六日天][，,]?\s*)\Z")
_AFTER = re.compile(r"\s*[（(,，]?\s*(?:星期|周|礼拜)?[A-Za-z一二三四五六日天]{1,9}[）)]?")
_LATEST = re.compile(
    r"截止|截稿|之前|以前|前(?:提交|注册|报名|完成|回复)|deadline|\bdue\b|\bby\b|\bbefore\b|\buntil\b",
    re.IGNORECASE,
)
_ZONE = re.compile(
    r"AoE|UTC|GMT|CES?T|[EP][SD]T|BST|JST|SGT|时间|time\b|当地|local|UTC|时区|\+0?\d", re.IGNORECASE
)
_RELATIVE = re.compile(
    r"今天|明天|后天|昨天|今晚|明晚|[本下上]周[一二三四五六日末]?|下个?月|"
    r"\b(?:today|tomorrow|tonight|yesterday|(?:this|next|last) "
    r"(?:week|month|monday|tuesday|wednesday|thursday|friday|saturday|sunday|weekend))\b",
    re.IGNORECASE,
)
_LONG_AGO = timedelta(days=90)
# The order in which the dates of a meeting come, by words in the names of facts.
_ORDER: tuple[tuple[int, re.Pattern[str]], ...] = tuple(
    (rank, re.compile(words, re.IGNORECASE))
    for rank, words in (
        (0, r"\bopens?\b|开放"),
        (1, r"abstract|摘要"),
        (2, r"submission|\bpapers?\b|\bcfp\b|投稿|截稿"),
        (3, r"\breviews?\b|rebuttal|评审|审稿"),
        (4, r"notif|decision|录用|通知"),
        (5, r"camera|终稿"),
        (6, r"\b(?:conference|workshop|event|meeting)\b.*\b(?:dates?|from|starts?|begins?)\b|会期"),
    )
)


def date_doubts(sample: Sample, judged: datetime, *, scheduled: bool = False) -> list[Problem]:
    """What is wrong with the dates and times that a message says. `scheduled`: it is sent by
    itself some day, so that “tomorrow” is a guess."""
    return [
        *_weekdays(sample, judged.date()),
        *_deadlines(sample, judged.date()),
        *(_relative(sample) if scheduled else ()),
    ]


def order_doubts(facts: Mapping[str, Any], place: Place) -> list[Problem]:
    """Where a date of the facts comes before one that it must follow."""
    known = sorted((rank, name, day) for name, day in _days("facts", facts)
                   if (rank := _rank(name)) is not None)  # fmt: skip
    return [
        finding(
            "date-order",
            place,
            say("{later} ({second}) is before {earlier} ({first})", later=later, second=second,
                earlier=earlier, first=first),
        )
        for number, (rank, earlier, first) in enumerate(known)
        for other, later, second in known[number + 1 :]
        if other > rank and second < first
    ]  # fmt: skip


def _weekdays(sample: Sample, today: date) -> Iterator[Problem]:
    for line in sample.lines:
        for day, match in dated(line):
            found = _as_date(day, today)
            if found is None:
                yield finding(
                    "date-impossible", sample.place(match[0]),
                    say("there is no such day: “{said}”", said=match[0].strip()),
                )  # fmt: skip
                continue
            if match.groupdict().get("d2"):
                continue
            for said, weekday in _beside(line, match):
                if weekday != found.weekday():
                    yield finding(
                        "date-weekday",
                        sample.place(match[0]),
                        say(
                            "{date} is a {right}, and the text says “{said}”",
                            date=found,
                            right=_weekday(found),
                            said=f"{match[0].strip()} {said}".strip(),
                        ),
                    )


def _weekday(day: date) -> str:
    name = day.weekday()
    return f"星期{'一二三四五六日'[name]}" if spoken() == "zh" else day_name[name]


def _beside(line: str, match: re.Match[str]) -> Iterator[tuple[str, int]]:
    """The weekday right before or right behind a date."""
    before = _BEFORE.search(line[: match.start()])
    after = _AFTER.match(line[match.end() :])
    behind = after[0] if after and re.match(r"\s*[（(,，]|(?:星期|周)", after[0]) else ""
    for said in (before[0] if before else "", behind):
        for weekday in weekdays(said):
            yield said.strip(" ,，"), weekday
            return


def _as_date(day: Day, today: date) -> date | None:
    """The date; of one without a year the next such day, or one lately past."""
    year, month, number = day
    try:
        if year is not None:
            return date(year, month, number)
        if (month, number) == (2, 29):
            return _leap(today)
        found = date(today.year, month, number)
        return found if found >= today - _LONG_AGO else date(today.year + 1, month, number)
    except ValueError:
        return None


def _leap(today: date) -> date:
    year = today.year
    while True:
        try:
            return date(year, 2, 29)
        except ValueError:
            year += 1


def _deadlines(sample: Sample, today: date) -> Iterator[Problem]:
    for line in sample.lines:
        if not _LATEST.search(line):
            continue
        said = moments(line, sample.language)
        for day, words in said.days.items():
            found = _as_date(day, today)
            if found is not None and day[0] is not None and found < today:
                yield finding(
                    "date-past", sample.place(words),
                    say("“{said}” is past on {today}", said=words, today=today),
                )  # fmt: skip
        if said.clocks and not _ZONE.search(line):
            clock = next(iter(said.clocks.values()))
            yield finding(
                "date-zone", sample.place(clock),
                say("“{said}” is a deadline without its zone", said=clock),
            )  # fmt: skip


def _relative(sample: Sample) -> Iterator[Problem]:
    for line in sample.lines:
        for match in _RELATIVE.finditer(line):
            yield finding(
                "date-relative", sample.place(match[0]),
                say("“{said}” depends on the day it is read", said=match[0]),
            )  # fmt: skip


def _days(prefix: str, value: Any) -> Iterator[tuple[str, date]]:
    if isinstance(value, Deadline):
        yield prefix, value.local.date()
    elif isinstance(value, date):
        yield prefix, value
    elif isinstance(value, dict):
        for key, inner in value.items():
            if key not in ("to", "until", "end"):
                yield from _days(f"{prefix}.{key}", inner)


def _rank(name: str) -> int | None:
    words = re.sub(r"[._-]", " ", name.removeprefix("facts."))
    ranks = [rank for rank, pattern in _ORDER if pattern.search(words)]
    return ranks[-1] if ranks else None
