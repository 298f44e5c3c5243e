"""The connections that a ledger and its runs share, behind one lock."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import RLock

from sqlalchemy import Connection

from announce.ledger.engine import LOG, at_edge, begin_writing, quick_connection, raw, sqlite_engine
from announce.ledger.journal import Entry, Journal, fold, is_empty
from announce.ledger.machine import Machine

_COUNT_A_SYNC = "UPDATE meta SET value = CAST(value AS INTEGER) + 1 WHERE name = 'syncs'"


class Core:
    """Synced transactions, the journal of small unsynced ones, and reads beside them.

    `lock` keeps this process's threads from waiting for each other in SQLite.
    """

    def __init__(self, path: Path, machine: Machine, patience: float) -> None:
        self.path = path
        self.machine = machine
        self.lock = RLock()
        self._log = path.with_name(f"{path.name}-wal")
        self._engine = sqlite_engine(path, patience=patience)
        self._writes = self._engine.execution_options(writes=True)
        with at_edge(path):
            self._journal = Journal(quick_connection(path), patience)

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A write transaction that is synced when it ends well, and undone when not."""
        with self.rebuilding() as connection:
            fold(raw(connection).cursor())
            yield connection

    @contextmanager
    def claiming(self) -> Iterator[sqlite3.Cursor]:
        """The same as `writing`, past SQLAlchemy's cost: what comes hundreds of times in a run."""
        with at_edge(self.path), self.lock:
            with self._journal.synced() as cursor:
                yield cursor
            self._look_at_the_log()

    @contextmanager
    def rebuilding(self) -> Iterator[Connection]:
        """The same in a ledger whose tables may be older than this program."""
        with at_edge(self.path), self.lock:
            with self._writes.begin() as connection:
                yield connection
            self._look_at_the_log()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that sees one state of the ledger and changes nothing."""
        with self.looking() as connection:
            if is_empty(raw(connection).cursor()):
                yield connection
                return
        with at_edge(self.path), self.lock:
            self._journal.sort_in()
        with self.looking() as connection:
            yield connection

    @contextmanager
    def looking(self) -> Iterator[Connection]:
        """The same without the journal, in a ledger that may be older than this program."""
        with at_edge(self.path), self._engine.connect() as connection:
            yield connection

    def append(self, run: int, entries: Sequence[Entry]) -> bool:
        """Write marks and answers in one unsynced transaction; False, and nothing, where the run
        has ended."""
        with at_edge(self.path), self.lock:
            return self._journal.append(run, entries)

    def beat(self, run: int, lease: str) -> bool:
        """Renew a run's lease, unsynced; False where it has ended."""
        with at_edge(self.path), self.lock:
            return self._journal.beat(run, lease)

    def sync(self) -> None:
        """Make everything committed so far survive the power: a synced commit syncs the whole
        write-ahead log, and so what came before it."""
        with self.writing() as connection:
            # It must write something: a commit without a change syncs nothing.
            raw(connection).execute(_COUNT_A_SYNC)

    def _look_at_the_log(self) -> None:
        if self._log.exists() and self._log.stat().st_size > LOG:
            self._bring_in_the_log()

    def _bring_in_the_log(self) -> None:
        """Bring the write-ahead log into the file while nobody writes: beside another process
        that does, SQLite never comes to its end, and the log grows as long as both send."""
        with self._engine.connect() as connection:
            cursor = raw(connection).cursor()
            cursor.execute("PRAGMA busy_timeout = 0")
            # Not now, if somebody is writing: the next commit tries again.
            with suppress(sqlite3.OperationalError):
                begin_writing(cursor, patience=0)
                self._journal.checkpoint()
                cursor.execute("ROLLBACK")

    def close(self) -> None:
        """Let go of the connections."""
        with at_edge(self.path), self.lock:
            self._journal.close()
            self._engine.dispose()
