"""When occurrences are due: moments, dates of the facts, cron, quiet times; clocks that change."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from schedule_support import make_project, moments, occurrences

from announce.errors import InputError
from announce.timetable.clocks import instant

NOW = "2025-01-01 00:00 UTC"


def test_moment_alone_is_the_campaign_s_one_occurrence(tmp_path: Path) -> None:
    """It is called `once`, as without a schedule: what was sent by hand is not sent again."""
    root = make_project(tmp_path, "  - {at: 2025-01-06 09:00 Asia/Shanghai}\n")
    assert moments(occurrences(root, NOW)) == {"once": "2025-01-06 09:00 +0800"}


def test_dates_before_a_fact_move_with_it_and_keep_their_ids(tmp_path: Path) -> None:
    """23:59 AoE on the 10th is the 11th in Shanghai, from which days are counted."""
    entry = "  - {before: deadlines.submission, by: [14d, 1w, 2d, 12h, 30m], at: 09:00}\n"
    first = occurrences(make_project(tmp_path, entry), NOW)
    later = occurrences(
        make_project(tmp_path, entry, facts="{deadlines: {submission: 2025-02-12 23:59 AoE}}"), NOW
    )
    assert moments(first) == {
        "submission-14d": "2025-01-28 09:00 +0800",
        "submission-7d": "2025-02-04 09:00 +0800",
        "submission-2d": "2025-02-09 09:00 +0800",
        "submission-12h": "2025-02-11 07:59 +0800",
        "submission-30m": "2025-02-11 19:29 +0800",
    }
    assert list(later) == list(first)
    assert moments(later)["submission-7d"] == "2025-02-06 09:00 +0800"


def test_after_a_date_without_a_time(tmp_path: Path) -> None:
    """A thank-you three days after the workshop."""
    root = make_project(
        tmp_path,
        "  - {after: workshop.to, by: 3d, at: 10:30, zone: Europe/Berlin}\n",
        facts="{workshop: {to: 2025-04-28}}",
    )
    assert moments(occurrences(root, NOW)) == {"to-after-3d": "2025-05-01 10:30 +0200"}


def test_each_zone_of_the_audience_has_its_moment(tmp_path: Path) -> None:
    """One id, so that nobody is in two of them."""
    root = make_project(
        tmp_path, "  - {before: deadlines.submission, by: 7d, at: 09:00, zone: audience}\n"
    )
    found = occurrences(root, NOW, zones=("", "America/New_York", "Europe/Berlin"))
    assert moments(found) == {
        "submission-7d": "2025-02-04 09:00 +0800",
        "submission-7d@Europe/Berlin": "2025-02-04 09:00 +0100",
        "submission-7d@America/New_York": "2025-02-04 09:00 -0500",
    }


def test_cron_with_start_end_and_count(tmp_path: Path) -> None:
    """Ids have the nominal local time; `end` may be a fact."""
    entry = "  - {id: weekly, cron: 0 9 * * mon, start: 2025-01-10, count: 3}\n"
    assert list(occurrences(make_project(tmp_path, entry), NOW)) == [
        "weekly-2025-01-13T0900", "weekly-2025-01-20T0900", "weekly-2025-01-27T0900",
    ]  # fmt: skip
    entry = "  - {cron: 0 9 * * mon, start: 2025-01-20, end: deadlines.submission}\n"
    assert list(occurrences(make_project(tmp_path, entry), NOW)) == [
        "cron-2025-01-20T0900", "cron-2025-01-27T0900", "cron-2025-02-03T0900",
        "cron-2025-02-10T0900",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("zone", "day", "clock", "utc"),
    [
        # Clocks go forward: 30 March 2025 in Berlin, 9 March in New York.
        ("Europe/Berlin", "2025-03-30", "01:59", "2025-03-30 00:59"),
        ("Europe/Berlin", "2025-03-30", "02:00", "2025-03-30 01:00"),
        ("Europe/Berlin", "2025-03-30", "02:30", "2025-03-30 01:30"),
        ("Europe/Berlin", "2025-03-30", "03:00", "2025-03-30 01:00"),
        ("America/New_York", "2025-03-09", "02:30", "2025-03-09 07:30"),
        ("America/New_York", "2025-03-09", "03:30", "2025-03-09 07:30"),
        # They go back: 26 October in Berlin, 2 November in New York; the first of two is meant.
        ("Europe/Berlin", "2025-10-26", "02:30", "2025-10-26 00:30"),
        ("Europe/Berlin", "2025-10-26", "03:00", "2025-10-26 02:00"),
        ("America/New_York", "2025-11-02", "01:30", "2025-11-02 05:30"),
        ("America/New_York", "2025-11-02", "02:00", "2025-11-02 07:00"),
        # A zone whose clocks move by half an hour, and one that left a day out.
        ("Australia/Lord_Howe", "2025-10-05", "02:15", "2025-10-04 15:45"),
        ("Pacific/Apia", "2011-12-30", "12:00", "2011-12-30 22:00"),
        ("Asia/Shanghai", "2025-03-30", "02:30", "2025-03-29 18:30"),
    ],
)
def test_known_cases_of_clocks_that_change(zone: str, day: str, clock: str, utc: str) -> None:
    """What is skipped moves by what is skipped, what happens twice is meant the first time."""
    found = instant(date.fromisoformat(day), time.fromisoformat(clock), ZoneInfo(zone))
    assert f"{found.astimezone(UTC):%Y-%m-%d %H:%M}" == utc


@pytest.mark.parametrize(
    ("zone", "cron", "expected"),
    [
        # Debian's cron: what is skipped runs once right after, what is repeated once.
        ("Europe/Berlin", "30 2 * * *", {"03-29": "02:30", "03-30": "03:00", "03-31": "02:30"}),
        ("America/New_York", "30 2 * * *", {"03-08": "02:30", "03-09": "03:00", "03-10": "02:30"}),
        ("Europe/Berlin", "30 2 * * *", {"10-25": "02:30", "10-26": "02:30", "10-27": "02:30"}),
        ("America/New_York", "30 1 * * *", {"11-01": "01:30", "11-02": "01:30", "11-03": "01:30"}),
    ],
)
def test_cron_fires_once_a_day_where_clocks_change(
    tmp_path: Path, zone: str, cron: str, expected: dict[str, str]
) -> None:
    """Neither left out nor twice."""
    first = min(expected)
    root = make_project(
        tmp_path, f"  - {{cron: {cron}, zone: {zone}, start: 2025-{first}, count: 3}}\n"
    )
    found = occurrences(root, f"2025-{first} 00:00 UTC")
    assert {f"{one.due:%m-%d}": f"{one.due:%H:%M}" for one in found.values()} == expected


@given(
    day=st.dates(date(2024, 1, 1), date(2030, 12, 31)),
    clock=st.times().map(lambda one: one.replace(second=0, microsecond=0)),
    zone=st.sampled_from(["Europe/Berlin", "America/New_York", "Asia/Shanghai", "Pacific/Apia"]),
)
@settings(max_examples=300)
def test_instant_is_that_time_of_day_or_next_to_a_change(day: date, clock: time, zone: str) -> None:
    """There is always one, at most an hour off, and it is on that day."""
    found = instant(day, clock, ZoneInfo(zone))
    wall = found.replace(tzinfo=None)
    off = wall - datetime.combine(day, clock)
    assert off in (timedelta(0), timedelta(hours=1))
    assert found.astimezone(UTC).astimezone(ZoneInfo(zone)) == found


def quiet(then: str) -> str:
    """China's holidays, weekends and nights."""
    return f"quiet: {{hours: 22:00-08:00, holidays: [CN], weekends: true, then: {then}}}\n"


