"""A schedule after an old copy of the ledger was restored."""

from __future__ import annotations

import shutil
import sqlite3
from collections import Counter
from contextlib import closing

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
    assert season.run("2025-01-05 14:00 UTC").code in (0, 4)
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


def test_a_skip_that_cannot_be_read_stops_everything(season) -> None:
    season.write('  - {cron: "0 9 * * *", zone: UTC, start: 2025-01-05, count: 3}\n')
    skip = ("schedule", "skip", "campaigns/call.yaml", "cron-2025-01-05T0900")
    season.call("2025-01-04 14:00 UTC", *skip)
    (path,) = (season.root / "receipts").rglob("*.skipped")
    path.write_text("<<<<<<<\n", "utf-8")
    ended = season.run("2025-01-05 09:00 UTC")
    assert ended.code == 4
    assert "cron-2025-01-05T0900.skipped cannot be read" in ended.err
    assert season.arrived == []
