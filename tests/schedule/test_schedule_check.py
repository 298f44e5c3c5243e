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


def test_a_cron_expression_that_is_due_all_the_time_is_a_slip(season) -> None:
    """And the others are not kept waiting by it."""
    for text in ("*/1 * * * *", "*/30 * * * *", "* 9 * * mon"):
        season.write(f"  - {{id: often, cron: '{text}'}}\n")
        ended = season.call(NOW, "check", FILE)
        assert (ended.code, "more than 24 times a day" in ended.out + ended.err) == (2, True), text


def test_a_length_without_its_unit_is_told(season) -> None:
    """At its place."""
    season.write("  - {before: deadlines.submission, by: 7}\n")
    ended = season.call(NOW, "check", FILE)
    assert (ended.code, "campaigns/call.yaml:" in ended.out + ended.err) == (2, True)


def test_a_cron_entry_does_not_reach_back_before_it_was_written(season) -> None:
    """What was due before nobody had asked for; what is missed since is told."""
    season.write("  - {id: weekly, cron: 0 9 * * mon, if_late: send}\n")
    ended = season.run("2025-01-08 03:00 UTC")
    assert (ended.code, ended.out, season.arrived) == (0, "", [])
    assert season.run("2025-01-13 01:00 UTC").code == 0
    assert len(season.arrived) == 2
    season.run("2025-01-21 03:00 UTC")
    assert len(season.arrived) == 4


def test_late_names_its_occurrence(season) -> None:
    """Else the next one would leave early."""
    season.write("  - {before: deadlines.submission, by: [7d, 2d], at: 09:00}\n")
    ended = season.call("2025-02-04 05:00 UTC", "send", FILE, "--yes", "--late")
    assert (ended.code, season.arrived) == (2, [])
    assert "--occurrence" in ended.err


def test_a_longer_reminder_never_comes_after_a_shorter_one(season) -> None:
    """However quiet hours move them."""
    season.write(
        "  - {before: deadlines.submission, by: [2d, 12h], at: 09:00}\n",
        facts="{deadlines: {submission: 2027-02-10 23:59 AoE}}",
        more="quiet: {hours: 22:00-08:00, holidays: [CN], weekends: true}\n",
    )
    found = season.call("2027-01-20 00:00 UTC", "--json", "schedule", "simulate").json
    sent = [one["occurrence"] for one in found["occurrences"] if not one["left_out"]]
    assert sent == ["submission-12h"] or sent == ["submission-2d", "submission-12h"]


def test_one_sent_early_by_hand_is_done(season) -> None:
    """At its moment nothing is left of it, and nothing says that it was left out."""
    season.write("  - {before: deadlines.submission, by: [7d, 2d], at: 09:00}\n")
    season.call(NOW, "send", FILE, "--yes", "--occurrence", "submission-2d")
    assert "submission-2d   Sun 2025-02-09 09:00 +0800   sent" in season.call(
        NOW, "schedule", "list"
    ).out  # fmt: skip
    assert season.run("2025-02-04 01:00 UTC").code == 0
    ended = season.run("2025-02-09 05:00 UTC")
    assert (ended.code, ended.out, len(season.arrived)) == (0, "", 4)


def test_an_entry_s_own_condition_and_files_are_told_at_their_place(season) -> None:
    """Not at the audience, where nothing is wrong."""
    season.write(
        "  - before: deadlines.submission\n"
        "    by: 7d\n"
        "    at: 09:00\n"
        "    where: stat == 'x'\n"
        "    exclude: [none.csv]\n",
    )
    told = season.call(NOW, "check", FILE).err
    assert 'campaigns/call.yaml:12:15: error: there is no file "none.csv"' in told
    (season.root / "none.csv").write_text("address\nmo@example.org\n", "utf-8")
    told = season.call(NOW, "check", FILE).err
    assert "campaigns/call.yaml:11:" in told
    assert '"stat"' in told


def test_a_kind_without_any_template_is_told_as_that(season) -> None:
    """And not as a fault of the audience, where templates go by a column."""
    season.write(
        "  - {before: deadlines.submission, by: 7d, at: 09:00, kind: nix}\n",
        more="template: {by: decision}\n",
        people="address,language,decision\nmo@example.org,zh,accept\n",
    )
    ended = season.call(NOW, "check", FILE)
    assert "nix" in ended.out + ended.err
    assert "decision is" not in ended.out + ended.err
