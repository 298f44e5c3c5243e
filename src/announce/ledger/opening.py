"""Opening a ledger: whether it is one, and making it private."""

from __future__ import annotations

import os
from pathlib import Path
from secrets import token_hex

from sqlalchemy import insert

from announce.errors import MachineError
from announce.ledger.base import Ledger
from announce.ledger.core import Core
from announce.ledger.engine import at_edge, sqlite_engine
from announce.ledger.files import make_folder, sync_folder
from announce.ledger.machine import Machine
from announce.ledger.place import is_there
from announce.ledger.schema import SCHEMA, meta, tables
from announce.ledger.store import SqlLedger
from announce.ledger.upgrades import upgrade
from announce.texts import say

# Written out: a command opens a ledger several times, and for each SQLAlchemy compiles anew.
_HAS_META = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'meta'"
_SCHEMA_OF = "SELECT value FROM meta WHERE name = 'schema'"


def open_sqlite(path: Path, *, machine: Machine | None, patience: float) -> Ledger:
    """The ledger in this file, made where there is none; see `announce.ledger.open_ledger`."""
    if not is_there(path):
        _make(path, patience)
    core = Core(path, machine or Machine.this(), patience)
    try:
        _make_current(core)
        return SqlLedger(core)
    except BaseException:
        core.close()
        raise


def _make(path: Path, patience: float) -> None:
    try:
        with at_edge(path):
            _make_whole(path, patience)
    except OSError as error:
        raise MachineError(
            say("cannot make the ledger {path}: {cause}", path=path, cause=error.strerror),
            hint=say("check that the folder exists and that you may write to it"),
        ) from error


def _make_whole(path: Path, patience: float) -> None:
    # Made whole beside its place and then named: two that make it at once get the same one.
    make_folder(path.parent, 0o700)
    fresh = path.with_name(f".{path.name}.{token_hex(4)}.new")
    os.close(os.open(fresh, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    try:
        _fill(fresh, patience)
        if path.exists() and not is_there(path):
            path.unlink()
        _name(fresh, path)
    finally:
        fresh.unlink(missing_ok=True)
    sync_folder(path.parent)


def _fill(path: Path, patience: float) -> None:
    engine = sqlite_engine(path, patience=patience)
    values = {"schema": str(SCHEMA), "id": token_hex(16), "secret": token_hex(32), "syncs": "0"}
    try:
        with engine.execution_options(writes=True).begin() as connection:
            tables.create_all(connection, checkfirst=False)
            rows = [{"name": name, "value": value} for name, value in values.items()]
            connection.execute(insert(meta), rows)
        pooled = engine.raw_connection()
        # Outside a transaction, where it is allowed; the file remembers it.
        pooled.cursor().execute("PRAGMA journal_mode = WAL")
        pooled.close()
    finally:
        engine.dispose()


def _name(fresh: Path, path: Path) -> None:
    try:
        path.hardlink_to(fresh)
    except FileExistsError:
        return
    except OSError:
        # A file system without hard links (exFAT): two at the same instant are then not told apart.
        if not path.exists():
            fresh.replace(path)


def _make_current(core: Core) -> None:
    """Refuse what is no ledger or too new a one; bring an older one up to date."""
    found = _schema_of(core)
    if found > SCHEMA:
        raise MachineError(
            say("the ledger {path} was made by a newer announce", path=core.path),
            hint=say("install the newer announce that wrote it"),
        )
    if found < SCHEMA:
        with core.rebuilding() as connection:
            upgrade(connection, found)


def _schema_of(core: Core) -> int:
    with core.looking() as connection:
        if connection.exec_driver_sql(_HAS_META).first() is None:
            raise MachineError(
                say("{path} is not a ledger", path=core.path),
                hint=say("see `ledger` in announce.yaml"),
            )
        found = connection.exec_driver_sql(_SCHEMA_OF).scalar()
    return int(found or 1)
