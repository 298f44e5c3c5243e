"""`announce schedule export`: the occurrences as a calendar file."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import click

from announce.cli.common import now, project_campaign
from announce.cli.schedule.common import scheduled
from announce.cli.screen import Screen, show_error
from announce.errors import InputError, MachineError
from announce.gathering import open_project
from announce.ledger.files import write_whole
from announce.model.campaign import Campaign
from announce.standing import Standing
from announce.texts import say, say_n

_BACK, _YEAR = timedelta(days=40), timedelta(days=365)


@click.command(
    "export",
    help=say(
        "Write the occurrences as a calendar file (.ics), to be looked at beside other dates. "
        "Written again and imported again, it moves what has moved. Where a campaign is at fault "
        "nothing is written."
    ),
)
@click.argument("campaign", required=False, type=click.Path())
@click.option(
    "--ics", "path", type=click.Path(dir_okay=False, allow_dash=True), required=True,
    help=say("File to write; - is standard output."),
)  # fmt: skip
@click.pass_obj
def command(screen: Screen, campaign: str | None, path: str) -> int:
    """Write the calendar."""
    from announce.season_calendar import season_calendar

    root, wanted = project_campaign(screen, campaign)
    project = open_project(root)
    if screen.as_json and path == "-":
        raise InputError(
            say("--json and the calendar cannot both be standard output"),
            hint=say("give a file to --ics"),
        )
    code, number = 0, 0
    readable: list[tuple[Campaign, Sequence[Standing]]] = []
    at = now()
    for one in scheduled(project, at, wanted, begin=at - _BACK, end=at + _YEAR):
        if one.opened is None:
            assert one.error is not None
            screen.note(say("{file}:", file=one.file))
            show_error(one.error, as_json=False, debug=screen.debug)
            code = max(code, one.error.exit_code)
        else:
            readable.append((one.opened.campaign, one.standings))
            number += len(one.standings)
    if code:
        # Without its entries the calendar would say that nothing of it is sent.
        screen.note(say("No calendar was written."))
        return code
    data = season_calendar(project, readable, at)
    if path == "-":
        click.echo(data, nl=False)
        return 0
    try:
        write_whole(Path(path), data.decode("utf-8"))
    except OSError as error:
        raise MachineError(
            say("{path} cannot be written: {cause}", path=path, cause=error.strerror or error),
            hint=say("choose another file for --ics"),
        ) from error
    if screen.as_json:
        screen.document({"file": path, "occurrences": number})
    else:
        screen.line(say_n("{n} occurrence: {path}", "{n} occurrences: {path}", number, path=path))
    return 0
