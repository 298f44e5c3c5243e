"""A send that is killed at random instants, again and again: nobody twice, nobody lost.

`ANNOUNCE_TEST_KILLS` says how many kills; the seed of each round is in its name.
"""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from crash_support import (
    CONNECTIONS,
    FILE,
    HANG,
    KILLS,
    TWO_BATCHES,
    Attempt,
    Case,
    Ended,
    MakeCase,
    Traces,
    busy,
)

from announce.backlog import BATCH

A_ROUND = 5  # kills
DUE = BATCH + 40  # mails due at the beginning of each send
# Of the kills, before the first mail, up to the last, and after it. The last part is milliseconds.
SHARES = (0.25, 0.5, 0.25)
BUSY = 0.4  # in this share of the sends the ledger is now and then locked by somebody else
LOOKS = 0.2  # after this share of the kills `announce status` is asked before the next send
COUNTED = ("sent", "failed", "in_doubt", "waiting", "skipped", "planned")


def rounds() -> list[Any]:
    """The kills of all rounds: as many as wanted in all."""
    parts = [A_ROUND] * (KILLS // A_ROUND) + [KILLS % A_ROUND] * (KILLS % A_ROUND > 0)
    return [pytest.param(seed, part, id=f"seed-{seed}") for seed, part in enumerate(parts)]


@pytest.mark.parametrize(("seed", "kills"), rounds())
def test_killed_at_any_instant(
    seed: int,
    kills: int,
    make_case: MakeCase,
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    """After any number of kills everybody has got one mail or is in doubt; settled by the truth
    and sent again, everybody has one."""
    case = make_case(DUE, processes=2 - seed % 2)
    case.sink.ask("slow", late=0.003, share=0.12, long=0.1, seed=seed)
    killer = Killer(case, random.Random(seed), tmp_path / "copy")
    while killer.phases.total() < kills:
        killer.attack()
    ended = killer.at_last()

    doubts = judge(case, ended, kills)

    record_property("kills", dict(killer.phases))
    record_property("in doubt", dict(doubts))


def test_sent_again_a_mail_keeps_its_message_id(make_case: MakeCase) -> None:
    """Killed with mails that the server then forgets: settled so, they go out under the ids that
    the ledger has had since before the kill."""
    case = make_case(TWO_BATCHES)
    case.sink.ask("hold", forgetting=True)
    attempt = case.start()
    handed = set(case.sink.ask("withheld", mails=CONNECTIONS))
    attempt.signal_all(signal.SIGKILL)
    attempt.end()
    attempt.all_gone()
    case.sink.ask("release")
    assert case.send().code == 1
    ids = {key: one["message_id"] for key, one in case.log.items() if one["state"] == "in_doubt"}

    assert set(ids) == handed
    assert set(case.taken) == set(case.people) - handed
    assert case.run("settle", FILE, *handed, "--not-sent").code == 0
    assert case.send().code == 0
    assert case.taken == dict.fromkeys(case.people, 1)
    assert {key: case.sink.mails[key] for key in handed} == {key: [ids[key]] for key in handed}


@dataclass
class Killer:
    """Kills the sends of one campaign at random instants.

    A send has three parts: up to its first mail, up to its last, up to its end. `lengths` are
    their seconds as last seen, over which the instants are spread evenly.
    """

    case: Case
    chance: random.Random
    copy: Path
    lengths: list[float] = field(default_factory=lambda: [0.5, 0.5, 0.05])
    phases: Counter[str] = field(default_factory=Counter)
    attempts: list[Attempt] = field(default_factory=list)

    def attack(self) -> None:
        """Begin a send with enough to do, and kill it unless it comes to its end before."""
        before = Traces.of(self.case.ledger, self.copy)
        due = len(self.case.people) - len(before.served)
        self.case.invite(max(0, DUE - due))
        taken = len(self.case.sink.ask("mails"))
        is_busy = self.case.ledger.exists() and self.chance.random() < BUSY
        with busy(self.case.ledger) if is_busy else nullcontext():
            attempt = self.case.start()
            self.attempts.append(attempt)
            if self.comes_to_an_instant(attempt, first=taken + 1, last=taken + max(due, DUE)):
                self.kill(attempt, before)
            else:
                ended = attempt.end()
                assert ended.code in (0, 1), ended
        if self.chance.random() < LOOKS:
            self.look()

    def comes_to_an_instant(self, attempt: Attempt, *, first: int, last: int) -> bool:
        """Choose an instant, and wait for it; False where the run has ended before. `first` and
        `last` are how many mails the sink has when it has taken those of this send."""
        (part,) = self.chance.choices(range(3), SHARES)
        began = time.monotonic()
        for before, mails in enumerate((first, last)[:part]):
            with self.case.sink.asking("until", mails=mails) as reached:
                if attempt.ends_before(HANG, reached):
                    return False
            self.lengths[before], began = time.monotonic() - began, time.monotonic()
        if attempt.ends_before(self.chance.uniform(0, self.lengths[part])):
            self.lengths[part] = time.monotonic() - began
            return False
        return True

    def kill(self, attempt: Attempt, before: Traces) -> None:
        """Kill all of it, or its first process, or the second where there is one."""
        how = self.chance.choice(["all", "first", "second"])
        workers = attempt.workers if how == "second" else []
        with suppress(ProcessLookupError):
            if workers:
                os.kill(workers[0], signal.SIGKILL)
            elif how == "first":
                attempt.signal(signal.SIGKILL)
            else:
                attempt.signal_all(signal.SIGKILL)
        ended = attempt.end()
        if ended.code != -signal.SIGKILL:
            # It had just ended, or goes on without its second process.
            assert ended.code in (0, 1), ended
            assert "run" in ended.json
            self.phases["second process"] += bool(workers)
            return
        if how != "first":
            attempt.all_gone()
        self.phases[Traces.of(self.case.ledger, self.copy).phase(attempt.pid, before)] += 1

    def look(self) -> None:
        """`announce status` in between: it ends the dead run, and forgets nobody."""
        code, counts = self.case.status
        assert code == bool(counts.get("in_doubt"))
        assert sum(counts[one] for one in COUNTED if counts) in (len(self.case.log), 0)

    def at_last(self) -> Ended:
        """Send once more, undisturbed; when that has ended and nobody is left that could send."""
        ended = self.case.send()
        for attempt in self.attempts:
            attempt.all_gone()
        self.case.sink.ask("quiet")
        return ended


def judge(case: Case, ended: Ended, kills: int) -> Counter[str]:
    """Hold what the last run left against what the sink has taken, settle it by that, and send
    again; the doubts, by the truth about them."""
    taken, log, (code, counts) = case.sink.mails, case.log, case.status
    doubtful = {key for key, one in log.items() if one["state"] == "in_doubt"}
    sent = {key for key, one in log.items() if one["state"] == "sent"}

    assert {key: ids for key, ids in taken.items() if len(ids) > 1} == {}
    assert sent | doubtful == set(log) == set(case.people)
    assert sent <= set(taken) <= sent | doubtful
    assert max(doubts_by_run(log).values(), default=0) <= CONNECTIONS
    assert len(doubtful) <= CONNECTIONS * kills
    assert ended.code == code == bool(doubtful)
    assert (counts["sent"], counts["in_doubt"]) == (len(sent), len(doubtful))
    assert {one["key"] for one in ended.json["attention"]} == doubtful

    arrived, lost = sorted(doubtful & set(taken)), sorted(doubtful - set(taken))
    for keys, word in ((arrived, "--sent"), (lost, "--not-sent")):
        if keys:
            assert case.run("settle", FILE, *keys, word).code == 0
    assert case.send().code == 0
    at_last = case.log
    assert {one["state"] for one in at_last.values()} == {"sent"}
    ids = {key: [one["message_id"]] for key, one in at_last.items()}
    assert case.sink.mails == ids == {key: [one["message_id"]] for key, one in log.items()}
    assert case.run("ledger", "check").code == 0
    return Counter({"had arrived": len(arrived), "had not": len(lost)})


def doubts_by_run(log: dict[str, Any]) -> Counter[int]:
    """How many deliveries each dead run left in doubt, by its number."""
    events = [event for one in log.values() for event in one["events"]]
    return Counter(one["detail"]["run"] for one in events if one["event"] == "in_doubt")
