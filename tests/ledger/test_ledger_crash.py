"""Processes that die while they send, and processes that send at once."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from ledger_support import CAMPAIGN, NOW, OCCURRENCE, happened, names, states

import announce
from announce.ledger import open_ledger
from announce.ledger.base import HeldByAnother, Ledger

URL = "sqlite:///.announce/ledger.sqlite3"
SOURCE = Path(announce.__file__).parents[1]


class Child:
    """Another process with the ledger open."""

    def __init__(self, root: Path) -> None:
        script = Path(__file__).parent / "ledger_child.py"
        self.process = subprocess.Popen(
            [sys.executable, str(script), str(root)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(SOURCE)},
        )

    def order(self, *words: str) -> None:
        """Tell it to do something."""
        assert self.process.stdin is not None
        self.process.stdin.write(" ".join(words) + "\n")
        self.process.stdin.flush()

    def answer(self) -> list[str]:
        """What it answers, waiting for it."""
        assert self.process.stdout is not None
        return self.process.stdout.readline().split()

    def do(self, *words: str) -> list[str]:
        """Tell it, and wait for the answer."""
        self.order(*words)
        return self.answer()

    def kill(self) -> None:
        """End it as the kernel does when memory runs out: without a word."""
        self.process.kill()
        self.process.wait()

    def close(self) -> None:
        """End it if it lives, and close its pipes."""
        self.kill()
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        self.process.stdout.close()


@contextmanager
def child(root: Path) -> Iterator[Child]:
    """A child process, gone at the end of the block."""
    process = Child(root)
    try:
        yield process
    finally:
        process.close()


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """The ledger as the process after the crash sees it."""
    opened = open_ledger(URL, tmp_path, create=True)
    yield opened
    opened.close()


def test_killed_between_hand_over_and_record(ledger: Ledger, tmp_path: Path) -> None:
    """Only what was handed over and not answered is in doubt; the rest is sent or due."""
    with child(tmp_path) as sender:
        sender.do("begin")
        sender.do("lay", "sent", "handed", "claimed", "planned")
        assert sender.do("claim", "3") == ["sent", "handed", "claimed"]
        sender.do("hand", "sent")
        sender.do("record", "sent")
        sender.do("hand", "handed")
        sender.kill()

        run = ledger.begin(CAMPAIGN, OCCURRENCE, NOW)

    assert states(ledger) == {
        "sent": "sent",
        "handed": "in_doubt(run died)",
        "claimed": "planned",
        "planned": "planned",
    }
    assert happened(ledger, "handed") == ["planned", "claimed", "handed_over", "in_doubt"]
    assert names(run.claim(9, NOW)) == ["claimed", "planned"]
    assert ledger.check() == []


@pytest.mark.parametrize("lines_read", [1, 2, 10, 57, 118])
def test_killed_at_any_instant_nothing_offered_is_due_again(
    ledger: Ledger, tmp_path: Path, lines_read: int
) -> None:
    """Whatever reached the wire is sent or in doubt, and at most one is in doubt."""
    people = [f"p{n}" for n in range(60)]
    with child(tmp_path) as sender:
        sender.do("begin")
        sender.do("lay", *people)
        sender.order("go")
        told = [sender.answer() for _ in range(lines_read)]
        sender.kill()
        on_the_wire = {name for word, name in told if word == "wire"}

        ledger.begin(CAMPAIGN, OCCURRENCE, NOW)

    found = states(ledger)
    blocked = {name for name, state in found.items() if state != "planned"}
    assert on_the_wire <= blocked
    assert sum(state.startswith("in_doubt") for state in found.values()) <= 1
    assert sorted(found) == sorted(people)
    assert ledger.check() == []


def test_a_live_process_holds_its_run_until_it_is_killed(ledger: Ledger, tmp_path: Path) -> None:
    """A second terminal is refused and told the pid; after a kill it goes on at once."""
    with child(tmp_path) as sender:
        sender.do("begin")
        with pytest.raises(HeldByAnother) as refused:
            ledger.begin(CAMPAIGN, OCCURRENCE, NOW)
        assert refused.value.holder.pid == sender.process.pid
        sender.kill()

        run = ledger.begin(CAMPAIGN, OCCURRENCE, NOW)

    assert run.claim(1, NOW) == []


def test_two_that_begin_at_once_are_not_both_let_in(tmp_path: Path) -> None:
    """Two that make the ledger and begin at the same instant: one holds, one is refused."""
    with child(tmp_path) as first, child(tmp_path) as second:
        first.order("begin")
        second.order("begin")

        answers = sorted([first.answer(), second.answer()])

    assert answers == [["done"], ["held"]]


def test_a_zombie_does_not_hold(ledger: Ledger, tmp_path: Path) -> None:
    """A killed process whose parent has not noticed yet is gone all the same."""
    with child(tmp_path) as sender:
        sender.do("begin")
        sender.process.kill()
        # The end of its output comes after its death; nobody has waited for it yet.
        assert sender.answer() == []
        os.waitid(os.P_PID, sender.process.pid, os.WEXITED | os.WNOWAIT)

        ledger.begin(CAMPAIGN, OCCURRENCE, NOW)

    assert ledger.running(CAMPAIGN) is not None
