"""What remains, and deadlines Anywhere on Earth, as readers of either language see them."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from schedule_support import at, make_project, opened

from announce.gathering import gather
from announce.model.moment import Deadline, parse_moment
from announce.model.occurrence import Occurrence
from announce.rendering.book import TemplateBook
from announce.rendering.occurrences import OccurrenceName
from announce.rendering.renderer import Renderer

WEEKDAYS = {
    "en": ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"],
    "zh": ["星期一", "星期二", "星期三", "星期四", "星期五", "星期六", "星期日"],
}
MONTHS = [date(2025, month, 1).strftime("%B") for month in range(1, 13)]


@pytest.mark.parametrize(
    ("measured", "en", "zh"),
    [
        ("2025-02-04 09:00 Asia/Shanghai", "7 days left", "还有 7 天"),
        ("2025-02-09 09:00 Asia/Shanghai", "2 days left", "还有 2 天"),
        ("2025-02-10 09:00 Asia/Shanghai", "1 day left", "还有 1 天"),
        ("2025-02-10 21:00 Asia/Shanghai", "23 hours left", "还有 23 小时"),
        ("2025-02-11 07:59 Asia/Shanghai", "12 hours left", "还有 12 小时"),
        ("2025-02-11 19:00 Asia/Shanghai", "59 minutes left", "还有 59 分钟"),
        ("2025-02-11 19:58 Asia/Shanghai", "1 minute left", "还有 1 分钟"),
        # From elsewhere the same number of days, for both ends of the span move.
        ("2025-02-04 09:00 America/New_York", "7 days left", "还有 7 天"),
    ],
)
def test_what_remains_is_said_in_both_languages(measured: str, en: str, zh: str) -> None:
    """The deadline is 19:59 on the 11th in Beijing."""
    moment = at(measured)
    one = Occurrence(
        id="x", due=moment, measured=moment, date=parse_moment("2025-02-10 23:59 AoE"), length="7d"
    )
    assert OccurrenceName.of(one, "en").remaining == en
    assert OccurrenceName.of(one, "zh").remaining == zh


@pytest.mark.parametrize(
    ("measured", "days", "hours"),
    [
        ("2025-02-09 09:00 Asia/Shanghai", 2, 59),
        ("2025-02-11 09:20 Asia/Shanghai", 0, 11),
    ],
)
def test_numbers_are_those_of_the_words(measured: str, days: int, hours: int) -> None:
    """Who writes them out says the same as `remaining`."""
    moment = at(measured)
    one = Occurrence(id="x", due=moment, measured=moment, date=parse_moment("2025-02-10 23:59 AoE"))
    name = OccurrenceName.of(one, "en")
    assert (name.days, name.hours) == (days, hours)
    assert not days or name.remaining.startswith(f"{days} ")
    assert days or name.remaining.startswith(f"{hours} ")


def test_nothing_remains_once_it_is_over() -> None:
    """A template that says so is at fault: the name is undefined."""
    moment = at("2025-02-12 09:00 UTC")
    one = Occurrence(
        id="x", due=moment, measured=moment, date=parse_moment("2025-02-10 23:59 AoE"), length="7d"
    )
    assert not hasattr(OccurrenceName.of(one, "en"), "remaining")
    assert not hasattr(OccurrenceName.of(Occurrence(), "en"), "at")


def renderer(root: Path) -> Renderer:
    """That of the test's campaign."""
    gathered = gather(opened(root))
    project = gathered.project
    book = TemplateBook(project.root, project.languages)
    return Renderer(book, project=project, campaign=gathered.campaign)


def test_deadlines_anywhere_on_earth_are_the_next_evening_in_beijing(tmp_path: Path) -> None:
    """A thousand of them: 23:59 AoE is 19:59 of the next day, with both weekdays."""
    dice = random.Random(6)
    days = [date(2024, 1, 1) + timedelta(days=dice.randrange(365 * 12)) for _ in range(1000)]
    facts = ", ".join(f"{day} 23:59 AoE" for day in days)
    root = make_project(
        tmp_path,
        "  - {at: 2025-01-06 09:00 UTC}\n",
        facts=f"{{all: [{facts}]}}",
        words="{% for one in facts.all %}{{ one | deadline }}\n\n{% endfor %}",
    )
    people = gather(opened(root)).audience.recipients
    made = renderer(root)
    for language in ("en", "zh"):
        words = made.words(language=language, channel="email", recipient=people[0])
        lines = [line for line in words.text.splitlines() if line.strip()][: len(days)]
        assert len(lines) == 1000
        assert lines == [written(day, language) for day in days]


def written(day: date, language: str) -> str:
    """23:59 AoE on a day, as it is to be printed. The year of the next day is said where it is
    another one."""
    after = day + timedelta(days=1)
    new = after.year != day.year
    names = WEEKDAYS[language]
    here, there = names[day.weekday()], names[after.weekday()]
    if language == "zh":
        whole = f"{after.year}年1月1日"
        beijing = f"{whole}（{there}）" if new else f"{after.month}月{after.day}日{there}"
        utc = whole if new else f"{after.month}月{after.day}日"
        return (
            f"{day.year}年{day.month}月{day.day}日（{here}）23:59 AoE"
            f"（即北京时间{beijing}19:59，UTC {utc}11:59）"
        )
    next_day = f"{after.day} {MONTHS[after.month - 1]}" + (f" {after.year}" if new else "")
    return (
        f"{here}, {day.day} {MONTHS[day.month - 1]} {day.year}, 23:59 AoE"
        f" ({there}, {next_day}, 11:59 UTC; 19:59 Beijing time)"
    )


def test_the_moment_is_the_one_that_is_meant() -> None:
    """UTC−12, without summer time."""
    found = parse_moment("2027-03-15 23:59 AoE")
    assert isinstance(found, Deadline)
    assert found.utc == datetime(2027, 3, 16, 11, 59, tzinfo=UTC)
