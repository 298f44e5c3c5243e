"""Questions to the ledger that change nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from email.utils import parseaddr
from itertools import groupby

from sqlalchemy import ColumnElement, Connection, exists, func, select

from announce.ledger.base import Counts, Standing, TakenOver
from announce.ledger.hashes import hashed
from announce.ledger.moves import delivery_of, event_of, is_in, is_key, key_of
from announce.ledger.schema import deliveries, events, occurrences
from announce.model.delivery import (
    BLOCKING,
    Channel,
    Delivery,
    DeliveryKey,
    Event,
    State,
)

_D = deliveries.c
_PAGE = 1000
_SERVED = ("handed_over", "adopted", "adopted_unknown")


def campaigns(connection: Connection) -> list[tuple[str, str]]:
    """Every (campaign, occurrence), in the order in which they came."""
    each = select(_D.campaign, _D.occurrence).group_by(_D.campaign, _D.occurrence)
    found = connection.execute(each.order_by(func.min(_D.id)))
    return [(row.campaign, row.occurrence) for row in found]


def deliveries_of(
    connection: Connection, campaign: str, occurrence: str | None
) -> Iterator[Delivery]:
    """Deliveries by occurrence and in the plan's order."""
    found = select(deliveries).where(_within(campaign, occurrence))
    ordered = found.order_by(_D.occurrence, _D.position, _D.id)
    for row in connection.execution_options(yield_per=_PAGE).execute(ordered):
        yield delivery_of(row)


def counts(connection: Connection, campaign: str | None) -> Counts:
    """How many in each state."""
    places = (_D.campaign, _D.occurrence, _D.channel, _D.state)
    grouped = select(*places, func.count().label("n")).group_by(*places).order_by(*places)
    if campaign is not None:
        grouped = grouped.where(_D.campaign == campaign)
    result: Counts = {}
    for row in connection.execute(grouped):
        channels = result.setdefault(row.campaign, {}).setdefault(row.occurrence, {})
        channels.setdefault(row.channel, {})[row.state] = row.n
    return result


def events_of(connection: Connection, key: DeliveryKey) -> list[Event]:
    """What happened to a delivery, oldest first."""
    joined = select(events).join(deliveries, events.c.delivery == _D.id).where(is_key(key))
    return [event_of(row) for row in connection.execute(joined.order_by(events.c.id))]


def history(connection: Connection, campaign: str) -> Iterator[tuple[Delivery, list[Event]]]:
    """Every delivery of a campaign with its events, oldest first."""
    order = (_D.occurrence, _D.position, _D.id)
    rows = select(deliveries).where(_D.campaign == campaign).order_by(*order)
    joined = select(events, *order[:2]).join(deliveries, events.c.delivery == _D.id)
    happened = joined.where(_D.campaign == campaign).order_by(*order, events.c.id)
    streamed = connection.execution_options(yield_per=_PAGE)
    # Every delivery has an event: the two go side by side.
    grouped = groupby(streamed.execute(happened), lambda row: row.delivery)
    for row, (_, group) in zip(streamed.execute(rows), grouped, strict=True):
        yield delivery_of(row), [event_of(each) for each in group]


def content(connection: Connection, campaign: str, occurrence: str) -> Mapping[str, str] | None:
    """What shaped the messages at the first claim."""
    here = (occurrences.c.campaign == campaign, occurrences.c.occurrence == occurrence)
    found: Mapping[str, str] | None = connection.scalar(select(occurrences.c.content).where(*here))
    return found


def used(connection: Connection, account: str, since: datetime) -> int:
    """Recipients handed to an account since then."""
    window = (events.c.account == account, events.c.at >= since)
    return connection.scalar(select(func.sum(events.c.recipients)).where(*window)) or 0


def oldest_in(connection: Connection, account: str, since: datetime) -> datetime | None:
    """When the first hand-over since then was."""
    window = (events.c.account == account, events.c.at >= since)
    oldest: datetime | None = connection.scalar(select(func.min(events.c.at)).where(*window))
    return oldest


def standings(
    connection: Connection, campaign: str, occurrence: str, since: int
) -> Iterator[Standing]:
    """How far each delivery of an occurrence came, if it changed after `since`."""
    handed = exists().where(events.c.delivery == _D.id, events.c.event.in_(_SERVED))
    columns = (_D.campaign, _D.occurrence, _D.channel, _D.recipient, _D.state)
    found = select(*columns, handed.label("handed")).where(is_in(campaign, occurrence))
    if since:
        found = found.where(_D.id.in_(select(events.c.delivery).where(events.c.id > since)))
    for row in connection.execution_options(yield_per=_PAGE).execute(found):
        yield Standing(key=key_of(row), state=State(row.state), handed=bool(row.handed))


def served(
    connection: Connection, campaign: str, occurrence: str, channel: Channel
) -> dict[DeliveryKey, tuple[str, ...]]:
    """Whom the deliveries that must not be repeated went to."""
    blocking = _D.state.in_([state.value for state in BLOCKING])
    here = (is_in(campaign, occurrence), _D.channel == channel, blocking)
    rows = connection.execute(select(deliveries).where(*here).order_by(_D.position, _D.id))
    return {key_of(row): tuple(row.addresses) for row in rows}


def moved(
    planned: Iterable[Delivery],
    served: Mapping[DeliveryKey, tuple[str, ...]],
    known: TakenOver,
) -> list[tuple[str, DeliveryKey, DeliveryKey]]:
    """Addresses served under a key that the plan lacks, and planned under another one."""
    lines = list(planned)
    keys = {line.key for line in lines}
    before = {
        identity_of(address): key
        for key, addresses in served.items()
        if key not in keys
        for address in addresses
    }
    found = []
    for line in lines:
        if line.state is State.PLANNED and line.key not in served:
            for address in line.to:
                old = before.get(identity_of(address)) or _adopted(line, address, known)
                if old is not None and old not in keys:
                    found.append((address, old, line.key))
    return found


def identity_of(address: str) -> str:
    """What makes two addresses the same person's, a display name left out."""
    return (parseaddr(address)[1] if "<" in address else address).casefold()


def _adopted(line: Delivery, address: str, known: TakenOver) -> DeliveryKey | None:
    # Of what was adopted only hashes are known; a row without a key is keyed by its address.
    here = line.key
    guess = DeliveryKey(here.campaign, here.occurrence, here.channel, identity_of(address))
    for section in known.sections:
        if hashed(guess, bytes.fromhex(section.key)) in section.states:
            return guess
    return None


def _within(campaign: str, occurrence: str | None) -> ColumnElement[bool]:
    return _D.campaign == campaign if occurrence is None else is_in(campaign, occurrence)
