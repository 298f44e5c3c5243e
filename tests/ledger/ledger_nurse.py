"""Senders to be killed, as a test hears and ends them."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

from ledger_support import CAMPAIGN, NOW, OCCURRENCE, WORDS, lines

import announce
from announce.ledger.base import Ledger

SOURCE = Path(announce.__file__).parents[1]
ENOUGH = 400  # deliveries due, so that no sender comes to its end before it is killed


class Nursery:
    """Senders of a campaign, to be killed, and what they told of the wire.

    `out` counts, for each name, the bodies that left and may have arrived: a refusal, known to
    the server whatever the ledger has, takes one back.
    """

    def __init__(self, root: Path, seed: int, campaign: str = CAMPAIGN) -> None:
        script = Path(__file__).parent / "ledger_nursery.py"
        self.dice = random.Random(seed)
        self.campaign = campaign
        self.out: Counter[str] = Counter()
        self.accepted: set[str] = set()
        self.people: list[str] = []
        self.process = subprocess.Popen(
            [sys.executable, str(script), str(root)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            # A short one, so that nobody is far ahead of what was heard.
            pipesize=4096,
            text=True,
            env={**os.environ, "PYTHONPATH": str(SOURCE)},
        )

    def order(self, *words: object) -> None:
        """Tell the nursery something."""
        assert self.process.stdin is not None
        self.process.stdin.write(" ".join(map(str, words)) + "\n")
        self.process.stdin.flush()

    def hear(self) -> tuple[int, str, list[str]]:
        """The next thing that somebody told."""
        assert self.process.stdout is not None
        pid, what, *words = self.process.stdout.readline().split()
        if what == "wire":
            self.out.update(words)
        elif what == "answer":
            for word in words:
                self._answered(*word.split(":"))
        return int(pid), what, words

    def _answered(self, name: str, answer: str) -> None:
        if answer == "sent":
            self.accepted.add(name)
        else:
            self.out[name] -= 1

    def beget(self, word: str) -> None:
        """Have a sender, with luck of its own."""
        self.order(word, self.campaign, self.dice.randrange(1 << 30))

    def wait_for(self, wanted: str) -> tuple[int, str]:
        """Hear until somebody tells this; who, and what exactly."""
        while True:
            pid, what, words = self.hear()
            if what == wanted:
                return pid, " ".join(words)

    def hear_some(self, most: int) -> None:
        """Let them go on for a while."""
        for _ in range(self.dice.randrange(most)):
            self.hear()

    def bury(self, pid: int) -> None:
        """Kill somebody, and hear whatever it had still told."""
        os.kill(pid, signal.SIGKILL)
        self.order("bury", pid)
        self.wait_for("buried")

    def close(self) -> None:
        """End it."""
        self.process.kill()
        self.process.communicate()


def enlarge(ledger: Ledger, nursery: Nursery) -> None:
    """Lay a plan with more people."""
    known = len(nursery.people)
    nursery.people += [f"p{n:05}" for n in range(known, known + ENOUGH)]
    run = ledger.begin(nursery.campaign, OCCURRENCE, NOW)
    run.lay(lines(*nursery.people, campaign=nursery.campaign), WORDS, NOW)
    run.finish("laid", NOW)
