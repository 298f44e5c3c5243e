"""Looks for what became of deliveries in doubt, where the channel can look."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

from announce.errors import MachineError
from announce.ledger.base import Run
from announce.model.delivery import Delivery
from announce.model.message import Message
from announce.outlets import Outlet


def look(
    run: Run,
    outlet: Outlet,
    doubtful: Iterable[Delivery],
    compose: Callable[[Delivery], Message],
    now: Callable[[], datetime],
) -> None:
    """Write down what a look finds of each: sent, or proof of absence, which makes it due again.

    A look that fails leaves the doubt for the next run: the report still names it.
    """
    rows = list(doubtful)
    if not rows:
        return
    try:
        with outlet.open() as transport:
            found = [
                (row.key, transport.settle(compose(row), row.key, outlet.message_id(row.key)))
                for row in rows
            ]
    except MachineError:
        return
    for key, outcome in found:
        if outcome is not None:
            run.looked(key, outcome, now())
