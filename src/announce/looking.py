"""Looks for what became of deliveries in doubt, where the channel can look."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

from announce.errors import MachineError
from announce.ledger.base import Run
from announce.model.delivery import DeliveryKey
from announce.model.message import Message
from announce.outlets import Outlet


def look(
    run: Run,
    outlet: Outlet,
    doubtful: Iterable[DeliveryKey],
    compose: Callable[[DeliveryKey], Message],
    now: Callable[[], datetime],
) -> None:
    """Write down what a look finds of each: sent, or proof of absence, which makes it due again.

    A look that fails leaves the doubt for the next run: the report still names it.
    """
    keys = list(doubtful)
    if not keys:
        return
    try:
        with outlet.open() as transport:
            found = [(key, transport.settle(compose(key), outlet.message_id(key))) for key in keys]
    except MachineError:
        return
    for key, outcome in found:
        if outcome is not None:
            run.looked(key, outcome, now())
