"""Questions to the ledger that change nothing."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import datetime
from email.utils import parseaddr
from itertools import groupby
from operator import itemgetter
from typing import Any

from sqlalchemy import ColumnElement, Connection, Text, func, select, type_coerce

from announce.ledger.base import Counts, Standing, TakenOver
from announce.ledger.engine import raw
from announce.ledger.hashes import hashed
from announce.ledger.moves import (
    COLUMNS,
    delivery_of,
    event_from,
    event_of,
    from_values,
    is_in,
    is_key,
)
from announce.ledger.schema import deliveries, events, meta, occurrences
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
_OF = "SELECT channel, recipient, state FROM deliveries WHERE campaign = ? AND occurrence = ? AND "
_CHANGED = "id IN (SELECT delivery FROM events WHERE id > ?)"
_BLOCKED = "state IN ({})".format(", ".join(f"'{state.value}'" for state in BLOCKING))


def campaigns(connection: Connection) -> list[tuple[str, str]]:
    """Every (campaign, occurrence), in the order in which they came."""
    each = select(_D.campaign, _D.occurrence).group_by(_D.campaign, _D.occurrence)
    found = connection.execute(each.order_by(func.min(_D.id)))
    return [(row.campaign, row.occurrence) for row in found]


def deliveries_of(
    connection: Connection,
    campaign: str,
    occurrence: str | None,
    wanted: Collection[State] | None,
) -> Iterator[Delivery]:
    """Deliveries, or those in the states wanted, by occurrence and in the plan's order."""
    values: list[str] = [campaign]
    here = "campaign = ?"
    if occurrence is not None:
        here += " AND occurrence = ?"
        values.append(occurrence)
    if wanted is not None:
        here += f" AND state IN ({', '.join('?' for _ in wanted)})"
        values += [state.value for state in wanted]
    found = f"SELECT {COLUMNS} FROM deliveries WHERE {here} ORDER BY occurrence, position, id"
    for row in raw(connection).execute(found, values):
        yield from_values(row)


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


def states(
    connection: Connection, campaign: str, occurrence: str, channel: Channel
) -> Iterator[tuple[str, State, str]]:
    """Recipient's key, state and reason of each delivery, in the plan's order."""
    here = (is_in(campaign, occurrence), _D.channel == channel)
    found = select(_D.recipient, _D.state, _D.reason).where(*here)
    ordered = found.order_by(_D.position, _D.id)
    for recipient, state, reason in connection.execution_options(yield_per=_PAGE).execute(ordered):
        yield recipient, State(state), reason


def totals(
    connection: Connection, campaign: str, occurrence: str, channel: Channel
) -> dict[State, int]:
    """How many in each state, in the order in which these first appear in the plan."""
    here = (is_in(campaign, occurrence), _D.channel == channel)
    grouped = select(_D.state, func.count()).where(*here).group_by(_D.state)
    ordered = grouped.order_by(func.min(_D.position), func.min(_D.id))
    return {State(state): number for state, number in connection.execute(ordered)}


def skips(
    connection: Connection, campaign: str, occurrence: str, channel: Channel
) -> dict[str, int]:
    """How many are skipped for each reason."""
    here = (is_in(campaign, occurrence), _D.channel == channel, _D.state == State.SKIPPED.value)
    grouped = select(_D.reason, func.count().label("n")).where(*here).group_by(_D.reason)
    return {row.reason: row.n for row in connection.execute(grouped)}


def noted(
    connection: Connection, campaign: str, occurrence: str | None, channel: Channel
) -> Iterator[Delivery]:
    """What failed, is in doubt, or was sent or skipped with a reason, in the plan's order."""
    open_ends = _D.state.in_([State.FAILED.value, State.IN_DOUBT.value])
    ended = _D.state.in_([State.SENT.value, State.SKIPPED.value]) & (_D.reason != "")
    here = (_within(campaign, occurrence), _D.channel == channel, open_ends | ended)
    ordered = select(deliveries).where(*here).order_by(_D.occurrence, _D.position, _D.id)
    for row in connection.execution_options(yield_per=_PAGE).execute(ordered):
        yield delivery_of(row)


def events_of(connection: Connection, key: DeliveryKey) -> list[Event]:
    """What happened to a delivery, oldest first."""
    joined = select(events).join(deliveries, events.c.delivery == _D.id).where(is_key(key))
    return [event_of(row) for row in connection.execute(joined.order_by(events.c.id))]


def history(connection: Connection, campaign: str) -> Iterator[tuple[Delivery, list[Event]]]:
    """Every delivery of a campaign with its events, oldest first."""
    # Events have no index by delivery: CROSS makes SQLite go through them once, and sort.
    # https://www.sqlite.org/optoverview.html#manual_control_of_query_plans_using_cross_join
    happened = """
    SELECT deliveries.id, at, event, detail, account, recipients
    FROM events CROSS JOIN deliveries ON deliveries.id = events.delivery
    WHERE campaign = ? ORDER BY occurrence, position, deliveries.id, events.id
    """
    found = f"""
    SELECT {COLUMNS} FROM deliveries WHERE campaign = ? ORDER BY occurrence, position, id
    """
    # Every delivery has an event: the two go side by side.
    told = groupby(raw(connection).execute(happened, (campaign,)), itemgetter(0))
    rows = raw(connection).execute(found, (campaign,))
    for row, (_, events_) in zip(rows, told, strict=True):
        yield from_values(row), [event_from(values[1:]) for values in events_]


