"""What another ledger served, known by keyed hashes, and what follows for the rows here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, bindparam, func, insert, select, update

from announce.ledger.base import EVENTS, Section, TakenOver
from announce.ledger.hashes import hashed
from announce.ledger.moves import is_in, key_of, note_each, upsert
from announce.ledger.schema import adopted, adoptions, deliveries
from announce.model.delivery import State


def taken_over(connection: Connection, campaign: str, occurrence: str) -> TakenOver:
    """Everything adopted for an occurrence so far."""
    sections: dict[str, dict[str, State]] = {}
    columns = (adopted.c.key, adopted.c.hash, adopted.c.state)
    here = (adopted.c.campaign == campaign, adopted.c.occurrence == occurrence)
    for row in connection.execute(select(*columns).where(*here)):
        sections.setdefault(row.key, {})[row.hash] = State(row.state)
    ledgers: dict[str, int] = {}
    unknown = False
    there = (adoptions.c.campaign == campaign, adoptions.c.occurrence == occurrence)
    for row in connection.execute(select(adoptions).where(*there)):
        unknown = unknown or row.unknown
        for ledger, sequence in row.ledgers.items():
            ledgers[ledger] = max(sequence, ledgers.get(ledger, 0))
    return TakenOver(
        campaign=campaign,
        occurrence=occurrence,
        sections=tuple(Section(key=key, states=sections[key]) for key in sorted(sections)),
        ledgers=ledgers,
        unknown=unknown,
    )


def keep(connection: Connection, found: TakenOver, now: datetime) -> None:
    """Keep what a witness knew; what an earlier one said of the same hash gives way."""
    place = {"campaign": found.campaign, "occurrence": found.occurrence}
    ledgers = dict(found.ledgers)
    connection.execute(
        insert(adoptions).values(**place, ledgers=ledgers, unknown=found.unknown, at=now)
    )
    rows = [
        {**place, "key": section.key, "hash": name, "state": state.value}
        for section in found.sections
        for name, state in section.states.items()
    ]
    if rows:
        statement = upsert(connection, adopted)
        newer = {"state": statement.excluded.state}
        keys = list(adopted.primary_key.columns)
        connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=newer), rows)


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
    rows = connection.execute(_unweighed(campaign, occurrence, number)).all()
    verdicts = [(row.id, _verdict(row, _listed(row, secrets), known.unknown)) for row in rows]
    moved = [(row, event) for row, event in verdicts if event is not None]
    _write(connection, moved, number, now)
    sent = sum(event == "adopted" for _, event in moved)
    return sent, len(moved) - sent


def _unweighed(campaign: str, occurrence: str, number: int) -> Select[Any]:
    # A row sent or waiting here is known better here; one being sent is settled by its run.
    open_states = (State.PLANNED, State.FAILED, State.SKIPPED, State.IN_DOUBT)
    return select(deliveries).where(
        is_in(campaign, occurrence),
        deliveries.c.adoption < number,
        deliveries.c.state.in_([state.value for state in open_states]),
    )


def _listed(row: Row[Any], secrets: Iterable[tuple[bytes, Mapping[str, State]]]) -> State | None:
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
    connection: Connection, moved: list[tuple[int, str]], number: int, now: datetime
) -> None:
    if not moved:
        return
    statement = (
        update(deliveries)
        .where(deliveries.c.id == bindparam("row"))
        .values(state=bindparam("new_state"), reason="", adoption=number)
    )
    connection.execute(
        statement, [{"row": row, "new_state": str(EVENTS[event])} for row, event in moved]
    )
    note_each(connection, ((row, event, {}) for row, event in moved), now)
