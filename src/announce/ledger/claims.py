"""Taking planned deliveries for a run, in the plan's order."""

from __future__ import annotations

import sqlite3
from array import array
from collections.abc import Collection
from operator import itemgetter
from typing import Any

from announce.ledger.moves import COLUMNS
from announce.model.delivery import Channel, DeliveryKey

_DUE = "campaign = ? AND occurrence = ? AND state = 'planned'"
_TAKE = f"""
UPDATE deliveries SET state = 'sending', run = ?, handed_at = NULL
WHERE id IN (SELECT id FROM deliveries WHERE {_DUE} ORDER BY position, id LIMIT ?)
RETURNING {COLUMNS}
"""
_TAKE_OF_CHANNEL = _TAKE.replace(" ORDER BY", " AND channel = ? ORDER BY")
_TAKE_ONE = f"""
UPDATE deliveries SET state = 'sending', run = ?, handed_at = NULL
WHERE id = ? AND state = 'planned' RETURNING {COLUMNS}
"""
_LIST = f"SELECT id, channel, recipient FROM deliveries WHERE {_DUE} ORDER BY position, id"
_ORDER = itemgetter(5, 0)  # position, id
_TELL = "INSERT INTO events (delivery, at, event, detail) VALUES (?, ?, 'claimed', '{}')"


class Claims:
    """The claims of one process for a run.

    Where they are restricted to some keys it remembers which rows are still to come: to look for
    them among a hundred thousand others once is cheap, for each claim it is not.
    """

    def __init__(self, run: int, campaign: str, occurrence: str) -> None:
        self._run = run
        self._place = (campaign, occurrence)
        self._only: Collection[DeliveryKey] | None = None
        self._channel: Channel | None = None
        # Rows still to come, the next one last.
        self._listed: array[int] = array("q")

    def take(
        self,
        cursor: sqlite3.Cursor,
        limit: int,
        at: str,
        channel: Channel | None,
        only: Collection[DeliveryKey] | None,
    ) -> list[Any]:
        """Claim up to `limit` deliveries within a write transaction; their rows, in order."""
        if only is not None:
            rows = self._chosen(cursor, limit, channel, only)
        elif channel is None:
            rows = cursor.execute(_TAKE, (self._run, *self._place, limit)).fetchall()
        else:
            values = (self._run, *self._place, channel, limit)
            rows = cursor.execute(_TAKE_OF_CHANNEL, values).fetchall()
        rows.sort(key=_ORDER)
        cursor.executemany(_TELL, [(row[0], at) for row in rows])
        return rows

    def forget(self) -> None:
        """Something became planned again: what is listed may lack it."""
        self._only = None

    def _chosen(
        self,
        cursor: sqlite3.Cursor,
        limit: int,
        channel: Channel | None,
        only: Collection[DeliveryKey],
    ) -> list[Any]:
        listed = self._only is only and self._channel == channel
        if not listed:
            self._list(cursor, channel, only)
        rows = self._next(cursor, limit)
        if listed and len(rows) < limit:
            # Meanwhile another process of the run may have given some back.
            self._list(cursor, channel, only)
            rows += self._next(cursor, limit - len(rows))
        return rows

    def _next(self, cursor: sqlite3.Cursor, limit: int) -> list[Any]:
        rows: list[Any] = []
        while self._listed and len(rows) < limit:
            rows += cursor.execute(_TAKE_ONE, (self._run, self._listed.pop())).fetchall()
        return rows

    def _list(
        self, cursor: sqlite3.Cursor, channel: Channel | None, only: Collection[DeliveryKey]
    ) -> None:
        wanted = {(key.channel, key.recipient) for key in only if channel in (None, key.channel)}
        due = cursor.execute(_LIST, self._place)
        self._listed = array("q", [row for row, *whose in due if tuple(whose) in wanted])
        self._listed.reverse()
        self._only, self._channel = only, channel
