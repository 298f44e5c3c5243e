"""Deliveries: one message to one recipient in one occurrence, with a state."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal, NamedTuple

Channel = Literal["email", "notice", "wechat"]
CHANNELS: tuple[Channel, ...] = ("email", "notice", "wechat")
# Those whose other side can be asked, or told again, what it may have got already.
LOOKING: frozenset[Channel] = frozenset({"notice", "wechat"})

ONCE = "once"

# What is done about a draft that a person edited in the console: refused and told, published
# as it is, or put back to the campaign's words.
Edits = Literal["refuse", "keep", "overwrite"]
EDITS: tuple[Edits, ...] = ("refuse", "keep", "overwrite")


class State(StrEnum):
    """Where a delivery stands.

    planned → sending → sent | failed | in_doubt | waiting;  and skipped, with a reason.
    """

    PLANNED = "planned"  # due, not begun
    SENDING = "sending"  # claimed by a run
    SENT = "sent"  # accepted by the other side
    FAILED = "failed"  # refused; tried again only on request
    IN_DOUBT = "in_doubt"  # handed over, no answer: blocks until settled
    WAITING = "waiting"  # accepted, not finished: ends by looking
    SKIPPED = "skipped"  # not to be delivered, with the reason

    # Enum would hash its name, in Python; a state is its value's equal, and counted often.
    __hash__ = str.__hash__


# The states in which another send of the same delivery must not happen.
BLOCKING = frozenset({State.SENDING, State.SENT, State.IN_DOUBT, State.WAITING})


class DeliveryKey(NamedTuple):
    """What makes a delivery the same one, whatever else changes; unique in the ledger."""

    campaign: str
    occurrence: str
    channel: Channel
    recipient: str

    def __str__(self) -> str:
        return "|".join((self.campaign, self.occurrence, self.channel, self.recipient))


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A delivery as the plan has it and the ledger keeps it.

    `language` is `zh`, `en`, or both with the first one first (`zh+en`). `to` names whom:
    addresses, or the official account. `digest` is that of the message's bytes, Date and
    Message-ID left out ("" until composed). `reason` says why it is skipped, failed or waits.
    `position` is its place in the plan.
    """

    key: DeliveryKey
    language: str
    to: tuple[str, ...]
    state: State = State.PLANNED
    reason: str = ""
    subject: str = ""
    digest: str = ""
    message_id: str = ""
    position: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened to a delivery. `event` is a stable name, `detail` its facts."""

    at: datetime
    event: str
    detail: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of handing one message over: `state` is sent, failed, in_doubt or waiting.
    Of a look for one in doubt also planned: it is not there, and may be sent again.

    `detail` is evidence for the log: the answer's code and text, refused addresses, ids given.
    """

    state: State
    reason: str = ""
    detail: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Suppression:
    """An address not to be written to: `bounced` covers everything, `unsubscribed` only
    announcements; `manual` whichever `scope` says."""

    address: str
    reason: str
    scope: Literal["all", "announcements"]
    at: datetime
    note: str = ""
