"""Occurrences: the due moments of a campaign, each known by an id that never changes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from announce.model.delivery import ONCE
from announce.model.moment import Deadline
from announce.model.schedule import Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class Occurrence:
    """One due moment of a campaign; without a schedule there is one, `once`, due at any time.

    `due` is when it is to be sent, `nominal` when it would be but for quiet hours and holidays:
    `moved` says which, and `skipped` that it is left out for them. Where recipients have zones of
    their own there is one for each `zone`, with the same id. `date` is the fact that it goes by
    (`fact` its name), `length` how far from it (`7d`). From `closes` on it must not be sent.
    `place` is its entry's place in the schedule, `measured` the moment at which what remains is
    told: None until that is known. One that is late in a quiet time waits until it is over: `held`.
    One that `vanished` was made by an entry as it was once: the
    campaign's file no longer has it.
    """

    id: str = ONCE
    place: int = 0
    entry: Entry | None = None
    due: datetime | None = None
    nominal: datetime | None = None
    moved: str = ""
    skipped: str = ""
    zone: str = ""
    fact: str = ""
    date: date | Deadline | None = None
    length: str = ""
    number: int = 1
    closes: datetime | None = None
    measured: datetime | None = None
    held: datetime | None = None
    vanished: bool = False

    @property
    def part(self) -> tuple[str, str]:
        """Its id and its zone: what a decision is about."""
        return self.id, self.zone
