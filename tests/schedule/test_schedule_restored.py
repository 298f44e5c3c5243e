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
    assert [one["reason"] for one in campaign["occurrences"][:2]] == ["rescheduled"] * 2
    season.run("2025-01-07 10:00 UTC")
    assert season.counts == BOTH + BOTH + BOTH
