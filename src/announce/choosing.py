"""Which occurrence of a scheduled campaign a command is about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from announce.errors import GateError, InputError
from announce.gathering import Opened
from announce.ledger.base import Decision
from announce.model.audience import Recipients
from announce.model.campaign import channels_of
from announce.model.delivery import ONCE, Channel
from announce.model.schedule import ZONE_COLUMN
from announce.model.wording import moment_text, reason_text
from announce.outlets import is_sandboxed
from announce.scheduling import at_occurrence, decide, find, measured, no_longer_there, standings
from announce.standing import Stand, Standing
from announce.texts import say

OVER = frozenset({Stand.DONE, Stand.LAPSED, Stand.SKIPPED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A campaign at one of its occurrences, with its parts as they stand (none without a
    schedule); `refusal` is why a real send of it would be refused just now."""

    opened: Opened
    parts: tuple[Standing, ...] = ()
    refusal: GateError | None = None


def choose(
    opened: Opened,
    now: datetime,
    wanted: str | None = None,
    *,
    sending: bool = False,
    late: bool = False,
) -> Choice:
    """The occurrence that is wanted, else the one that is due, else the next, else the last.

    For a send that is not `late` on purpose, `refusal` says that it is not due, or over. InputError
    for an id that there is not.
    """
    if not opened.campaign.schedule:
        if wanted not in (None, ONCE):
            raise InputError(
                say("{campaign} has no schedule, and one occurrence", campaign=opened.campaign.id),
                hint=say("leave out --occurrence"),
            )
        return Choice(opened=opened)
    known = standings(opened, now)
    parts = find(opened, wanted, now, known) if wanted else _picked(known)
    if not parts:
        raise InputError(
            say("the schedule of {campaign} has no occurrence", campaign=opened.campaign.id),
            hint=say("look at its start, end and cron: announce schedule list"),
        )
    if parts[0].occurrence.entry is None:
        raise no_longer_there(opened, parts[0].occurrence)
    first, stands = parts[0].occurrence, {one.stand for one in parts}
    # One that is over is looked at as it was to be sent.
    leaves = sending and (late or Stand.DONE in stands)
    moment = first.due if first.due and stands <= OVER and not leaves else now
    at = measured(first, moment, sending=sending)
    return Choice(
        opened=at_occurrence(opened, at),
        parts=tuple(parts),
        refusal=None if late else _refusal(parts, known, wanted),
    )


def of_each_kind(known: Sequence[Standing]) -> list[str]:
    """The next occurrence of each entry that has templates, an audience or channels of its own."""
    kinds: dict[tuple[object, ...], str] = {}
    for one in known:
        entry = one.occurrence.entry
        if entry is not None and one.stand in (Stand.DUE, Stand.COMING):
            what = (entry.kind, entry.where, *entry.exclude, *(entry.channels or ()))
            kinds.setdefault(what, one.occurrence.id)
    return list(kinds.values())


def _picked(known: list[Standing]) -> list[Standing]:
    ranks = {Stand.DUE: 0, Stand.ASKS: 1, Stand.COMING: 2}
    ranked = [one for one in known if one.stand in ranks]
    there = [one for one in known if not one.occurrence.vanished]
    first = min(ranked, key=lambda one: ranks[one.stand], default=there[-1] if there else None)
    if first is None:
        return []
    return [one for one in known if one.occurrence.id == first.occurrence.id]


def _refusal(parts: list[Standing], known: list[Standing], wanted: str | None) -> GateError | None:
    stands = {one.stand for one in parts}
    if Stand.DUE in stands:
        return None
    name = parts[0].occurrence.id
    if wanted is None:
        coming = next((one for one in known if one.stand is Stand.COMING), None)
        asks = next((one for one in known if one.stand is Stand.ASKS), None)
        if asks is not None:
            return GateError(
                say(
                    "{name} asks what becomes of it: {reason}",
                    name=asks.occurrence.id,
                    reason=reason_text(asks.reason),
                ),
                hint=say(
                    "`--occurrence {name}` sends it; `announce schedule skip` leaves it out",
                    name=asks.occurrence.id,
                ),
            )
        if coming is None:
            return GateError(
                say("nothing of its schedule is due any more"),
                hint=say("`announce schedule list` shows what became of each occurrence"),
            )
        if coming.occurrence.held is not None:
            return GateError(
                say(
                    "{name} is late, and waits for the end of quiet time: {when}",
                    name=coming.occurrence.id,
                    when=moment_text(coming.occurrence.held),
                ),
                hint=say("`--occurrence {name}` sends it now", name=coming.occurrence.id),
            )
        return GateError(
            say(
                "nothing of its schedule is due; next is {name}: {due}",
                name=coming.occurrence.id,
                due=moment_text(coming.occurrence.due) if coming.occurrence.due else "–",
            ),
            hint=say("`--occurrence {name}` sends it now", name=coming.occurrence.id),
        )
    if stands <= {Stand.LAPSED, Stand.SKIPPED}:
        return GateError(
            say("{name} is over: {reason}", name=name, reason=reason_text(parts[0].reason)),
            hint=say("to send it all the same, add --late"),
        )
    return None


def due_now(chosen: Choice, people: Recipients) -> frozenset[str] | None:
    """The recipients' keys who are due; None where all of them are."""
    again = [one.only for one in chosen.parts if one.only is not None]
    if again:
        return frozenset().union(*again)
    if all(not one.occurrence.zone for one in chosen.parts) and len(chosen.parts) == 1:
        return None
    open_zones = {
        one.occurrence.zone for one in chosen.parts if one.stand in (Stand.DUE, Stand.DONE)
    }
    zones = people.column(ZONE_COLUMN)
    rows = zip(people.rows(), zones, strict=True)
    return frozenset(row.key for row, zone in rows if zone.strip() in open_zones)


def begin(chosen: Choice, now: datetime, *, whole: bool) -> None:
    """Write down that the parts that are due were begun: however long it takes from now on, or
    is interrupted, they are gone on with. Of those that are sent late, by hand, only a `whole` send
    is a beginning: nobody but the few who were named is to get it."""
    late = {Stand.COMING, Stand.ASKS, Stand.LAPSED, Stand.SKIPPED}
    stands = {Stand.DUE, *late} if whole else {Stand.DUE}
    parts = [
        one.occurrence
        for one in chosen.parts
        if one.stand in stands and one.occurrence.due is not None and one.occurrence.due <= now
    ]
    decide(chosen.opened, parts, Decision.BEGUN, now)


def conclude(chosen: Choice, now: datetime, *, by_hand: bool, reason: str = "") -> None:
    """Write down that everybody who was due got it: who is added to the audience later gets no
    message of the past. `by_hand` all parts of it were sent, also before their moment; `reason` is
    why nobody got it, where that is so."""
    parts = [
        one.occurrence
        for one in chosen.parts
        if by_hand
        or (one.stand is Stand.DUE and one.occurrence.due is not None and one.occurrence.due <= now)
    ]
    decide(chosen.opened, parts, Decision.DONE, now, reason)


def is_rehearsal(opened: Opened) -> bool:
    """Whether none of the campaign's channels is real."""
    return rehearsed(opened) == channels_of(opened.campaign)


def rehearsed(opened: Opened) -> list[Channel]:
    """The campaign's channels that have no account."""
    channels = channels_of(opened.campaign)
    return [one for one in channels if is_sandboxed(opened.project, one)]
