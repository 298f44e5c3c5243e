"""Which deliveries go first: the canary before the rest.

The order is that of the plan, but one of each kind (class, language, channel) in turn, so that
the first few show all there is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, zip_longest
from math import ceil

from announce.model.campaign import Campaign
from announce.model.delivery import State
from announce.model.plan import Planned
from announce.planning import variant_of
from announce.preparing import Prepared
from announce.reading.addresses import AddressFault, read_address

_OPEN = frozenset({State.PLANNED, State.SENDING})


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One step of a rollout: the keys of its recipients, and how many messages are still due."""

    name: str
    keys: frozenset[str]
    due: int


def first(prepared: Prepared, number: int) -> frozenset[str]:
    """The keys of the first recipients, whether or not they were served already."""
    return frozenset(_keys(_interleaved(prepared))[:number])


def stages(prepared: Prepared) -> list[Stage]:
    """The steps of the campaign's rollout that have somebody; articles go with the last."""
    rollout = prepared.gathered.campaign.rollout_plan
    assert rollout is not None
    lines = _interleaved(prepared)
    waiting, total = _keys(lines), len(_keys(lines))
    everybody = frozenset(line.delivery.key.recipient for line in prepared.plan.lines)
    found, taken = list[Stage](), set[str]()
    named = list(rollout.stages)
    for step in named if named[-1] == "rest" else [*named, "rest"]:
        keys = everybody - taken if step == "rest" else _step(prepared, step, waiting, total, taken)
        taken |= keys
        waiting = [key for key in waiting if key not in taken]
        if keys:
            found.append(Stage(name=str(step), keys=frozenset(keys), due=_due(prepared, keys)))
    return found


def _step(
    prepared: Prepared, step: int | str, waiting: Sequence[str], total: int, taken: set[str]
) -> set[str]:
    if isinstance(step, int):
        return set(waiting[:step])
    if step.endswith("%"):
        return set(waiting[: max(0, ceil(total * int(step[:-1]) / 100) - len(taken))])
    return _group(prepared, step)


def _group(prepared: Prepared, name: str) -> set[str]:
    """The recipients one of whose addresses is in a group of the settings."""
    listed = prepared.gathered.project.settings.groups[name]
    wanted = {_identity(one) for one in listed}
    return {
        line.delivery.key.recipient
        for line in prepared.plan.lines
        if line.recipient is not None and wanted & {_identity(to) for to in line.delivery.to}
    }


def _identity(address: str) -> str:
    try:
        return read_address(address)[0].spec.casefold()
    except AddressFault:
        return address.casefold()


def _due(prepared: Prepared, keys: set[str] | frozenset[str]) -> int:
    return sum(
        line.delivery.state in _OPEN and line.delivery.key.recipient in keys
        for line in prepared.plan.lines
    )


def _interleaved(prepared: Prepared) -> list[Planned]:
    """The lines of people, one of each kind in turn."""
    kinds: dict[tuple[str, str, str], list[Planned]] = {}
    for line in prepared.plan.lines:
        if line.recipient is not None and line.delivery.state is not State.SKIPPED:
            kinds.setdefault(_kind(line, prepared.gathered.campaign), []).append(line)
    turns: Iterator[tuple[Planned | None, ...]] = zip_longest(*kinds.values())
    return [line for line in chain.from_iterable(turns) if line is not None]


def _kind(line: Planned, campaign: Campaign) -> tuple[str, str, str]:
    delivery = line.delivery
    return variant_of(campaign, line.recipient) or "", delivery.language, delivery.key.channel


def _keys(lines: Sequence[Planned]) -> list[str]:
    return list(dict.fromkeys(line.delivery.key.recipient for line in lines))
