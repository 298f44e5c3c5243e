"""The engine: everybody once, whatever the other side answers, and an end to every run."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
from sending_support import (
    AT_ONCE,
    CAMPAIGN,
    GREYLISTED,
    IN_PART,
    LOST_BEFORE,
    NO_SUCH_USER,
    NOW,
    PATIENCE,
    QUOTA,
    SENT,
    THROTTLED,
    Clock,
    Seen,
    Sending,
    Wire,
    composed,
    key,
    line,
    people,
    refused,
    retry,
)

from announce.errors import (
    AnnounceError,
    LoginRefused,
    MachineError,
    PutOff,
    StoppedError,
    Unreachable,
)
from announce.ledger.base import LEASE, Ledger, Run, RunLost
from announce.model.delivery import Delivery, DeliveryKey, Outcome, State
from announce.model.message import Message
from announce.tally import Tally, end_of

HOUR = timedelta(hours=1)
MS = timedelta(milliseconds=1)


def met(barrier: threading.Barrier, times: int) -> Any:
    """Holds the first so many callers until all of them are there."""
    lock = threading.Lock()
    left = [times]

    def meet(_name: str) -> None:
        with lock:
            left[0] -= 1
            meets = left[0] >= 0
        if meets:
            barrier.wait(PATIENCE)

    return meet


class Marking:
    """A run whose mark of the hand-over fails, after so many that went well."""

    def __init__(self, run: Run, error: AnnounceError, *, good: int = 0) -> None:
        self._run = run
        self._error = error
        self._good = good

    def __getattr__(self, name: str) -> Any:
        return getattr(self._run, name)

    @contextmanager
    def together(self) -> Iterator[Any]:
        """A group whose marks fail."""
        with self._run.together() as group:
            yield _MarkingGroup(self, group)

    def mark(self) -> None:
        """Fail, once the good ones are spent."""
        if not self._good:
            raise self._error
        self._good -= 1


class _MarkingGroup:
    """A group of a `Marking` run."""

    def __init__(self, marking: Marking, group: Any) -> None:
        self._marking = marking
        self._group = group

    def __getattr__(self, name: str) -> Any:
        return getattr(self._group, name)

    def handed_over(self, key: DeliveryKey, now: datetime, **facts: Any) -> None:
        """Fail, once the good ones are spent."""
        self._marking.mark()
        self._group.handed_over(key, now, **facts)


# -- everybody, once ---------------------------------------------------------------------------


def test_everybody_is_sent_to_once_over_several_connections(ledger: Ledger) -> None:
    """Forty people over four connections that are all at work: each gets it once."""
    wire = Wire(before=met(threading.Barrier(4), 4))

    sending = Sending(ledger, wire, people(40), connections=4).go()

    assert wire.taken == Counter(one.key.recipient for one in people(40))
    assert sending.tally == Tally(counts=Counter({State.SENT: 40}))
    assert sending.states == {State.SENT: 40}
    assert (wire.openings, wire.closings) == (4, 4)


@pytest.mark.parametrize("connections", [1, 2])
def test_everybody_is_sent_to_with_more_people_than_one_claim(
    ledger: Ledger, connections: int
) -> None:
    """A run goes on with the next claim, with a single connection too."""
    sending = Sending(ledger, Wire(), people(130), connections=connections).go()

    assert sending.states == {State.SENT: 130}
    assert sending.tally == Tally(counts=Counter({State.SENT: 130}))


def test_order_is_that_of_the_plan_with_one_connection(ledger: Ledger) -> None:
    """Messages leave in the plan's order."""
    wire = Wire()

    Sending(ledger, wire, people(7)).go()

    assert wire.asked == [one.key.recipient for one in people(7)]


def test_nothing_due_opens_no_connection(ledger: Ledger) -> None:
    """A second run of a campaign that is sent does not trouble the server."""
    Sending(ledger, Wire(), people(3)).go()
    wire = Wire()

    sending = Sending(ledger, wire, people(3)).go()

    assert (wire.openings, sending.tally) == (0, Tally())