def content(connection: Connection, campaign: str, occurrence: str) -> Mapping[str, str] | None:
    """What shaped the messages at the first claim."""
    here = (occurrences.c.campaign == campaign, occurrences.c.occurrence == occurrence)
    found: Mapping[str, str] | None = connection.scalar(select(occurrences.c.content).where(*here))
    return found


def finished_name(campaign: str, occurrence: str) -> str:
    """Under which name the ledger keeps what a finished run left."""
    return f"finished {campaign}|{occurrence}"


def finished(connection: Connection, campaign: str, occurrence: str) -> Mapping[str, Any] | None:
    """What was kept of the last run, if it left nothing to do."""
    named = meta.c.name == finished_name(campaign, occurrence)
    found = connection.scalar(select(meta.c.value).where(named))
    facts: Mapping[str, Any] | None = None if found is None else json.loads(found)
    return facts


def used(connection: Connection, account: str, since: datetime, *, messages: bool) -> int:
    """Recipients or messages handed to an account since then."""
    window = (events.c.account == account, events.c.at >= since)
    counted = func.count() if messages else func.sum(events.c.recipients)
    return connection.scalar(select(counted).where(*window)) or 0


def handovers(
    connection: Connection, account: str, since: datetime, *, exact: bool
) -> list[tuple[datetime, int, int]]:
    """Hand-overs to an account since then, together by the moment or the minute of the clock."""
    # Times are text of one width: the first 16 signs are the minute.
    when = events.c.at if exact else func.substr(events.c.at, 1, 16)
    figures = (func.max(events.c.at), func.sum(events.c.recipients), func.count())
    window = (events.c.account == account, events.c.at >= since)
    rows = connection.execute(select(*figures).where(*window).group_by(when).order_by(when))
    return [(at, recipients, messages) for at, recipients, messages in rows]


def oldest_in(connection: Connection, account: str, since: datetime) -> datetime | None:
    """When the first hand-over since then was."""
    window = (events.c.account == account, events.c.at >= since)
    oldest: datetime | None = connection.scalar(select(func.min(events.c.at)).where(*window))
    return oldest


def standings(
    connection: Connection, campaign: str, occurrence: str, since: int
) -> Iterator[Standing]:
    """How far each delivery of an occurrence came, if it changed after `since`."""
    later = " AND id IN (SELECT delivery FROM events WHERE id > ?)" if since else ""
    found = f"""
    SELECT channel, recipient, state, id IN (
      SELECT delivery FROM events WHERE event IN ('handed_over', 'adopted', 'adopted_unknown')
    )
    FROM deliveries WHERE campaign = ? AND occurrence = ?{later}
    """
    values = (campaign, occurrence, *([since] if since else []))
    for channel, recipient, state, handed in raw(connection).execute(found, values):
        key = DeliveryKey(campaign, occurrence, channel, recipient)
        yield Standing(key=key, state=State(state), handed=bool(handed))


def changes(
    connection: Connection, campaign: str, occurrence: str, since: int
) -> Iterator[tuple[DeliveryKey, State]]:
    """How each delivery stands that changed after `since`; from the beginning only those that
    must not be repeated."""
    # Past SQLAlchemy: at its end a run asks for every delivery, and people wait for that.
    which = _CHANGED if since else _BLOCKED
    states = {state.value: state for state in State}
    found = raw(connection).execute(_OF + which, (campaign, occurrence, *([since] * bool(since))))
    for channel, recipient, state in found:
        yield DeliveryKey(campaign, occurrence, channel, recipient), states[state]


def served(
    connection: Connection, campaign: str, occurrence: str, channel: Channel
) -> Iterator[tuple[DeliveryKey, str]]:
    """Whom the deliveries that must not be repeated went to, in the plan's order."""
    blocking = _D.state.in_([state.value for state in BLOCKING])
    here = (is_in(campaign, occurrence), _D.channel == channel, blocking)
    # The addresses stay packed: most rows are only asked for their key.
    packed = type_coerce(_D.addresses, Text)
    ordered = select(_D.recipient, packed).where(*here).order_by(_D.position, _D.id)
    for recipient, addresses in connection.execution_options(yield_per=_PAGE).execute(ordered):
        yield DeliveryKey(campaign, occurrence, channel, recipient), addresses


def moved(
    planned: Iterable[Delivery],
    has: Callable[[DeliveryKey], bool],
    served: Iterable[tuple[DeliveryKey, str]],
    known: TakenOver,
) -> list[tuple[str, DeliveryKey, DeliveryKey]]:
    """Addresses served under a key that the plan lacks, and planned under another one."""
    before = {
        identity_of(address): key
        for key, addresses in served
        if not has(key)
        for address in json.loads(addresses)
    }
    if not before and not known.sections:
        return []
    found = []
    for line in planned:
        if line.state is State.PLANNED:
            for address in line.to:
                old = before.get(identity_of(address)) or _adopted(line, address, known)
                if old is not None and not has(old):
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
