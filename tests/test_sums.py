"""What is counted of a plan's lines, in one walk or in two that are joined."""

from __future__ import annotations

import pickle
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from announce.model.delivery import Delivery, DeliveryKey, State
from announce.model.plan import BLOCK, Sums


def line(number: int, state: State = State.PLANNED, channel: str = "email") -> Delivery:
    """A line of a plan."""
    key = DeliveryKey("cfp", "once", "wechat" if channel == "wechat" else "email", f"p{number}")
    return Delivery(key=key, language="en", to=(f"p{number}@example.org",), state=state,
                    reason="bounced" if state is State.SKIPPED else "", digest=f"{number:064x}",
                    position=number)  # fmt: skip


def figures(sums: Sums) -> tuple[object, ...]:
    """All that can be asked of it."""
    planned = sums.positions(lambda _channel, state: state is State.PLANNED)
    counts = list(sums.counts.items())
    return sums.digest, counts, dict(sums.addresses), dict(sums.skipped), list(planned)


states = st.lists(st.sampled_from([State.PLANNED, State.SKIPPED, State.SENT]), max_size=40)


@given(first=states, rest=states, filler=st.sampled_from([0, BLOCK - 40, BLOCK]))
def test_two_walks_come_to_the_same_as_one(
    first: list[State], rest: list[State], filler: int
) -> None:
    """Behind whole blocks, however many lines are left, and through another process."""
    begin = [first[number % len(first)] if first else State.SENT for number in range(BLOCK)]
    rest = [*rest, *[State.PLANNED] * filler]
    lines = [line(number, state) for number, state in enumerate([*begin, *rest])]

    joined, theirs = Sums(lines[:BLOCK]), Sums(lines[BLOCK:])
    theirs.end()
    joined.join(pickle.loads(pickle.dumps(theirs)))

    assert figures(joined) == figures(Sums(lines))


@pytest.mark.parametrize(("before", "ended"), [(1, True), (0, False)])
def test_lines_that_are_no_whole_blocks_are_not_joined(before: int, ended: bool) -> None:
    """Their digest would be another one than that of one walk, or lack the last lines."""
    sums, rest = Sums([line(1)] * before), Sums([line(2)])
    if ended:
        rest.end()

    with pytest.raises(ValueError, match="whole blocks"):
        sums.join(rest)


@pytest.mark.parametrize("number", [0, 999, 1000, 1001])
def test_digest_moves_with_each_line(number: int) -> None:
    """In the first block, at its end, and in the second."""
    lines = [line(each) for each in range(1002)]
    before = Sums(lines).digest

    lines[number] = replace(lines[number], digest="f" * 64)

    assert Sums(lines).digest != before
