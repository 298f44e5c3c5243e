"""`announce schedule skip`: a person's word that an occurrence is left out."""

from __future__ import annotations

import click

from announce.cli.common import campaign_argument, now
from announce.cli.occurrences import stand_text
from announce.cli.screen import Screen
from announce.errors import GateError, InputError
from announce.gathering import open_campaign, shown
from announce.scheduling import (
    find,
    no_longer_there,
    reconsider,
    require_whole_ledger,
    skip,
)
from announce.standing import Stand
from announce.texts import say


@click.command(
    "skip",
    help=say(
        "Leave an occurrence out: it is not sent, whatever the date. --undo takes that back, also "
        "what was left out for being late."
    ),
)
@campaign_argument
@click.argument("occurrence")
@click.option("--undo", is_flag=True, help=say("Let it be sent at its moment all the same."))
@click.pass_obj
def command(screen: Screen, campaign: str, occurrence: str, undo: bool) -> int:
    """Leave it out."""
    opened = open_campaign(screen.project, campaign)
    if not opened.campaign.schedule:
        raise InputError(
            say("{campaign} has no schedule", campaign=opened.campaign.id),
            hint=say("add `schedule:` to its file"),
        )
    require_whole_ledger(opened)
    parts = find(opened, occurrence, now())
    done = [one for one in parts if one.stand is Stand.DONE]
    if done:
        raise GateError(
            say("{name} was sent already", name=occurrence),
            hint=say("`announce correct` starts a correction to those who got it"),
        )
    occurrences = [one.occurrence for one in parts]
    if undo and occurrences[0].entry is None:
        raise no_longer_there(opened, occurrences[0])
    if undo:
        reconsider(opened, occurrences, now())
    else:
        skip(opened, occurrences, now())
    after = find(opened, occurrence, now())
    for one in after:
        screen.line(say("{name}: {state}", name=occurrence, state=stand_text(one, opened.project)))
    if undo and after[0].stand is Stand.LAPSED:
        screen.line(
            say(
                "    to send it all the same: announce send {file} --occurrence {name} --late",
                file=shown(opened.campaign.path, opened.project.root),
                name=occurrence,
            )
        )
    if screen.as_json:
        screen.document(
            {
                "campaign": opened.campaign.id,
                "occurrence": occurrence,
                "state": after[0].stand.value,
            }
        )
    return 0
