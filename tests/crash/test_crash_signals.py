"""Asked to end: once, what is in flight is finished; twice, it stops at once."""

from __future__ import annotations

import signal
from typing import Any

import pytest
from crash_support import (
    CONNECTIONS,
    FILE,
    HANG,
    TWO_BATCHES,
    Attempt,
    Case,
    MakeCase,
)

ALL, FIRST = "all processes", "the first process"
TOLD = "Stopping after what is in flight"


def send_to_silence(case: Case) -> tuple[Attempt, dict[str, int]]:
    """A send with a mail on every connection that was taken and is not answered: to whom, and
    from which port."""
    attempt = case.start()
    with case.sink.asking("until", mails=20) as reached:
        assert not attempt.ends_before(HANG, reached), attempt.end()
    case.sink.ask("hold")
    return attempt, case.sink.ask("withheld", mails=CONNECTIONS)


def ask_to_end(attempt: Attempt, whom: str, number: int = signal.SIGINT) -> None:
    """Send the signal to the first process, or to all of them, as a terminal does."""
    (attempt.signal_all if whom == ALL else attempt.signal)(number)


def in_state(log: dict[str, Any], state: str) -> set[str]:
    """The keys of the deliveries in a state."""
    return {key for key, one in log.items() if one["state"] == state}


@pytest.mark.parametrize(
    ("number", "whom"),
    [(signal.SIGINT, ALL), (signal.SIGTERM, FIRST), (signal.SIGHUP, ALL)],
)
def test_asked_once_it_finishes_what_is_in_flight(
    number: signal.Signals, whom: str, make_case: MakeCase
) -> None:
    """The answers that come are taken in: nothing is in doubt, and the next send does the rest."""
    case = make_case(TWO_BATCHES)
    attempt, _ = send_to_silence(case)

    ask_to_end(attempt, whom, number)
    attempt.says(TOLD)
    case.sink.ask("release")
    ended = attempt.end()
    log, taken = case.log, case.taken
    again = case.send()

    assert ended.code == 130
    assert in_state(log, "sent") == set(taken) < set(case.people)
    assert in_state(log, "planned") == set(case.people) - set(taken)
    assert again.code == 0
    assert case.taken == dict.fromkeys(case.people, 1)


@pytest.mark.parametrize("whom", [ALL, FIRST])
def test_asked_twice_it_stops_at_once(whom: str, make_case: MakeCase) -> None:
    """It does not wait for a server that says nothing: what was handed over is in doubt, nothing
    else, and nothing of it is sent again."""
    case = make_case(TWO_BATCHES)
    attempt, handed = send_to_silence(case)

    ask_to_end(attempt, whom)
    attempt.says(TOLD)
    ask_to_end(attempt, whom)
    ended = attempt.end()
    attempt.all_gone()
    status, counts = case.status
    log, taken = case.log, case.taken
    case.sink.ask("release")
    again = case.send()

    assert ended.code == 130
    assert in_state(log, "in_doubt") == set(handed)
    assert in_state(log, "sent") == set(taken) - set(handed)
    assert (status, counts["in_doubt"]) == (1, len(handed))
    assert again.code == 1
    assert case.taken == dict.fromkeys(case.people, 1)
    assert case.run("settle", FILE, *sorted(handed), "--sent").code == 0
    assert case.send().code == 0
