"""The account's windows: never more than it may, and not less for no reason."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import datetime, timedelta
from typing import cast

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

from announce.channels.email.account import AccountLimits
from announce.ledger.base import Ledger
from announce.model.delivery import State
from announce.pace import SHORTLY, Pace
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
    seen = Seen(at_pause=lambda seconds: stop.set() if seconds > 1 else None)

    sending = Sending(
        ledger,
        Wire(),
        people(5),
        connections=connections,
        limits=limits(per_minute=3),
        seen=seen,
        stop=stop,
    ).go()

    # While the three are on their way, it only looks again shortly.
    assert seen.pauses[-1] == (MINUTE_IS_FULL, 60.0)
    assert set(seen.pauses[:-1]) <= {(MINUTE_IS_FULL, 0.05)}
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


def test_day_limit_says_when_the_next_message_fits(ledger: Ledger) -> None:
    """One address leaves the window in an hour, but the next message has two."""
    used(ledger, people=1, ago=timedelta(hours=23))
    hand_over(ledger, (3, timedelta(hours=2)))
    pairs = [line(f"p{n}", to=(f"a{n}@example.org", f"b{n}@example.org")) for n in range(2)]

    sending = Sending(ledger, Wire(), pairs, limits=limits(per_day=6)).go()

    assert sending.tally == Tally(counts=Counter({State.SENT: 1}), stopped=day_is_full(22))


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
    assert pace.wait(NOW) == SHORTLY


def hand_over(ledger: Ledger, *handed: tuple[int, timedelta]) -> None:
    """Other campaigns handed messages to so many recipients over, so long ago."""
    lines = [
        line(f"h{n}", to=tuple(f"h{n}x{m}@example.org" for m in range(size)), campaign="other")
        for n, (size, _) in enumerate(handed)
    ]
    run = begun(ledger, lines, NOW - timedelta(days=2))
    for one, (_, ago) in zip(run.claim(len(lines), NOW), handed, strict=True):
        run.handed_over(one.key, NOW - ago, account=ACCOUNT)


def test_room_comes_when_a_hand_over_leaves_its_window(ledger: Ledger) -> None:
    """Exactly a minute and a day later it counts no more, and not an instant before."""
    hand_over(ledger, (2, timedelta(0)))
    pace = Pace(outlet_to(Wire(), ledger, limits=limits(per_minute=2, per_day=2)))
    minute, day, instant = timedelta(minutes=1), timedelta(days=1), timedelta(microseconds=1)

    assert pace.wait(NOW + timedelta(seconds=59)) == timedelta(seconds=1)
    assert pace.wait(NOW + minute - instant) == SHORTLY
    assert pace.wait(NOW + minute) == timedelta(0)
    assert pace.day_is_full(NOW + day - instant, 1, anew=True)
    assert not pace.day_is_full(NOW + day, 2, anew=True)


def test_room_that_came_meanwhile_is_seen_at_once(ledger: Ledger) -> None:
    """The count of a second ago said full; somebody's hand-over has left since."""
    hand_over(ledger, (1, timedelta(seconds=59.5)), (1, timedelta(seconds=10)))
    pace = Pace(outlet_to(Wire(), ledger, limits=limits(per_minute=2)))

    assert pace.wait(NOW) == timedelta(seconds=0.5)
    assert pace.wait(NOW + timedelta(seconds=1)) == timedelta(0)


def test_room_that_only_seems_taken_is_waited_for_shortly(ledger: Ledger) -> None:
    """Two are handed over and not answered: the ledger and the pace both count them."""
    pace = Pace(outlet_to(Wire(), ledger, limits=limits(per_minute=3)))
    pace.let_go(1)
    pace.let_go(1)
    hand_over(ledger, (1, timedelta(0)), (1, timedelta(0)))

    assert pace.wait(NOW + timedelta(seconds=3)) == SHORTLY
    pace.landed(1, handed_over=True)
    pace.landed(1, handed_over=True)
    assert pace.wait(NOW + timedelta(seconds=4)) == timedelta(0)