def test_refused_recipient_is_failed_and_the_rest_goes_on(ledger: Ledger) -> None:
    """A definite no is written down with its reason, once."""
    wire = Wire({"p001": [NO_SUCH_USER]})

    sending = Sending(ledger, wire, people(4), retry=retry(AT_ONCE)).go()

    assert sending.tally == Tally(counts=Counter({State.SENT: 3, State.FAILED: 1}))
    assert sending.state("p001") == (State.FAILED, "550 recipient_refused")
    assert wire.asked.count("p001") == 1


def test_connection_that_fails_after_the_hand_over_leaves_it_in_doubt(ledger: Ledger) -> None:
    """Whatever is raised once a message was handed over, another connection does not repeat it."""
    both = met(threading.Barrier(2), 2)

    failed = threading.Event()

    def fail(name: str) -> None:
        if name == "p001" and not failed.is_set():
            failed.set()
            raise MachineError("the account is closed")

    wire = Wire(before=both, after=fail)
    sending = Sending(ledger, wire, people(6), connections=2).go()

    assert wire.asked.count("p001") == 1
    assert sending.state("p001")[0] == State.IN_DOUBT


def test_lost_answer_is_in_doubt_and_not_tried_again(ledger: Ledger) -> None:
    """What may have arrived is left to a person."""
    doubt = Outcome(state=State.IN_DOUBT, reason="no answer")
    wire = Wire({"p000": [doubt]})

    sending = Sending(ledger, wire, people(2), retry=retry(AT_ONCE)).go()

    assert sending.tally == Tally(counts=Counter({State.SENT: 1, State.IN_DOUBT: 1}))
    assert sending.state("p000") == (State.IN_DOUBT, "no answer")
    assert wire.asked == ["p000", "p001"]


def test_partly_refused_message_counts_in_part_and_is_sent(ledger: Ledger) -> None:
    """Of two addressees one is refused: sent, with the reason, and counted apart."""
    both = line("pair", to=("a@example.org", "b@example.org"))
    wire = Wire({"pair": [IN_PART]})

    sending = Sending(ledger, wire, [both, *people(2)]).go()

    assert sending.tally == Tally(counts=Counter({State.SENT: 3}), in_part=1)
    assert sending.state("pair") == (State.SENT, IN_PART.reason)


def test_tally_equals_the_ledger_with_mixed_answers(ledger: Ledger) -> None:
    """What a run counts and what it has written down are the same."""
    waiting = Outcome(state=State.WAITING, reason="being looked through")
    doubt = Outcome(state=State.IN_DOUBT, reason="no answer")
    wire = Wire(
        {
            "p001": [NO_SUCH_USER],
            "p003": [GREYLISTED, SENT],
            "p004": [GREYLISTED],
            "p005": [IN_PART],
            "p007": [waiting],
            "p010": [doubt],
            "p011": [THROTTLED, SENT],
        }
    )

    sending = Sending(ledger, wire, people(30), connections=3, retry=retry(AT_ONCE, MS)).go()

    assert sending.tally.counts == sending.states
    assert sending.states == {
        State.SENT: 26,
        State.FAILED: 2,
        State.WAITING: 1,
        State.IN_DOUBT: 1,
    }
    assert Counter(state for _, state in sending.seen.deliveries) == sending.states


def test_limit_leaves_the_rest_planned(ledger: Ledger) -> None:
    """So many and no more, in the plan's order; that is no early end."""
    wire = Wire()

    sending = Sending(ledger, wire, people(10), connections=4, limit=4).go()

    assert sending.tally == Tally(counts=Counter({State.SENT: 4}))
    assert sorted(wire.taken) == ["p000", "p001", "p002", "p003"]
    assert sending.states == {State.SENT: 4, State.PLANNED: 6}


def test_limit_beyond_one_claim_is_met(ledger: Ledger) -> None:
    """A limit of more than one claim is met to the message."""
    sending = Sending(ledger, Wire(), people(150), connections=2, limit=120).go()

    assert sending.states == {State.SENT: 120, State.PLANNED: 30}


def test_only_the_chosen_are_sent_to(ledger: Ledger) -> None:
    """With `only`, nobody else."""
    wire = Wire()
    only = {key("p002"), key("p005")}

    sending = Sending(ledger, wire, people(8), connections=4, only=only).go()

    assert wire.taken == {"p002": 1, "p005": 1}
    assert sending.states == {State.SENT: 2, State.PLANNED: 6}


