"""How each occurrence stands at a moment: to come, due, late, done; judged by what was decided.

What was decided of an occurrence stands under its id, so that neither a changed date nor a second
machine nor a clock that was set makes it anew.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from announce.ledger.base import Decided, Decision
from announce.model.occurrence import Occurrence

# A decision from so far in the future was made by a clock that was wrong.
_CLOCKS = timedelta(minutes=10)


class Stand(StrEnum):
    """How an occurrence stands."""

    COMING = "coming"  # its moment has not come, or it is late and waits for quiet time to end
    DUE = "due"  # to be sent now
    ASKS = "asks"  # a person is to say what becomes of it
    LAPSED = "lapsed"  # to be left out from now on, with the reason
    DONE = "done"
    SKIPPED = "skipped"


# Why an occurrence is left out: stable words, worded for people by `model.wording`.
PAST, CLOSED, SUPERSEDED, RESCHEDULED, VANISHED, BY_HAND = (
    "past",
    "closed",
    "superseded",
    "rescheduled",
    "vanished",
    "by hand",
)
# Why one that is not late asks; why one that was done reached nobody; that a receipt tells of it,
# which does not say when.
RENAMED, NOBODY, ADOPTED = "renamed", "nobody", "adopted"
# As near to each other as two moments of one reminder, told in days and in hours.
_NEAR = timedelta(days=1)


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
    """How occurrences stand, given what was decided of them and which were begun. Those that
    vanished from the file are among them: begun are those of which any message may have left."""
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
    sent = [one.occurrence for one in judged if one.stand in (Stand.DUE, Stand.DONE)]
    return [_not_beside(one, sent, now, decided) for one in judged]


def _not_beside(
    one: Standing,
    sent: Sequence[Occurrence],
    now: datetime,
    decided: Mapping[tuple[str, str], Decided],
) -> Standing:
    """How one that was begun stands: who has not got it yet gets the later one that is sent by
    now, not both at once."""
    if one.stand is not Stand.DUE:
        return one
    if not any(_supersedes(other, one.occurrence, now, decided) for other in sent):
        return one
    return replace(one, stand=Stand.LAPSED, reason=SUPERSEDED)


def _judged(
    one: Occurrence,
    others: Sequence[Occurrence],
    now: datetime,
    decided: Mapping[tuple[str, str], Decided],
    begun: Collection[tuple[str, str]],
) -> tuple[Stand, str]:
    assert one.due is not None
    known = decided.get(one.part)
    if known is not None and known.what is Decision.DONE:
        return Stand.DONE, known.reason
    if one.entry is None:
        # Nobody knows any more to whom it went, and with which words.
        if known is not None and known.what is Decision.SKIPPED:
            return Stand.SKIPPED, known.reason
        return Stand.LAPSED, VANISHED
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
    if _was_sent_that_day(one, others, decided, begun):
        return Stand.LAPSED, RESCHEDULED
    is_renamed = any(other.part in begun and _may_be_same(other, one) for other in others)
    if now - one.due > one.entry.grace and one.entry.if_late == "skip":
        return Stand.LAPSED, RENAMED if is_renamed else PAST
    if any(_supersedes(other, one, now, decided) for other in others):
        return Stand.LAPSED, SUPERSEDED
    if is_renamed:
        return Stand.ASKS, RENAMED
    if now - one.due <= one.entry.grace or one.entry.if_late == "send":
        is_held = one.held is not None and now < one.held
        return (Stand.COMING if is_held else Stand.DUE), ""
    return Stand.ASKS, PAST


def _holds(known: Decided, one: Occurrence, now: datetime) -> bool:
    """Whether a decision to leave one out still holds: not where a clock was wrong that made it,
    nor where its moment was moved into the future since."""
    assert one.due is not None
    if known.reason == BY_HAND or one.vanished:
        return True
    if known.reason == VANISHED:
        # It is in the file again.
        return False
    if known.at > now + _CLOCKS:
        return False
    return not (one.due > known.at and known.due != one.due)


def _supersedes(
    other: Occurrence,
    one: Occurrence,
    now: datetime,
    decided: Mapping[tuple[str, str], Decided],
) -> bool:
    """Whether a later occurrence of the same entry is due as well: nobody needs both at once. One
    that was left out takes no other's place."""
    if (other.place, other.zone) != (one.place, one.zone) or other.id == one.id:
        return False
    if other.skipped or other.vanished:
        return False
    known = decided.get(other.part)
    if known is not None and known.what is Decision.SKIPPED:
        return False
    assert other.due is not None
    assert one.due is not None
    assert other.nominal is not None
    assert one.nominal is not None
    return other.due <= now and (other.due, other.nominal) > (one.due, one.nominal)


def _was_sent_that_day(
    one: Occurrence,
    others: Sequence[Occurrence],
    decided: Mapping[tuple[str, str], Decided],
    begun: Collection[tuple[str, str]],
) -> bool:
    """Whether the expression of a cron entry was changed after it was begun on that day: as many
    of the new ones are left out as of the old ones were begun."""
    if one.entry is None or one.entry.cron is None or one.nominal is None:
        return False
    old = new = 0
    for other in others:
        if other.place != one.place or other.nominal is None:
            continue
        if other.nominal.date() == one.nominal.date():
            known = decided.get(other.part)
            is_sent = known is not None and known.what is not Decision.SKIPPED
            old += other.vanished and other.part in begun
            new += not (other.vanished or is_sent or other.skipped) and other.nominal <= one.nominal
    return new <= old


def _may_be_same(other: Occurrence, one: Occurrence) -> bool:
    """Whether another one was due at about that moment, of an entry that is no longer there: the
    same one under another name, or not; only a person knows."""
    if not other.vanished or other.entry is not None:
        return False
    assert other.due is not None
    assert one.due is not None
    return abs(other.due - one.due) <= _NEAR