def test_message_to_more_than_a_minute_goes_in_a_minute_of_its_own(ledger: Ledger) -> None:
    """Five addresses at three a minute: not beside another, and not never."""
    hand_over(ledger, (1, timedelta(seconds=20)))
    pace = Pace(outlet_to(Wire(), ledger, limits=limits(per_minute=3)))

    assert [pace.wait(NOW, people) for people in (2, 3, 5)] == [
        timedelta(0),
        timedelta(seconds=40),
        timedelta(seconds=40),
    ]
    assert pace.wait(NOW + timedelta(seconds=40), 5) == timedelta(0)


def test_messages_are_counted_where_the_provider_counts_them(ledger: Ledger) -> None:
    """Three messages to five people each are three, in the ledger and on their way."""
    hand_over(ledger, (5, timedelta(seconds=30)), (5, timedelta(seconds=20)))
    counted = AccountLimits(
        provider="", per_minute=4, per_day=4, minute_counts="messages", day_counts="messages"
    )
    pace = Pace(outlet_to(Wire(), ledger, limits=counted))

    pace.let_go(5)
    assert (pace.too_many(40), pace.day_is_full(NOW, 5), pace.wait(NOW, 5)) == (
        False, False, timedelta(0),
    )  # fmt: skip
    pace.let_go(5)
    assert pace.day_is_full(NOW, 1)
    pace.landed(5, handed_over=True)
    pace.landed(5, handed_over=False)
    assert (pace.day_is_full(NOW, 5), pace.wait(NOW, 5)) == (False, timedelta(0))


def test_each_window_is_counted_in_its_own_way(ledger: Ledger) -> None:
    """Messages a minute and recipients a day, as Exchange Online has it."""
    mixed = AccountLimits(provider="", per_minute=2, per_day=12, minute_counts="messages")
    pace = Pace(outlet_to(Wire(), ledger, limits=mixed))

    assert (pace.day_is_full(NOW, 12), pace.wait(NOW, 12)) == (False, timedelta(0))
    pace.let_go(5)
    pace.landed(5, handed_over=True)

    assert (pace.wait(NOW, 5), pace.day_is_full(NOW, 7), pace.day_is_full(NOW, 8)) == (
        timedelta(0), False, True,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("recipients", "hours", "minutes"), [(1, 4, 1), (2, 4, 1), (3, 14, 0), (5, 14, 0), (6, 24, 0)]
)
def test_room_again_is_when_so_many_fit(
    ledger: Ledger, recipients: int, hours: int, minutes: int
) -> None:
    """As the oldest leave, up to the next whole minute: it is told without seconds."""
    hand_over(
        ledger,
        (2, timedelta(hours=19, minutes=59, seconds=30)),
        (3, timedelta(hours=10)),
        (4, timedelta(0)),
    )
    pace = Pace(outlet_to(Wire(), ledger, limits=limits(per_day=9)))

    when = NOW + timedelta(hours=hours, minutes=minutes)
    assert pace.room_again(NOW, recipients) == when
    assert not pace.day_is_full(when, recipients, anew=True)


class Counting:
    """A ledger's windows that nobody uses, and how often they were asked for."""

    def __init__(self) -> None:
        self.asked = 0

    def used(self, _account: str, _since: datetime, *, messages: bool = False) -> int:
        """Nothing."""
        self.asked += 1
        return 0


def test_ledger_is_asked_every_two_seconds_and_not_for_each_message() -> None:
    """A thousand messages in a second cost two counts: a minute's and a day's."""
    book = Counting()
    outlet = outlet_to(Wire(), cast(Ledger, book), limits=limits(per_minute=9000, per_day=9000))
    pace = Pace(outlet)
    asked = []

    for step in range(1000 * 5):
        now = NOW + timedelta(milliseconds=step)
        assert not pace.day_is_full(now, 1)
        assert pace.wait(now) == timedelta(0)
        pace.let_go(1)
        pace.landed(1, handed_over=True)
        asked.append(book.asked)

    assert [asked[n] for n in (0, 1000, 2000, 2001, 4001, 4002, 4999)] == [2, 2, 2, 4, 4, 6, 6]


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
