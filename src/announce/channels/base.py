"""What every channel offers: a composer for shapes, a transport for the wire."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Protocol, Self

from announce.model.delivery import DeliveryKey, Outcome
from announce.model.message import Message

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
    `settle` looks for what became of a delivery in doubt. It answers `sent`, or `planned` as
    proof of absence, or None where it cannot look: e-mail cannot, an official account can.
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
        message: Message,
        key: DeliveryKey,
        message_id: str,
        handed_over: HandedOver,
        *,
        last: bool = True,
    ) -> Outcome: ...

    def settle(self, message: Message, message_id: str) -> Outcome | None: ...
