"""A schedule after an old copy of the ledger was restored."""

from __future__ import annotations

import shutil
import sqlite3
from collections import Counter
from contextlib import closing

import pytest

BOTH = Counter({"mo@example.org": 1, "lee@example.org": 1})
HOUR = "  - {{cron: 0 {} * * *, zone: UTC, start: 2025-01-05, count: 4}}\n"


def test_what_was_sent_before_an_edit_is_known_to_be_sent_that_day(season) -> None:
    """Although the ledger's decision on it was lost: the receipt that was adopted tells."""
    season.write(HOUR.format(9))
    season.run("2025-01-05 09:00 UTC")
    ledger = season.root / ".announce" / "ledger.sqlite3"
    copy = season.root / "copy.sqlite3"
    with closing(sqlite3.connect(ledger)) as old, closing(sqlite3.connect(copy)) as new:
        old.backup(new)
    season.run("2025-01-06 09:00 UTC")
    assert season.counts == BOTH + BOTH

    season.write(HOUR.format(10))
    for path in ledger.parent.glob("ledger.sqlite3*"):
        path.unlink()
    shutil.copy(copy, ledger)
    assert season.run("2025-01-06 10:00 UTC").code == 4
    season.call("2025-01-06 10:01 UTC", "ledger", "adopt")
    assert season.run("2025-01-06 10:02 UTC").code == 0
    assert season.counts == BOTH + BOTH
    (campaign,) = season.call("2025-01-06 10:03 UTC", "--json", "schedule", "list").json[
        "campaigns"
    ]
    found = {one["occurrence"]: one["reason"] for one in campaign["occurrences"]}
    assert found["cron-2025-01-05T1000"] == found["cron-2025-01-06T1000"] == "rescheduled"
    season.run("2025-01-07 10:00 UTC")
    assert season.counts == BOTH + BOTH + BOTH


def test_what_a_lost_ledger_had_begun_is_gone_on_with(season) -> None:
    """Also of an entry that has no start: what the receipts tell of is not of before its time."""
    season.write('  - {cron: "0 9 * * *", zone: UTC}\n', settings="  limits: {per_day: 1}\n")
    assert season.run("2025-01-05 09:00 UTC").code == 5
    assert season.counts.total() == 1
    for path in (season.root / ".announce").glob("ledger.sqlite3*"):
        path.unlink()
    assert season.run("2025-01-05 14:00 UTC").code == 4
    season.call("2025-01-05 14:01 UTC", "ledger", "adopt")
    season.write('  - {cron: "0 9 * * *", zone: UTC}\n')
    ended = season.run("2025-01-05 14:02 UTC")
    assert ended.code == 0, ended.err
    assert season.counts == BOTH


def test_an_old_ledger_is_told_wherever_it_is_asked(season) -> None:
    """`list` and `next` say that they know too little; `skip` decides nothing by it."""
    season.write('  - {cron: "0 9 * * *", zone: UTC, start: 2025-01-05}\n')
    season.run("2025-01-05 09:00 UTC")
    for path in (season.root / ".announce").glob("ledger.sqlite3*"):
        path.unlink()
    for command in ("list", "next"):
        ended = season.call("2025-01-05 14:00 UTC", "schedule", command)
        assert ended.code == 4
        assert "announce ledger adopt" in ended.out
    skip = ("schedule", "skip", "campaigns/call.yaml", "cron-2025-01-06T0900")
    assert season.call("2025-01-05 14:00 UTC", *skip).code == 4


def test_what_a_person_left_out_stays_left_out(season) -> None:
    """Whatever became of the ledger: it is written down beside it too, until it is taken back."""
    season.write('  - {cron: "0 9 * * *", zone: UTC, start: 2025-01-05, count: 3}\n')
    season.run("2025-01-05 09:00 UTC")
    skip = ("schedule", "skip", "campaigns/call.yaml", "cron-2025-01-06T0900")
    season.call("2025-01-05 14:00 UTC", *skip)
    for path in (season.root / ".announce").glob("ledger.sqlite3*"):
        path.unlink()
    season.call("2025-01-06 08:00 UTC", "ledger", "adopt")
    assert season.run("2025-01-06 09:00 UTC").code == 0
    assert season.counts == BOTH
    undone = season.call("2025-01-06 09:10 UTC", *skip, "--undo")
    assert undone.code == 0, undone.err
    season.run("2025-01-06 09:20 UTC")
    assert season.counts == BOTH + BOTH


