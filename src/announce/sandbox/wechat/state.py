"""What the emulator remembers: a small database and the uploaded files, in one folder.

    wechat/state.sqlite3    identity, tokens, materials, drafts, journal
    wechat/files/           pictures, by their id

Several processes may play the same account from the same folder at once.
"""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from announce.sandbox.store import private_folder
from announce.sandbox.wechat.account import Account

_TABLES = """
CREATE TABLE IF NOT EXISTS identity (app_id TEXT PRIMARY KEY, app_secret TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS tokens (
    token TEXT PRIMARY KEY, app_id TEXT NOT NULL, kind TEXT NOT NULL,
    expires REAL NOT NULL, superseded REAL);
CREATE TABLE IF NOT EXISTS forced (app_id TEXT NOT NULL, at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS materials (
    number INTEGER PRIMARY KEY, media_id TEXT UNIQUE NOT NULL, app_id TEXT NOT NULL,
    kind TEXT NOT NULL, name TEXT NOT NULL, url TEXT NOT NULL, file TEXT NOT NULL,
    at REAL NOT NULL, lasting INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS pictures (name TEXT PRIMARY KEY, file TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS drafts (
    number INTEGER PRIMARY KEY, media_id TEXT UNIQUE NOT NULL, app_id TEXT NOT NULL,
    articles TEXT NOT NULL, created REAL NOT NULL, updated REAL NOT NULL);
CREATE TABLE IF NOT EXISTS journal (
    number INTEGER PRIMARY KEY, at TEXT NOT NULL, method TEXT NOT NULL, path TEXT NOT NULL,
    query TEXT NOT NULL, size INTEGER NOT NULL, errcode INTEGER, fault TEXT NOT NULL);
"""


class State:
    """The folder; its tables and identity are made on first use.

    An answer is in the database before it leaves, but not forced onto the disk: a rehearsal
    need not outlive the power.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = private_folder(folder)
        self.files = private_folder(folder / "files")
        self._path = folder / "state.sqlite3"
        with self._connected() as base:
            base.execute("PRAGMA journal_mode = WAL")
            base.executescript(_TABLES)

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A connection to look with."""
        with self._connected() as base:
            yield base

    @contextmanager
    def changing(self) -> Iterator[sqlite3.Connection]:
        """A connection that holds the only right to write; all of it happens, or nothing."""
        with self._connected() as base:
            base.execute("BEGIN IMMEDIATE")
            with base:
                yield base

    def own_account(self) -> Account:
        """The account of this folder: its id and secret are made once."""
        with self.changing() as base:
            row = base.execute("SELECT app_id, app_secret FROM identity").fetchone()
            if row is None:
                row = (f"wx{secrets.token_hex(8)}", secrets.token_hex(16))
                base.execute("INSERT INTO identity VALUES (?, ?)", row)
        return Account(app_id=row[0], app_secret=row[1])

    def keep_file(self, data: bytes, ending: str) -> str:
        """Keep bytes under a new name; tells the name."""
        name = f"{secrets.token_hex(16)}.{ending}"
        (self.files / name).write_bytes(data)
        return name

    @contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection]:
        base = sqlite3.connect(self._path, timeout=10, isolation_level=None)
        with closing(base):
            base.row_factory = sqlite3.Row
            base.execute("PRAGMA synchronous = OFF")
            yield base