def test_other_channel_is_left_alone(ledger: Ledger) -> None:
    """An e-mail engine takes no article of the same run."""
    article = line("account:en", channel="wechat")

    sending = Sending(ledger, Wire(), [article, *people(2)]).go()

    assert sending.states == {State.SENT: 2, State.PLANNED: 1}
    assert ledger.events(article.key)[-1].event == "planned"


# -- again, within the run ---------------------------------------------------------------------


def test_transient_answer_is_retried_and_sent(ledger: Ledger) -> None:
    """A greylisted recipient gets it at the third try, and is reported once."""
    wire = Wire({"p000": [GREYLISTED, GREYLISTED, SENT]})

    sending = Sending(ledger, wire, people(3), retry=retry(MS, MS, MS)).go()

    assert sending.tally == Tally(counts=Counter({State.SENT: 3}))
    assert wire.asked.count("p000") == 3
    assert sorted(sending.seen.deliveries) == [(f"p00{n}", State.SENT) for n in range(3)]


def test_transient_answer_is_failed_after_the_last_wait(ledger: Ledger) -> None:
    """After as many waits as there are it is failed; the last try is told to the transport."""
    wire = Wire({"p000": [GREYLISTED]})

    sending = Sending(ledger, wire, people(1), retry=retry(AT_ONCE, AT_ONCE, MS)).go()

    assert wire.lasts == {"p000": [False, False, False, True]}
    assert sending.state("p000") == (State.FAILED, "451 transient")
    assert sending.happened("p000") == [
        "planned",
        "claimed",
        "refused_for_now",
        "refused_for_now",
        "refused_for_now",
        "failed",
    ]
    assert sending.tally == Tally(counts=Counter({State.FAILED: 1}))


def test_first_try_is_the_last_without_waits(ledger: Ledger) -> None:
    """Where nothing is tried again, the first try is told to be the last."""
    wire = Wire()

    Sending(ledger, wire, people(1), retry=retry()).go()

    assert wire.lasts == {"p000": [True]}


def test_retry_after_a_late_refusal_is_marked_anew(ledger: Ledger) -> None:
    """Refused after the hand-over and sent later: two hand-overs in the log, one message."""
    wire = Wire({"p000": [GREYLISTED, SENT]}, refuses_late=True)

    sending = Sending(ledger, wire, people(1), retry=retry(AT_ONCE)).go()

    assert sending.happened("p000") == [
        "planned",
        "claimed",
        "handed_over",
        "refused_for_now",
        "handed_over",
        "sent",
    ]


def test_lost_connection_ends_the_run_and_leaves_the_recipient_planned(ledger: Ledger) -> None:
    """The way is broken after all waits: MachineError, and nobody is failed for it."""
    wire = Wire(otherwise=LOST_BEFORE)

    sending = Sending(ledger, wire, people(3), retry=retry(AT_ONCE, AT_ONCE)).go()

    assert type(sending.tally.error) is MachineError
    assert str(sending.tally.error) == (
        "the connection breaks again and again: None connection_lost"
    )
    assert end_of({"email": sending.tally}) is sending.tally.error
    assert sending.states == {State.PLANNED: 3}
    assert sending.tally.counts == {}


# -- too fast ----------------------------------------------------------------------------------


def test_throttled_connections_pause_once_for_all(ledger: Ledger) -> None:
    """Four connections are told at the same time to slow down: that is one pause."""
    barrier = threading.Barrier(4)
    answers = {f"p00{n}": [THROTTLED, SENT] for n in range(4)}
    wire = Wire(answers, before=met(barrier, 4))
    pause = timedelta(milliseconds=300)

    sending = Sending(ledger, wire, people(6), connections=4, retry=retry(AT_ONCE, pause=pause))
    sending.go()

    reason = "the server asks to slow down: 421 throttled"
    assert sending.seen.pauses == [(reason, 0.3)]
    assert sending.tally == Tally(counts=Counter({State.SENT: 6}))


def test_throttled_account_stops_after_ten_pauses(ledger: Ledger) -> None:
    """A server that takes nothing and keeps asking to slow down: the run stops, all stay due."""
    wire = Wire(otherwise=THROTTLED)

    sending = Sending(ledger, wire, people(15), retry=retry(*[AT_ONCE] * 4)).go()

    assert len(sending.seen.pauses) == 10
    assert sending.tally == Tally(stopped="the server keeps asking to slow down: 421 throttled")
    assert sending.states == {State.PLANNED: 15}


