"""Faults of scheduled campaigns are found before their moment: zones of people, templates of
entries."""

from __future__ import annotations

import pytest
from schedule_support import FILE

NOW = "2025-01-20 00:00 UTC"
ZONED = "  - {before: deadlines.submission, by: [7d, 2d], at: 09:00, zone: audience}\n"


@pytest.mark.parametrize("command", ["check", "schedule list", "schedule run", "schedule next"])
def test_a_zone_of_a_row_that_is_none_is_told_at_its_line(season, command: str) -> None:
    """By whatever reads it."""
    season.write(ZONED, people="address,timezone\na@example.org,Asia/Shanghai\nb@example.org,CST\n")
    ended = season.call(NOW, *command.split())
    assert ended.code == 2
    assert 'people.csv:3: error: unknown time zone "CST"' in ended.out + ended.err


def test_zones_without_their_column_are_told(season) -> None:
    """Everybody would go by the project's zone, and nobody would have said so."""
    season.write(ZONED)
    ended = season.call(NOW, "check", FILE)
    assert (ended.code, 'people.csv has no column "timezone"' in ended.out + ended.err) == (2, True)


def test_who_names_no_zone_goes_by_the_projects(season) -> None:
    """A blank cell is no fault."""
    season.write(ZONED, people="address,timezone\na@example.org,Europe/Berlin\nb@example.org,\n")
    assert season.call(NOW, "check").code == 0
    found = season.call(NOW, "--json", "schedule", "list").json["campaigns"][0]["occurrences"]
    dues = {one["zone"]: one["due"] for one in found if one["occurrence"] == "submission-7d"}
    assert dues == {"Europe/Berlin": "2025-02-04T16:00:00+08:00", None: "2025-02-04T09:00:00+08:00"}


def test_templates_of_every_entry_are_looked_for(season) -> None:
    """Not only those of the occurrence that comes next."""
    season.write(
        "  - {at: 2025-02-01 09:00 UTC, id: first}\n"
        "  - {at: 2025-02-02 09:00 UTC, id: second, kind: thanks}\n"
    )
    ended = season.call(NOW, "check", FILE)
    assert (ended.code, "thanks.md.j2" in ended.out + ended.err) == (2, True)
