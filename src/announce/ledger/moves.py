"""Rows as nouns, and the one way in which a delivery's state moves: with its event."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Insert,
    Row,
    ScalarSelect,
    Table,
    Update,
    and_,
    func,
    insert,
    literal,
    select,
    update,
)
from sqlalchemy.dialects import sqlite

from announce.ledger.base import EVENTS
from announce.ledger.schema import Moment, Packed, adoptions, deliveries, events, packed, stamp
from announce.model.delivery import Delivery, DeliveryKey, Event, State

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql


def is_key(key: DeliveryKey) -> ColumnElement[bool]:
    """The condition that a row is this delivery's."""
    return and_(
        deliveries.c.campaign == key.campaign,
        deliveries.c.occurrence == key.occurrence,
        deliveries.c.channel == key.channel,
        deliveries.c.recipient == key.recipient,
    )


def is_in(campaign: str, occurrence: str) -> ColumnElement[bool]:
    """The condition that a row is of this occurrence."""
    return and_(deliveries.c.campaign == campaign, deliveries.c.occurrence == occurrence)


def key_of(row: Row[Any]) -> DeliveryKey:
    """A row's key."""
    return DeliveryKey(row.campaign, row.occurrence, row.channel, row.recipient)


def delivery_of(row: Row[Any]) -> Delivery:
    """A row as a delivery."""
    return Delivery(
        key=key_of(row),
        language=row.language,
        to=tuple(row.addresses),
        state=State(row.state),
        reason=row.reason,
        subject=row.subject,
        digest=row.digest,
        message_id=row.message_id,
        position=row.position,
    )


# What `from_values` takes, for statements past SQLAlchemy's cost for each row.
COLUMNS = (
    "id, campaign, occurrence, channel, recipient, position, language, addresses, state, reason,"
    " subject, digest, message_id"
)


# Past what json.loads looks at first in a text: ours are bare JSON.
_decoded = json.JSONDecoder().raw_decode


def unpacked(addresses: str) -> tuple[str, ...]:
    """The addresses of a row, as they are stored."""
    return tuple(_decoded(addresses)[0])


def from_values(values: Any) -> Delivery:
    """The values of `COLUMNS` as a delivery."""
    (
        _,
        campaign,
        occurrence,
        channel,
        recipient,
        position,
        language,
        addresses,
        state,
        reason,
        subject,
        digest,
        message_id,
    ) = values
    return Delivery(
        key=DeliveryKey(campaign, occurrence, channel, recipient),
        language=language,
        to=unpacked(addresses),
        state=State(state),
        reason=reason,
        subject=subject,
        digest=digest,
        message_id=message_id,
        position=position,
    )


def latest_adoption(campaign: str, occurrence: str) -> ScalarSelect[int]:
    """The number of the occurrence's last adoption: what a row settled now has weighed."""
    here = (adoptions.c.campaign == campaign, adoptions.c.occurrence == occurrence)
    return select(func.coalesce(func.max(adoptions.c.id), 0)).where(*here).scalar_subquery()


def event_of(row: Row[Any]) -> Event:
    """A row as an event, with what it counts against an account."""
    counted = {"account": row.account, "recipients": row.recipients} if row.account else {}
    return Event(at=row.at, event=row.event, detail={**row.detail, **counted})


def event_from(values: Any) -> Event:
    """(at, event, detail, account, recipients), as they are stored, as an event."""
    at, event, detail, account, recipients = values
    counted = {"account": account, "recipients": recipients} if account else {}
    return Event(
        at=datetime.fromisoformat(at), event=event, detail={**json.loads(detail), **counted}
    )


def move(
    connection: Connection,
    where: ColumnElement[bool],
    event: str,
    now: datetime,
    *,
    detail: dict[str, Any] | None = None,
    **values: Any,
) -> int:
    """Move every row that fits to the event's state, and write the event; how many."""
    note(connection, where, event, now, detail)
    if state := EVENTS[event]:
        values["state"] = state.value
    return connection.execute(update(deliveries).where(where).values(**values)).rowcount


def note(
    connection: Connection,
    where: ColumnElement[bool],
    event: str,
    now: datetime,
    detail: dict[str, Any] | None = None,
) -> None:
    """Write an event for every row that fits."""
    facts = (
        deliveries.c.id,
        literal(now, Moment),
        literal(event),
        literal(detail or {}, Packed),
    )
    chosen = select(*facts).where(where).order_by(deliveries.c.id)
    connection.execute(insert(events).from_select(["delivery", "at", "event", "detail"], chosen))


def note_each(
    connection: Connection, happened: Iterable[tuple[int, str, dict[str, Any]]], now: datetime
) -> None:
    """Write (row, event, detail) for each."""
    at = stamp(now)
    rows = [
        {"delivery": row, "at": at, "event": event, "detail": packed(detail) if detail else "{}"}
        for row, event, detail in happened
    ]
    in_bulk(connection, insert(events), rows)


def in_bulk(connection: Connection, statement: Insert | Update, rows: list[dict[str, Any]]) -> None:
    """Execute a statement for many rows of plain values, past SQLAlchemy's cost for each.

    Times and packed columns must be `stamp`ed and `packed` already.
    """
    if not rows:
        return
    named = list(rows[0]) if isinstance(statement, Insert) else None
    prepared = statement.compile(dialect=connection.dialect, column_keys=named)
    connection.exec_driver_sql(str(prepared), rows)


def upsert(connection: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    """An INSERT that can say what to do on a conflict, in the connection's dialect."""
    if connection.dialect.name == "postgresql":
        from sqlalchemy.dialects import postgresql

        return postgresql.insert(table)
    return sqlite.insert(table)
