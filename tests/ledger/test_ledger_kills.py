"""Processes killed at random instants, many times: nothing is repeated, nothing is lost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from ledger_nurse import ENOUGH, Nursery, enlarge
from ledger_nursery import URL
from ledger_support import NOW, OCCURRENCE, key

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
    campaign = nursery.campaign
    ledger.recover(campaign, NOW)
    found = {name: state for name, state, _ in ledger.states(campaign, OCCURRENCE, "email")}
    due = {name for name, state in found.items() if state is State.PLANNED}
    sent = {name for name, state in found.items() if state is State.SENT}
    assert max(nursery.out.values(), default=0) <= 1
    assert {name for name in due if nursery.out[name]} == set()
    assert sent <= nursery.accepted
    assert sorted(found) == nursery.people
    assert set(found.values()) <= {State.PLANNED, State.SENT, State.FAILED, State.IN_DOUBT}
    for name in (name for name, state in found.items() if state is State.IN_DOUBT):
        arrived = nursery.out[name] == 1
        ledger.settle(key(name, campaign=campaign), sent=arrived, now=NOW)
        nursery.accepted |= {name} if arrived else set()
    if len(due) < ENOUGH:
        enlarge(ledger, nursery)
    return Counter(found.values())


def test_sixty_kills_at_any_instant(ledger: Ledger, nursery: Nursery) -> None:
    """Whatever was being written: claims, groups of marks and answers, ends of runs."""
    for _ in range(60):
        nursery.beget("send")
        sender, _ = nursery.wait_for("begun")
        nursery.hear_some(30)
        nursery.bury(sender)
        judge(ledger, nursery)

    assert judge(ledger, nursery)[State.SENT] > 50
    assert ledger.check() == []


def test_kills_beside_the_send_of_another_campaign(
    ledger: Ledger, nursery: Nursery, tmp_path: Path
) -> None:
    """Two write to one file: whichever is killed, the other goes on, and neither loses."""
    with closing(Nursery(tmp_path, 20250108, campaign="awards")) as beside:
        enlarge(ledger, beside)
        for number in range(16):
            pair = (nursery, beside) if number % 2 else (beside, nursery)
            for one in pair:
                one.beget("send")
            senders = [one.wait_for("begun")[0] for one in pair]
            for one in pair:
                one.hear_some(30)
            pair[0].bury(senders[0])
            judge(ledger, pair[0])
            pair[1].hear_some(10)
            pair[1].bury(senders[1])
            judge(ledger, pair[1])

        assert judge(ledger, nursery)[State.SENT] > 50
        assert judge(ledger, beside)[State.SENT] > 50
    assert ledger.check() == []
