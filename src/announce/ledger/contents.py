"""What shaped the messages of an occurrence: laid with the plan, fixed by the first claim.

Until then it waits under the run's number, where every process of the run finds it.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping

from announce.ledger.schema import packed

_KEEP = "INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)"
_FIND = "SELECT value FROM meta WHERE name = ?"
_DROP = "DELETE FROM meta WHERE name = ?"
_FIX = """
INSERT INTO occurrences (campaign, occurrence, content, stored_at) VALUES (?, ?, ?, ?)
ON CONFLICT (campaign, occurrence) DO
"""
_FIRST = _FIX + "NOTHING"
_ANEW = _FIX + "UPDATE SET content = excluded.content, stored_at = excluded.stored_at"


def keep(cursor: sqlite3.Cursor, run: int, content: Mapping[str, str], *, changed: bool) -> None:
    """Keep a run's content until its first claim; `changed`: it replaces what is fixed."""
    cursor.execute(_KEEP, (_name(run), packed([dict(content), changed])))


def fix(cursor: sqlite3.Cursor, run: int, campaign: str, occurrence: str, at: str) -> None:
    """Fix what waits, if anything does, as the content of the occurrence."""
    waiting = cursor.execute(_FIND, (_name(run),)).fetchone()
    if waiting is None:
        return
    content, changed = json.loads(waiting[0])
    statement = _ANEW if changed else _FIRST
    cursor.execute(statement, (campaign, occurrence, packed(content), at))
    drop(cursor, run)


def drop(cursor: sqlite3.Cursor, run: int) -> None:
    """Forget what waits: the run is over."""
    cursor.execute(_DROP, (_name(run),))


def _name(run: int) -> str:
    return f"content of run {run}"
