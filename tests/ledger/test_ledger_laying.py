"""A plan laid again and again: whatever moved, the ledger ends as the plan says."""

from __future__ import annotations

import tempfile
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from ledger_support import CAMPAIGN, NOW, OCCURRENCE, WORDS, line, names

from announce.errors import MachineError
from announce.ledger import open_ledger
from announce.ledger.base import Ledger
from announce.model.delivery import Delivery, Outcome, State

PEOPLE = tuple("abcdefgh")


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """A new ledger."""
    opened = open_ledger("sqlite:///ledger.sqlite3", tmp_path, create=True)
    yield opened
    opened.close()


@st.composite
def plans(draw: st.DrawFn) -> list[Delivery]:
    """Some people in some order, some of them skipped, each with a subject that may change."""
    order = draw(st.permutations(PEOPLE))
    planned = order[: draw(st.integers(0, len(order)))]
    return [
        line(
            name,
            position=position,
            subject=draw(st.sampled_from(["first", "second"])),
            **draw(
                st.sampled_from(
                    [{}, {}, {"state": State.SKIPPED, "reason": "excluded"}, {"reason": "in part"}]
                )
            ),
        )
        for position, name in enumerate(planned)
    ]


def expected(before: dict[str, Delivery], plan: list[Delivery]) -> dict[str, Delivery]:
    """What a plan makes of what stands: by the words of `Run.lay`, one line after another."""
    after = dict(before)
    for wanted in plan:
        name = wanted.key.recipient
        stands = before.get(name)
        if stands is None or stands.state in (State.PLANNED, State.SKIPPED):
            after[name] = wanted
        elif stands.state is State.FAILED:
            kept = replace(wanted, state=State.FAILED, reason=stands.reason)
            after[name] = kept if wanted.state is State.PLANNED else wanted
    named = {wanted.key.recipient for wanted in plan}
    for name, stands in before.items():
        if name not in named and stands.state in (State.PLANNED, State.FAILED):
            after[name] = replace(stands, state=State.SKIPPED, reason="gone")
    return after


def moves(before: dict[str, Delivery], after: dict[str, Delivery]) -> int:
    """How many events that takes."""
    return sum(
        name not in before
        or before[name].state is not after[name].state
        or (after[name].state is State.SKIPPED and before[name].reason != after[name].reason)
        for name in after
    )


@settings(
    max_examples=60,
    # A story of three plans reads well enough; shrinking one takes minutes.
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(data=st.data())
def test_plans_in_any_order_end_as_the_last_one_says(data: st.DataObject) -> None:
    """Who moved, came, left, changed or was served before: each row is as `lay` promises."""
    with tempfile.TemporaryDirectory() as folder:
        ledger = open_ledger("sqlite:///ledger.sqlite3", Path(folder), create=True)
        run = ledger.begin(CAMPAIGN, OCCURRENCE, NOW)
        other = ledger.begin("awards", OCCURRENCE, NOW)
        stands: dict[str, Delivery] = {}
        for round_ in range(3):
            plan = data.draw(plans())
            wanted = expected(stands, plan)
            sequence = ledger.sequence
            run.lay(iter(plan), WORDS, NOW)
            assert ledger.sequence - sequence == moves(stands, wanted)
            # Rows of another campaign lie between.
            other.lay([line(f"{round_}", campaign="awards")], WORDS, NOW)
            for claimed in run.claim(data.draw(st.integers(0, 3)), NOW):
                state = data.draw(st.sampled_from([State.SENT, State.FAILED, State.IN_DOUBT]))
                run.record(claimed.key, Outcome(state=state, reason="answer"), NOW)
                name = claimed.key.recipient
                wanted[name] = replace(wanted[name], state=state, reason="answer")
            stands = {one.key.recipient: one for one in ledger.deliveries(CAMPAIGN)}
            assert stands == wanted
        assert ledger.check() == []
        ledger.close()


def many(number: int, campaign: str = CAMPAIGN) -> Iterator[Delivery]:
    """A plan that never stands in memory whole."""
    for position in range(number):
        yield line(f"p{position:06}", position=position, campaign=campaign)


def peak(ledger: Ledger, campaign: str, number: int) -> int:
    """The most memory that laying a plan twice takes, in bytes of Python's."""
    run = ledger.begin(campaign, OCCURRENCE, NOW)
    tracemalloc.start()
    try:
        for _ in range(2):
            run.lay(many(number, campaign), WORDS, NOW)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_laying_takes_no_more_memory_for_a_longer_plan(ledger: Ledger) -> None:
    """Five times the lines, hardly more memory: new ones, and the same laid again."""
    peak(ledger, "warm", 500)

    short, long = peak(ledger, "short", 2000), peak(ledger, "long", 10_000)

    assert long < 1.6 * short


def test_sending_keeps_no_memory_of_what_was_recorded(ledger: Ledger) -> None:
    """What a run remembers is what it holds, not what it has done."""
    run = ledger.begin(CAMPAIGN, OCCURRENCE, NOW)
    run.lay(many(3000), WORDS, NOW)

    def send(times: int) -> int:
        for _ in range(times):
            with run.together() as group:
                for one in run.claim(100, NOW):
                    group.record(one.key, Outcome(state=State.SENT), NOW)
        return tracemalloc.get_traced_memory()[0]

    tracemalloc.start()
    try:
        early, late = send(10), send(20)
    finally:
        tracemalloc.stop()

    assert late - early < 100_000


@pytest.mark.parametrize("laid_before", [True, False])
def test_a_plan_that_names_somebody_twice_is_refused_whole(
    ledger: Ledger, laid_before: bool
) -> None:
    """Planning names everybody once; were it wrong, nothing of the plan would be written."""
    run = ledger.begin(CAMPAIGN, OCCURRENCE, NOW)
    run.lay(many(3 if laid_before else 0), WORDS, NOW)
    before = ledger.sequence

    with pytest.raises(MachineError):
        run.lay([*many(3), line("twice"), line("twice")], WORDS, NOW)

    assert ledger.sequence == before


def test_a_shuffled_plan_is_claimed_in_its_new_order(ledger: Ledger) -> None:
    """The rows' own order is not the plan's for ever."""
    run = ledger.begin(CAMPAIGN, OCCURRENCE, NOW)
    run.lay(many(1500), WORDS, NOW)
    turned = [replace(one, position=n) for n, one in enumerate(reversed(list(many(1500))))]

    run.lay(turned, WORDS, NOW)

    assert names(run.claim(1500, NOW)) == names(turned)
    assert ledger.sequence == 3000


def test_a_claim_leaves_alone_who_stands_between(ledger: Ledger) -> None:
    """Lines of one channel that are skipped or of another one are not taken with their like."""
    run = ledger.begin(CAMPAIGN, OCCURRENCE, NOW)
    wanted = [
        line("a", position=0),
        line("b", position=1),
        line("gone", position=2, state=State.SKIPPED, reason="bounced"),
        line("c", position=3),
        line("page", position=4, channel="wechat"),
        line("d", position=5),
        line("late", position=6),
    ]
    run.lay(wanted, WORDS, NOW)

    claimed = run.claim(4, NOW, channel="email")

    assert names(claimed) == ["a", "b", "c", "d"]
    found = {
        one.key.recipient: (one.state, [e.event for e in told])
        for one, told in ledger.history(CAMPAIGN)
    }
    taken, due = (State.SENDING, ["planned", "claimed"]), (State.PLANNED, ["planned"])
    assert found == {
        **dict.fromkeys("abcd", taken),
        "gone": (State.SKIPPED, ["skipped"]),
        "page": due,
        "late": due,
    }
