"""A process that begets senders, so that many can be killed without starting Python anew each
time; or that sends by itself and stands still whenever its power may fail.

Each line on its standard input is an order. What senders do they tell on the common standard
output, a line at a time: `<pid> <what> <names>`. They tell of the wire what a server would know:
`wire` when bodies leave, which is after their marks were written; `answer` before the answer is.
"""

from __future__ import annotations

import os
import random
import sys
from pathlib import Path

from ledger_support import NOW, OCCURRENCE, key

from announce.ledger import open_ledger
from announce.ledger.base import Ledger
from announce.model.delivery import DeliveryKey, Outcome, State

URL = "sqlite:///ledger.sqlite3"
ACCOUNT = "smtp.example.org"
TURN = 4  # messages at most that one turn marks, and that it answers
ANSWERS = ("sent", "sent", "sent", "refused", "failed")


class Sender:
    """Delivers a campaign at random, for ever."""

    def __init__(self, ledger: Ledger, campaign: str, seed: int) -> None:
        self.ledger = ledger
        self.campaign = campaign
        self.run = ledger.begin(campaign, OCCURRENCE, NOW)
        self.dice = random.Random(seed)
        self.claimed: list[str] = []
        self.handed: list[str] = []

    def go(self) -> None:
        """Act until somebody ends it."""
        tell("begun")
        while True:
            self.act()

    def act(self) -> None:
        """Do something, mostly what a send does most."""
        acts = (self.claim, self.turn, self.give_back, self.look, self.end)
        self.dice.choices(acts, weights=(8, 16, 2, 2, 1))[0]()

    def claim(self) -> None:
        """Claim some, if few are left."""
        if len(self.claimed) < TURN:
            claimed = self.run.claim(self.dice.randint(1, 2 * TURN), NOW)
            self.claimed += [one.key.recipient for one in claimed]
        tell("claimed", str(len(self.claimed)))

    def turn(self) -> None:
        """Hear answers, write them and the next marks down, and let the marked bodies go."""
        heard = self._some(self.handed)
        answers = [(name, self.dice.choice(ANSWERS)) for name in heard]
        tell("answer", *(f"{name}:{answer}" for name, answer in answers))
        leaving = self._some(self.claimed)
        with self.run.together() as group:
            for name, answer in answers:
                if answer == "refused":
                    group.refused_for_now(self._key(name), NOW, "busy", {"code": 450})
                else:
                    group.record(self._key(name), Outcome(state=State(answer)), NOW)
            for name in leaving:
                group.handed_over(self._key(name), NOW, account=ACCOUNT)
        tell("wire", *leaving)
        self.handed = [name for name in self.handed if name not in heard] + leaving
        self.claimed = [name for name in self.claimed if name not in leaving]
        self.claimed += [name for name, answer in answers if answer == "refused"]

    def give_back(self) -> None:
        """Give some back."""
        names = self._some(self.claimed)
        self.run.give_back([self._key(name) for name in names], NOW)
        self.claimed = [name for name in self.claimed if name not in names]
        tell("back", *names)

    def look(self) -> None:
        """Look, as a report does beside a run."""
        tell("looked", str(self.ledger.sequence))

    def end(self) -> None:
        """End the run, with what is under way in doubt, and begin another."""
        self.run.finish("stopped", NOW)
        self.run = self.ledger.begin(self.campaign, OCCURRENCE, NOW)
        self.claimed, self.handed = [], []
        tell("begun")

    def _key(self, name: str) -> DeliveryKey:
        return key(name, campaign=self.campaign)

    def _some(self, names: list[str]) -> list[str]:
        return self.dice.sample(names, self.dice.randint(0, min(TURN, len(names))))


class Powered(Sender):
    """One that stands still after each act, so that its power can be cut: it tells whether all
    that it wrote is synced, and what it holds."""

    def go(self) -> None:
        """Stand still once the run has begun, which is synced too."""
        self.synced = True
        self.stand()
        super().go()

    def act(self) -> None:
        """Do something, then wait."""
        self.synced = False
        super().act()
        self.stand()

    def stand(self) -> None:
        """Wait for a word to go on."""
        tell("stands", "synced" if self.synced else "unsynced", *self.claimed, *self.handed)
        sys.stdin.readline()

    def claim(self) -> None:
        """A claim is synced."""
        self.synced = len(self.claimed) < TURN
        super().claim()

    def give_back(self) -> None:
        """So is what is given back."""
        super().give_back()
        self.synced = True

    def look(self) -> None:
        """Instead of looking, sync."""
        self.run.sync()
        self.synced = True

    def end(self) -> None:
        """So are the end of a run and the beginning of another."""
        super().end()
        self.synced = True


def tell(*words: str) -> None:
    """One line, whole, also beside other processes that write."""
    os.write(1, f"{os.getpid()} {' '.join(words)}\n".encode())


def live(root: Path, word: str, campaign: str, seed: str) -> None:
    """The life of a sender."""
    ledger = open_ledger(URL, root, create=True)
    {"send": Sender, "power": Powered}[word](ledger, campaign, int(seed)).go()


def main(root: Path) -> None:
    """Beget a sender at `send`, bury one at `bury`; at `power` be the sender."""
    # What opening imports late is imported once, not by each child.
    open_ledger(URL, root, create=True).close()
    for order in sys.stdin:
        word, *rest = order.split()
        if word == "bury":
            os.waitpid(int(rest[0]), 0)
            tell("buried")
        elif word == "power":
            live(root, word, *rest)
        elif os.fork() == 0:
            live(root, word, *rest)
            os._exit(0)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
