"""Drives a prepared campaign through its channels: runs, doubts, the engine, receipts."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice

from announce.composing import compose_again
from announce.errors import MachineError, StoppedError
from announce.ledger.base import Ledger, Run, RunLost
from announce.ledger.marks import state_folder
from announce.ledger.witnesses import Witness
from announce.looking import look
from announce.model.delivery import CHANNELS, LOOKING, Channel, Delivery, DeliveryKey, Edits, State
from announce.model.message import Message, Sendable
from announce.model.plan import Chosen, Lines, Plan, Planned
from announce.outlets import Outlet, open_outlets
from announce.preparing import Prepared
from announce.sending import Engine
from announce.tally import Stop, Tally, Watcher
from announce.texts import say

_BEGUN = frozenset({State.SENT, State.IN_DOUBT, State.WAITING})
_LOOK = 0.2  # seconds between two looks whether a hold was stopped
_BEAT = 5.0  # seconds between two signs of life meanwhile
_UNSETTLED = frozenset({State.IN_DOUBT, State.WAITING})


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What of the plan is to be delivered now."""

    only: frozenset[str] | None = None
    limit: int | None = None
    channel: Channel | None = None
    retry_failed: bool = False
    changed: bool = False
    edits: Edits = "refuse"

    def wants(self, line: Planned) -> bool:
        """Whether a line is among those chosen."""
        key = line.delivery.key
        return (self.only is None or key.recipient in self.only) and self.channel in (
            None,
            key.channel,
        )

    def due(self, plan: Plan) -> Lines:
        """The lines that this run may hand over, were nothing in the way.

        An article in doubt is among them: a look may prove that it is not there.
        """
        positions = plan.sums.positions(self._is_due)
        if self.only is not None:
            chosen = self.positions(plan)
            positions = (position for position in positions if position in chosen)
        return Chosen(plan.lines, islice(positions, self.limit))

    def positions(self, plan: Plan) -> frozenset[int]:
        """Where the keys of `only` stand in the plan."""
        wanted = [
            DeliveryKey(plan.campaign, plan.occurrence, channel, key)
            for key in self.only or ()
            for channel in CHANNELS
        ]
        found = (plan.lines.find(key) for key in wanted)
        return frozenset(position for position in found if position is not None)

    def _is_due(self, channel: Channel, state: State) -> bool:
        if self.channel not in (None, channel):
            return False
        if state is State.FAILED:
            return self.retry_failed
        if state in _UNSETTLED:
            return channel in LOOKING
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
    stop: Stop
    gate: Callable[[], object]

    def made(self, delivery: Delivery) -> Sendable:
        """The message of a claimed delivery, the same that was checked: from the shelf, or
        composed once more where it was not kept."""
        shelf = self.prepared.shelf
        return (shelf and shelf.take(delivery)) or self.compose(delivery)

    def compose(self, delivery: Delivery) -> Message:
        """The message of a delivery of the plan, composed once more."""
        return compose_again(self.line_of(delivery), self.prepared.composer)

    def line_of(self, delivery: Delivery) -> Planned:
        """The plan's line of a delivery that the ledger gave out."""
        lines = self.prepared.plan.lines
        if delivery.position < len(lines):
            line = lines[delivery.position]
            if line.delivery.key == delivery.key:
                return line
        raise StoppedError(
            say("the plan of {campaign} was laid anew meanwhile", campaign=delivery.key.campaign),
            hint=say("run the same command again"),
        )

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
    project = send.prepared.gathered.project
    forms = send.prepared.composer.notice_forms
    edits = send.options.edits
    with open_outlets(project, channels, send.now, edits=edits, forms=forms) as outlets:
        for ledger in {id(outlet.ledger): outlet.ledger for outlet in outlets}.values():
            if send.over(tallies):
                break
            mine = [one for one in outlets if one.ledger is ledger]
            _one_ledger(send, ledger, mine, tallies)


def _one_ledger(
    send: Send,
    ledger: Ledger,
    outlets: list[Outlet],
    tallies: dict[str, Tally],
) -> None:
    """One run over the channels that share a ledger: laid together, delivered in turn."""
    plan, now = send.prepared.plan, send.now
    rehearsed = outlets[0].sandboxed
    run = ledger.begin(plan.campaign, plan.occurrence, now())
    witness: Witness | None = None
    ended = "broken off"
    try:
        if not rehearsed:
            send.gate()
            witness = Witness(ledger, run, send.prepared.gathered.project.root, state_folder())
        chosen = _lay(send, run, rehearsed=rehearsed)
        if witness:
            witness.open(now())
        if not rehearsed:
            _hold(send, run, ledger)
        for outlet in outlets:
            # A stop of one account (its day, its login) is no reason to leave another undone.
            if send.over(tallies):
                break
            tally = tallies[outlet.channel] = Tally()
            if outlet.steps:
                outlet.steps.hold(run)
            look(run, outlet, _unsettled(send, outlet), send.compose, now)
            try:
                _engine(
                    send,
                    run,
                    outlet,
                    tally,
                    only=chosen,
                    limit=_left(send, tallies),
                    witness=witness,
                ).go()
            except (MachineError, StoppedError) as error:
                tally.error = error
        ended = "stopped" if any(one.stopped or one.error for one in tallies.values()) else "done"
    finally:
        try:
            _finish(run, ended, now())
        finally:
            if witness:
                witness.close(now())


