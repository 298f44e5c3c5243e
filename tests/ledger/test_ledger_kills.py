"""Processes killed at random instants, many times: nothing is repeated, nothing is lost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from ledger_nurse import ENOUGH, Nursery, enlarge
from ledger_nursery import URL
from ledger_support import CAMPAIGN, NOW, OCCURRENCE, key

from announce.ledger import open_ledger
from announce.ledger.base import Ledger
from announce.model.delivery import State


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """The ledger, as whoever comes after the crash sees it."""
    opened = open_ledger(URL, tmp_path, create=True)
    yield opened
    opened.close()


@pytest.fixture
def nursery(ledger: Ledger, tmp_path: Path) -> Iterator[Nursery]:
    """A nursery for that ledger, with people to send to."""
    found = Nursery(tmp_path, 20250106)
    enlarge(ledger, found)
    yield found
    found.close()


def judge(ledger: Ledger, nursery: Nursery) -> Counter[State]:
    """What every crash must leave: one copy at most, nothing due that may have arrived, nobody
    lost, nobody sent who was not. What is in doubt is then settled by what the servers know."""
    ledger.recover(CAMPAIGN, NOW)
    found = {name: state for name, state, _ in ledger.states(CAMPAIGN, OCCURRENCE, "email")}
    due = {name for name, state in found.items() if state is State.PLANNED}
    sent = {name for name, state in found.items() if state is State.SENT}
    assert max(nursery.out.values(), default=0) <= 1
    assert {name for name in due if nursery.out[name]} == set()
    assert sent <= nursery.accepted
    assert sorted(found) == nursery.people
    assert set(found.values()) <= {State.PLANNED, State.SENT, State.FAILED, State.IN_DOUBT}
    for name in (name for name, state in found.items() if state is State.IN_DOUBT):
        arrived = nursery.out[name] == 1
        ledger.settle(key(name), sent=arrived, now=NOW)
        nursery.accepted |= {name} if arrived else set()
    if len(due) < ENOUGH:
        enlarge(ledger, nursery)
    return Counter(found.values())


def test_sixty_kills_at_any_instant(ledger: Ledger, nursery: Nursery) -> None:
    """Whatever was being written: claims, groups of marks and answers, ends of runs."""
    for _ in range(60):
        nursery.order("send", nursery.seed())
        sender, _ = nursery.wait_for("begun")
        nursery.hear_some(30)
        nursery.bury(sender)
        judge(ledger, nursery)

    assert judge(ledger, nursery)[State.SENT] > 50
    assert ledger.check() == []


def test_kills_of_either_of_two_that_share_a_run(ledger: Ledger, nursery: Nursery) -> None:
    """The helper dies and the first one goes on; the first one dies, and the helper stops."""
    for number in range(16):
        nursery.order("share", nursery.seed())
        first, run = nursery.wait_for("begun")
        nursery.order("share", nursery.seed(), run)
        helper, _ = nursery.wait_for("begun")
        nursery.hear_some(30)
        if number % 2:
            nursery.bury(helper)
            nursery.hear_some(10)
        nursery.bury(first)
        assert ledger.recover(CAMPAIGN, NOW)
        if not number % 2:
            nursery.wait_for("lost")
            nursery.bury(helper, killed=False)
        judge(ledger, nursery)

    assert judge(ledger, nursery)[State.SENT] > 50
    assert ledger.check() == []
