"""The account's windows: never more than it may, and not less for no reason."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import timedelta

import pytest
from sending_support import (
    ACCOUNT,
    CAMPAIGN,
    GREYLISTED,
    NOW,
    PATIENCE,
    SENT,
    Clock,
    Seen,
    Sending,
    Wire,
    begun,
    limits,
    line,
    outlet_to,
    people,
    retry,
)

from announce.ledger.base import Ledger
from announce.model.delivery import State
from announce.pace import Pace
from announce.tally import Tally

MINUTE_IS_FULL = "the account's limit a minute is reached"


def day_is_full(hours: float) -> str:
    """How a run ends whose account has room again in so many hours."""
    when = (NOW + timedelta(hours=hours)).astimezone()
    return f"the account's limit a day is reached; room again at {when:%Y-%m-%d %H:%M %z}"


def used(ledger: Ledger, *, people: int, ago: timedelta) -> None:
    """Another campaign handed so many messages to the account, so long ago."""
    before = NOW - ago
    run = begun(ledger, [line(f"q{n}", campaign="other") for n in range(people)], before)
    for one in run.claim(people, before):
        run.handed_over(one.key, before, account=ACCOUNT)
        run.record(one.key, SENT, before)
    run.finish("done", before)


def handed(ledger: Ledger) -> int:
    """How many recipients were handed to the account in a day."""
    return ledger.used(ACCOUNT, NOW - timedelta(days=1))


# -- a minute ----------------------------------------------------------------------------------


@pytest.mark.parametrize("connections", [1, 8])
def test_minute_limit_pauses_until_the_first_leaves_the_window(
    ledger: Ledger, connections: int
) -> None:
    """Three a minute: after the third the engine pauses for the whole minute."""
    stop = threading.Event()
    seen = Seen(at_pause=lambda _seconds: stop.set())

    sending = Sending(
        ledger,
        Wire(),
        people(5),
        connections=connections,
        limits=limits(per_minute=3),
        seen=seen,
        stop=stop,
    ).go()

    assert seen.pauses == [(MINUTE_IS_FULL, 60.0)]
    assert sending.tally == Tally(counts=Counter({State.SENT: 3}), stopped="interrupted")
    assert sending.states == {State.SENT: 3, State.PLANNED: 2}


def test_minute_limit_is_shared_and_the_run_goes_on(ledger: Ledger) -> None:
    """Another campaign filled the minute: a short pause, and then everybody is sent to."""
    used(ledger, people=4, ago=timedelta(seconds=59.99))
    clock = Clock()
    seen = Seen(at_pause=lambda _seconds: clock.forward(1))

    sending = Sending(
        ledger, Wire(), people(4), limits=limits(per_minute=4), clock=clock, seen=seen
    ).go()

    assert seen.pauses == [(MINUTE_IS_FULL, 0.05)]
    assert sending.tally == Tally(counts=Counter({State.SENT: 4}))


def test_minute_limit_counts_no_other_account(ledger: Ledger) -> None:
    """An account's window is its own."""
    before = begun(ledger, [line("q", campaign="other")])
    (one,) = before.claim(1, NOW)
    before.handed_over(one.key, NOW, account="other@smtp.example.org")
    before.record(one.key, SENT, NOW)
    before.finish("done", NOW)

    sending = Sending(ledger, Wire(), people(1), limits=limits(per_minute=1)).go()

    assert (sending.seen.pauses, sending.states) == ([], {State.SENT: 1})


# -- a day -------------------------------------------------------------------------------------


@pytest.mark.parametrize("connections", [1, 3, 8])
def test_day_limit_is_met_and_the_rest_stays_planned(ledger: Ledger, connections: int) -> None:
    """Ten a day over several connections: ten are handed over, and the run says when it may."""
    wire = Wire()

    sending = Sending(
        ledger, wire, people(30), connections=connections, limits=limits(per_day=10)
    ).go()

    assert sending.tally == Tally(counts=Counter({State.SENT: 10}), stopped=day_is_full(24))
    assert sending.states == {State.SENT: 10, State.PLANNED: 20}
    assert handed(ledger) == 10


def test_day_limit_is_not_overshot_while_answers_are_slow(ledger: Ledger) -> None:
    """Eight are handed over and unanswered for long: no more than ten ever leave, and all ten."""
    clock = Clock()
    full = threading.Barrier(8, action=lambda: clock.forward(60))
    lock = threading.Lock()
    heard = [0]

    def slow(_name: str) -> None:
        with lock:
            heard[0] += 1
            among_the_first = heard[0] <= 8
        if among_the_first:
            full.wait(PATIENCE)

    wire = Wire(after=slow)
    sending = Sending(
        ledger, wire, people(30), connections=8, limits=limits(per_day=10), clock=clock
    ).go()

    assert handed(ledger) == len(wire.asked)
    assert len(wire.asked) <= 10
    assert sending.states == {State.SENT: 10, State.PLANNED: 20}


def test_day_limit_is_not_overshot_while_the_count_is_taken_anew(ledger: Ledger) -> None:
    """Each answer takes longer than a count is believed: never more than ten are handed over."""
    clock = Clock()
    wire = Wire(after=lambda _name: clock.forward(1.5))

    sending = Sending(
        ledger, wire, people(30), connections=8, limits=limits(per_day=10), clock=clock
    ).go()

    assert handed(ledger) == len(wire.asked) == sending.states[State.SENT]
    assert handed(ledger) <= 10