def _hold(send: Send, run: Run, ledger: Ledger) -> None:
    """Wait before the first message of all, as long as the campaign says, unless stopped."""
    plan, wait = send.prepared.plan, send.prepared.gathered.campaign.hold
    if wait is None or any(
        ledger.totals(plan.campaign, plan.occurrence, channel).keys() & _BEGUN
        for channel in send.prepared.channels
    ):
        return
    send.watcher.paused(
        say(
            "the first message leaves at {time}; Ctrl-C, or `announce stop`, and none does",
            time=f"{(send.now() + wait).astimezone():%H:%M:%S}",
        ),
        wait.total_seconds(),
    )
    until = time.monotonic() + wait.total_seconds()
    beat = time.monotonic()
    while time.monotonic() < until and not send.stop.is_set():
        time.sleep(min(_LOOK, max(0.0, until - time.monotonic())))
        if time.monotonic() - beat > _BEAT:
            beat = time.monotonic()
            run.heartbeat(send.now())


def _finish(run: Run, ended: str, now: datetime) -> None:
    try:
        run.finish(ended, now)
    except RunLost:
        # Another process has it: it settles what is open. What ended us is told already.
        return


def _lay(send: Send, run: Run, *, rehearsed: bool) -> frozenset[DeliveryKey] | None:
    """Write the plan into the ledger; the keys to which this run is restricted, if it is."""
    plan, options, now = send.prepared.plan, send.options, send.now

    def is_mine(delivery: Delivery) -> bool:
        return (delivery.key.channel in plan.sandboxed) == rehearsed

    # A rehearsal goes on with the new words: only a real send holds by the first ones.
    changed = options.changed or rehearsed
    laid = (_as_planned(one) for one in plan.lines.deliveries() if is_mine(one))
    run.lay(laid, plan.content, now(), changed=changed)
    # What the ledger has as sent and the plan as due is to go further than it went.
    run.go_on(_going_on(send, is_mine), now(), "deliver")
    chosen: Iterable[Planned] = (plan.lines[position] for position in options.positions(plan))
    if options.retry_failed:
        chosen = options.due(plan)
        lines = (one.delivery for one in chosen)
        failed = (one for one in lines if one.state is State.FAILED and is_mine(one))
        run.retry_failed(now(), [one.key for one in failed])
    if options.only is None and not (options.retry_failed and options.limit):
        return None
    return frozenset(
        one.delivery.key for one in chosen if is_mine(one.delivery) and options.wants(one)
    )


def _left(send: Send, tallies: dict[str, Tally]) -> int | None:
    """How many more `--limit` allows."""
    if send.options.limit is None:
        return None
    return max(0, send.options.limit - sum(sum(one.counts.values()) for one in tallies.values()))


def _engine(
    send: Send,
    run: Run,
    outlet: Outlet,
    tally: Tally,
    *,
    only: Collection[DeliveryKey] | None = None,
    limit: int | None = None,
    witness: Witness | None = None,
) -> Engine:
    return Engine(
        run=run,
        outlet=outlet,
        compose=send.made,
        retry=send.prepared.gathered.project.settings.email.retry,
        now=send.now,
        watcher=send.watcher,
        stop=send.stop,
        only=only,
        limit=limit,
        tally=tally,
        recorded=witness.note if witness else None,
    )


def _as_planned(delivery: Delivery) -> Delivery:
    """A line as the ledger lays it: planned or skipped; it knows itself what was sent."""
    if delivery.state in (State.SKIPPED, State.PLANNED):
        return delivery
    return replace(delivery, state=State.PLANNED, reason="")


def _going_on(send: Send, is_mine: Callable[[Delivery], bool]) -> list[DeliveryKey]:
    lines = (line.delivery for line in send.prepared.plan.lines if line.article is not None)
    due = (one for one in lines if one.state is State.PLANNED and is_mine(one))
    return [one.key for one in due if send.options.channel in (None, one.key.channel)]


def _unsettled(send: Send, outlet: Outlet) -> list[Delivery]:
    """Deliveries of the plan in doubt or waiting, on a channel that can look."""
    if outlet.channel not in LOOKING:
        return []
    plan, ledger, found = send.prepared.plan, outlet.ledger, []
    states = list(ledger.states(plan.campaign, plan.occurrence, outlet.channel))
    for recipient, state, _reason in states:
        if state in _UNSETTLED:
            key = DeliveryKey(plan.campaign, plan.occurrence, outlet.channel, recipient)
            position, row = plan.lines.find(key), ledger.delivery(key)
            if position is not None and row is not None:
                found.append(replace(row, position=position))
    return found
