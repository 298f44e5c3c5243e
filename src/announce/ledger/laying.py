"""Writing a plan down: what is new, what changed, what is gone, what is back."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Text,
    bindparam,
    func,
    insert,
    select,
    type_coerce,
    update,
)

from announce.ledger.adoption import weigh
from announce.ledger.moves import in_bulk, is_in, note_each
from announce.ledger.schema import deliveries, packed
from announce.model.delivery import Delivery, State

# What a plan may still change: everything that nobody was handed.
_OPEN = frozenset({State.PLANNED, State.FAILED, State.SKIPPED})
_COLUMNS = ("position", "language", "addresses", "state", "reason", "subject", "digest")
GONE = "gone"


def lay(
    connection: Connection, campaign: str, occurrence: str, lines: Iterable[Delivery], now: datetime
) -> None:
    """Write the plan of an occurrence down, with an event for each move of a state.

    ValueError for a line of another occurrence, or one that is neither planned nor skipped.
    """
    rows = _rows(connection, campaign, occurrence)
    new: list[dict[str, Any]] = []
    changed: list[dict[str, Any]] = []
    moved: list[tuple[int, str, dict[str, Any]]] = []
    for position, line in enumerate(lines):
        _refuse_strangers(line, campaign, occurrence)
        row = rows.pop((line.key.channel, line.key.recipient), None)
        if row is None:
            new.append(_values(line, position))
        elif State(row.state) in _OPEN:
            _compare(row, _merged(row, line, position), changed, moved)
    for row in rows.values():
        if row.state in (State.PLANNED, State.FAILED):
            _compare(row, {**_kept(row), "state": "skipped", "reason": GONE}, changed, moved)
    _insert(connection, campaign, occurrence, new, now)
    _update(connection, changed)
    note_each(connection, moved, now)
    weigh(connection, campaign, occurrence, now)


def _rows(
    connection: Connection, campaign: str, occurrence: str
) -> dict[tuple[str, str], Row[Any]]:
    # The addresses stay packed: unpacking a hundred thousand rows to compare them is waste.
    names = ("id", "channel", "recipient", *(name for name in _COLUMNS if name != "addresses"))
    columns: list[ColumnElement[Any]] = [deliveries.c[name] for name in names]
    columns.append(type_coerce(deliveries.c.addresses, Text).label("addresses"))
    found = connection.execute(select(*columns).where(is_in(campaign, occurrence)))
    return {(row.channel, row.recipient): row for row in found}


def _refuse_strangers(line: Delivery, campaign: str, occurrence: str) -> None:
    if (line.key.campaign, line.key.occurrence) != (campaign, occurrence):
        raise ValueError(f"{line.key} is not of {campaign}, {occurrence}")
    if line.state not in (State.PLANNED, State.SKIPPED):
        raise ValueError(f"{line.key}: a plan cannot make a delivery {line.state}")


def _values(line: Delivery, position: int) -> dict[str, Any]:
    return {
        "channel": line.key.channel,
        "recipient": line.key.recipient,
        "position": position,
        "language": line.language,
        "addresses": packed(line.to),
        "state": line.state.value,
        "reason": line.reason,
        "subject": line.subject,
        "digest": line.digest,
    }


def _merged(row: Row[Any], line: Delivery, position: int) -> dict[str, Any]:
    merged = _values(line, position)
    if row.state == State.FAILED and line.state is State.PLANNED:
        # Only `retry_failed` tries it again.
        merged["state"], merged["reason"] = row.state, row.reason
    return merged


def _kept(row: Row[Any]) -> dict[str, Any]:
    return {name: getattr(row, name) for name in _COLUMNS}


def _compare(
    row: Row[Any],
    wanted: dict[str, Any],
    changed: list[dict[str, Any]],
    moved: list[tuple[int, str, dict[str, Any]]],
) -> None:
    if all(getattr(row, name) == wanted[name] for name in _COLUMNS):
        return
    changed.append({"row": row.id} | {f"new_{name}": wanted[name] for name in _COLUMNS})
    reworded = wanted["state"] == State.SKIPPED and row.reason != wanted["reason"]
    if row.state != wanted["state"] or reworded:
        detail = {"reason": wanted["reason"]} if wanted["reason"] else {}
        moved.append((row.id, wanted["state"], detail))


def _insert(
    connection: Connection, campaign: str, occurrence: str, new: list[dict[str, Any]], now: datetime
) -> None:
    if not new:
        return
    here = is_in(campaign, occurrence)
    last = connection.scalar(select(func.max(deliveries.c.id)).where(here)) or 0
    common = {"campaign": campaign, "occurrence": occurrence, "message_id": "", "adoption": 0}
    in_bulk(connection, insert(deliveries), [common | values for values in new])
    columns = (deliveries.c.id, deliveries.c.state, deliveries.c.reason)
    added = connection.execute(select(*columns).where(here, deliveries.c.id > last))
    begun = [(r.id, r.state, {"reason": r.reason} if r.reason else {}) for r in added]
    note_each(connection, begun, now)


def _update(connection: Connection, changed: list[dict[str, Any]]) -> None:
    values: dict[str, Any] = {name: bindparam(f"new_{name}") for name in _COLUMNS}
    statement = update(deliveries).where(deliveries.c.id == bindparam("row")).values(values)
    in_bulk(connection, statement, changed)
