"""A year of the four campaigns: each occurrence once, or with the reason why not."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from crash_support import KILLS, Server
from crash_year import BEGIN, END, MINUTE, NOW, Year, make_year

from announce.ledger.base import Decision
from announce.sandbox.mailcatcher import MailCatcher

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is of Unix")

# So often within the year; each at a random minute.
SLEEPS, WRONG_CLOCKS, RESTORES = 6, 6, 4
BEHIND = 4


@pytest.fixture
def year(request, server: Server, tmp_path: Path) -> Iterator[Year]:
    """The project, its mail server running."""
    with MailCatcher(tmp_path / "mail", now=lambda: datetime.now(UTC)) as mail:
        root = make_year(tmp_path / "project", mail.port)
        yield Year(root, server, tmp_path / "mail", request.param)


def moments(dice: random.Random, number: int) -> list[datetime]:
    """Random minutes of the year's busy part."""
    span = int((datetime(2025, 5, 2, tzinfo=UTC) - BEGIN) / MINUTE)
    return sorted(BEGIN + dice.randrange(span) * MINUTE for _ in range(number))


@pytest.mark.parametrize("year", range(max(1, KILLS // 300)), indirect=True)
def test_a_year_minute_by_minute(year: Year, tmp_path: Path, record_property) -> None:
    """Two crons at every minute that has anything to do, killed at random; a machine that sleeps,
    clocks that stand wrong, ledgers of old, a deadline that moves twice and a schedule that is
    edited. Of the minutes without anything to do random ones are looked at, with real calls."""
    dice = year.dice
    sleeps, wrong = moments(dice, SLEEPS), moments(dice, WRONG_CLOCKS)
    restores = moments(dice, RESTORES)
    edits = [datetime(2025, 2, 5, 12, tzinfo=UTC), datetime(2025, 2, 8, 12, tzinfo=UTC),
             datetime(2025, 2, 20, 12, tzinfo=UTC)]  # fmt: skip
    backup = tmp_path / "backup.sqlite3"
    minute = BEGIN
    while minute < END:
        wakes = year.wakes(minute)
        events = [one for one in (*sleeps, *wrong, *restores, *edits) if one >= minute]
        following = min([wakes, *events])
        if following > minute:
            gap = int((following - minute) / MINUTE)
            check_quiet(year, minute + dice.randrange(gap) * MINUTE)
            minute = following
        if minute in sleeps:
            sleeps.remove(minute)
            minute += timedelta(minutes=dice.randrange(60, 4000))
            continue
        if minute in wrong:
            wrong.remove(minute)
            ahead = dice.choice([-2880, -600, -61, 61, 600])
            year.run(minute + ahead * MINUTE, kill=0.2)
            year.settle(minute)
        if minute in restores:
            restores.remove(minute)
            restored(year, backup, minute)
        if minute in edits:
            edits.remove(minute)
            edited(year, minute)
        if minute == wakes < END:
            if year.ledger.exists() and (not backup.exists() or dice.random() < 0.3):
                year.copy_ledger(backup)
            served(year, minute)
        minute += MINUTE
    assert_all_told(year)
    record_property("kills", {f"year {year.codes.total()} runs": year.kills})


def check_quiet(year: Year, minute: datetime) -> None:
    """At a minute of which nothing was expected there is nothing to do, now and then by a call."""
    assert not [one for one in year.standings(minute) if one.stand in NOW], minute
    if year.dice.random() < 0.5:
        ended = year.call(minute, "schedule", "run")
        assert (ended.code, ended.out, ended.err) == (0, "", ""), minute


def served(year: Year, minute: datetime) -> None:
    """What is due is sent within a few minutes, whoever is killed."""
    for number in range(8):
        at = minute + number * MINUTE
        for ended in year.run(at, kill=0.5 if number < 3 else 0):
            assert ended.code in (0, 1, 3, -9), ended.err
        year.settle(at)
        if year.wakes(at) > at:
            return
    raise AssertionError([one for one in year.standings(minute) if one.stand in NOW])


def restored(year: Year, backup: Path, minute: datetime) -> None:
    """An old ledger: whatever is due by it is refused, until the witnesses are adopted."""
    if not backup.exists():
        return
    before = year.arrived
    year.restore_ledger(backup)
    backup.unlink()
    if year.call(minute, "status").code == BEHIND:
        year.refused += 1
        has_work = year.wakes(minute) == minute
        for ended in year.run(minute, kill=0):
            assert ended.code == (BEHIND if has_work else 0), ended.err
        assert year.arrived == before
        ended = year.call(minute, "ledger", "adopt")
        assert ended.code == 0, ended.err
    year.settle(minute)


def edited(year: Year, minute: datetime) -> None:
    """The deadline is extended, then moved earlier again; the weekly hour is changed."""
    cfp, reviewers = (year.root / f"campaigns/{name}.yaml" for name in ("cfp", "reviewers"))
    if minute.month == 2 and minute.day == 5:
        ended = year.call(
            minute, "extend", "campaigns/cfp.yaml", "deadlines.submission",
            "2025-02-17 23:59 AoE", "--yes",
        )  # fmt: skip
        assert ended.code == 0, ended.err
    elif minute.day == 8:
        cfp.write_text(cfp.read_text("utf-8").replace("2025-02-17", "2025-02-14"), "utf-8")
    else:
        text = reviewers.read_text("utf-8")
        reviewers.write_text(text.replace("0 9 * * mon", "0 15 * * mon"), "utf-8")


def assert_all_told(year: Year) -> None:
    """Nobody got anything twice; each occurrence reached everybody, or has its reason."""
    arrived = year.arrived
    assert {sent: number for sent, number in arrived.items() if number > 1} == {}
    delivered = 0
    for campaign, one, decided in year.decided():
        if decided is None:
            # Its moment is of a file that was edited since.
            assert one.id.startswith("weekly-"), one
            continue
        assert decided.what in (Decision.DONE, Decision.SKIPPED), one
        if decided.what is Decision.SKIPPED:
            assert decided.reason, one
            continue
        delivered += 1
        got = {to for (name, occurrence, to) in arrived if (name, occurrence) == (campaign, one.id)}
        assert year.people(campaign, one) <= got, one
    assert delivered >= 15
    assert year.kills >= 10
    assert year.refused >= 1
