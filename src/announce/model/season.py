"""A season: what schedules send within a time, occurrence by occurrence, and what is odd."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from announce.errors import AnnounceError
from announce.model.occurrence import Occurrence


@dataclass(frozen=True, kw_only=True)
class Beat:
    """One occurrence of a season, of a campaign and its `file`: sent at `at`, or left out then
    for a `reason`.

    `messages` counts the mails, `mails` are their addresses; `notices` are counted; `articles`
    are (language, way of delivery); `subjects` by language. All of these are empty where it `left`
    already, as the ledger knows. `doubts` are what a person should
    look at, `fault` why it could not be made at all.
    """

    campaign: str
    file: str
    occurrence: Occurrence
    at: datetime
    reason: str = ""
    left: bool = False
    messages: int = 0
    mails: tuple[str, ...] = ()
    notices: int = 0
    articles: tuple[tuple[str, str], ...] = ()
    subjects: Mapping[str, str] = field(default_factory=dict)
    doubts: tuple[str, ...] = ()
    fault: AnnounceError | None = None

    @property
    def is_odd(self) -> bool:
        """Whether a person should look at it."""
        return bool(self.doubts or self.fault)


@dataclass(frozen=True, kw_only=True)
class Crowded:
    """People who get many mails within a day, of the same occurrences; `people` are their
    addresses with how many each gets."""

    people: Mapping[str, int]
    beats: tuple[Beat, ...]

    @property
    def begins(self) -> datetime:
        """When the first comes."""
        return self.beats[0].at

    @property
    def most(self) -> int:
        """How many the one gets who gets most."""
        return max(self.people.values())


@dataclass(frozen=True, kw_only=True)
class Season:
    """What a time holds: its beats in order, who gets too much at once, and campaigns that cannot
    be read, by their file."""

    begin: datetime
    end: datetime
    beats: tuple[Beat, ...]
    crowded: tuple[Crowded, ...] = ()
    faults: Mapping[str, AnnounceError] = field(default_factory=dict)

    @property
    def doubts(self) -> int:
        """How many things a person should look at."""
        beats = sum(len(one.doubts) + (one.fault is not None) for one in self.beats)
        return beats + len(self.crowded) + len(self.faults)