def test_throttled_count_begins_again_after_a_sent(ledger: Ledger) -> None:
    """Fifteen pauses with messages sent between them are no reason to stop."""
    answers = {f"p{n:03}": [THROTTLED, SENT] for n in range(0, 30, 2)}

    sending = Sending(ledger, Wire(answers), people(30), retry=retry(AT_ONCE)).go()

    assert len(sending.seen.pauses) == 15
    assert sending.tally == Tally(counts=Counter({State.SENT: 30}))


def test_recipient_who_is_always_throttled_is_set_aside(ledger: Ledger) -> None:
    """One recipient who is put off at every try stays due, and holds up nobody."""
    wire = Wire({"p000": [THROTTLED]})

    sending = Sending(ledger, wire, people(20), connections=2, retry=retry(AT_ONCE, AT_ONCE)).go()

    assert sending.tally == Tally(
        counts=Counter({State.SENT: 19}),
        stopped="the server kept putting off 1 messages, which stay due",
    )
    assert wire.lasts["p000"] == [False, False, True]
    assert sending.state("p000") == (State.PLANNED, "")
    assert sending.states == {State.SENT: 19, State.PLANNED: 1}


def test_recipient_set_aside_last_of_a_claim_holds_up_no_later_claim(ledger: Ledger) -> None:
    """The hundredth is put off for good and the account pauses: the others are still sent to."""
    paused = threading.Event()

    def last_of_the_claim(name: str) -> None:
        if name == "p098":
            assert paused.wait(PATIENCE)

    wire = Wire({"p099": [THROTTLED]}, before=last_of_the_claim)
    sending = Sending(ledger, wire, people(105), connections=2)
    sending.retry = retry(pause=timedelta(milliseconds=200))
    sending.seen = Seen(at_pause=lambda _seconds: paused.set())

    sending.go()

    assert sending.states == {State.SENT: 104, State.PLANNED: 1}


def test_throttled_answer_says_how_long_to_wait(ledger: Ledger) -> None:
    """A wait that the server names replaces our own pause."""
    told = refused("throttled", 421, transient=True, wait=0.01)
    wire = Wire({"p000": [told, SENT]})

    sending = Sending(ledger, wire, people(2), retry=retry(AT_ONCE, pause=HOUR)).go()

    assert sending.seen.pauses == [("the server asks to slow down: 421 throttled", 0.01)]
    assert sending.states == {State.SENT: 2}


def test_pause_with_retries_due_does_not_spin(ledger: Ledger) -> None:
    """While the account pauses and only retries are left, the engine waits and does not spin."""
    brief = refused("throttled", 421, transient=True, wait=0.001)
    long = refused("throttled", 421, transient=True, wait=0.3)
    wire = Wire({"p000": [brief, long], "p001": [GREYLISTED, SENT]})
    clock = Clock()
    waits = retry(timedelta(milliseconds=50))

    sending = Sending(ledger, wire, people(2), retry=waits, clock=clock).go()

    assert sending.states == {State.SENT: 1, State.PLANNED: 1}
    assert clock.asked < 200


# -- the account or the server is at fault -----------------------------------------------------


@pytest.mark.parametrize("late", [False, True])
def test_quota_stops_with_the_recipient_planned(ledger: Ledger, late: bool) -> None:
    """The day's quota is spent, told before or after the hand-over: nobody is failed for it."""
    wire = Wire({"p002": [QUOTA]}, refuses_late=late)

    sending = Sending(ledger, wire, people(6), retry=retry(AT_ONCE)).go()

    assert sending.tally == Tally(
        counts=Counter({State.SENT: 2}), stopped="the account's quota is spent: 552 quota"
    )
    assert sending.state("p002") == (State.PLANNED, "")
    assert sending.states == {State.SENT: 2, State.PLANNED: 4}
    assert wire.asked == ["p000", "p001", "p002"]


