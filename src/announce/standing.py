"""How each occurrence stands at a moment: to come, due, late, done; judged by what was decided.

What was decided of an occurrence stands under its id, so that neither a changed date nor a second
machine nor a clock that was set makes it anew.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from announce.ledger.base import Decided, Decision
from announce.model.occurrence import Occurrence
from announce.timetable.rules import prefix_of

# A decision from so far in the future was made by a clock that was wrong.
_CLOCKS = timedelta(minutes=10)


class Stand(StrEnum):
    """How an occurrence stands."""

    COMING = "coming"  # its moment has not come
    DUE = "due"  # to be sent now
    ASKS = "asks"  # late, and a person is to say what becomes of it
    LAPSED = "lapsed"  # to be left out from now on, with the reason
    DONE = "done"
    SKIPPED = "skipped"


# Why an occurrence is left out: stable words, worded for people by `model.wording`.
PAST, CLOSED, SUPERSEDED, RESCHEDULED, BY_HAND = (
    "past",
    "closed",
    "superseded",
    "rescheduled",
    "by hand",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """An occurrence, how it stands, and why; `begun`: some of its messages may have left. `only`
    are the recipients who are due, where it was done before."""

    occurrence: Occurrence
    stand: Stand
    reason: str = ""
    begun: bool = False
    decided: Decided | None = None
    only: frozenset[str] | None = None


def judge(
    occurrences: Sequence[Occurrence],
    now: datetime,
    decided: Mapping[tuple[str, str], Decided],
    begun: Collection[tuple[str, str]],
) -> list[Standing]:
    """How occurrences stand, given what was decided of them and which were begun, of those too that
    an edit took out of the schedule."""
    judged = []
    for one in occurrences:
        stand, reason = _judged(one, occurrences, now, decided, begun)
        judged.append(
            Standing(
                occurrence=one,
                stand=stand,
                reason=reason,
                begun=one.part in begun,
                decided=decided.get(one.part),
            )
        )
    return judged


def _judged(
    one: Occurrence,
    others: Sequence[Occurrence],
    now: datetime,
    decided: Mapping[tuple[str, str], Decided],
    begun: Collection[tuple[str, str]],
) -> tuple[Stand, str]:
    assert one.due is not None
    assert one.entry is not None
    known = decided.get(one.part)
    if known is not None and known.what is Decision.DONE:
        return Stand.DONE, ""
    if known is not None and known.what is Decision.SKIPPED and _holds(known, one, now):
        return Stand.SKIPPED, known.reason
    if now < one.due:
        return Stand.COMING, ""
    if one.skipped:
        return Stand.LAPSED, one.skipped
    if one.closes is not None and now >= one.closes:
        return Stand.LAPSED, CLOSED
    if one.part in begun:
        return Stand.DUE, ""
    if _was_sent_today(one, others, decided, begun):
        return Stand.LAPSED, RESCHEDULED
    if any(_supersedes(other, one, now) for other in others):
        return Stand.LAPSED, SUPERSEDED
    if now - one.due <= one.entry.grace or one.entry.if_late == "send":
        return Stand.DUE, ""
    return (Stand.ASKS, "") if one.entry.if_late == "ask" else (Stand.LAPSED, PAST)


def _holds(known: Decided, one: Occurrence, now: datetime) -> bool:
    """Whether a decision to leave one out still holds: not where a clock was wrong that made it,
    nor where its moment was moved into the future since."""
    assert one.due is not None
    if known.reason == BY_HAND:
        return True
    if known.at > now + _CLOCKS:
        return False
    return not (one.due > known.at and known.due != one.due)


def _supersedes(other: Occurrence, one: Occurrence, now: datetime) -> bool:
    """Whether a later occurrence of the same entry is due as well: nobody needs both at once."""
    assert other.due is not None
    assert one.due is not None
    assert other.nominal is not None
    assert one.nominal is not None
    if (other.place, other.zone) != (one.place, one.zone) or other.id == one.id or other.skipped:
        return False
    return other.due <= now and (other.due, other.nominal) > (one.due, one.nominal)


def _was_sent_today(
    one: Occurrence,
    others: Sequence[Occurrence],
    decided: Mapping[tuple[str, str], Decided],
    begun: Collection[tuple[str, str]],
) -> bool:
    """Whether the expression of a cron entry was changed after it was sent on the same day, as
    this ledger knows or one that was adopted."""
    if one.entry is None or one.entry.cron is None or one.nominal is None:
        return False
    day = f"{prefix_of(one.entry)}-{one.nominal:%Y-%m-%d}T"
    known = {other.id for other in others}
    sent = {name for (name, _), what in decided.items() if what.what is Decision.DONE}
    sent |= {name for name, _ in begun}
    return any(name.startswith(day) and name not in known for name in sent)
