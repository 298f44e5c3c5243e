"""Drives a prepared campaign through its channels: runs, doubts, the engine, receipts."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property

from announce.composing import compose_again
from announce.ledger.base import Ledger, Run
from announce.ledger.marks import state_folder
from announce.ledger.witnesses import Witness
from announce.model.delivery import Channel, Delivery, DeliveryKey, State
from announce.model.message import Message
from announce.model.plan import Plan, Planned
from announce.outlets import Outlet, open_outlets
from announce.preparing import Prepared
from announce.sending import Engine, Tally, Watcher, settle_doubts


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What of the plan is to be delivered now."""

    only: frozenset[str] | None = None
    limit: int | None = None
    channel: Channel | None = None
    retry_failed: bool = False
    changed: bool = False

    def wants(self, line: Planned) -> bool:
        """Whether a line is among those chosen."""
        key = line.delivery.key
        return (self.only is None or key.recipient in self.only) and self.channel in (
            None,
            key.channel,
        )

    def due(self, plan: Plan) -> list[Planned]:
        """The lines that this run would hand over, were nothing in the way."""
        states = {State.PLANNED, State.SENDING}
        if self.retry_failed:
            states.add(State.FAILED)
        lines = [line for line in plan.lines if line.delivery.state in states and self.wants(line)]
        return lines if self.limit is None else lines[: self.limit]


@dataclass(frozen=True, kw_only=True)
class Job:
    """One send: what, which part of it, and who watches, with the clock and the way to stop."""

    prepared: Prepared
    options: Options
    now: Callable[[], datetime]
    watcher: Watcher
    stop: threading.Event

    def compose(self, key: DeliveryKey) -> Message:
        """The message of a line, the same that was checked."""
        return compose_again(self.lines[key], self.prepared.composer)

    @cached_property
    def lines(self) -> dict[DeliveryKey, Planned]:
        """The plan's lines by key."""
        return {line.delivery.key: line for line in self.prepared.plan.lines}


def dispatch(job: Job, tallies: dict[str, Tally]) -> None:
    """Deliver what is due on every channel; `tallies` gets an entry a channel as it goes.

    Raises what ends a run (MachineError, GateError); what was sent before is in the ledger.
    """
    wanted = job.options.channel
    channels = [one for one in job.prepared.channels if wanted in (None, one)]
    with open_outlets(job.prepared.gathered.project, channels, job.now) as outlets:
        for ledger in {id(outlet.ledger): outlet.ledger for outlet in outlets}.values():
            _one_ledger(job, ledger, [one for one in outlets if one.ledger is ledger], tallies)


def _one_ledger(job: Job, ledger: Ledger, outlets: list[Outlet], tallies: dict[str, Tally]) -> None:
    """One run over the channels that share a ledger: laid together, delivered in turn."""
    prepared, now = job.prepared, job.now
    plan, project = prepared.plan, prepared.gathered.project
    rehearsed = outlets[0].sandboxed
    lines = [one for one in plan.lines if (one.delivery.key.channel in plan.sandboxed) == rehearsed]
    run = ledger.begin(plan.campaign, plan.occurrence, now())
    witness = None if rehearsed else Witness(ledger, run, project.root, state_folder())
    ended = "failed"
    try:
        # A rehearsal goes on with the new words: only a real send holds by the first ones.
        changed = job.options.changed or rehearsed
        run.lay([_as_planned(line) for line in lines], plan.content, now(), changed=changed)
        chosen = frozenset(line.delivery.key for line in lines if job.options.wants(line))
        if job.options.retry_failed:
            chosen &= {line.delivery.key for line in job.options.due(plan)}
            run.retry_failed(now(), chosen)
        if witness:
            witness.open(now())
        for outlet in outlets:
            tally = tallies[outlet.channel] = Tally()
            settle_doubts(run, outlet, _doubtful(job, outlet), now)
            _engine(job, run, outlet, chosen, tally, witness, tallies).go()
            if tally.stopped or tally.error:
                break
        ended = "stopped" if any(one.stopped or one.error for one in tallies.values()) else "done"
    finally:
        run.finish(ended, now())
        if witness:
            witness.close(now())


def _engine(
    job: Job,
    run: Run,
    outlet: Outlet,
    chosen: frozenset[DeliveryKey],
    tally: Tally,
    witness: Witness | None,
    tallies: dict[str, Tally],
) -> Engine:
    before = sum(sum(one.counts.values()) for one in tallies.values())
    limit = None if job.options.limit is None else max(0, job.options.limit - before)
    return Engine(
        run=run,
        outlet=outlet,
        compose=job.compose,
        retry=job.prepared.gathered.project.settings.email.retry,
        now=job.now,
        watcher=job.watcher,
        stop=job.stop,
        only=chosen,
        limit=limit,
        tally=tally,
        recorded=(lambda key, state: witness.note(key, state, job.now())) if witness else None,
    )


def _as_planned(line: Planned) -> Delivery:
    """The line as the ledger lays it: planned or skipped; it knows itself what was sent."""
    if line.delivery.state is State.SKIPPED:
        return line.delivery
    return replace(line.delivery, state=State.PLANNED, reason="")


def _doubtful(job: Job, outlet: Outlet) -> list[tuple[Delivery, Message]]:
    """Deliveries in doubt on a channel that can look, with what they should look like."""
    if outlet.channel == "email":
        return []
    plan, lines = job.prepared.plan, job.lines
    return [
        (delivery, job.compose(delivery.key))
        for delivery in outlet.ledger.deliveries(plan.campaign, plan.occurrence)
        if delivery.state is State.IN_DOUBT
        and delivery.key.channel == outlet.channel
        and delivery.key in lines
    ]
