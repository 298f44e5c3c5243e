"""Several sends of one campaign at once, and one that follows another that was killed."""

from __future__ import annotations

import os
import random
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from crash_support import (
    CONNECTIONS,
    FILE,
    HANG,
    KILLS,
    SOURCE,
    TWO_BATCHES,
    TWO_PROCESSES,
    Attempt,
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
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP, signal.SIGTERM, signal.SIGINT])
def test_second_process_is_done_without(number: signal.Signals, make_case: MakeCase) -> None:
    """Killed, stopped for good, or asked to end alone: the first process makes itself what does
    not come, and ends in order."""
    case = make_case(TWO_BATCHES)
    attempt = _with_a_second(case)
    for second in attempt.workers:
        os.kill(second, number)

    ended = attempt.end()
    attempt.all_gone()

    assert ended.code == 0
    assert case.taken == dict.fromkeys(case.people, 1)


@TWO_PROCESSES
def test_second_process_ends_when_the_first_is_killed(make_case: MakeCase) -> None:
    """It has neither the ledger nor the wire, and its mails are for nobody."""
    case = make_case(TWO_BATCHES)
    killed = _with_a_second(case)
    killed.signal(signal.SIGKILL)
    killed.end()
    killed.all_gone()

    assert case.taken == {}
    assert case.send().code == 0
    assert case.taken == dict.fromkeys(case.people, 1)


def _with_a_second(case: Case) -> Attempt:
    """A send in which a second process makes mails."""
    attempt = case.start()
    while not attempt.workers:
        assert not attempt.ends_before(0.001), attempt.end()
    return attempt
