"""Cron expressions, as cronsim reads them: Debian's rules, also when clocks change."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from itertools import islice, takewhile

from cronsim import CronSim, CronSimError

from announce.texts import say

_FIELDS = 5
# More often than every hour nobody is to be written to: it is a slip.
_MOST_A_DAY = 24
# As cronsim names the field that it cannot read.
_BAD: Mapping[str, Callable[[], str]] = {
    "minute": lambda: say("its first field, the minute, is wrong"),
    "hour": lambda: say("its second field, the hour, is wrong"),
    "day-of-month": lambda: say("its third field, the day of the month, is wrong"),
    "month": lambda: say("its fourth field, the month, is wrong"),
    "day-of-week": lambda: say("its fifth field, the day of the week, is wrong"),
}


def cron_fault(text: str) -> str:
    """What is wrong with a cron expression; "" where nothing is."""
    fields = text.split()
    if text.strip().startswith("@"):
        return say("names such as @daily are not read")
    if len(fields) != _FIELDS:
        return say("it has {n} fields, not five", n=len(fields))
    try:
        moments = CronSim(text, datetime(2024, 1, 1, tzinfo=UTC))
        first = next(moments, None)
        if first is None:
            return say("no day is ever like that")
        week = takewhile(lambda at: at < first + timedelta(days=8), moments)
        days = Counter(at.date() for at in islice(week, _MOST_A_DAY * 8))
        if days and max(days.values()) > _MOST_A_DAY:
            return say("it is due more than {n} times a day", n=_MOST_A_DAY)
    except CronSimError as error:
        field = _BAD.get(str(error).partition("Bad ")[2])
        return field() if field else str(error)
    return ""
