"""SQLite as the ledger needs it: WAL, immediate write transactions, two grades of durability."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql import ClauseElement

from announce.errors import MachineError
from announce.texts import say

_SETTINGS = (
    # Each small commit writes whole pages to the log: small pages, less to sync.
    ("page_size", "1024"),
    # A checkpoint syncs twice: at the default it would come every few hundred messages.
    ("wal_autocheckpoint", "16000"),
    ("foreign_keys", "ON"),
    # On macOS an ordinary sync does not reach the disk: https://www.sqlite.org/pragma.html
    ("fullfsync", "ON"),
)


def sqlite_engine(path: Path, *, synced: bool, patience: float) -> Engine:
    """An engine on the file, which must exist. `synced`: each commit survives the power; else
    only the process (https://www.sqlite.org/pragma.html#pragma_synchronous, WAL mode)."""
    engine = create_engine(
        URL.create("sqlite", database=str(path)),
        paramstyle="named",
        connect_args={"timeout": patience, "check_same_thread": False, "isolation_level": None},
    )

    @event.listens_for(engine, "connect")
    def _prepare(connection: sqlite3.Connection, _record: object) -> None:
        try:
            for setting, value in (*_SETTINGS, ("synchronous", "FULL" if synced else "NORMAL")):
                connection.execute(f"PRAGMA {setting} = {value}")
        except sqlite3.Error:
            connection.close()
            raise

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # Without IMMEDIATE a transaction that reads first and writes then can fail midway.
        writes = connection.get_execution_options().get("writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


class Quick:
    """Small writes, committed at once and not synced, past SQLAlchemy's own cost.

    Statements are written in Core and prepared once. Not thread-safe: the ledger's lock is.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._pooled = engine.raw_connection()
        self._cursor = self._pooled.cursor()

    def prepare(self, statement: ClauseElement) -> str:
        """The statement's text, with its parameters by name."""
        return str(statement.compile(dialect=self._engine.dialect))

    def write(self, *steps: tuple[str, dict[str, Any]]) -> bool:
        """Do the steps in one transaction if the first finds exactly one row, else nothing."""
        run = self._cursor.execute
        run("BEGIN IMMEDIATE")
        try:
            run(*steps[0])
            found = self._cursor.rowcount == 1
            if found:
                for step in steps[1:]:
                    run(*step)
            run("COMMIT" if found else "ROLLBACK")
        except BaseException:
            if self._pooled.driver_connection.in_transaction:  # type: ignore[union-attr]
                run("ROLLBACK")
            raise
        return found

    def close(self) -> None:
        """Let go of the connection."""
        self._cursor.close()
        self._pooled.close()
        self._engine.dispose()


@contextmanager
def at_edge(path: Path) -> Iterator[None]:
    """Turn the database's errors into MachineError, each with its mend."""
    try:
        yield
    except DBAPIError as error:
        raise _told(path, error.orig or error) from error
    except sqlite3.Error as error:
        raise _told(path, error) from error


def _told(path: Path, error: BaseException) -> MachineError:
    # The low byte is the kind, the rest its variety: https://www.sqlite.org/rescode.html
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return MachineError(
            say("the ledger {path} was locked by another process for too long", path=path),
            hint=say("see what else uses it (a backup, a database browser), end that, run again"),
        )
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return MachineError(
            say("the ledger {path} is damaged", path=path),
            hint=say(
                "move it aside and put a backup in its place, or none; "
                "then `announce ledger adopt` takes over what the receipts know"
            ),
        )
    if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM):
        return MachineError(
            say("the ledger {path} cannot be written to", path=path),
            hint=say("check that the folder exists and that you may write to it"),
        )
    if code == sqlite3.SQLITE_FULL:
        return MachineError(
            say("the disk of the ledger {path} is full", path=path),
            hint=say("make room and run again: what was sent before is in the ledger"),
        )
    return MachineError(
        say("the ledger {path} does not work: {cause}", path=path, cause=error),
        hint=say("run `announce ledger check`; keep it on a local disk, not a network share"),
    )