def test_quiet_times_shift_to_the_next_moment_allowed(tmp_path: Path) -> None:
    """Spring Festival of 2025 lasts to 4 February; Saturday the 8th is worked on for it."""
    root = make_project(
        tmp_path,
        "  - {before: deadlines.submission, by: [14d, 7d, 3d, 12h], at: 09:00}\n",
        more=quiet("shift"),
    )
    found = occurrences(root, NOW)
    assert moments(found) == {
        "submission-14d": "2025-02-05 09:00 +0800",
        "submission-7d": "2025-02-05 09:00 +0800",
        "submission-3d": "2025-02-08 09:00 +0800",
        "submission-12h": "2025-02-11 08:00 +0800",
    }
    assert found["submission-12h"].moved == "quiet hours"
    assert "Day off" in found["submission-7d"].moved
    assert found["submission-3d"].moved == ""


def test_a_shift_never_goes_past_what_it_reminds_of(tmp_path: Path) -> None:
    """The last moment allowed before the deadline takes its place; one that would come before an
    earlier reminder is left out."""
    facts = "{deadlines: {submission: 2025-01-12 12:00 Asia/Shanghai}}"
    entry = "  - {before: deadlines.submission, by: 3h}\n"
    root = make_project(tmp_path, entry, facts=facts, more=quiet("shift"))
    assert moments(occurrences(root, NOW)) == {"submission-3h": "2025-01-10 09:00 +0800"}

    entry = "  - {before: deadlines.submission, by: [1d, 3h], at: 10:00}\n"
    root = make_project(tmp_path, entry, facts=facts, more=quiet("shift"))
    found = occurrences(root, NOW)
    assert moments(found)["submission-1d"] == "2025-01-10 10:00 +0800"
    assert found["submission-1d"].skipped == ""
    assert found["submission-3h"].skipped == (
        "weekend; moved, it would come out of turn with another reminder"
    )


