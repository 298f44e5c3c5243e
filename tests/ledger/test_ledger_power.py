"""The power fails: what was synced is there, of the rest any beginning may be.

A sender stands still after each of its acts. Its files are copied then, as a disk would have them
that lost power at that moment: everything up to the last sync, and of the log behind it as much
as chance will have it. Whoever comes after the next start must find nothing due that was handed
over, and nothing lost.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from ledger_nurse import Nursery, enlarge
from ledger_nursery import URL
from ledger_support import ANOTHER_BOOT, CAMPAIGN, NOW, OCCURRENCE

from announce.ledger import open_ledger
from announce.model.delivery import State

LOSSES = 40


@dataclass(frozen=True)
class Disk:
    """The ledger's files at a moment."""

    file: bytes
    log: bytes

    @classmethod
    def of(cls, root: Path) -> Disk:
        """As they are now: while nobody writes."""
        path = root / "ledger.sqlite3"
        return cls(path.read_bytes(), path.with_name("ledger.sqlite3-wal").read_bytes())

    def after_the_loss(self) -> dict[str, State]:
        """Each delivery's state, once somebody on the machine's next boot has looked after it."""
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder)
            (root / "ledger.sqlite3").write_bytes(self.file)
            (root / "ledger.sqlite3-wal").write_bytes(self.log)
            ledger = open_ledger(URL, root, create=True, machine=ANOTHER_BOOT)
            ledger.recover(CAMPAIGN, NOW)
            assert ledger.check() == []
            found = ledger.states(CAMPAIGN, OCCURRENCE, "email")
            states = {name: state for name, state, _ in found}
            ledger.close()
        return states


@pytest.fixture
def nursery(tmp_path: Path) -> Iterator[Nursery]:
    """A sender's machine, with people to send to."""
    found = Nursery(tmp_path, 20250107)
    ledger = open_ledger(URL, tmp_path, create=True)
    enlarge(ledger, found)
    ledger.close()
    yield found
    found.close()


def of(states: dict[str, State], *wanted: State) -> set[str]:
    """Who stands so."""
    return {name for name, state in states.items() if state in wanted}


def test_the_power_fails_at_any_instant(nursery: Nursery, tmp_path: Path) -> None:
    """Whoever was claimed at the last sync is in doubt, or answered as far as the log goes; all
    others stand as they stood then."""
    nursery.beget("power")
    losses = 0
    while losses < LOSSES:
        _, told = nursery.wait_for("stands")
        how, *holds = told.split()
        now = Disk.of(tmp_path)
        if how == "synced":
            synced, held, stood = now, set(holds), now.after_the_loss()
            unheard = {name for name in nursery.out if nursery.out[name]} - nursery.accepted
            assert of(stood, State.IN_DOUBT) == held | unheard
            assert of(stood, State.SENT) == nursery.accepted
        else:
            cut = nursery.dice.randint(len(synced.log), len(now.log))
            found = Disk(synced.file, now.log[:cut]).after_the_loss()
            others = stood.keys() - held
            assert {name: found[name] for name in others} == {name: stood[name] for name in others}
            assert held <= of(found, State.IN_DOUBT, State.SENT, State.FAILED)
            assert of(found, State.SENT) <= nursery.accepted
            assert {name for name in of(found, State.PLANNED) if nursery.out[name]} == set()
            losses += 1
        nursery.order("go")
