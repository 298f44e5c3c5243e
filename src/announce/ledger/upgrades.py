"""Bringing a ledger of an older announce up to date: a step for each number of the schema."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sqlalchemy import Connection, update

from announce.ledger.schema import SCHEMA, account_calls, account_facts, decisions, journal, meta


def upgrade(connection: Connection, found: int) -> None:
    """Take the steps from the schema found to this program's, within a write transaction."""
    for number in range(found + 1, SCHEMA + 1):
        _STEPS[number](connection)
    here = meta.c.name == "schema"
    connection.execute(update(meta).where(here).values(value=str(SCHEMA)))


def _to_2(connection: Connection) -> None:
    """Marks and answers go through a journal; events have no index by delivery any more."""
    # Two programs may open an old ledger at once: the second finds it done.
    journal.create(connection, checkfirst=True)
    connection.exec_driver_sql("DROP INDEX IF EXISTS ix_events_delivery")


def _to_3(connection: Connection) -> None:
    """What is known of accounts, and how often they were called."""
    for table in (account_facts, account_calls):
        table.create(connection, checkfirst=True)


def _to_4(connection: Connection) -> None:
    """What became of the occurrences of schedules."""
    decisions.create(connection, checkfirst=True)


_STEPS: Mapping[int, Callable[[Connection], None]] = {2: _to_2, 3: _to_3, 4: _to_4}
