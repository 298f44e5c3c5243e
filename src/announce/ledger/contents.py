"""What shaped the messages of an occurrence: laid with the plan, fixed by the first claim."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping

from announce.ledger.schema import packed

_FIX = """
INSERT INTO occurrences (campaign, occurrence, content, stored_at) VALUES (?, ?, ?, ?)
ON CONFLICT (campaign, occurrence) DO
"""
_FIRST = _FIX + "NOTHING"
_ANEW = _FIX + "UPDATE SET content = excluded.content, stored_at = excluded.stored_at"


def fix(
    cursor: sqlite3.Cursor,
    campaign: str,
    occurrence: str,
    content: Mapping[str, str],
    at: str,
    *,
    changed: bool,
) -> None:
    """Fix the content of the occurrence; what is fixed already stays, unless it has `changed`."""
    statement = _ANEW if changed else _FIRST
    cursor.execute(statement, (campaign, occurrence, packed(content), at))
