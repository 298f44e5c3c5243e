"""What another ledger served, known by keyed hashes, and what follows for the rows here."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Row, Select, bindparam, func, insert, select, update

from announce.ledger.base import EVENTS, Section, TakenOver
from announce.ledger.hashes import hashed
from announce.ledger.heaps import Hashes
from announce.ledger.moves import is_in, key_of, note_each, upsert
from announce.ledger.schema import adopted, adoptions, deliveries
from announce.model.delivery import State

_PAGE = 1000


def taken_over(connection: Connection, campaign: str, occurrence: str) -> TakenOver:
    """Everything adopted for an occurrence so far."""
    sections: dict[str, Hashes] = {}
    columns = (adopted.c.key, adopted.c.hash, adopted.c.state)
    here = (adopted.c.campaign == campaign, adopted.c.occurrence == occurrence)
    found = select(*columns).where(*here)
    for key, name, state in connection.execution_options(yield_per=_PAGE).execute(found):
        sections.setdefault(key, Hashes()).add_new(State(state), [bytes.fromhex(name)])
    ledgers, unknown = _known(connection, campaign, occurrence)
    return TakenOver(
        campaign=campaign,
        occurrence=occurrence,
        sections=tuple(Section(key=key, states=sections[key]) for key in sorted(sections)),
        ledgers=ledgers,
        unknown=unknown,
    )


def occurrences_of(connection: Connection, campaign: str) -> dict[str, datetime]:
    """The occurrences of a campaign of which anything was adopted, and when that was first."""
    found = select(adoptions.c.occurrence, adoptions.c.at).where(adoptions.c.campaign == campaign)
    return {
        row.occurrence: row.at for row in connection.execute(found.order_by(adoptions.c.id.desc()))
    }


def ledgers_of(connection: Connection, campaign: str, occurrence: str) -> dict[str, int]:
    """The ledgers whose record was adopted for an occurrence, each with its sequence."""
    return _known(connection, campaign, occurrence)[0]


def _known(connection: Connection, campaign: str, occurrence: str) -> tuple[dict[str, int], bool]:
    ledgers: dict[str, int] = {}
    unknown = False
    there = (adoptions.c.campaign == campaign, adoptions.c.occurrence == occurrence)
    for row in connection.execute(select(adoptions).where(*there)):
        unknown = unknown or row.unknown
        for ledger, sequence in row.ledgers.items():
            ledgers[ledger] = max(sequence, ledgers.get(ledger, 0))
    return ledgers, unknown


def keep(connection: Connection, found: TakenOver, now: datetime) -> None:
    """Keep what a witness knew; what an earlier one said of the same hash gives way."""
    place = {"campaign": found.campaign, "occurrence": found.occurrence}
    ledgers = dict(found.ledgers)
    connection.execute(
        insert(adoptions).values(**place, ledgers=ledgers, unknown=found.unknown, at=now)
    )
    statement = upsert(connection, adopted)
    newer = {"state": statement.excluded.state}
    keys = list(adopted.primary_key.columns)
    statement = statement.on_conflict_do_update(index_elements=keys, set_=newer)
    rows = (
        {**place, "key": section.key, "hash": name.hex(), "state": state.value}
        for section in found.sections
        for name, state in section.states.items()
    )
    while page := list(islice(rows, _PAGE)):
        connection.execute(statement, page)


def weigh(connection: Connection, campaign: str, occurrence: str, now: datetime) -> tuple[int, int]:
    """Apply what was adopted to the rows that it was not yet applied to.

    What is listed as accepted becomes sent; what is listed in doubt, and where more may have
    been sent than is listed everything else that is due, becomes in doubt. Once a row: what a
    person settles afterwards stays settled. How many became sent and in doubt.
    """
    here = (adoptions.c.campaign == campaign, adoptions.c.occurrence == occurrence)
    number = connection.scalar(select(func.max(adoptions.c.id)).where(*here))
    if number is None:
        return 0, 0
    known = taken_over(connection, campaign, occurrence)
    secrets = [(bytes.fromhex(section.key), section.states) for section in known.sections]
    # By number: the rows cannot be changed while they are still being read.
    moved = {"adopted": array("q"), "adopted_unknown": array("q")}
    unweighed = _unweighed(campaign, occurrence, number)
    for row in connection.execution_options(yield_per=_PAGE).execute(unweighed):
        if event := _verdict(row, _listed(row, secrets), known.unknown):
            moved[event].append(row.id)
    for event, rows in moved.items():
        _write(connection, event, rows, number, now)
    return len(moved["adopted"]), len(moved["adopted_unknown"])


def _unweighed(campaign: str, occurrence: str, number: int) -> Select[Any]:
    # A row sent or waiting here is known better here; one being sent is settled by its run.
    open_states = (State.PLANNED, State.FAILED, State.SKIPPED, State.IN_DOUBT)
    columns = ("id", "campaign", "occurrence", "channel", "recipient", "state")
    return select(*(deliveries.c[name] for name in columns)).where(
        is_in(campaign, occurrence),
        deliveries.c.adoption < number,
        deliveries.c.state.in_([state.value for state in open_states]),
    )


def _listed(row: Row[Any], secrets: Iterable[tuple[bytes, Hashes]]) -> State | None:
    key = key_of(row)
    found = {states.get(hashed(key, secret)) for secret, states in secrets}
    # Accepted by the other side wins: whatever was in doubt was then looked up.
    for state in (State.SENT, State.WAITING, State.IN_DOUBT):
        if state in found:
            return state
    return None


def _verdict(row: Row[Any], listed: State | None, unknown: bool) -> str | None:
    if listed in (State.SENT, State.WAITING):
        return "adopted"
    due = row.state in (State.PLANNED, State.FAILED)
    return "adopted_unknown" if due and (unknown or listed is State.IN_DOUBT) else None


def _write(
    connection: Connection, event: str, rows: array[int], number: int, now: datetime
) -> None:
    values = {"state": str(EVENTS[event]), "reason": "", "adoption": number}
    statement = update(deliveries).where(deliveries.c.id == bindparam("row")).values(values)
    for start in range(0, len(rows), _PAGE):
        page = rows[start : start + _PAGE]
        connection.execute(statement, [{"row": row} for row in page])
        note_each(connection, ((row, event, {}) for row in page), now)