def test_quiet_times_may_skip(tmp_path: Path) -> None:
    """It keeps its moment, and is not sent."""
    root = make_project(
        tmp_path,
        "  - {before: deadlines.submission, by: [8d, 2d], at: 23:00}\n",
        more="quiet: {hours: 22:00-08:00, then: skip}\n",
    )
    found = occurrences(root, NOW)
    assert {one.skipped for one in found.values()} == {"quiet hours"}
    assert moments(found)["submission-2d"] == "2025-02-09 23:00 +0800"


@pytest.mark.parametrize(
    ("schedule", "more", "told"),
    [
        ("  - {every: day}\n", "", "unknown key"),
        ("  - {cron: 0 9 * * *, at: 09:00}\n", "", "`at` does not go with cron"),
        ("  - {cron: 0 9 * *}\n", "", "it has 4 fields, not five"),
        ("  - {cron: 0 0 9 * * *}\n", "", "it has 6 fields, not five"),
        ("  - {cron: '@daily'}\n", "", "names such as @daily are not read"),
        ("  - {cron: 0 25 * * *}\n", "", "is no cron expression"),
        ("  - {cron: 0 9 30 2 *}\n", "", "is no cron expression"),
        ("  - {cron: 0 9 * * *, count: 3}\n", "", "`count` counts from `start`"),
        ("  - {at: 2025-01-06}\n", "", "is no moment"),
        ("  - {at: 09:00}\n", "", "is no moment"),
        ("  - {before: deadlines.submission}\n", "", "`by` says how long"),
        (
            "  - {before: deadlines.submision, by: 7d}\n",
            "",
            'there is no fact "deadlines.submision"',
        ),
        ("  - {before: deadlines.submission, by: [7x]}\n", "", '"7x" is no length of time'),
        ("  - {before: deadlines.submission, by: 7d, at: 25:00}\n", "", "is no time of day"),
        ("  - {at: 2025-01-06 09:00 UTC}\n  - {at: 2025-01-07 09:00 UTC}\n", "", "needs an id"),
        (
            "  - {id: a, at: 2025-01-06 09:00 UTC}\n  - {id: a, at: 2025-01-07 09:00 UTC}\n",
            "",
            'two entries have the id "a"',
        ),
        ("  - {cron: 0 9 * * *, zone: CST}\n", "", 'unknown time zone "CST"'),
        ("  - {cron: 0 9 * * *, zone: audience}\n", "", "goes with before or after"),
        ("  - {cron: 0 9 * * *, channels: [wechat]}\n", "", "has no wechat channel"),
        ("  - {cron: 0 9 * * *, channels: []}\n", "", "list of channels is empty"),
        ("  - {cron: 0 9 * * *, exclude: [no.csv]}\n", "", "no.csv"),
        ("  - {cron: 0 9 * * *}\n", "quiet: {hours: 9-17}\n", "no hours of the day"),
        ("  - {cron: 0 9 * * *}\n", "quiet: {holidays: [ZZ]}\n", 'holidays of "ZZ" are not known'),
        ("  - {cron: 0 9 * * *}\n", "rollout: [1, rest]\n", "cannot be sent by schedule"),
    ],
)
def test_faults_of_a_schedule_are_told(tmp_path: Path, schedule: str, more: str, told: str) -> None:
    """Each with its place in the file."""
    root = make_project(tmp_path, schedule, more=more)
    with pytest.raises(InputError) as fault:
        occurrences(root, NOW)
    found = [f"{one.place}: {one.message} {one.hint}" for one in fault.value.problems]
    assert any(told in one and "call.yaml:" in one for one in found), found
