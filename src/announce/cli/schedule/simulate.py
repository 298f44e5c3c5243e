"""`announce schedule simulate`: a whole season ahead, with whom it goes to and what collides."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from announce.cli.common import now, project_campaign
from announce.cli.occurrences import part_name
from announce.cli.schedule.common import Scheduled, scheduled
from announce.cli.screen import Screen, fault_json, show_error
from announce.errors import InputError, MachineError
from announce.gathering import Opened, open_project
from announce.ledger.files import write_whole
from announce.model.moment import Deadline, MomentError, parse_moment
from announce.model.project import Project
from announce.model.season import Beat, Crowded, Season
from announce.model.wording import moment_text
from announce.preview.season import doubts_of, season_page, whom
from announce.texts import say, say_n

_YEAR, _MARGIN = timedelta(days=365), timedelta(days=7)


@click.command(
    "simulate",
    help=say(
        "Show a whole season: which occurrence is sent when and to whom, with the audiences as "
        "they are now; and what is odd in it: many mails to one person, nights and holidays, "
        "limits, what comes after its deadline. What was sent or left out is shown as that. Sends "
        "and writes nothing."
    ),
)
@click.argument("campaign", required=False, type=click.Path())
@click.option("--from", "begin", help=say("First day, or a moment with its zone; default: now."))
@click.option(
    "--to", "end", help=say("Last day, or a moment with its zone; default: after the last one.")
)
@click.option("--page", type=click.Path(dir_okay=False), help=say("Write a page to look at."))
@click.option(
    "--most",
    type=click.IntRange(min=2),
    default=3,
    show_default=True,
    help=say("So many mails to one person within a day are too many."),
)
@click.pass_obj
def command(
    screen: Screen,
    campaign: str | None,
    begin: str | None,
    end: str | None,
    page: str | None,
    most: int,
) -> int:
    """Simulate."""
    from announce.simulating import simulate

    root, wanted = project_campaign(screen, campaign)
    project = open_project(root)
    zone = ZoneInfo(project.settings.timezone)
    today = now()
    first = _moment(begin, zone, time.min) if begin else today
    last = _moment(end, zone, time.max) if end else first + _YEAR
    if last <= first:
        raise InputError(
            say("the season ends before it begins"), hint=say("give a later day to --to")
        )
    unread: list[Scheduled] = []
    found = simulate(
        project,
        _readable(scheduled(project, today, wanted), unread),
        first,
        last,
        now=today,
        most=most,
    )
    if end is None and found.beats:
        last = found.beats[-1].at + _MARGIN
    season = Season(
        begin=first,
        end=last,
        beats=found.beats,
        crowded=found.crowded,
        faults={**found.faults, **{one.file: one.error for one in unread if one.error}},
    )
    if page is not None:
        _write(Path(page), season_page(season, zone))
    if screen.as_json:
        screen.document(_json(season, zone))
    else:
        _show(screen, project, season)
        if page is not None:
            screen.note(say("Page: {path}", path=page))
    return max((one.exit_code for one in season.faults.values()), default=0)


def _readable(found: Iterator[Scheduled], unread: list[Scheduled]) -> Iterator[tuple[str, Opened]]:
    for one in found:
        if one.opened is None:
            unread.append(one)
        else:
            yield one.file, one.opened


def _moment(text: str, zone: ZoneInfo, edge: time) -> datetime:
    try:
        found = parse_moment(text.strip())
    except MomentError as error:
        raise InputError(str(error), hint=error.hint) from error
    if isinstance(found, Deadline):
        return found.utc
    return _edge_of(found, zone, edge)


def _edge_of(day: date, zone: ZoneInfo, edge: time) -> datetime:
    return datetime.combine(day, edge, tzinfo=zone).astimezone(UTC)


def _write(path: Path, text: str) -> None:
    try:
        write_whole(path, text)
    except OSError as error:
        raise MachineError(
            say("{path} cannot be written: {cause}", path=path, cause=error.strerror or error),
            hint=say("choose another file for --page"),
        ) from error


def _show(screen: Screen, project: Project, season: Season) -> None:
    zone = ZoneInfo(project.settings.timezone)
    if not season.beats and not season.faults:
        screen.line(say("Nothing is due in this time."))
    if season.beats:
        screen.table(
            [say("due"), say("campaign"), say("occurrence"), say("to"), say("to look at")],
            [
                [
                    moment_text(one.at.astimezone(zone)),
                    one.campaign,
                    part_name(one.occurrence),
                    whom(one),
                    "\n".join(doubts_of(one)),
                ]
                for one in season.beats
            ],
        )
    for crowd in season.crowded:
        screen.line(_crowd_text(crowd, zone))
    for file, error in season.faults.items():
        screen.note(say("{file}:", file=file))
        show_error(error, as_json=False, debug=screen.debug)
    if season.doubts:
        screen.line(say_n("{n} thing to look at.", "{n} things to look at.", season.doubts))


def _crowd_text(crowd: Crowded, zone: ZoneInfo) -> str:
    """Who gets too much at once, in a sentence."""
    return say_n(
        "{n} person ({address}) gets up to {most} mails within a day, from {when} on: {which}",
        "{n} people (such as {address}) get up to {most} mails within a day, from {when} on: "
        "{which}",
        len(crowd.people),
        address=max(crowd.people, key=lambda one: crowd.people[one]),
        most=crowd.most,
        when=moment_text(crowd.begins.astimezone(zone)),
        which=say(", ").join(f"{one.campaign} {one.occurrence.id}" for one in crowd.beats),
    )


def _json(season: Season, zone: ZoneInfo) -> dict[str, object]:
    return {
        "from": season.begin.astimezone(zone).isoformat(timespec="seconds"),
        "to": season.end.astimezone(zone).isoformat(timespec="seconds"),
        "occurrences": [_beat_json(one, zone) for one in season.beats],
        "crowded": [
            {
                "people": dict(one.people),
                "from": one.begins.astimezone(zone).isoformat(timespec="seconds"),
                "occurrences": [[beat.campaign, beat.occurrence.id] for beat in one.beats],
            }
            for one in season.crowded
        ],
        "errors": {file: fault_json(one) for file, one in season.faults.items()},
        "doubts": season.doubts,
    }


def _beat_json(one: Beat, zone: ZoneInfo) -> dict[str, object]:
    return {
        "campaign": one.campaign,
        "occurrence": one.occurrence.id,
        "zone": one.occurrence.zone or None,
        "at": one.at.astimezone(zone).isoformat(timespec="seconds"),
        "sent": one.left,
        "left_out": one.reason or None,
        "moved": one.occurrence.moved or None,
        "mails": one.messages,
        "notices": one.notices,
        "articles": [{"language": name, "deliver": way} for name, way in one.articles],
        "subjects": dict(one.subjects),
        "doubts": list(one.doubts),
        "error": fault_json(one.fault) if one.fault else None,
    }
