"""What goes in and out of a ledger, beside the deliveries themselves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal

from announce.errors import GateError, StoppedError
from announce.ledger.heaps import Hashes
from announce.model.delivery import DeliveryKey, State

# {campaign: {occurrence: {channel: {state: number}}}}
Counts = dict[str, dict[str, dict[str, dict[str, int]]]]
Scope = Literal["all", "announcements"]
SuppressionReason = Literal["bounced", "unsubscribed", "manual"]

# How long another machine's run is believed alive after its last sign of life.
LEASE = timedelta(minutes=5)

# Every event name, with the state that a delivery is in after it; None: the state stays.
EVENTS: Mapping[str, State | None] = {
    "planned": State.PLANNED,
    "skipped": State.SKIPPED,
    "claimed": State.SENDING,
    "handed_over": None,
    "refused_for_now": None,
    "sent": State.SENT,
    "failed": State.FAILED,
    "in_doubt": State.IN_DOUBT,
    "waiting": State.WAITING,
    "given_back": State.PLANNED,
    "retried": State.PLANNED,
    "absent": State.PLANNED,
    "settled_sent": State.SENT,
    "settled_not_sent": State.PLANNED,
    "goes_on": State.PLANNED,
    # Steps of an article: what the account gave for each.
    "drafted": None,
    "updated": None,
    "submitting": None,
    "submitted": None,
    "mass_sending": None,
    "mass_sent": None,
    "deleted": None,
    "result": None,
    # What a notice says that is about to be sent.
    "notifying": None,
    "adopted": State.SENT,
    "adopted_unknown": State.IN_DOUBT,
}


class Decision(StrEnum):
    """What became of an occurrence: it was begun, everybody who was due was served, or it is left
    out."""

    BEGUN = "begun"
    DONE = "done"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """A decision on an occurrence: why it is left out, when it was due then, and when that was."""

    what: Decision
    reason: str = ""
    due: datetime | None = None
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """Who holds a campaign's run: a process, told apart from a later one with the same pid by
    `started`, on a boot of a host; `space` is the process namespace (containers)."""

    run: int
    campaign: str
    occurrence: str
    host: str
    boot: str
    space: str
    pid: int
    started: str
    since: datetime
    lease_until: datetime


class HeldByAnother(GateError):
    """Another run of this campaign is under way; `holder` is who."""

    def __init__(self, message: str, *, holder: Holder, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.holder = holder


class RunLost(StoppedError):
    """Another process took this run over (it was thought dead): nothing more may be sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How far one delivery came: `handed` is whether it ever was handed over or adopted."""

    key: DeliveryKey
    state: State
    handed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """Hashes of delivery keys under one random key (hex), each with its state."""

    key: str
    states: Hashes


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenOver:
    """What witnesses knew of one occurrence, as adopted: `ledgers` maps each ledger whose record
    it is to that ledger's sequence; `unknown` is whether more may have been sent than is listed."""

    campaign: str
    occurrence: str
    sections: tuple[Section, ...] = ()
    ledgers: Mapping[str, int] = field(default_factory=dict)
    unknown: bool = False