def test_login_refused_at_the_first_connection_sends_nothing(ledger: Ledger) -> None:
    """The first connection's error is the run's, and everything stays planned."""

    def refuse(_number: int) -> None:
        raise LoginRefused("535 no")

    wire = Wire(opening=refuse)
    sending = Sending(ledger, wire, people(5), connections=4)

    with pytest.raises(LoginRefused, match="535 no"):
        sending.go()

    assert wire.openings == 1
    assert sending.states == {State.PLANNED: 5}


def test_login_refused_at_a_second_connection_stops_at_once(ledger: Ledger) -> None:
    """What was handed over is heard out, nothing more is begun, and nobody else logs in."""
    refusing: list[threading.Thread] = []
    handed_over, refusal = threading.Event(), threading.Event()

    def second(number: int) -> None:
        if number > 1:
            assert handed_over.wait(PATIENCE)
            refusing.append(threading.current_thread())
            refusal.set()
            raise LoginRefused("535 no")

    def until_refused(_name: str) -> None:
        handed_over.set()
        assert refusal.wait(PATIENCE)
        refusing[0].join(PATIENCE)

    wire = Wire(opening=second, after=until_refused)
    sending = Sending(ledger, wire, people(50), connections=2).go()

    assert type(sending.tally.error) is LoginRefused
    assert sending.tally.counts == {State.SENT: 1}
    assert sending.states == {State.SENT: 1, State.PLANNED: 49}
    assert wire.openings == 2


def full(allowed: int) -> Any:
    """A server that takes so many connections and no more."""

    def refuse(number: int) -> None:
        if number > allowed:
            raise MachineError("421 too many connections")

    return refuse


def test_server_with_two_connections_is_not_asked_for_more_again(ledger: Ledger) -> None:
    """Each place is tried once, and then two connections send everything."""
    wire = Wire(opening=full(2), before=met(threading.Barrier(2), 2))

    sending = Sending(ledger, wire, people(60), connections=8).go()

    assert sending.tally == Tally(counts=Counter({State.SENT: 60}))
    assert set(wire.taken.values()) == {1}
    assert wire.openings <= 8
    assert wire.closings == 2


def test_run_ends_when_the_connections_that_were_left_break(ledger: Ledger) -> None:
    """Two of eight places were had and both break while more is given: the run ends."""
    count = threading.Lock()
    heard = [0]

    def until_the_tenth(_name: str) -> None:
        with count:
            heard[0] += 1
            gone = heard[0] >= 10
        if gone:
            raise MachineError("the account is closed")

    wire = Wire(opening=full(2), before=until_the_tenth)
    sending = Sending(ledger, wire, people(60), connections=8).go()

    assert str(sending.tally.error) == "the account is closed"
    assert sending.states == {State.SENT: 9, State.PLANNED: 51}
    assert wire.openings <= 8


@pytest.mark.parametrize("connections", [1, 4, 8])
def test_lost_run_ends_at_once(ledger: Ledger, connections: int) -> None:
    """Another process has the run: nothing is handed over, and no connection is renewed."""
    lost = RunLost("taken over by another process")
    wire = Wire()
    sending = Sending(ledger, wire, people(120), connections=connections)
    sending.through = lambda run: Marking(run, lost)

    sending.go()

    assert sending.tally.error is lost
    assert wire.taken == {}
    assert sending.tally.counts == {}
    assert wire.openings <= connections
    assert len(wire.asked) <= connections
    assert sending.states == {State.PLANNED: 120}


def test_lost_run_ends_at_once_where_places_were_refused(ledger: Ledger) -> None:
    """The run is lost while more is given than there are connections: it ends all the same."""
    lost = RunLost("taken over by another process")
    refusing: list[threading.Thread] = []
    refusals = threading.Semaphore(0)

    def one_only(number: int) -> None:
        if number > 1:
            refusing.append(threading.current_thread())
            refusals.release()
            raise MachineError("421 too many connections")

    def until_all_are_refused(_name: str) -> None:
        if len(refusing) < 3:
            assert all(refusals.acquire(timeout=PATIENCE) for _ in range(3))
        for thread in refusing:
            thread.join(PATIENCE)

    wire = Wire(opening=one_only, before=until_all_are_refused)
    sending = Sending(ledger, wire, people(50), connections=4)
    sending.through = lambda run: Marking(run, lost, good=5)

    sending.go()

    assert sending.tally.error is lost
    assert wire.openings == 4
    assert len(wire.asked) == 6


