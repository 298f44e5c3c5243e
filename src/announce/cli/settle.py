"""`announce settle`: a person's word on a delivery in doubt."""

from __future__ import annotations

from contextlib import closing

import click

from announce.cli.common import file_of, now, project_campaign
from announce.cli.screen import Screen
from announce.errors import GateError, InputError
from announce.gathering import open_project
from announce.ledger.marks import state_folder
from announce.ledger.witnesses import refresh
from announce.model.delivery import CHANNELS, ONCE, Delivery, State
from announce.model.project import Project
from announce.model.wording import state_name
from announce.outlets import is_sandboxed, open_ledger_of
from announce.texts import say, say_n


@click.command(
    "settle",
    help=say(
        "Say what became of a delivery in doubt: --sent if it arrived, --not-sent if it did not "
        "(it is then due again, with the same Message-ID)."
    ),
)
@click.argument("campaign", type=click.Path())
@click.argument("keys", nargs=-1, metavar="KEY...")
@click.option("--all", "whole", is_flag=True, help=say("Everything of it that is in doubt."))
@click.option("--sent/--not-sent", "sent", default=None, help=say("What became of it."))
@click.option("--occurrence", metavar="ID", help=say("Only of this occurrence of its schedule."))
@click.option("--note", default="", help=say("How you know; kept in the log."))
@click.pass_obj
def command(
    screen: Screen,
    campaign: str,
    keys: tuple[str, ...],
    whole: bool,
    sent: bool | None,
    occurrence: str | None,
    note: str,
) -> int:
    """Settle doubts."""
    if sent is None:
        raise click.UsageError(say("say --sent or --not-sent"))
    if whole == bool(keys):
        raise click.UsageError(say("name the keys, or say --all"))
    root, name = project_campaign(screen, campaign)
    project = open_project(root)
    known = name or campaign
    rows = (
        _doubtful(project, known, occurrence) if whole else _rows(project, known, occurrence, keys)
    )
    if not rows:
        screen.line(say("Nothing of it is in doubt."))
    for row in rows:
        with closing(open_ledger_of(project, row.key.channel)) as ledger:
            ledger.settle(row.key, sent=sent, now=now(), note=note)
            if not is_sandboxed(project, row.key.channel):
                place = row.key.campaign, row.key.occurrence
                refresh(ledger, project.root, state_folder(), *place)
    state = State.SENT if sent else State.PLANNED
    for row in rows:
        screen.line(say("{key} is now: {state}.", key=row.key.recipient, state=state_name(state)))
    if rows and not sent:
        file = file_of(project, known) or campaign
        if {row.key.occurrence for row in rows} == {ONCE}:
            screen.line(say("Run `announce send {campaign}` to send it.", campaign=file))
        else:
            screen.line(say("`announce schedule run` sends it with its next call."))
    if screen.as_json:
        settled = [row.key.recipient for row in rows]
        screen.document({"campaign": name, "keys": settled, "state": state.value})
    return 0


def _doubtful(project: Project, campaign: str, occurrence: str | None) -> list[Delivery]:
    """All deliveries of a campaign, or of an occurrence, that are in doubt."""
    found: list[Delivery] = []
    for channel in CHANNELS:
        with closing(open_ledger_of(project, channel)) as ledger:
            ledger.recover(campaign, now())
            rows = ledger.deliveries(campaign, occurrence, states=[State.IN_DOUBT])
            found += (row for row in rows if row.key.channel == channel)
    return found


def _rows(
    project: Project, campaign: str, occurrence: str | None, keys: tuple[str, ...]
) -> list[Delivery]:
    """The deliveries of these keys. InputError for one that is unknown, GateError for one that is
    not in doubt, or in several occurrences: then none is settled."""
    found: dict[str, list[Delivery]] = {}
    for channel in CHANNELS:
        with closing(open_ledger_of(project, channel)) as ledger:
            for row in ledger.deliveries(campaign, occurrence):
                if row.key.channel == channel and row.key.recipient in keys:
                    found.setdefault(row.key.recipient, []).append(row)
    if unknown := [key for key in keys if key not in found]:
        raise InputError(
            say_n(
                "no delivery of {campaign} has the key {keys}",
                "no deliveries of {campaign} have the keys {keys}",
                len(unknown),
                campaign=campaign,
                keys=", ".join(unknown),
            ),
            hint=say("`announce log {campaign}` lists the keys", campaign=campaign),
        )
    return [_doubted(key, found[key]) for key in keys]


def _doubted(key: str, rows: list[Delivery]) -> Delivery:
    """The one of a key's deliveries that is in doubt."""
    doubted = [row for row in rows if row.state is State.IN_DOUBT]
    if not doubted:
        raise GateError(
            say(
                "delivery {key} is not in doubt: it is {state}",
                key=key,
                state=state_name(rows[-1].state),
            ),
            hint=say("only what is in doubt can be settled"),
        )
    if len({row.key.occurrence for row in doubted}) > 1:
        names = say(", ").join(row.key.occurrence for row in doubted)
        raise GateError(
            say("{key} is in doubt in several occurrences: {names}", key=key, names=names),
            hint=say("say which one: --occurrence {name}", name=doubted[0].key.occurrence),
        )
    return doubted[-1]
