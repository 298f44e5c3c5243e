"""What is late is not sent in the quiet time that it would fall into."""

from __future__ import annotations

import pytest
from schedule_support import FILE

QUIET = "quiet: {hours: 22:00-08:00, weekends: true}\n"
ENTRY = "  - {{before: deadlines.submission, by: [7d], at: 09:00, {more}}}\n"
DUE = "2025-02-04 09:00 Asia/Shanghai"
NIGHT = "2025-02-05 02:30 Asia/Shanghai"
MORNING = "2025-02-05 08:00 Asia/Shanghai"


@pytest.fixture
def late(season):
    """A campaign that may be sent late, with quiet nights and weekends."""
    season.write(ENTRY.format(more="if_late: send"), more=QUIET)
    return season


def test_it_waits_for_the_end_of_the_night(late) -> None:
    """And `list` says until when."""
    ended = late.run(NIGHT)
    assert (ended.code, ended.out, ended.err, late.arrived) == (0, "", "", [])
    assert "waits for the end of quiet time" in late.call(NIGHT, "schedule", "list").out
    [found] = late.call(NIGHT, "--json", "schedule", "next").json["next"]
    assert (found["state"], found["waits_until"]) == ("coming", "2025-02-05T08:00:00+08:00")
    assert late.run(MORNING).code == 0
    assert set(late.counts.values()) == {1}
    late.run("2025-02-05 08:05 Asia/Shanghai")
    assert set(late.counts.values()) == {1}


def test_it_waits_for_the_end_of_the_weekend(late) -> None:
    assert late.run("2025-02-08 12:00 Asia/Shanghai").out == ""
    assert late.run("2025-02-09 12:00 Asia/Shanghai").out == ""
    late.run("2025-02-10 12:00 Asia/Shanghai")
    assert set(late.counts.values()) == {1}


def test_it_goes_at_once_where_waiting_would_lose_it(season) -> None:
    """The deadline comes before the end of the quiet time."""
    season.write(
        ENTRY.format(more="if_late: send"),
        more=QUIET,
        facts="{deadlines: {submission: 2025-02-11 03:00 Asia/Shanghai}}",
    )
    season.run("2025-02-11 02:00 Asia/Shanghai")
    assert set(season.counts.values()) == {1}


@pytest.mark.parametrize(("grace", "is_sent"), [("20h", True), ("1d", False)])
def test_within_its_grace_it_waits_where_that_lasts(season, grace: str, is_sent: bool) -> None:
    """Where it would be too late by then, it goes while it may."""
    season.write(ENTRY.format(more=f"grace: {grace}"), more=QUIET)
    season.run(NIGHT)
    assert bool(season.arrived) is is_sent
    season.run(MORNING)
    assert set(season.counts.values()) == {1}


def test_who_was_called_a_little_late_is_on_time(season) -> None:
    """Cron calls every few minutes: what is due just before the night is not put off."""
    season.write(ENTRY.replace("09:00", "21:58").format(more="if_late: send"), more=QUIET)
    season.run("2025-02-04 22:05 Asia/Shanghai")
    assert set(season.counts.values()) == {1}


def test_a_person_who_names_none_is_told_what_waits(late) -> None:
    ended = late.call(NIGHT, "send", FILE, "--yes")
    assert ended.code == 3
    assert "submission-7d is late, and waits for the end of quiet time" in ended.err
    assert "--occurrence submission-7d" in ended.err


def test_a_person_waits_for_nothing(late) -> None:
    ended = late.call(NIGHT, "send", FILE, "--occurrence", "submission-7d", "--yes")
    assert ended.code == 0, ended.err
    assert set(late.counts.values()) == {1}
    assert late.run(MORNING).out == ""
    assert set(late.counts.values()) == {1}


def test_each_zone_has_its_own_night(season) -> None:
    """With `zone: audience`."""
    season.write(
        ENTRY.format(more="if_late: send, zone: audience"),
        more=QUIET,
        people="address,language,timezone\nmo@example.org,zh,Asia/Shanghai\n"
        "lee@example.org,en,America/New_York\n",
    )
    season.run("2025-02-06 02:30 Asia/Shanghai")
    assert dict(season.counts) == {"lee@example.org": 1}
    season.run("2025-02-06 08:00 Asia/Shanghai")
    assert dict(season.counts) == {"lee@example.org": 1, "mo@example.org": 1}
