"""An occurrence as templates see it: its id, and beside it its moment and what remains."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Self

from announce.model.languages import Language
from announce.model.moment import Deadline
from announce.model.occurrence import Occurrence
from announce.timetable.clocks import day_of, end_of

_A_DAY = timedelta(days=1)
_ONE: dict[Language, dict[str, tuple[str, str]]] = {
    "en": {
        "days": ("{n} day left", "{n} days left"),
        "hours": ("{n} hour left", "{n} hours left"),
        "minutes": ("{n} minute left", "{n} minutes left"),
    },
    "zh": {
        "days": ("还有 {n} 天", "还有 {n} 天"),
        "hours": ("还有 {n} 小时", "还有 {n} 小时"),
        "minutes": ("还有 {n} 分钟", "还有 {n} 分钟"),
    },
}

# What there is only until the date that an occurrence goes by.
OF_WHAT_REMAINS = frozenset({"remaining", "days", "hours"})


class OccurrenceName(str):
    """The id, which is what `{{ occurrence }}` prints.

    `id`, `number` (of its entry, from 1) and `at` (its moment) are there for every occurrence of a
    schedule; of one that goes by a date of the facts also `deadline` (that date), `length` (`7d`)
    and, before it, `remaining` ("7 days left") with `days` (of the calendar) and `hours` (rounded).
    What an occurrence does not have is undefined.
    """

    id: str
    number: int
    at: Deadline
    deadline: object
    length: str
    remaining: str
    days: int
    hours: int

    @classmethod
    def of(cls, occurrence: Occurrence, language: Language) -> Self:
        """The occurrence in a language."""
        name = cls(occurrence.id)
        name.id = occurrence.id
        if occurrence.due is None:
            return name
        name.number = occurrence.number
        name.at = Deadline(occurrence.due, str(occurrence.due.tzinfo))
        if occurrence.date is not None:
            name.deadline, name.length = occurrence.date, occurrence.length
            name._remains(occurrence, occurrence.measured or occurrence.due, language)
        return name

    def _remains(self, occurrence: Occurrence, moment: datetime, language: Language) -> None:
        assert occurrence.date is not None
        assert occurrence.due is not None
        zone = occurrence.due.tzinfo or UTC
        left = end_of(occurrence.date, zone) - moment
        if left <= timedelta(0):
            return
        self.hours = round(left / timedelta(hours=1))
        self.days = (day_of(occurrence.date, zone) - moment.astimezone(zone).date()).days
        self.remaining = in_words(left, self.days, language)


def in_words(left: timedelta, days: int, language: Language) -> str:
    """How much is left: days of the calendar from a day on, below it hours, at last minutes."""
    number, unit = days, "days"
    if left < _A_DAY:
        number, unit = max(1, round(left / timedelta(hours=1))), "hours"
    if left < timedelta(minutes=90):
        number, unit = max(1, left // timedelta(minutes=1)), "minutes"
    one, several = _ONE[language][unit]
    return (one if number == 1 else several).format(n=number)
