"""The journal: marks and answers, written at the wire's pace and sorted in afterwards.

A mark must be in the ledger before its message leaves, thousands of times a second. So a group of
them is one short transaction that only appends. The next larger transaction, and whoever reads,
sorts the journal into deliveries and events first (`fold`): nobody sees the difference.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from itertools import chain
from typing import Any

from announce.ledger.engine import begin_writing, durability, write_when_free

# delivery, at, event, detail, account, recipients, reason, message_id. The last two are the
# delivery's own from then on; where they are None it keeps what it has.
Entry = tuple[int, str, str, str, str | None, int | None, str | None, str | None]

_BEAT = "UPDATE runs SET lease_until = ? WHERE id = ? AND ended_at IS NULL"
_APPEND = """
INSERT INTO journal (delivery, at, event, detail, account, recipients, reason, message_id)
SELECT * FROM (VALUES {entries})
WHERE EXISTS (SELECT 1 FROM runs WHERE id = ? AND ended_at IS NULL)
"""
_ENTRY = "(?, ?, ?, ?, ?, ?, ?, ?)"
# So many in one statement at most; SQLite takes 32,766 values.
_MOST = 64
_ANY = "SELECT 1 FROM journal LIMIT 1"
_TELL = """
INSERT INTO events (delivery, at, event, detail, account, recipients)
SELECT delivery, at, event, detail, account, recipients FROM journal ORDER BY id
"""
# The last entry of a delivery says how it stands.
_MOVE = """
UPDATE deliveries SET
  state = CASE last.event
    WHEN 'handed_over' THEN deliveries.state
    WHEN 'refused_for_now' THEN deliveries.state
    WHEN 'absent' THEN 'planned'
    ELSE last.event END,
  handed_at = CASE last.event WHEN 'handed_over' THEN last.at END,
  reason = coalesce(last.reason, deliveries.reason),
  message_id = coalesce(last.message_id, deliveries.message_id)
FROM journal AS last
WHERE deliveries.id = last.delivery AND last.id IN (SELECT max(id) FROM journal GROUP BY delivery)
"""
_EMPTY = "DELETE FROM journal"


def is_empty(cursor: sqlite3.Cursor) -> bool:
    """Whether nothing waits to be sorted in."""
    return cursor.execute(_ANY).fetchone() is None


def fold(cursor: sqlite3.Cursor) -> None:
    """Sort the journal into deliveries and events: the first thing in a write transaction."""
    if not is_empty(cursor):
        for step in (_TELL, _MOVE, _EMPTY):
            cursor.execute(step)


def _appending(run: int, entries: Sequence[Entry]) -> tuple[str, list[Any]]:
    """What appends the entries if the run is open."""
    return _statement(len(entries)), [*chain.from_iterable(entries), run]


@cache
def _statement(entries: int) -> str:
    return _APPEND.format(entries=", ".join([_ENTRY] * entries))


class Journal:
    """Small writes, committed at once and not synced; and claims, which are.

    All on one connection: SQLite forgets the pages that it has read when another one writes. Not
    thread-safe: the ledger's lock is.
    """

    def __init__(self, connection: sqlite3.Connection, patience: float) -> None:
        self._connection = connection
        self._cursor = connection.cursor()
        self._patience = patience

    def append(self, run: int, entries: Sequence[Entry]) -> bool:
        """Write all the entries if the run is open, else none of them."""
        if len(entries) <= _MOST:
            # A statement is a transaction of its own, and one call instead of four.
            write_when_free(self._cursor, *_appending(run, entries), self._patience)
            return self._cursor.rowcount == len(entries)

        def write(cursor: sqlite3.Cursor) -> bool:
            pages = (entries[at : at + _MOST] for at in range(0, len(entries), _MOST))
            wrote = [cursor.execute(*_appending(run, page)).rowcount > 0 for page in pages]
            return all(wrote)

        return self._in_one(write)

    def beat(self, run: int, lease: str) -> bool:
        """Renew the lease of a run that is open; whether it is."""
        return self._in_one(lambda cursor: cursor.execute(_BEAT, (lease, run)).rowcount == 1)

    @contextmanager
    def synced(self) -> Iterator[sqlite3.Cursor]:
        """A write transaction, the journal sorted in first, that is synced when it ends well and
        undone when not."""
        try:
            durability(self._connection, synced=True)
            begin_writing(self._cursor, self._patience)
            fold(self._cursor)
            yield self._cursor
            self._cursor.execute("COMMIT")
        finally:
            if self._connection.in_transaction:
                self._cursor.execute("ROLLBACK")
            durability(self._connection, synced=False)

    def sort_in(self) -> None:
        """Fold what is there."""

        def write(cursor: sqlite3.Cursor) -> bool:
            fold(cursor)
            return True

        self._in_one(write)

    def checkpoint(self) -> None:
        """Bring the write-ahead log into the file as far as nobody reads what is older."""
        self._cursor.execute("PRAGMA wal_checkpoint(PASSIVE)")

    def close(self) -> None:
        """Let go of the connection."""
        self._connection.close()

    def _in_one(self, write: Callable[[sqlite3.Cursor], bool]) -> bool:
        """Write in one transaction, undone where `write` says no or fails."""
        begin_writing(self._cursor, self._patience)
        try:
            found = write(self._cursor)
            self._cursor.execute("COMMIT" if found else "ROLLBACK")
        except BaseException:
            if self._connection.in_transaction:
                self._cursor.execute("ROLLBACK")
            raise
        return found