def test_ledger_that_cannot_be_written_ends_the_run(ledger: Ledger) -> None:
    """A full disk at the mark of the hand-over: the error is the run's, nothing was sent."""
    full_disk = MachineError("the disk of the ledger is full")
    wire = Wire()
    sending = Sending(ledger, wire, people(30), connections=4)
    sending.through = lambda run: Marking(run, full_disk)

    sending.go()

    assert sending.tally.error is full_disk
    assert wire.taken == {}
    assert wire.openings <= 4
    assert sending.states == {State.PLANNED: 30}


def test_alike_failures_stop_the_run(ledger: Ledger) -> None:
    """At the budget's figure the run stops, with what failed told."""
    wire = Wire(otherwise=refused("sender_refused", 554))

    sending = Sending(ledger, wire, people(20), retry=retry(of_last=10, alike=4)).go()

    assert sending.tally == Tally(
        counts=Counter({State.FAILED: 4}),
        stopped="4 of the last 4 messages ended alike: 554 sender_refused",
        mend="the rest is planned: mend the cause, then run again, for those that failed with "
        "--retry-failed",
    )
    assert sending.states == {State.FAILED: 4, State.PLANNED: 16}


def test_failures_of_different_kinds_do_not_stop_the_run(ledger: Ledger) -> None:
    """Only what fails alike counts together."""
    answers = {f"p{n:03}": [refused("message_refused", 550 + n)] for n in range(10)}

    sending = Sending(ledger, Wire(answers), people(20), retry=retry(of_last=10, alike=2)).go()

    assert sending.tally == Tally(counts=Counter({State.FAILED: 10, State.SENT: 10}))


def test_failures_far_apart_do_not_stop_the_run(ledger: Ledger) -> None:
    """Only the latest messages count."""
    answers = {f"p{n:03}": [NO_SUCH_USER] for n in range(0, 20, 5)}

    sending = Sending(ledger, Wire(answers), people(20), retry=retry(of_last=5, alike=2)).go()

    assert sending.tally == Tally(counts=Counter({State.FAILED: 4, State.SENT: 16}))


# -- stopped -----------------------------------------------------------------------------------


def test_interruption_finishes_what_is_in_flight(ledger: Ledger) -> None:
    """Ctrl-C after the third: the three others on their way are recorded, the rest is planned."""
    interrupted = threading.Event()
    barrier = threading.Barrier(4)
    count = threading.Lock()
    heard = [0]

    def pass_or_wait(_name: str) -> None:
        # The first four are at work together; three end, and those after them wait for Ctrl-C.
        with count:
            heard[0] += 1
            number = heard[0]
        if number <= 4:
            barrier.wait(PATIENCE)
        if number >= 4:
            assert interrupted.wait(PATIENCE)

    def interrupt(delivered: int) -> None:
        if delivered == 3:
            interrupted.set()

    wire = Wire(after=pass_or_wait)
    seen = Seen(then=interrupt)
    sending = Sending(ledger, wire, people(50), connections=4, seen=seen, stop=interrupted).go()

    # How many had been let go of before the third answer was told is up to the threads.
    begun = len(wire.taken)
    assert 4 <= begun <= 6
    assert sending.tally == Tally(counts=Counter({State.SENT: begun}), stopped="interrupted")
    assert wire.taken == Counter(one.key.recipient for one in people(begun))
    assert sending.states == {State.SENT: begun, State.PLANNED: 50 - begun}


def test_interruption_with_one_connection_begins_nothing_more(ledger: Ledger) -> None:
    """Ctrl-C after the third of one connection: three are sent."""
    stop = threading.Event()
    seen = Seen(then=lambda delivered: stop.set() if delivered == 3 else None)

    sending = Sending(ledger, Wire(), people(10), seen=seen, stop=stop).go()

    assert sending.tally == Tally(counts=Counter({State.SENT: 3}), stopped="interrupted")
    assert sending.states == {State.SENT: 3, State.PLANNED: 7}


