"""`announce settle`: a person's word on a delivery in doubt."""

from __future__ import annotations

from contextlib import closing

import click

from announce.cli.common import now, project_campaign
from announce.cli.screen import Screen
from announce.errors import InputError
from announce.gathering import open_project
from announce.ledger.marks import state_folder
from announce.ledger.witnesses import refresh
from announce.model.delivery import CHANNELS, Delivery, State
from announce.model.wording import state_name
from announce.outlets import is_sandboxed, open_ledger_of
from announce.texts import say


@click.command(
    "settle",
    help=say(
        "Say what became of a delivery in doubt: --sent if it arrived, --not-sent if it did not "
        "(it is then due again, with the same Message-ID)."
    ),
)
@click.argument("campaign", type=click.Path())
@click.argument("key")
@click.option("--sent/--not-sent", "sent", default=None, help=say("What became of it."))
@click.option("--note", default="", help=say("How you know; kept in the log."))
@click.pass_obj
def command(screen: Screen, campaign: str, key: str, sent: bool | None, note: str) -> int:
    """Settle a doubt."""
    if sent is None:
        raise click.UsageError(say("say --sent or --not-sent"))
    root, name = project_campaign(screen, campaign)
    project = open_project(root)
    found: list[Delivery] = []
    for channel in CHANNELS:
        with closing(open_ledger_of(project, channel)) as ledger:
            rows = [
                row
                for row in ledger.deliveries(name or campaign)
                if row.key.channel == channel and row.key.recipient == key
            ]
            for row in rows:
                found.append(row)
                ledger.settle(row.key, sent=sent, now=now(), note=note)
                if not is_sandboxed(project, channel):
                    refresh(ledger, project.root, state_folder(), *_place(row))
    if not found:
        raise InputError(
            say('no delivery of {campaign} has the key "{key}"', campaign=name, key=key),
            hint=say("`announce log {campaign}` lists the keys", campaign=campaign),
        )
    state = State.SENT if sent else State.PLANNED
    screen.line(say("{key} is now: {state}.", key=key, state=state_name(state)))
    if not sent:
        screen.line(say("Run `announce send {campaign}` to send it.", campaign=campaign))
    if screen.as_json:
        screen.document({"campaign": name, "key": key, "state": state.value})
    return 0


def _place(row: Delivery) -> tuple[str, str]:
    return row.key.campaign, row.key.occurrence