def test_day_limit_is_not_overshot_by_retries(ledger: Ledger) -> None:
    """What was refused after the hand-over counts as used, each time."""
    wire = Wire({"p000": [GREYLISTED, GREYLISTED, SENT]}, refuses_late=True)

    sending = Sending(
        ledger,
        wire,
        people(6),
        limits=limits(per_day=4),
        retry=retry(timedelta(0), timedelta(0)),
    ).go()

    assert handed(ledger) == len(wire.asked) == 4
    assert sending.tally.stopped == day_is_full(24)


def test_day_limit_is_not_spent_by_what_was_not_handed_over(ledger: Ledger) -> None:
    """What was refused before the hand-over leaves the room to others."""
    wire = Wire({"p000": [GREYLISTED, SENT]})

    sending = Sending(
        ledger, wire, people(4), limits=limits(per_day=4), retry=retry(timedelta(0))
    ).go()

    assert sending.tally == Tally(counts=Counter({State.SENT: 4}))


def test_day_limit_counts_recipients_and_other_campaigns(ledger: Ledger) -> None:
    """Room is counted in addresses, with what another campaign sent three hours ago."""
    used(ledger, people=5, ago=timedelta(hours=3))
    pairs = [line(f"p{n}", to=(f"a{n}@example.org", f"b{n}@example.org")) for n in range(5)]

    sending = Sending(ledger, Wire(), pairs, connections=4, limits=limits(per_day=10)).go()

    assert sending.tally == Tally(counts=Counter({State.SENT: 2}), stopped=day_is_full(21))
    assert handed(ledger) == 9


def test_day_limit_forgets_what_is_older_than_a_day(ledger: Ledger) -> None:
    """Yesterday's window is over."""
    used(ledger, people=5, ago=timedelta(hours=25))

    sending = Sending(ledger, Wire(), people(5), limits=limits(per_day=5)).go()

    assert sending.tally == Tally(counts=Counter({State.SENT: 5}))


@pytest.mark.parametrize("connections", [1, 3])
def test_message_with_more_addresses_than_a_day_is_failed(ledger: Ledger, connections: int) -> None:
    """No day has room for it: failed with the reason, and the rest goes on."""
    crowd = line("crowd", to=tuple(f"c{n}@example.org" for n in range(11)))
    wire = Wire()

    sending = Sending(
        ledger,
        wire,
        [crowd, *people(4)],
        connections=connections,
        limits=limits(per_day=10),
    ).go()

    reason = "its 11 addresses are more than the account may write to a day"
    assert sending.state("crowd") == (State.FAILED, reason)
    assert sending.tally == Tally(counts=Counter({State.FAILED: 1, State.SENT: 4}))
    assert wire.taken == Counter(one.key.recipient for one in people(4))


@pytest.mark.parametrize("connections", [1, 3])
def test_message_with_too_many_addresses_last_of_a_claim_holds_up_nobody(
    ledger: Ledger, connections: int
) -> None:
    """The hundredth is too large: the later claims are delivered all the same."""
    crowd = line("crowd", to=tuple(f"c{n}@example.org" for n in range(201)))
    lines = [*people(105)[:99], crowd, *people(105)[99:]]

    sending = Sending(
        ledger, Wire(), lines, connections=connections, limits=limits(per_day=200)
    ).go()

    assert sending.states == {State.SENT: 105, State.FAILED: 1}


# -- the counting itself -----------------------------------------------------------------------


def test_room_counts_what_is_on_its_way(ledger: Ledger) -> None:
    """A message that has left and not landed takes its room already."""
    pace = Pace(outlet_to(Wire(), ledger, limits=limits(per_minute=3, per_day=3)))

    pace.let_go(2)

    assert [pace.day_is_full(NOW, people) for people in (1, 2)] == [False, True]
    assert pace.wait(NOW) == timedelta(0)
    pace.let_go(1)
    assert pace.wait(NOW) == timedelta(minutes=1)


def test_room_is_given_back_by_what_was_not_handed_over(ledger: Ledger) -> None:
    """A message refused before the hand-over used nothing."""
    pace = Pace(outlet_to(Wire(), ledger, limits=limits(per_day=3)))

    pace.let_go(3)
    before = pace.day_is_full(NOW, 1)
    pace.landed(3, handed_over=False)

    assert (before, pace.day_is_full(NOW, 3)) == (True, False)


def test_room_is_counted_once_for_what_was_handed_over(ledger: Ledger) -> None:
    """What landed is known from the ledger soon, and counts once."""
    pace = Pace(outlet_to(Wire(), ledger, limits=limits(per_day=3)))
    run = begun(ledger, people(1))
    (one,) = run.claim(1, NOW)

    assert not pace.day_is_full(NOW, 3)
    pace.let_go(1)
    run.handed_over(one.key, NOW, account=ACCOUNT)
    pace.landed(1, handed_over=True)
    soon, later = NOW + timedelta(seconds=1), NOW + timedelta(seconds=3)

    assert [pace.day_is_full(soon, people) for people in (2, 3)] == [False, True]
    assert [pace.day_is_full(later, people) for people in (2, 3)] == [False, True]


def test_room_without_limits_is_endless(ledger: Ledger) -> None:
    """An account without limits is never full."""
    pace = Pace(outlet_to(Wire(), ledger))

    pace.let_go(10_000)

    assert not pace.too_many(10_000)
    assert not pace.day_is_full(NOW, 10_000)
    assert pace.wait(NOW) == timedelta(0)
    assert pace.room_again(NOW) is None
    assert ledger.counts(CAMPAIGN) == {}