def test_interruption_leaves_retries_planned(ledger: Ledger) -> None:
    """Who waits for another try stays due when the run is stopped."""
    stop = threading.Event()
    seen = Seen(then=lambda _delivered: stop.set())
    wire = Wire({"p000": [GREYLISTED]})

    sending = Sending(ledger, wire, people(3), seen=seen, stop=stop, retry=retry(HOUR)).go()

    assert sending.tally == Tally(counts=Counter({State.SENT: 1}), stopped="interrupted")
    assert sending.states == {State.SENT: 1, State.PLANNED: 2}


def test_interruption_ends_a_pause(ledger: Ledger) -> None:
    """Ctrl-C need not wait for the end of an hour's pause."""
    stop = threading.Event()
    seen = Seen(at_pause=lambda _seconds: stop.set())
    wire = Wire(otherwise=THROTTLED)

    sending = Sending(
        ledger, wire, people(3), seen=seen, stop=stop, retry=retry(AT_ONCE, pause=HOUR)
    ).go()

    assert sending.tally == Tally(stopped="interrupted")
    assert sending.states == {State.PLANNED: 3}


def test_interruption_before_the_start_opens_nothing(ledger: Ledger) -> None:
    """A run that is stopped before it began claims nothing."""
    stop = threading.Event()
    stop.set()
    wire = Wire()

    sending = Sending(ledger, wire, people(3), stop=stop).go()

    assert (wire.openings, sending.tally.stopped) == (0, "interrupted")
    assert sending.happened("p000") == ["planned"]


def breaking_at(name: str, until: threading.Event, after: threading.Event) -> Any:
    """A composer that fails for one recipient, once others are in flight."""

    def compose(wanted: Delivery) -> Message:
        if wanted.key.recipient == name:
            assert until.wait(PATIENCE)
            after.set()
            raise StoppedError("the message changed while sending")
        return composed(wanted)

    return compose


def test_compose_that_stops_lets_answers_in_flight_be_recorded(ledger: Ledger) -> None:
    """A template is edited while three are in flight: their answers are written down as sent."""
    flying, broken = threading.Event(), threading.Event()
    barrier = threading.Barrier(3, action=flying.set)

    def hold(name: str) -> None:
        if name != "p000":
            barrier.wait(PATIENCE)
            assert broken.wait(PATIENCE)

    sending = Sending(ledger, Wire(after=hold), people(9), connections=4)
    sending.compose = breaking_at("p004", flying, broken)

    with pytest.raises(StoppedError, match="the message changed while sending"):
        sending.go()

    assert sending.tally.counts == {State.SENT: 4}
    assert sending.states == {State.SENT: 4, State.PLANNED: 5}
    assert sending.happened("p000") == ["planned", "claimed", "handed_over", "sent"]


@pytest.mark.parametrize("answer", [QUOTA, THROTTLED, GREYLISTED, LOST_BEFORE])
def test_compose_that_stops_leaves_those_put_off_planned(ledger: Ledger, answer: Outcome) -> None:
    """An answer for now only, taken in while the run winds up, fails nobody."""
    flying, broken = threading.Event(), threading.Event()

    def hold(_name: str) -> None:
        flying.set()
        assert broken.wait(PATIENCE)

    wire = Wire({"p000": [answer]}, before=hold)
    sending = Sending(ledger, wire, people(4), connections=2, retry=retry(AT_ONCE))
    sending.compose = breaking_at("p001", flying, broken)

    with pytest.raises(StoppedError):
        sending.go()

    assert sending.state("p000") == (State.PLANNED, "")
    assert sending.states == {State.PLANNED: 4}


def test_fault_of_our_own_in_a_connection_is_told(ledger: Ledger) -> None:
    """A message that cannot be written ends the run with that error; nothing is lost."""
    wire = Wire({"p002": [ValueError("cannot be written")]})
    sending = Sending(ledger, wire, people(5))

    with pytest.raises(ValueError, match="cannot be written"):
        sending.go()

    assert sending.states == {State.SENT: 2, State.PLANNED: 3}


def test_lease_is_renewed_while_a_run_goes_on(ledger: Ledger) -> None:
    """A long run stays alive for other machines."""
    clock = Clock()
    leases: list[datetime] = []

    def step(_delivered: int) -> None:
        holder = ledger.running(CAMPAIGN)
        assert holder is not None
        leases.append(holder.lease_until)
        clock.forward(120)

    Sending(ledger, Wire(), people(3), clock=clock, seen=Seen(then=step)).go()

    assert leases == [NOW + LEASE + timedelta(seconds=n) for n in (0, 120, 240)]


