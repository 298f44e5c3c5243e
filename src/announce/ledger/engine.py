"""SQLite as the ledger needs it: WAL, immediate write transactions, two grades of durability."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError

from announce.errors import MachineError
from announce.texts import say

LOG = 32 << 20  # bytes to which the log is cut when it begins anew
_SETTINGS = (
    ("foreign_keys", "ON"),
    # On macOS an ordinary sync does not reach the disk: https://www.sqlite.org/pragma.html
    ("fullfsync", "ON"),
    ("journal_size_limit", str(LOG)),
)
# Pages of the log after which it is brought into the file. That syncs twice: at the default it
# would come every few thousand messages.
_CHECKPOINT = 4000
# Opening may meet another process that closes as the last one, or recovers the log.
_OPENING = 5.0  # seconds
_STEP = 0.00005  # seconds between two looks at a lock that another process holds


def sqlite_engine(path: Path, *, patience: float) -> Engine:
    """An engine on the file, which must exist: each commit survives the loss of power."""
    engine = create_engine(
        URL.create("sqlite", database=str(path)),
        paramstyle="named",
        connect_args={"check_same_thread": False, "isolation_level": None},
    )

    @event.listens_for(engine, "connect")
    def _prepare(connection: sqlite3.Connection, _record: object) -> None:
        _prepared(connection, synced=True)

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("writes", False)
        driver = raw(connection)
        driver.execute(f"PRAGMA busy_timeout = {0 if writes else int(patience * 1000)}")
        if writes:
            begin_writing(driver.cursor(), patience)
        else:
            driver.execute("BEGIN")

    return engine


def quick_connection(path: Path) -> sqlite3.Connection:
    """A connection whose commits survive the process only, until a synced one follows."""
    connection = sqlite3.connect(
        path, timeout=_OPENING, isolation_level=None, check_same_thread=False
    )
    connection = _prepared(connection, synced=False)
    connection.execute("PRAGMA busy_timeout = 0")
    return connection


def raw(connection: Connection) -> sqlite3.Connection:
    """The driver's connection under SQLAlchemy's, for many rows or at the wire's pace."""
    found = connection.connection.driver_connection
    assert isinstance(found, sqlite3.Connection)
    return found


def begin_writing(cursor: sqlite3.Cursor, patience: float) -> None:
    """Begin a transaction that writes, after at most so many seconds.

    With the lock at once: one that reads first and writes then can fail midway.
    """
    write_when_free(cursor, "BEGIN IMMEDIATE", (), patience)


def write_when_free(
    cursor: sqlite3.Cursor, statement: str, values: Sequence[Any], patience: float
) -> None:
    """Execute what needs the lock and begins no later than it, after at most so many seconds.

    Not by SQLite's own waiting (`busy_timeout`): it sleeps for up to a tenth of a second where
    another process holds the lock for a fraction of a thousandth.
    """
    until: float | None = None
    step = _STEP
    while True:
        try:
            cursor.execute(statement, values)
        except sqlite3.OperationalError as error:
            now = time.monotonic()
            until = now + patience if until is None else until
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or now > until:
                raise
            time.sleep(step)
            step = min(step * 1.25, 20 * _STEP)
        else:
            return


def durability(connection: sqlite3.Connection, *, synced: bool) -> None:
    """Between two transactions: whether those that follow are synced, and bring the log in.

    https://www.sqlite.org/pragma.html#pragma_synchronous, in WAL mode.
    """
    connection.execute(f"PRAGMA synchronous = {'FULL' if synced else 'NORMAL'}")
    connection.execute(f"PRAGMA wal_autocheckpoint = {_CHECKPOINT if synced else 0}")


def _prepared(connection: sqlite3.Connection, *, synced: bool) -> sqlite3.Connection:
    try:
        for setting, value in _SETTINGS:
            connection.execute(f"PRAGMA {setting} = {value}")
        durability(connection, synced=synced)
    except sqlite3.Error:
        connection.close()
        raise
    return connection


class at_edge:
    """Turn the database's errors into MachineError, each with its mend."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> None:
        """Begin."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if isinstance(error, DBAPIError):
            raise _told(self._path, error.orig or error) from error
        if isinstance(error, sqlite3.Error):
            raise _told(self._path, error) from error


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
