"""The rows that an occurrence has already, met in the order of a plan laid again."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Any

_PAGE = 500
_COLUMNS = "id, channel, recipient, position, language, addresses, state, reason, subject, digest"
_HERE = "campaign = ? AND occurrence = ?"
_SPAN = f"SELECT min(id), max(id), count(*) FROM deliveries WHERE {_HERE}"
# By the rows' own order, which an unchanged plan has too: by the position they must be sorted.
_NEXT = f"""
SELECT {_COLUMNS} FROM deliveries NOT INDEXED
WHERE id > ? AND id <= ? AND {_HERE} ORDER BY id LIMIT {_PAGE}
"""
_OF_KEY = f"SELECT {_COLUMNS} FROM deliveries WHERE {_HERE} AND channel = ? AND recipient = ?"
_DUE = f"""
SELECT id FROM deliveries NOT INDEXED
WHERE id > ? AND id <= ? AND {_HERE} AND state IN ('planned', 'failed')
ORDER BY id LIMIT {_PAGE}
"""


class Present:
    """Rows of before: `find` each line of the plan in turn, then ask which were not met.

    Within a write transaction; rows that are added meanwhile are not among them.
    """

    def __init__(self, cursor: sqlite3.Cursor, place: tuple[str, str]) -> None:
        self._cursor = cursor
        self._place = place
        first, self._last, self._left = cursor.execute(_SPAN, place).fetchone()
        self.is_empty = self._left == 0
        self._first: int = first or 0
        self._met = bytearray(0 if self.is_empty else self._last - self._first + 1)
        # A page of rows, the next one last.
        self._page: list[Any] = []
        self._read = self._first - 1

    def find(self, channel: str, recipient: str) -> Any:
        """The row of this key (id, channel, recipient, position, language, addresses, state,
        reason, subject, digest), or None."""
        row = self._ahead()
        if row is not None and row[2] == recipient and row[1] == channel:
            self._page.pop()
        else:
            row = self._cursor.execute(_OF_KEY, (*self._place, channel, recipient)).fetchone()
            if row is None or row[0] > self._last:
                return None
            self._skip_to(row[0])
        self._meet(row[0])
        return row

    def unmet(self) -> Iterator[int]:
        """The planned and failed rows that were not found."""
        read = self._first - 1
        while self._left:
            rows = self._cursor.execute(_DUE, (read, self._last, *self._place)).fetchall()
            if not rows:
                return
            yield from (row for (row,) in rows if not self._met[row - self._first])
            [read] = rows[-1]

    def _ahead(self) -> Any:
        """The next row that was not met out of order, or None."""
        while True:
            while self._page:
                if not self._met[self._page[-1][0] - self._first]:
                    return self._page[-1]
                self._page.pop()
            if self._read >= self._last:
                return None
            self._turn()

    def _turn(self) -> None:
        self._page = self._cursor.execute(_NEXT, (self._read, self._last, *self._place)).fetchall()
        self._read = self._page[-1][0] if self._page else self._last
        self._page.reverse()

    def _skip_to(self, row: int) -> None:
        """After a row of this page was found out of order, its followers are likely next."""
        if self._page and self._page[-1][0] <= row <= self._page[0][0]:
            while self._page[-1][0] < row:
                self._page.pop()

    def _meet(self, row: int) -> None:
        if not self._met[row - self._first]:
            self._met[row - self._first] = 1
            self._left -= 1
