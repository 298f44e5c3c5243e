"""Several sends of one campaign at once, and one that follows another that was killed."""

from __future__ import annotations

import os
import random
import select
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager

import psutil
import pytest
from crash_support import (
    CONNECTIONS,
    FILE,
    HANG,
    KILLS,
    SOURCE,
    TWO_BATCHES,
    TWO_PROCESSES,
    Case,
    MakeCase,
    environment,
)


@contextmanager
def cron(case: Case) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """A send as cron starts it, a program of its own; and what can be read when it has ended."""
    process = subprocess.Popen(
        [sys.executable, "-m", "announce", "send", FILE, "--yes"],
        cwd=case.project,
        env=os.environ | {"PYTHONPATH": str(SOURCE)} | environment(case.project),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    watch = os.pidfd_open(process.pid)
    try:
        yield process, watch
    finally:
        os.close(watch)
        process.kill()
        process.communicate()


def test_of_two_at_once_one_sends_and_one_is_refused(make_case: MakeCase) -> None:
    """The second is told which process holds the run, and everybody gets one mail."""
    case = make_case(40)
    case.sink.ask("hold")
    with cron(case) as (one, one_ends), cron(case) as (other, other_ends):
        # As long as the sink is silent the one that holds the run cannot end.
        ended, _, _ = select.select([one_ends, other_ends], [], [], HANG)
        refused, holder = (one, other) if one_ends in ended else (other, one)
        told = refused.communicate(timeout=HANG)[1]
        case.sink.ask("withheld", mails=1)
        case.sink.ask("release")
        holder.communicate(timeout=HANG)

    assert (refused.returncode, holder.returncode) == (3, 0)
    assert f"is being sent by process {holder.pid} on " in told
    assert case.taken == dict.fromkeys(case.people, 1)


@pytest.mark.parametrize("seed", range(max(1, KILLS // 20)))
def test_five_at_random_moments_send_once(seed: int, make_case: MakeCase) -> None:
    """Each sends, or is refused because another one holds the run, or finds nothing to do."""
    case = make_case(120)
    chance = random.Random(seed)
    case.sink.ask("slow", late=0.01, share=0.1, long=0.1, seed=seed)
    started = [case.start()]
    for mails in sorted(chance.choices(range(len(case.people)), k=4)):
        case.sink.ask("until", mails=mails)
        started.append(case.start())

    ended = [one.end() for one in started]

    refused = [one.json["error"]["message"] for one in ended if one.code == 3]
    assert {one.code for one in ended} in ({0}, {0, 3})
    assert all("is being sent by process" in message for message in refused)
    assert case.taken == dict.fromkeys(case.people, 1)


def test_killed_holder_is_replaced_at_once(make_case: MakeCase) -> None:
    """The next one goes on without waiting for anything, and sends nothing again."""
    case = make_case(TWO_BATCHES)
    case.sink.ask("hold")
    killed = case.start()
    handed = set(case.sink.ask("withheld", mails=CONNECTIONS))
    refused = case.send()
    killed.signal_all(signal.SIGKILL)
    killed.end()
    killed.all_gone()
    case.sink.ask("release")

    ended = case.send()

    assert refused.code == 3
    assert ended.code == 1
    assert {one["key"] for one in ended.json["attention"]} == handed
    assert case.taken == dict.fromkeys(case.people, 1)


@TWO_PROCESSES
def test_second_process_that_wakes_up_late_sends_nothing(make_case: MakeCase) -> None:
    """Stopped while its first process was killed and another run has sent what it had claimed."""
    case = make_case(2 * TWO_BATCHES)
    case.sink.ask("slow", late=0.004, share=0.0, long=0.0, seed=0)
    killed = case.start()
    with case.sink.asking("until", mails=CONNECTIONS * 5) as reached:
        assert not killed.ends_before(HANG, reached), killed.end()
    (second,) = killed.workers
    stop_between_writes(second, case)
    killed.signal(signal.SIGKILL)
    killed.end()

    ended = case.send()
    os.kill(second, signal.SIGCONT)
    killed.all_gone()
    case.sink.ask("quiet")

    doubtful = {one["key"] for one in ended.json["attention"]}
    taken = case.taken
    assert ended.code == bool(doubtful)
    assert len(doubtful) <= CONNECTIONS
    assert set(taken.values()) == {1}
    assert set(case.people) - doubtful <= set(taken) <= set(case.people)


@TWO_PROCESSES
def test_second_process_killed_before_its_order_is_told(make_case: MakeCase) -> None:
    """The first process says that it is alone and ends in order; the next send does the rest."""
    case = make_case(TWO_BATCHES)
    attempt = case.start()
    while not attempt.workers:
        assert not attempt.ends_before(0.001), attempt.end()
    attempt.signal(signal.SIGSTOP)
    (second,) = attempt.workers
    os.kill(second, signal.SIGKILL)
    attempt.signal(signal.SIGCONT)

    ended = attempt.end()
    again = case.send()

    assert ended.code == 5
    assert "the second process died" in ended.err
    assert again.code == 0
    assert case.taken == dict.fromkeys(case.people, 1)


def stop_between_writes(process: int, case: Case) -> None:
    """Stop a process at any instant but those at which it keeps everybody from the ledger."""
    with closing(sqlite3.connect(case.ledger, timeout=1, isolation_level=None)) as ledger:
        while True:
            os.kill(process, signal.SIGSTOP)
            while psutil.Process(process).status() != psutil.STATUS_STOPPED:
                os.sched_yield()
            try:
                ledger.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError:
                os.kill(process, signal.SIGCONT)
            else:
                ledger.execute("ROLLBACK")
                return
