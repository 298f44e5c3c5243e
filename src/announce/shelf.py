"""What is kept of composed mails until they are sent: the little that each has of its own.

It is made again of that, without its row, its templates and their questions being gone through
once more; and it cannot differ from what was checked.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from announce.channels.email.skeleton import Kept
from announce.spool import Packed, Spool

# A recipient's key and what is kept of the mail; None where nothing is.
Record = tuple[Any, ...] | None


class Shelf:
    """Records by the position of their line in the plan, kept out of memory."""

    def __init__(self) -> None:
        self._records: Spool[Record] = Spool()
        # Where the records of the second process begin, and its skeletons' numbers here.
        self._theirs = 0
        self._numbers: Mapping[int, int] | None = None

    def put(self, record: Record) -> None:
        """Keep the record of the next line."""
        self._records.append(record)

    def begin_theirs(self, numbers: Mapping[int, int]) -> None:
        """From the next line on the records are another process's: `numbers` are the skeletons
        here, by the number that they have there. Those without one are as good as not kept."""
        self._theirs, self._numbers = len(self._records), numbers

    def put_theirs(self, records: Packed) -> None:
        """Keep the other process's records of the next lines."""
        self._records.extend(records)

    def take(self, position: int, recipient: str) -> Kept | None:
        """What is kept of the mail to this recipient, whose line has this position."""
        found = self._records[position] if position < len(self._records) else None
        if found is None or found[0] != recipient:
            return None
        kept = Kept._make(found[1:])
        if self._numbers is None or position < self._theirs:
            return kept
        number = self._numbers.get(kept.number)
        return None if number is None else kept._replace(number=number)


def record_of(recipient: str, kept: Kept | None) -> Record:
    """A record in plain values."""
    return None if kept is None else (recipient, *kept)
