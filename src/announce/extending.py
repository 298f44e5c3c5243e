"""A date of a campaign that moves: what follows from it, and the file that says so.

campaigns/<id>.yaml                     the one fact, changed in its place
campaigns/<id>-<fact>-moved.yaml        a mail and articles to those who got the old date
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from announce.checks.moved import KIND, begun_of, called, moved_of
from announce.errors import InputError
from announce.gathering import Opened, gather
from announce.ledger.files import write_whole
from announce.model.campaign import Campaign, channels_of
from announce.model.delivery import Delivery
from announce.model.moment import Deadline, MomentError, parse_moment
from announce.model.project import Project
from announce.model.steps import known_of
from announce.outlets import open_ledger_of
from announce.problems import did_you_mean
from announce.reading.campaigns import read_all, read_campaign, shown_path
from announce.reading.schedule_checks import dates_of
from announce.reading.yamlfile import load_yaml
from announce.scheduling import require_whole_ledger, standings
from announce.sequels import REACHED, Begun, Sequel, as_yaml, begin_sequel, original_title
from announce.speakers import Speakers
from announce.standing import Standing
from announce.texts import say
from announce.timetable.clocks import end_of, fact_of

# A date or a moment where it stands in YAML, up to what ends it there.
_WRITTEN = re.compile(
    r"""\d{4}-\d{1,2}-\d{1,2}(?:[ T]+\d{1,2}:\d{2}(?::\d{2})?[^,}\]#\n"']*[^,}\]#\n"'\s])?"""
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """A date of the facts and what it is to be: `name` is its way (`deadlines.submission`)."""

    opened: Opened
    name: str
    old: date | Deadline
    new: date | Deadline

    @property
    def later(self) -> bool:
        """Whether it is an extension."""
        return _is_later(self, self.old)

    def is_past(self, now: datetime) -> bool:
        """Whether the new date is over."""
        return end_of(self.new, _zone(self.opened.project)) <= now


@dataclass(frozen=True, slots=True, kw_only=True)
class Consequences:
    """What follows: each occurrence before and after (None where it is only on one side), the
    deliveries that told the old date, the articles that are drafts still and those that are out,
    and other campaigns' files with the same date under the same name. `outdated` are files that
    announce a date that no longer holds and were sent to nobody; `told` is the date that people
    know, which may be an older one for that."""

    occurrences: Sequence[tuple[Standing | None, Standing | None]]
    reached: Sequence[Delivery]
    drafts: Sequence[Delivery]
    published: Sequence[Delivery]
    others: Sequence[str]
    outdated: Sequence[str]
    told: date | Deadline


def move_of(opened: Opened, name: str, text: str) -> Move:
    """The move of a campaign's date. InputError where there is no such date, or the new one is
    none, or is no change."""
    facts, name = opened.campaign.facts, name.removeprefix("facts.")
    old = fact_of(facts, name)
    if old is None:
        raise InputError(
            say('there is no date "{name}" among the facts', name=name),
            hint=did_you_mean(name, list(dates_of(facts))),
        )
    try:
        new = parse_moment(text.strip())
    except MomentError as error:
        raise InputError(str(error), hint=error.hint) from error
    if isinstance(old, Deadline) != isinstance(new, Deadline):
        raise InputError(
            say("{name} is {old}: {new} is not written like that", name=name, old=old, new=new),
            hint=say("write a date, a time and a zone: 2025-01-06 09:00 Asia/Shanghai")
            if isinstance(old, Deadline)
            else say("write a date alone: 2025-02-10"),
        )
    if str(old) == str(new):
        raise InputError(say("{name} is {old} already", name=name, old=old))
    return Move(opened=opened, name=name, old=old, new=new)


