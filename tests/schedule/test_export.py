"""`announce schedule export`: the occurrences in a calendar."""

from __future__ import annotations

from datetime import UTC, datetime

from icalendar import Calendar
from schedule_support import FILE

ENTRY = "  - {before: deadlines.submission, by: [14d, 7d, 2d], at: 09:00}\n"
NOW = "2025-01-20 00:00 UTC"


def exported(season, now: str = NOW, *more: str) -> dict[str, tuple[str, datetime, str]]:
    """The calendar's entries by occurrence: id, begin and status."""
    path = season.root / "season.ics"
    ended = season.call(now, "schedule", "export", "--ics", str(path), *more)
    assert ended.code == 0, ended.err
    calendar = Calendar.from_ical(path.read_bytes())
    return {
        str(one["description"]).split("\n")[0]: (
            str(one["uid"]),
            one["dtstart"].dt,
            str(one["status"]),
        )
        for one in calendar.walk("VEVENT")
    }


def test_each_occurrence_is_an_entry_at_its_moment(season) -> None:
    """In UTC: a zone would have to be described in the file."""
    season.write(ENTRY)
    found = exported(season)
    assert [at for _, at, _ in found.values()] == [
        datetime(2025, 1, 28, 1, tzinfo=UTC),
        datetime(2025, 2, 4, 1, tzinfo=UTC),
        datetime(2025, 2, 9, 1, tzinfo=UTC),
    ]
    assert {status for *_, status in found.values()} == {"CONFIRMED"}


def test_what_moves_keeps_its_id(season) -> None:
    """So that an importer moves it, and nothing stands there twice."""
    season.write(ENTRY)
    before = exported(season)
    season.call(NOW, "extend", FILE, "deadlines.submission", "2025-02-17 23:59 AoE", "--yes")
    after = exported(season)
    assert {name: uid for name, (uid, *_) in before.items()} == {
        name: uid for name, (uid, *_) in after.items()
    }
    assert all(after[name][1] > before[name][1] for name in before)
    assert len({uid for uid, *_ in after.values()}) == 3


def test_what_is_left_out_is_cancelled(season) -> None:
    """An importer takes it away."""
    season.write(ENTRY)
    season.call(NOW, "schedule", "skip", FILE, "submission-7d")
    found = exported(season)
    assert {name.split()[1]: status for name, (_, _, status) in found.items()} == {
        "submission-14d": "CONFIRMED",
        "submission-7d": "CANCELLED",
        "submission-2d": "CONFIRMED",
    }


def test_one_campaign_alone_and_to_standard_output(season) -> None:
    """For a pipe."""
    season.write(ENTRY)
    ended = season.call(NOW, "schedule", "export", FILE, "--ics", "-")
    assert ended.code == 0
    assert ended.out.count("BEGIN:VEVENT") == 3


def test_a_file_that_cannot_be_written_is_said(season) -> None:
    """With what to do."""
    season.write(ENTRY)
    ended = season.call(NOW, "schedule", "export", "--ics", "people.csv/season.ics")
    assert ended.code == 4
    assert "--ics" in ended.err


def test_the_later_export_is_the_newer_one(season) -> None:
    """Also of an entry whose moment went back: importers keep the higher number."""
    season.write(ENTRY)
    numbers = []
    for moment in (NOW, "2025-01-21 00:00 UTC"):
        exported(season, moment)
        calendar = Calendar.from_ical((season.root / "season.ics").read_bytes())
        numbers.append([int(one["sequence"]) for one in calendar.walk("VEVENT")])
    assert all(first < second for first, second in zip(*numbers, strict=True))