@pytest.mark.parametrize(
    ("tallies", "expected"),
    [
        ({}, None),
        ({"email": Tally()}, None),
        ({"email": Tally(stopped="interrupted")}, "stopped: interrupted"),
        ({"email": Tally(stopped="x"), "wechat": Tally(error=MachineError("y"))}, "y"),
    ],
)
def test_end_of_a_run_is_its_worst(tallies: dict[str, Tally], expected: str | None) -> None:
    """An error counts more than a stop, and a stop more than nothing."""
    error = end_of(tallies)

    assert (None if error is None else str(error)) == expected


def away_at(*absent: int) -> Any:
    """A server that is away at these openings."""

    def open_or_not(number: int) -> None:
        if number in absent:
            raise Unreachable("no connection to smtp.example.org")

    return open_or_not


def test_server_that_restarts_in_the_middle_is_waited_for(ledger: Ledger) -> None:
    """It is gone at two openings after the first five mails: all are sent, nobody twice."""
    wire = Wire(
        {"p005": [Unreachable("connection lost"), SENT]},
        opening=away_at(2, 3),
    )

    sending = Sending(ledger, wire, people(12), retry=retry(AT_ONCE, AT_ONCE, AT_ONCE)).go()

    assert sending.tally == Tally(counts=Counter({State.SENT: 12}))
    assert wire.taken == Counter(one.key.recipient for one in people(12))
    assert wire.openings == 4


def test_server_that_stays_away_ends_the_run(ledger: Ledger) -> None:
    """After the last wait the run ends; who was not served stays due."""
    wire = Wire(
        {"p005": [Unreachable("connection lost"), SENT]},
        opening=away_at(2, 3, 4),
    )

    sending = Sending(ledger, wire, people(12), retry=retry(AT_ONCE, AT_ONCE, AT_ONCE)).go()

    assert type(sending.tally.error) is Unreachable
    assert sending.states == {State.SENT: 5, State.PLANNED: 7}
    assert wire.openings == 4


def test_server_that_was_never_there_ends_the_run_at_once(ledger: Ledger) -> None:
    """Before the first mail nothing is waited for: the settings may be wrong."""
    wire = Wire(opening=away_at(1, 2, 3, 4))

    sending = Sending(ledger, wire, people(3), retry=retry(HOUR)).go()

    assert type(sending.tally.error) is Unreachable
    assert (wire.openings, sending.states) == (1, {State.PLANNED: 3})


def test_server_that_is_busy_at_first_is_waited_for(ledger: Ledger) -> None:
    """It answers, so the settings are right: 421 at the greeting passes."""

    def open_or_not(number: int) -> None:
        if number < 3:
            raise PutOff("smtp.example.org refuses connections: 421 busy")

    wire = Wire(opening=open_or_not)

    sending = Sending(ledger, wire, people(3), retry=retry(AT_ONCE, AT_ONCE)).go()

    assert sending.tally == Tally(counts=Counter({State.SENT: 3}))
    assert wire.openings == 3


def test_stop_while_a_server_is_waited_for_is_told_as_such(ledger: Ledger) -> None:
    """That nobody can be reached is not what ended the run."""
    wire = Wire({"p001": [Unreachable("connection lost"), SENT]}, opening=away_at(2, 3, 4))
    sending = Sending(ledger, wire, people(3), retry=retry(HOUR))
    sending.seen.at_pause = lambda _seconds: sending.stop.set()

    sending.go()

    assert (sending.tally.stopped, sending.tally.error) == ("interrupted", None)
    assert sending.states == {State.SENT: 1, State.PLANNED: 2}


def test_doubts_alike_stop_the_run(ledger: Ledger) -> None:
    """A server that never answers a body must not put everybody in doubt."""
    doubt = Outcome(state=State.IN_DOUBT, reason="lost", detail={"class": "connection_lost"})

    sending = Sending(ledger, Wire(otherwise=doubt), people(50), retry=retry(alike=5)).go()

    assert sending.tally.stopped == "5 of the last 5 messages ended alike: lost"
    assert sending.states == {State.IN_DOUBT: 5, State.PLANNED: 45}
