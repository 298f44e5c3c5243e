"""Taking planned deliveries for a run, in the plan's order."""

from __future__ import annotations

import sqlite3
from array import array
from collections.abc import Collection, Iterable, Iterator
from itertools import groupby
from operator import itemgetter
from typing import Any

from announce.ledger.moves import unpacked
from announce.model.delivery import Channel, Delivery, DeliveryKey, State

_DUE = "campaign = ? AND occurrence = ? AND state = 'planned'"
# What a claim need not be told is left out: whose it is, and how it stands.
_COLUMNS = (
    "id, channel, recipient, position, language, addresses, reason, subject, digest, message_id"
)
_NEXT = f"SELECT {_COLUMNS} FROM deliveries WHERE {_DUE} ORDER BY position, id LIMIT ?"
_NEXT_OF_CHANNEL = _NEXT.replace(" ORDER BY", " AND channel = ? ORDER BY")
_ORDER = itemgetter(3, 0)  # position, id
_ONE = f"SELECT {_COLUMNS} FROM deliveries WHERE id = ? AND state = 'planned'"
_LIST = f"SELECT id, channel, recipient FROM deliveries WHERE {_DUE} ORDER BY position, id"
_TAKE = """
UPDATE deliveries SET state = 'sending', run = ?, handed_at = NULL WHERE id BETWEEN ? AND ?
"""
_TELL = """
INSERT INTO events (delivery, at, event, detail)
SELECT id, ?, 'claimed', '{}' FROM deliveries NOT INDEXED WHERE id BETWEEN ? AND ? ORDER BY id
"""


class Claims:
    """The claims of a run.

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
    ) -> list[tuple[int, Delivery]]:
        """Claim up to `limit` deliveries within a write transaction; each with its row, in the
        plan's order."""
        if only is not None:
            rows = self._chosen(cursor, limit, at, channel, only)
        else:
            rows = self._due(cursor, limit, channel)
            self._mark(cursor, rows, at)
        return [(row[0], self._claimed(row)) for row in rows]

    def _claimed(self, row: Any) -> Delivery:
        _, channel, recipient, position, language, addresses, reason, subject, digest, name = row
        return Delivery(
            key=DeliveryKey(*self._place, channel, recipient),
            language=language,
            to=unpacked(addresses),
            state=State.SENDING,
            reason=reason,
            subject=subject,
            digest=digest,
            message_id=name,
            position=position,
        )

    def _due(self, cursor: sqlite3.Cursor, limit: int, channel: Channel | None) -> list[Any]:
        if channel is None:
            return cursor.execute(_NEXT, (*self._place, limit)).fetchall()
        return cursor.execute(_NEXT_OF_CHANNEL, (*self._place, channel, limit)).fetchall()

    def _mark(self, cursor: sqlite3.Cursor, rows: list[Any], at: str) -> None:
        for span in _spans([row[0] for row in rows]):
            cursor.execute(_TAKE, (self._run, *span))
            cursor.execute(_TELL, (at, *span))

    def forget(self) -> None:
        """Something became planned again: what is listed may lack it."""
        self._only = None

    def _chosen(
        self,
        cursor: sqlite3.Cursor,
        limit: int,
        at: str,
        channel: Channel | None,
        only: Collection[DeliveryKey],
    ) -> list[Any]:
        listed = self._only is only and self._channel == channel
        if not listed:
            self._list(cursor, channel, only)
        rows = self._next(cursor, limit, at)
        if listed and len(rows) < limit:
            # Meanwhile somebody may have settled one as not sent, with another command.
            self._list(cursor, channel, only)
            rows += self._next(cursor, limit - len(rows), at)
            rows.sort(key=_ORDER)
        return rows

    def _next(self, cursor: sqlite3.Cursor, limit: int, at: str) -> list[Any]:
        rows: list[Any] = []
        while self._listed and len(rows) < limit:
            rows += cursor.execute(_ONE, (self._listed.pop(),)).fetchall()
        self._mark(cursor, rows, at)
        return rows

    def _list(
        self, cursor: sqlite3.Cursor, channel: Channel | None, only: Collection[DeliveryKey]
    ) -> None:
        wanted = {(key.channel, key.recipient) for key in only if channel in (None, key.channel)}
        due = cursor.execute(_LIST, self._place)
        self._listed = array("q", [row for row, *whose in due if tuple(whose) in wanted])
        self._listed.reverse()
        self._only, self._channel = only, channel


def _spans(rows: Iterable[int]) -> Iterator[tuple[int, int]]:
    """First and last of the rows that follow each other: a plan laid at once has its lines one
    behind the other, and many of them cost hardly more statements than one."""
    for _, span in groupby(enumerate(rows), lambda numbered: numbered[1] - numbered[0]):
        (_, first), *rest = span
        yield first, rest[-1][1] if rest else first
