"""What every channel offers: a composer for shapes, a transport or a carrier for the wire."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Protocol, Self

from announce.model.delivery import DeliveryKey, Outcome
from announce.model.message import Sendable

# Called by a transport at the last instant at which nothing can have arrived: from here on,
# a lost answer leaves the delivery in doubt. The ledger writes it down at once.
HandedOver = Callable[[], None]


class Transport(Protocol):
    """One open way to the other side; not shared between threads.

    Entering connects and logs in (LoginRefused, MachineError); leaving says goodbye.
    `deliver` hands one message over and tells what became of it. It raises MachineError only
    when nothing more can be sent (the account, the machine); it never sends a message twice.
    Where it is not the `last` try and the other side defers some of the addressees, it sends to
    none of them and answers transient: one message reaches them all, later.
    `settle` looks for what became of a delivery in doubt or waiting. It answers `sent` or
    `failed`, or `planned` where it is safe to deliver it (further), or None where it cannot say:
    e-mail cannot, an official account can.
    """

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...

    def deliver(
        self,
        message: Sendable,
        key: DeliveryKey,
        message_id: str,
        handed_over: HandedOver,
        *,
        last: bool = True,
    ) -> Outcome: ...

    def settle(self, message: Sendable, key: DeliveryKey, message_id: str) -> Outcome | None: ...


@dataclass(frozen=True, slots=True)
class Turn:
    """What came of one turn of a carrier.

    `landed` are messages that came to an end, each with its outcome. `ready` are messages at the
    brink: the other side waits for their bodies, and nothing of a body leaves before `go`.
    """

    landed: list[tuple[DeliveryKey, Outcome]] = field(default_factory=list)
    ready: list[DeliveryKey] = field(default_factory=list)


class Carrier(Protocol):
    """All open ways to the other side in one run, driven in turns by one thread.

    Entering opens the first connection (LoginRefused, MachineError); leaving says goodbye on all
    of them within seconds and waits for no answer to a body. What is said of `Transport` holds:
    a carrier never sends a message twice, and defers a message for all its addressees alike
    where it is not `last`. A message that was taken is in exactly one later turn's `landed`,
    unless `turn` raises or the carrier is left: then those not let go of were not handed over,
    and those let go of are in doubt.
    """

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...

    @property
    def room(self) -> int:
        """How many more messages it would take now, opening more connections included."""

    def take(self, message: Sendable, key: DeliveryKey, message_id: str, *, last: bool) -> None:
        """Begin to carry a message; at most `room` of them between two turns."""

    def turn(self, patience: float) -> Turn:
        """Wait up to `patience` seconds for something to happen, and tell what did.

        Raises LoginRefused as soon as any connection is refused its login, and MachineError
        where the last connection is gone and no other can be opened.
        """

    def go(self, keys: Iterable[DeliveryKey]) -> None:
        """Let the bodies of messages at the brink leave: their hand-over is written down."""
