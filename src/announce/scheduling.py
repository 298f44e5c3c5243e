"""The occurrences of a scheduled campaign, with what the ledger knows of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from announce.errors import InputError
from announce.gathering import Opened, faulty, gather
from announce.ledger import receipts, skips
from announce.ledger.base import Decided, Decision, Ledger
from announce.ledger.lineage import verify
from announce.ledger.marks import state_folder
from announce.model.campaign import Campaign, channels_of
from announce.model.delivery import ONCE, Channel, State
from announce.model.occurrence import Occurrence
from announce.model.project import Project
from announce.model.schedule import AUDIENCE, ZONE_COLUMN
from announce.outlets import is_sandboxed, open_ledger_of
from announce.problems import did_you_mean, errors_in
from announce.standing import ADOPTED, BY_HAND, VANISHED, Stand, Standing, judge
from announce.texts import say
from announce.timetable.rules import moment_of, prefix_of
from announce.timetable.timetable import by_due, is_around, timetable
from announce.vanished import vanished

# States after which a message may be with somebody.
_LEFT = (State.SENT, State.WAITING, State.IN_DOUBT, State.SENDING)


def standings(
    opened: Opened,
    now: datetime,
    *,
    begin: datetime | None = None,
    end: datetime | None = None,
) -> list[Standing]:
    """How the occurrences of a campaign stand, by their due moment. InputError where the audience
    is at fault, of which only a schedule in its zones reads anything."""
    project, campaign = opened.project, opened.campaign
    found = timetable(project, campaign, now, zones=zones_of(opened), begin=begin, end=end)
    with closing(open_ledger_of(project, ledger_channel(project, campaign))) as ledger:
        decided = _with_skips(project, campaign, found, ledger.decisions.of(campaign.id))
        adopted = ledger.adopted_occurrences(campaign.id)
        there = {one.part for one in found}
        gone = [
            one
            for one in vanished(project, campaign, there, decided, adopted)
            # Of a reminder there is one; of a cron entry only those around are looked at.
            if moment_of(one.id) is None or is_around(one, now, begin=begin, end=end)
        ]
        decided = _with_whole(project, campaign, [*found, *gone], decided, adopted)
        found = [
            one
            for one in found
            if one.id in adopted or not _is_before_its_time(one, decided, now)
        ]  # fmt: skip
        begun = {one.part for one in found if _has_begun(one, decided, adopted, now)}
        begun |= {one.part for one in gone if _left(ledger, campaign, one, adopted)}
        found = sorted([*found, *gone], key=by_due)
        again = _to_go_on(ledger, campaign, found, decided)
    return [
        replace(one, stand=Stand.DUE, only=again[one.occurrence.id])
        if one.stand is Stand.DONE and one.occurrence.id in again and not _is_closed(one, now)
        else one
        for one in judge(found, now, decided, begun)
    ]


def _with_skips(
    project: Project,
    campaign: Campaign,
    occurrences: Sequence[Occurrence],
    decided: dict[tuple[str, str], Decided],
) -> dict[tuple[str, str], Decided]:
    """What was decided, with what a person left out as an older ledger may have forgotten."""
    left_out = skips.skipped(project.root, campaign.id)
    for one in occurrences:
        known = decided.get(one.part)
        at = left_out.get(one.id)
        if at is None or (known is not None and known.what is Decision.DONE):
            continue
        # What was gone on with after it was left out, a person has sent all the same.
        if known is None or known.what is Decision.SKIPPED or known.at <= at:
            decided[one.part] = Decided(what=Decision.SKIPPED, reason=BY_HAND, due=one.due, at=at)
    return decided


def _with_whole(
    project: Project,
    campaign: Campaign,
    occurrences: Iterable[Occurrence],
    decided: dict[tuple[str, str], Decided],
    adopted: Collection[str],
) -> dict[tuple[str, str], Decided]:
    """What was decided, with what a ledger that was adopted had sent to its end: who is added to
    the audience since gets no message of the past."""
    for one in occurrences:
        if one.id not in adopted or one.part in decided or one.due is None:
            continue
        if receipts.is_whole(project.root, campaign.id, one.id):
            decided[one.part] = Decided(what=Decision.DONE, reason=ADOPTED, due=one.due, at=one.due)
    return decided


def _is_before_its_time(
    one: Occurrence, decided: Mapping[tuple[str, str], Decided], now: datetime
) -> bool:
    """Whether a cron entry without a start would reach back to before it was first looked at."""
    entry = one.entry
    if entry is None or entry.cron is None or entry.start is not None or one.part in decided:
        return False
    assert one.due is not None
    prefix = f"{prefix_of(entry)}-"
    seen = [made.at for (name, _), made in decided.items() if name.startswith(prefix)]
    return one.due + entry.grace < min(seen, default=now)


def _is_closed(one: Standing, now: datetime) -> bool:
    return one.occurrence.closes is not None and now >= one.occurrence.closes


def _to_go_on(
    ledger: Ledger,
    campaign: Campaign,
    occurrences: Sequence[Occurrence],
    decided: Mapping[tuple[str, str], Decided],
) -> dict[str, frozenset[str]]:
    """Who of occurrences that were done is due again since: settled as not sent, or an article
    that is to be made anew."""
    found = {}
    for name in {one.id for one in occurrences if one.entry is not None}:
        parts = [one.part for one in occurrences if one.id == name]
        if not all(part in decided and decided[part].what is Decision.DONE for part in parts):
            continue
        keys = {
            key
            for channel in channels_of(campaign)
            if ledger.totals(campaign.id, name, channel).get(State.PLANNED)
            for key, state, _ in ledger.states(campaign.id, name, channel)
            if state is State.PLANNED
        }
        if keys:
            found[name] = frozenset(keys)
    return found


def ledger_channel(project: Project, campaign: Campaign) -> Channel:
    """The channel in whose ledger decisions are kept: a real one where there is any."""
    channels = channels_of(campaign)
    return next((one for one in channels if not is_sandboxed(project, one)), channels[0])


def _has_begun(
    one: Occurrence,
    decided: Mapping[tuple[str, str], Decided],
    adopted: Collection[str],
    now: datetime,
) -> bool:
    """Whether an occurrence was begun at its moment, here or by a ledger that was adopted. Some
    sent early, by hand, are no beginning."""
    if one.due is None or one.due > now:
        return False
    known = decided.get(one.part)
    if known is None:
        return one.id in adopted
    return known.what is Decision.BEGUN or known.reason == VANISHED


def _left(ledger: Ledger, campaign: Campaign, one: Occurrence, adopted: Collection[str]) -> bool:
    """Whether any message of an occurrence left, or may have."""
    return one.id in adopted or any(
        ledger.totals(campaign.id, one.id, channel).get(state)
        for channel in channels_of(campaign)
        for state in _LEFT
    )


def zones_of(opened: Opened) -> list[str]:
    """The zones of the audience, where the schedule goes by them. InputError where it is at
    fault: somebody whose zone nobody knows would be left out."""
    if all(entry.zone != AUDIENCE for entry in opened.campaign.schedule):
        return [""]
    gathered = gather(opened)
    if errors_in(gathered.problems):
        raise faulty(opened.project, opened.campaign.path, gathered.problems)
    people = gathered.audience.recipients
    if ZONE_COLUMN not in people.columns:
        return [""]
    return sorted({name.strip() for name in people.column(ZONE_COLUMN)})


def require_whole_ledger(opened: Opened) -> bool:
    """LedgerBehind where the witnesses know more than the ledger: what it says of occurrences is
    then of the past. False where the campaign is only rehearsed, of which there are none."""
    project = opened.project
    channel = ledger_channel(project, opened.campaign)
    if is_sandboxed(project, channel):
        return False
    with closing(open_ledger_of(project, channel)) as ledger:
        verify(ledger, project.root, state_folder())
    return True


def is_held(opened: Opened, now: datetime) -> bool:
    """Whether a run of the campaign is under way; one whose process is gone is ended."""
    project, campaign = opened.project, opened.campaign
    with closing(open_ledger_of(project, ledger_channel(project, campaign))) as ledger:
        ledger.recover(campaign.id, now)
        return ledger.running(campaign.id) is not None


def decide(
    opened: Opened,
    parts: Iterable[Occurrence],
    what: Decision,
    now: datetime,
    reason: str = "",
) -> None:
    """Write down what became of occurrences."""
    project, campaign = opened.project, opened.campaign
    channel = ledger_channel(project, campaign)
    with closing(open_ledger_of(project, channel, create=True)) as ledger:
        for one in parts:
            made = Decided(what=what, reason=reason, due=one.due, at=now)
            ledger.decisions.keep(campaign.id, one.part, made)


def leave_out(opened: Opened, one: Occurrence, now: datetime, reason: str) -> None:
    """Write down that an occurrence is over, and with it what was planned of it already."""
    decide(opened, [one], Decision.SKIPPED, now, reason)
    if is_held(opened, now):
        return
    project, campaign = opened.project, opened.campaign
    keys = None
    if one.entry is not None and one.entry.zone == AUDIENCE:
        people = gather(at_occurrence(opened, one)).audience.recipients
        zones = zip(people.rows(), people.column(ZONE_COLUMN), strict=True)
        keys = {row.key for row, zone in zones if zone.strip() == one.zone}
    for channel in channels_of(campaign):
        with closing(open_ledger_of(project, channel)) as ledger:
            ledger.leave_out(campaign.id, one.id, now, reason, keys)


def skip(opened: Opened, parts: Sequence[Occurrence], now: datetime) -> None:
    """Write down that a person leaves an occurrence out, also beside the ledger."""
    project, campaign = opened.project, opened.campaign
    if not is_sandboxed(project, ledger_channel(project, campaign)):
        for name in {one.id for one in parts}:
            skips.keep(project.root, campaign.id, name, now)
    for one in parts:
        leave_out(opened, one, now, BY_HAND)


def reconsider(opened: Opened, parts: Sequence[Occurrence], now: datetime) -> None:
    """Forget what was decided of an occurrence, also beside the ledger. One that some got already
    counts as begun from now on."""
    project, campaign = opened.project, opened.campaign
    channel = ledger_channel(project, campaign)
    if not is_sandboxed(project, channel):
        for name in {one.id for one in parts}:
            skips.forget(project.root, campaign.id, name)
    with closing(open_ledger_of(project, channel, create=True)) as ledger:
        for one in parts:
            if one.due is not None and one.due <= now and _left(ledger, campaign, one, ()):
                made = Decided(what=Decision.BEGUN, due=one.due, at=now)
                ledger.decisions.keep(campaign.id, one.part, made)
            else:
                ledger.decisions.forget(campaign.id, one.part)


def at_occurrence(opened: Opened, occurrence: Occurrence) -> Opened:
    """The campaign as that occurrence sends it."""
    return replace(opened, campaign=opened.campaign.at(occurrence))


def measured(one: Occurrence, now: datetime, *, sending: bool) -> Occurrence:
    """The occurrence with the moment at which what remains is told: its own, unless it is sent
    early, or later than its grace."""
    assert one.due is not None
    assert one.entry is not None
    early, late = now < one.due, now > one.due + one.entry.grace
    return replace(one, measured=now if late or (early and sending) else one.due)


def find(
    opened: Opened, wanted: str, now: datetime, known: list[Standing] | None = None
) -> list[Standing]:
    """The parts of the occurrence with an id, among those `known` to stand so now. InputError where
    the schedule has none such."""
    known = standings(opened, now) if known is None else known
    found = [one for one in known if one.occurrence.id == wanted]
    if not found and (day := moment_of(wanted)) is not None:
        # Of a cron entry, perhaps far away.
        zone = ZoneInfo(opened.project.settings.timezone)
        around = day.replace(tzinfo=zone)
        span = timedelta(days=2)
        known = standings(opened, now, begin=around - span, end=around + span)
        found = [one for one in known if one.occurrence.id == wanted]
    if not found:
        raise _unknown(opened, wanted, known)
    return found


def known_occurrences(opened: Opened, ids: Iterable[str], now: datetime) -> list[Occurrence]:
    """Those of these occurrences that the campaign's file still has."""
    if not opened.campaign.schedule:
        return [Occurrence()] if ONCE in ids else []
    found = []
    for name in ids:
        with suppress(InputError):
            (first, *_) = find(opened, name, now)
            if first.occurrence.entry is not None:
                found.append(measured(first.occurrence, now, sending=False))
    return found


def latest(ledger: Ledger, campaign: str) -> str:
    """The occurrence of a campaign that was begun last."""
    known = [occurrence for name, occurrence in ledger.campaigns() if name == campaign]
    return known[-1] if known else ONCE


def no_longer_there(opened: Opened, one: Occurrence) -> InputError:
    """That an occurrence has no entry in the file any more, and so no words and no audience."""
    return InputError(
        say(
            "{name} is no longer in the schedule of {campaign}",
            name=one.id,
            campaign=opened.campaign.id,
        ),
        hint=say("announce schedule list shows what became of it"),
    )


def _unknown(opened: Opened, wanted: str, known: list[Standing]) -> InputError:

    names = list(dict.fromkeys(one.occurrence.id for one in known))
    return InputError(
        say('{campaign} has no occurrence "{name}"', campaign=opened.campaign.id, name=wanted),
        hint=did_you_mean(wanted, names)
        or say("`announce schedule list` names them: {names}", names=say(", ").join(names[:8])),
    )
