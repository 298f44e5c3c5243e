"""What the emulator remembers: a small database and the uploaded files, in one folder.

    wechat/state.sqlite3    identity, tokens, drafts, jobs, followers, journal (tables.py)
    wechat/files/           pictures, by their id
    wechat/app_secret       the AppSecret of the folder's own account

Several processes may play the same account from the same folder at once.
"""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from announce.sandbox.store import private_folder
from announce.sandbox.wechat.account import Account, AccountKind
from announce.sandbox.wechat.tables import TABLES


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
            base.executescript(TABLES)

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

    @contextmanager
    def held_open(self) -> Iterator[None]:
        """Keep the database open: the last to close it writes its log back, which takes longest."""
        with self._connected() as base:
            base.execute("SELECT 1 FROM identity").fetchone()
            yield

    def own_account(self, kind: AccountKind) -> Account:
        """The account of this folder: its id and secret are made once, its kind is a role."""
        with self.changing() as base:
            row = base.execute("SELECT app_id, app_secret FROM identity").fetchone()
            if row is None:
                row = (f"wx{secrets.token_hex(8)}", secrets.token_hex(16))
                base.execute("INSERT INTO identity VALUES (?, ?)", row)
        self._keep_readable(row[1])
        return Account(app_id=row[0], app_secret=row[1], kind=kind)

    @property
    def secret_file(self) -> Path:
        """Where the folder's own AppSecret can be read, by its owner only."""
        return self.folder / "app_secret"

    def path_token(self) -> str:
        """The token in the addresses of a server that is to be found where it was before."""
        with self.changing() as base:
            base.execute(
                "INSERT OR IGNORE INTO settings VALUES ('', 'path token', ?)",
                (secrets.token_urlsafe(18),),
            )
        return self.setting("", "path token")

    def setting(self, app_id: str, name: str) -> str:
        """What was kept under a name for an account, "" for nothing."""
        with self.reading() as base:
            row = base.execute(
                "SELECT value FROM settings WHERE app_id = ? AND name = ?", (app_id, name)
            ).fetchone()
        return str(row["value"]) if row is not None else ""

    def keep_setting(self, app_id: str, name: str, value: str) -> None:
        """Keep a text under a name for an account, in place of the one before."""
        with self.changing() as base:
            base.execute("INSERT OR REPLACE INTO settings VALUES (?, ?, ?)", (app_id, name, value))

    def keep_file(self, data: bytes, ending: str) -> str:
        """Keep bytes under a new name; tells the name."""
        name = f"{secrets.token_hex(16)}.{ending}"
        (self.files / name).write_bytes(data)
        return name

    def _keep_readable(self, secret: str) -> None:
        if self.secret_file.exists():
            return
        spare = self.folder / f".{secrets.token_hex(8)}"
        spare.touch(mode=0o600)
        spare.write_text(f"{secret}\n", encoding="ascii")
        spare.replace(self.secret_file)

    @contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection]:
        base = sqlite3.connect(
            self._path, timeout=10, isolation_level=None, check_same_thread=False
        )
        with closing(base):
            base.row_factory = sqlite3.Row
            base.execute("PRAGMA synchronous = OFF")
            yield base