def consequences(move: Move, now: datetime) -> Consequences:
    """What follows from a move. Changes nothing. LedgerBehind where the witnesses know of more
    people than the ledger: they would not be told."""
    opened = move.opened
    require_whole_ledger(opened)
    before = standings(opened, now) if opened.campaign.schedule else []
    facts = _with(opened.campaign.facts, move.name.split("."), move.new)
    moved = replace(opened, campaign=opened.campaign.model_copy(update={"facts": facts}))
    after = standings(moved, now) if opened.campaign.schedule else []
    speakers = _speakers(move, before)
    reached, drafts, published = _told(opened, speakers)
    told, outdated = _announced(move, speakers)
    if str(told) == str(move.new):
        # It is back at the date that they know.
        reached = []
    return Consequences(
        occurrences=_pairs(before, after),
        reached=reached,
        drafts=drafts,
        published=published,
        others=_others(move),
        outdated=outdated,
        told=told,
    )


def carry_out(move: Move, found: Consequences, now: datetime) -> Begun | None:
    """Change the fact in the campaign's file, and begin the campaign that says so to those who
    got the old date; None where nobody did. InputError where the file cannot be changed in its
    place, or that campaign is there already."""
    path = move.opened.campaign.path
    before = path.read_text("utf-8")
    write_whole(path, _rewritten(move, before))
    try:
        campaign, _problems = read_campaign(move.opened.project, path)
        written = None if campaign is None else fact_of(campaign.facts, move.name)
        if str(written) != str(move.new):
            raise _unwritten(move)
        return _sequel(move, found, now) if found.reached else None
    except BaseException:
        write_whole(path, before)
        raise


def _rewritten(move: Move, text: str) -> str:
    """The file with the fact changed where it stands."""
    loaded = load_yaml(move.opened.campaign.path, "")
    place = loaded.places.of(("facts", *move.name.split(".")))
    lines = text.splitlines(keepends=True)
    if place.line is None or place.column is None:
        raise _unwritten(move)
    line = lines[place.line - 1]
    start = place.column - 1
    found = _WRITTEN.match(line, start)
    if found is None:
        raise _unwritten(move)
    lines[place.line - 1] = f"{line[:start]}{move.new}{line[found.end() :]}"
    return "".join(lines)


def _unwritten(move: Move) -> InputError:
    return InputError(
        say(
            "{name} cannot be changed where it stands in {file}",
            name=move.name,
            file=shown_path(move.opened.project, move.opened.campaign.path),
        ),
        hint=say(
            "write it as `{name}: {value}` on a line of its own",
            name=move.name.rpartition(".")[2],
            value=move.new,
        ),
    )


def _sequel(move: Move, found: Consequences, now: datetime) -> Begun:
    project, campaign = move.opened.project, move.opened.campaign
    what = f"{move.name.rpartition('.')[2].replace('_', '-').lower()}-{_day(move.new)}"
    # A date may come back that was told before: that is another message.
    names = (what, *(f"{what}-{number}" for number in range(2, 100)))
    folder = project.root / "campaigns"
    sequel = Sequel(
        what=next(one for one in names if not (folder / f"{campaign.id}-{one}.yaml").exists()),
        kind=KIND,
        facts=(
            f"original: {original_title(project, campaign)}",
            f"old: {found.told}",
            f"new: {move.new}",
            f"name: {as_yaml(project, called(move.name))}",
            f"later: {'true' if _is_later(move, found.told) else 'false'}",
            f'moved: {{campaign: {campaign.id}, date: {move.name}, at: "{now.isoformat()}"}}',
        ),
        about=(
            f"Says that {move.name} of {campaign.id} moved, to those who got the old date.",
            "Look at it: announce preview.",
        ),
    )
    return begin_sequel(gather(move.opened), found.reached, sequel)


def _day(moment: date | Deadline) -> str:
    return f"{moment.local if isinstance(moment, Deadline) else moment:%Y-%m-%d}"


def _is_later(move: Move, old: date | Deadline) -> bool:
    zone = _zone(move.opened.project)
    return end_of(move.new, zone) > end_of(old, zone)


