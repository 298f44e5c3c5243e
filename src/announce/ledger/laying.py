"""Writing a plan down: what is new, what changed, what is gone, what is back.

The plan and the rows of before are read side by side, a page at a time: a plan of a hundred
thousand lines takes no more memory than one of a thousand.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import Connection

from announce.ledger.adoption import weigh
from announce.ledger.engine import raw
from announce.ledger.present import Present
from announce.ledger.schema import packed, stamp
from announce.model.delivery import Delivery, State

# What a plan may still change: everything that nobody was handed.
_OPEN = frozenset({"planned", "failed", "skipped"})
_STATES = {State.PLANNED: "planned", State.SKIPPED: "skipped"}
_PAGE = 500
GONE = "gone"

_ADD = """
INSERT INTO deliveries (
  campaign, occurrence, channel, recipient, position, language, addresses, state, reason, subject,
  digest, message_id, adoption
) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, '', 0)
"""
_CHANGE = """
UPDATE deliveries SET
  position = ?, language = ?, addresses = ?, state = ?, reason = ?, subject = ?, digest = ?
WHERE id = ?
"""
_LAST = "SELECT coalesce(max(id), 0) FROM deliveries"
_TELL_NEW = """
INSERT INTO events (delivery, at, event, detail)
SELECT id, ?, state, CASE reason WHEN '' THEN '{}' ELSE json_object('reason', reason) END
FROM deliveries NOT INDEXED WHERE id > ? ORDER BY id
"""
_TELL = "INSERT INTO events (delivery, at, event, detail) VALUES (?, ?, ?, ?)"
_LEAVE = "UPDATE deliveries SET state = 'skipped', reason = ? WHERE id = ?"

# channel, recipient, position, language, addresses, state, reason, subject, digest
_Values = tuple[Any, ...]


def lay(
    connection: Connection, campaign: str, occurrence: str, lines: Iterable[Delivery], now: datetime
) -> None:
    """Write the plan of an occurrence down, with an event for each move of a state.

    ValueError for a line of another occurrence, or one that is neither planned nor skipped.
    """
    laying = _Laying(raw(connection).cursor(), (campaign, occurrence), stamp(now))
    rest = iter(lines)
    while page := list(islice(rest, _PAGE)):
        laying.lay(page)
    laying.end()
    weigh(connection, campaign, occurrence, now)


class _Laying:
    """One plan on its way into the ledger, within a write transaction."""

    def __init__(self, cursor: sqlite3.Cursor, place: tuple[str, str], at: str) -> None:
        self._cursor = cursor
        self._place = place
        self._at = at
        self._present = Present(cursor, place)
        [self._last] = cursor.execute(_LAST).fetchone()

    def lay(self, lines: list[Delivery]) -> None:
        """Write the next lines."""
        wanted = [_values(line, self._place) for line in lines]
        if self._present.is_empty:
            self._add(wanted)
            return
        new: list[_Values] = []
        changed: list[_Values] = []
        moved: list[_Values] = []
        for values in wanted:
            row = self._present.find(values[0], values[1])
            if row is None:
                new.append(values)
            elif row[1:] != values and row[6] in _OPEN:
                self._compare(row, values, changed, moved)
        self._add(new)
        self._cursor.executemany(_CHANGE, changed)
        self._cursor.executemany(_TELL, moved)

    def end(self) -> None:
        """Skip who is gone; tell of what is new."""
        for gone in _pages(self._present.unmet()):
            why = packed({"reason": GONE})
            self._cursor.executemany(_LEAVE, [(GONE, row) for row in gone])
            self._cursor.executemany(_TELL, [(row, self._at, "skipped", why) for row in gone])
        self._cursor.execute(_TELL_NEW, (self._at, self._last))

    def _add(self, new: list[_Values]) -> None:
        self._cursor.executemany(_ADD, [self._place + values for values in new])

    def _compare(
        self, row: _Values, wanted: _Values, changed: list[_Values], moved: list[_Values]
    ) -> None:
        state, reason = wanted[5:7]
        was_state, was_reason = row[6:8]
        if (was_state, state) == ("failed", "planned"):
            # Only `retry_failed` tries it again.
            state, reason = was_state, was_reason
        becomes = (*wanted[2:5], state, reason, *wanted[7:])
        if row[3:] == becomes:
            return
        changed.append((*becomes, row[0]))
        reworded = state == "skipped" and was_reason != reason
        if was_state != state or reworded:
            detail = packed({"reason": reason} if reason else {})
            moved.append((row[0], self._at, state, detail))


def _values(line: Delivery, place: tuple[str, str]) -> _Values:
    key = line.key
    if (key.campaign, key.occurrence) != place:
        raise ValueError(f"{key} is not of {', '.join(place)}")
    state = _STATES.get(line.state)
    if state is None:
        raise ValueError(f"{key}: a plan cannot make a delivery {line.state}")
    return (
        key.channel,
        key.recipient,
        line.position,
        line.language,
        packed(line.to),
        state,
        line.reason,
        line.subject,
        line.digest,
    )


def _pages(rows: Iterator[int]) -> Iterator[list[int]]:
    while page := list(islice(rows, _PAGE)):
        yield page