def test_who_joined_since_gets_nothing_of_the_past(season) -> None:
    """What the receipts call sent to its end is not gone on with."""
    news = "  - {id: news, cron: '0 9 * * mon', zone: UTC}\n"
    season.write(news)
    for day in ("06", "13", "20"):
        season.run(f"2025-01-{day} 09:00 UTC")
    for path in (season.root / ".announce").glob("ledger.sqlite3*"):
        path.unlink()
    with (season.root / "people.csv").open("a", encoding="utf-8") as file:
        file.write("new@example.org,en\n")
    season.call("2025-01-25 10:00 UTC", "ledger", "adopt")
    assert season.run("2025-01-25 10:05 UTC").code == 0
    assert "new@example.org" not in season.counts


def test_a_skip_of_one_begun_is_not_forgotten(season) -> None:
    """The copy of the ledger is of between."""
    daily = '  - {cron: "0 9 * * *", zone: UTC, start: 2025-01-05, count: 1}\n'
    season.write(daily, settings="  limits: {per_day: 1}\n")
    season.run("2025-01-05 09:00 UTC")
    shutil.copytree(season.root / ".announce", season.root / "copy")
    skip = ("schedule", "skip", "campaigns/call.yaml", "cron-2025-01-05T0900")
    season.call("2025-01-05 10:00 UTC", *skip)
    shutil.rmtree(season.root / ".announce")
    shutil.copytree(season.root / "copy", season.root / ".announce")
    season.write(daily)
    season.call("2025-01-05 10:30 UTC", "ledger", "adopt")
    season.run("2025-01-05 11:00 UTC")
    assert season.counts.total() == 1


@pytest.mark.parametrize("text", ["<<<<<<<\n", "cron-2025-01-05T0900 2025-01-04T00:00:00\n"])
def test_a_skip_that_cannot_be_read_stops_everything(season, text: str) -> None:
    season.write('  - {cron: "0 9 * * *", zone: UTC, start: 2025-01-05, count: 3}\n')
    skip = ("schedule", "skip", "campaigns/call.yaml", "cron-2025-01-05T0900")
    season.call("2025-01-04 14:00 UTC", *skip)
    (path,) = (season.root / "receipts").rglob("*.skipped")
    path.write_text(text, "utf-8")
    ended = season.run("2025-01-05 09:00 UTC")
    assert ended.code == 4
    assert "cron-2025-01-05T0900.skipped cannot be read" in ended.err
    assert season.arrived == []


def test_a_fact_s_name_may_have_a_space(season) -> None:
    """And so has the occurrence's id, also where it is left out."""
    season.write(
        "  - {before: deadlines.full paper, by: [7d, 2d], at: 09:00, zone: UTC}\n",
        facts="{deadlines: {full paper: 2025-02-10 23:59 AoE}}",
    )
    skip = ("schedule", "skip", "campaigns/call.yaml", "full paper-7d")
    assert season.call("2025-02-01 00:00 UTC", *skip).code == 0
    season.run("2025-02-04 09:00 UTC")
    assert season.arrived == []
    season.run("2025-02-09 09:00 UTC")
    assert season.counts == BOTH


def test_of_what_only_a_receipt_tells_no_moment_is_made_up(season) -> None:
    """It says that it was sent, and not when."""
    season.write("  - {before: deadlines.submission, by: [7d, 2d], at: 09:00, zone: UTC}\n")
    season.run("2025-02-04 09:00 UTC")
    for path in (season.root / ".announce").glob("ledger.sqlite3*"):
        path.unlink()
    season.write("  - {before: deadlines.submission, by: [2d], at: 09:00, zone: UTC}\n")
    season.call("2025-02-05 09:00 UTC", "ledger", "adopt")
    assert season.run("2025-02-05 09:05 UTC").out == ""
    listed = ("schedule", "list")
    told = season.call("2025-02-05 09:10 UTC", *listed).out
    assert "sent: as its receipt tells (no longer in the file)" in told
    assert "2025-02-05" not in told
    (campaign,) = season.call("2025-02-05 09:10 UTC", "--json", *listed).json["campaigns"]
    (row, _) = campaign["occurrences"]
    assert (row["due"], row["decided"], row["reason"]) == (None, None, "adopted")
    # A day after it was adopted it is no longer taken for another one's earlier name.
    assert season.run("2025-02-09 09:00 UTC").code == 0
    assert season.counts == BOTH + BOTH