def _zone(project: Project) -> ZoneInfo:
    return ZoneInfo(project.settings.timezone)


def _with(facts: Mapping[str, Any], way: list[str], value: date | Deadline) -> dict[str, Any]:
    name, *more = way
    inner = _with(facts[name], more, value) if more else value
    return {**facts, name: inner}


def _pairs(
    before: list[Standing], after: list[Standing]
) -> list[tuple[Standing | None, Standing | None]]:
    new = {one.occurrence.part: one for one in after}
    old = {one.occurrence.part for one in before}
    pairs: list[tuple[Standing | None, Standing | None]] = [
        (one, new.get(one.occurrence.part)) for one in before
    ]
    return pairs + [(None, one) for one in after if one.occurrence.part not in old]


def _told(
    opened: Opened, speakers: Speakers
) -> tuple[list[Delivery], list[Delivery], list[Delivery]]:
    """Who got the date, in whatever occurrence; its articles that are drafts, and those out."""
    reached: list[Delivery] = []
    drafts: list[Delivery] = []
    published: list[Delivery] = []
    for channel in channels_of(opened.campaign):
        with closing(open_ledger_of(opened.project, channel)) as ledger:
            rows = ledger.deliveries(opened.campaign.id, states=list(REACHED))
            for row in rows:
                if row.key.channel != channel or not speakers.said_it(ledger, row):
                    continue
                reached.append(row)
                if channel == "wechat":
                    known = known_of(ledger.events(row.key))
                    (published if known.is_out else drafts).append(row)
    return reached, drafts, published


def _speakers(move: Move, known: Sequence[Standing]) -> Speakers:
    """Which occurrences say the date, as it is or was in any announcement of its move."""
    dates = [move.old]
    for campaign in read_all(move.opened.project)[0]:
        if moved_of(campaign) == (move.opened.campaign.id, move.name):
            dates += filter(None, (fact_of(campaign.facts, one) for one in ("old", "new")))
    return Speakers(move.name, dates, known)


def _announced(move: Move, speakers: Speakers) -> tuple[date | Deadline, list[str]]:
    """The date that people were told last, and the files of announcements that nobody got."""
    project, told = move.opened.project, move.old
    before: dict[str, date | Deadline] = {}
    outdated = []
    for campaign in read_all(project)[0]:
        if moved_of(campaign) != (move.opened.campaign.id, move.name):
            continue
        if _reached_anybody(project, campaign):
            continue
        outdated.append(shown_path(project, campaign.path))
        old, since = fact_of(campaign.facts, "old"), begun_of(campaign)
        # What was sent since then, such as a reminder, told the new date by itself.
        if old is not None and since is not None and _last_told(move.opened, speakers) <= since:
            before[str(campaign.facts.get("new"))] = old
    for _ in range(len(before)):
        told = before.pop(str(told), told)
    return told, outdated


def _last_told(opened: Opened, speakers: Speakers) -> datetime:
    """When a message of the campaign left last that says the date."""
    last = datetime.min.replace(tzinfo=UTC)
    for channel in channels_of(opened.campaign):
        with closing(open_ledger_of(opened.project, channel)) as ledger:
            for delivery, events in ledger.history(opened.campaign.id):
                if delivery.state in REACHED and events and speakers.said_it(ledger, delivery):
                    last = max(last, events[-1].at)
    return last


def _reached_anybody(project: Project, campaign: Campaign) -> bool:
    for channel in channels_of(campaign):
        with closing(open_ledger_of(project, channel)) as ledger:
            if any(ledger.deliveries(campaign.id, states=list(REACHED))):
                return True
    return False


def _others(move: Move) -> list[str]:
    """Other campaigns with the same date under the same name."""
    project, own = move.opened.project, move.opened.campaign.id
    return [
        shown_path(project, campaign.path)
        for campaign in read_all(project)[0]
        if campaign.id != own and str(fact_of(campaign.facts, move.name)) == str(move.old)
    ]
