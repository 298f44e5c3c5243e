"""`announce stop`: halt a send that is under way, and say exactly who got it."""

from __future__ import annotations

import time
from contextlib import closing
from typing import Any

import click

from announce.cli.common import file_of, now, project_campaign
from announce.cli.report import named
from announce.cli.screen import Screen
from announce.errors import MachineError
from announce.gathering import open_project
from announce.halting import ask_to_stop
from announce.ledger.base import Ledger
from announce.model.delivery import CHANNELS, Channel, Delivery, State
from announce.model.project import Project
from announce.model.wording import channel_name, state_name
from announce.outlets import is_sandboxed, open_ledger_of
from announce.scheduling import latest
from announce.texts import say, say_n

LISTED = 50
_REACHED = (State.SENT, State.WAITING, State.IN_DOUBT)
_PATIENCE = 90.0  # seconds: what was handed over may still wait for its answer


@click.command(
    "stop",
    help=say(
        "Halt a send that is under way, from another terminal: what is in flight is finished, "
        "nothing more is begun. Then tell exactly who got it."
    ),
)
@click.argument("campaign", type=click.Path())
@click.pass_obj
def command(screen: Screen, campaign: str) -> int:
    """Stop a campaign."""
    root, found = project_campaign(screen, campaign)
    project, name = open_project(root), found or campaign
    stopped = False
    for channel in _one_a_ledger(project):
        with closing(open_ledger_of(project, channel)) as ledger:
            if ledger.id:
                stopped |= _stop(screen, ledger, name)
    told = {channel: _reached(project, name, channel) for channel in CHANNELS}
    if screen.as_json:
        screen.document(_json(name, stopped, told))
    else:
        _show(screen, name, file_of(project, name) or name, stopped, told)
    return 0


def _one_a_ledger(project: Project) -> list[Channel]:
    return list({is_sandboxed(project, one): one for one in CHANNELS}.values())


def _stop(screen: Screen, ledger: Ledger, campaign: str) -> bool:
    """Ask, and wait until the run has ended; whether there was one. MachineError where it does
    not end."""
    ledger.recover(campaign, now())
    # Also where none is held: a rollout that waits between two steps holds none.
    ask_to_stop(ledger, campaign, now())
    holder = ledger.running(campaign)
    if holder is None:
        return False
    screen.note(say("Stopping {campaign}: what is in flight is finished.", campaign=campaign))
    until = time.monotonic() + _PATIENCE
    while (running := ledger.running(campaign)) and running.run == holder.run:
        if time.monotonic() > until:
            raise MachineError(
                say("the send has not ended yet: process {pid} on {host}", pid=holder.pid,
                    host=holder.host),
                hint=say("it begins nothing new; look again: announce status"),
            )  # fmt: skip
        time.sleep(0.1)
        ledger.recover(campaign, now())
    return True


def _reached(project: Project, campaign: str, channel: Channel) -> list[Delivery]:
    with closing(open_ledger_of(project, channel)) as ledger:
        running = ledger.running(campaign)
        occurrence = running.occurrence if running else latest(ledger, campaign)
        rows = ledger.deliveries(campaign, occurrence)
        return [row for row in rows if row.key.channel == channel]


def _show(
    screen: Screen, name: str, file: str, stopped: bool, told: dict[Channel, list[Delivery]]
) -> None:
    if stopped:
        screen.line(say("Stopped."))
    else:
        screen.line(say("Nothing of {campaign} is being sent.", campaign=name))
    for channel, rows in told.items():
        if not rows:
            continue
        reached = [row for row in rows if row.state in _REACHED]
        screen.line(
            say_n(
                "{channel}: {n} of {all} was sent, or may have been:",
                "{channel}: {n} of {all} were sent, or may have been:",
                len(reached),
                channel=channel_name(channel),
                all=len(rows),
            )
        )
        for row in reached[:LISTED]:
            screen.line(f"  {named(row)}: {state_name(row.state)}")
        if len(reached) > LISTED:
            screen.line(
                say(
                    "  … and {n} more: announce log {campaign}",
                    n=len(reached) - LISTED,
                    campaign=name,
                )
            )
    if any(row.state in _REACHED for rows in told.values() for row in rows):
        screen.line(
            say(
                "`announce correct {campaign}` starts a correction to exactly these; "
                "`announce send` goes on with the rest.",
                campaign=file,
            )
        )


def _json(name: str, stopped: bool, told: dict[Channel, list[Delivery]]) -> dict[str, Any]:
    rows = [row for rows in told.values() for row in rows]
    return {
        "campaign": name,
        "stopped": stopped,
        "reached": [
            {
                "key": row.key.recipient,
                "channel": row.key.channel,
                "to": list(row.to),
                "state": row.state.value,
            }
            for row in rows
            if row.state in _REACHED
        ],
        "left": sum(row.state is State.PLANNED for row in rows),
    }
