"""The connections that a ledger and its runs share, behind one lock."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import RLock
from typing import Any

from sqlalchemy import Connection, Integer, Text, cast, update

from announce.ledger.engine import Quick, at_edge, sqlite_engine
from announce.ledger.machine import Machine
from announce.ledger.schema import meta


class Core:
    """Synced transactions, small unsynced ones, and reads beside them.

    The lock keeps this process's threads from waiting for each other in SQLite, whose busy
    handler sleeps.
    """

    def __init__(self, path: Path, machine: Machine, patience: float) -> None:
        self.path = path
        self.machine = machine
        self._lock = RLock()
        self._firm = sqlite_engine(path, synced=True, patience=patience)
        self._writes = self._firm.execution_options(writes=True)
        with at_edge(path):
            self.quick = Quick(sqlite_engine(path, synced=False, patience=patience))

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A write transaction that is synced when it ends well, and undone when not."""
        with at_edge(self.path), self._lock, self._writes.begin() as connection:
            yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that sees one state of the ledger and changes nothing."""
        with at_edge(self.path), self._firm.connect() as connection:
            yield connection

    def quickly(self, *steps: tuple[str, dict[str, Any]]) -> bool:
        """Prepared steps in one unsynced transaction; False, and nothing, if the first one
        finds no row."""
        with at_edge(self.path), self._lock:
            return self.quick.write(*steps)

    def sync(self) -> None:
        """Make everything committed so far survive the power: a synced commit syncs the whole
        write-ahead log, and so what came before it."""
        with self.writing() as connection:
            # It must write something: a commit without a change syncs nothing.
            here = meta.c.name == "syncs"
            more = cast(cast(meta.c.value, Integer) + 1, Text)
            connection.execute(update(meta).where(here).values(value=more))

    def close(self) -> None:
        """Let go of the connections."""
        with at_edge(self.path), self._lock:
            self.quick.close()
            self._firm.dispose()
