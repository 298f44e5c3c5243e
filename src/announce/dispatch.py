"""Drives a prepared campaign through its channels: runs, doubts, the engine, receipts."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property

from announce.composing import compose_again
from announce.errors import MachineError, StoppedError
from announce.ledger.base import Ledger, Run, RunLost
from announce.ledger.marks import state_folder
from announce.ledger.witnesses import Witness
from announce.looking import look
from announce.model.delivery import Channel, Delivery, DeliveryKey, State
from announce.model.message import Message
from announce.model.plan import Plan, Planned
from announce.outlets import Outlet, open_outlets
from announce.preparing import Prepared
from announce.sending import Engine
from announce.tally import Tally, Watcher


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
        """The lines that this run may hand over, were nothing in the way.

        An article in doubt is among them: a look may prove that it is not there.
        """
        lines = [line for line in plan.lines if self._is_due(line) and self.wants(line)]
        return lines if self.limit is None else lines[: self.limit]

    def _is_due(self, line: Planned) -> bool:
        state = line.delivery.state
        if state is State.FAILED:
            return self.retry_failed
        if state is State.IN_DOUBT:
            return line.article is not None
        return state in (State.PLANNED, State.SENDING)


@dataclass(frozen=True, kw_only=True)
class Send:
    """One send: what, which part of it, and who watches, with the clock and the way to stop.

    `gate` is asked again once a run is held, for another one may have gone on meanwhile.
    """

    prepared: Prepared
    options: Options
    now: Callable[[], datetime]
    watcher: Watcher
    stop: threading.Event
    gate: Callable[[], object]

    def compose(self, key: DeliveryKey) -> Message:
        """The message of a line, the same that was checked."""
        return compose_again(self.lines[key], self.prepared.composer)

    @cached_property
    def lines(self) -> dict[DeliveryKey, Planned]:
        """The plan's lines by key."""
        return {line.delivery.key: line for line in self.prepared.plan.lines}

    def over(self, tallies: dict[str, Tally]) -> bool:
        """Whether nothing more is to be begun: somebody stopped the run, or took it over."""
        lost = any(isinstance(tally.error, StoppedError) for tally in tallies.values())
        return lost or self.stop.is_set()


def dispatch(send: Send, tallies: dict[str, Tally]) -> None:
    """Deliver what is due on every channel; `tallies` gets an entry a channel as it goes.

    Raises what ends a run (MachineError, GateError); what was sent before is in the ledger.
    """
    wanted = send.options.channel
    channels = [one for one in send.prepared.channels if wanted in (None, one)]
    with open_outlets(send.prepared.gathered.project, channels, send.now) as outlets:
        for ledger in {id(outlet.ledger): outlet.ledger for outlet in outlets}.values():
            if send.over(tallies):
                break
            _one_ledger(send, ledger, [one for one in outlets if one.ledger is ledger], tallies)


def _one_ledger(
    send: Send, ledger: Ledger, outlets: list[Outlet], tallies: dict[str, Tally]
) -> None:
    """One run over the channels that share a ledger: laid together, delivered in turn."""
    plan, now = send.prepared.plan, send.now
    rehearsed = outlets[0].sandboxed
    run = ledger.begin(plan.campaign, plan.occurrence, now())
    witness: Witness | None = None
    ended = "failed"
    try:
        if not rehearsed:
            send.gate()
            witness = Witness(ledger, run, send.prepared.gathered.project.root, state_folder())
        chosen = _lay(send, run, rehearsed=rehearsed)
        if witness:
            witness.open(now())
        for outlet in outlets:
            # A stop of one account (its day, its login) is no reason to leave another undone.
            if send.over(tallies):
                break
            tallies[outlet.channel] = Tally()
            look(run, outlet, _doubtful(send, outlet), send.compose, now)
            try:
                _engine(send, run, outlet, chosen, witness, tallies).go()
            except (MachineError, StoppedError) as error:
                tallies[outlet.channel].error = error
        ended = "stopped" if any(one.stopped or one.error for one in tallies.values()) else "done"
    finally:
        try:
            _finish(run, ended, now())
        finally:
            if witness:
                witness.close(now())


def _finish(run: Run, ended: str, now: datetime) -> None:
    try:
        run.finish(ended, now)
    except RunLost:
        # Another process has it: it settles what is open. What ended us is told already.
        return


def _lay(send: Send, run: Run, *, rehearsed: bool) -> frozenset[DeliveryKey] | None:
    """Write the plan into the ledger; the keys to which this run is restricted, if it is."""
    plan, options, now = send.prepared.plan, send.options, send.now
    lines = [one for one in plan.lines if (one.delivery.key.channel in plan.sandboxed) == rehearsed]
    # A rehearsal goes on with the new words: only a real send holds by the first ones.
    changed = options.changed or rehearsed
    run.lay([_as_planned(line) for line in lines], plan.content, now(), changed=changed)
    if not options.retry_failed:
        return (
            None
            if options.only is None
            else frozenset(line.delivery.key for line in lines if options.wants(line))
        )
    due = [line.delivery for line in options.due(plan) if line in lines]
    run.retry_failed(now(), [one.key for one in due if one.state is State.FAILED])
    return frozenset(one.key for one in due)


def _engine(
    send: Send,
    run: Run,
    outlet: Outlet,
    only: Collection[DeliveryKey] | None,
    witness: Witness | None,
    tallies: dict[str, Tally],
) -> Engine:
    before = sum(sum(one.counts.values()) for one in tallies.values())
    limit = None if send.options.limit is None else max(0, send.options.limit - before)
    return Engine(
        run=run,
        outlet=outlet,
        compose=send.compose,
        retry=send.prepared.gathered.project.settings.email.retry,
        now=send.now,
        watcher=send.watcher,
        stop=send.stop,
        only=only,
        limit=limit,
        tally=tallies[outlet.channel],
        recorded=(lambda key, state: witness.note(key, state, send.now())) if witness else None,
    )


def _as_planned(line: Planned) -> Delivery:
    """The line as the ledger lays it: planned or skipped; it knows itself what was sent."""
    if line.delivery.state in (State.SKIPPED, State.PLANNED):
        return line.delivery
    return replace(line.delivery, state=State.PLANNED, reason="")


def _doubtful(send: Send, outlet: Outlet) -> list[DeliveryKey]:
    """Deliveries of the plan that are in doubt on a channel that can look."""
    plan = send.prepared.plan
    return [
        delivery.key
        for delivery in outlet.ledger.deliveries(plan.campaign, plan.occurrence)
        if delivery.state is State.IN_DOUBT
        and delivery.key.channel == outlet.channel == "wechat"
        and delivery.key in send.lines
    ]
