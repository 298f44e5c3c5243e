"""`announce ledger`: integrity, a copy in plain files, and taking receipts over."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

import click

from announce.cli.common import now
from announce.cli.screen import Screen
from announce.errors import MachineError
from announce.gathering import open_project
from announce.ledger import lineage
from announce.ledger.marks import state_folder
from announce.outlets import open_project_ledger
from announce.texts import say, say_n


@click.group("ledger", help=say("The durable record of who got what."))
def command() -> None:
    """The ledger."""


@command.command(
    "adopt",
    help=say(
        "Take the receipts over, on a fresh clone, a restored copy or a second machine: what "
        "they hold counts as sent, what lies between as in doubt."
    ),
)
@click.pass_obj
def adopt(screen: Screen) -> int:
    """Adopt the receipts."""
    project = open_project(screen.project)
    with closing(open_project_ledger(project, create=True)) as ledger:
        adopted = lineage.adopt(ledger, project.root, state_folder(), now())
    if screen.as_json:
        screen.document(_json(adopted))
    if not adopted.occurrences:
        screen.line(say("There was nothing to take over: the ledger knows all that witnesses do."))
    for campaign, occurrence in adopted.occurrences:
        screen.line(
            say("{campaign} ({occurrence}): taken over.", campaign=campaign, occurrence=occurrence)
        )
    if adopted.listed:
        screen.line(
            say_n(
                "{n} delivery counts as sent, or is in doubt, as its receipt says.",
                "{n} deliveries count as sent, or are in doubt, as their receipts say.",
                adopted.listed,
            )
        )
    for campaign, _ in adopted.unknown:
        screen.line(
            say(
                "{campaign}: a run left no end, so whoever is in no receipt is in doubt and must "
                "be settled: announce status {campaign}",
                campaign=campaign,
            )
        )
    return 0


def _json(adopted: lineage.Adoption) -> dict[str, Any]:
    return {
        "occurrences": [list(one) for one in adopted.occurrences],
        "listed": adopted.listed,
        "sent": adopted.sent,
        "in_doubt": adopted.in_doubt,
        "unknown": [list(one) for one in adopted.unknown],
    }


@command.command("check", help=say("Check that the ledger is whole, and not behind its witnesses."))
@click.pass_obj
def check(screen: Screen) -> int:
    """Check the ledger."""
    project = open_project(screen.project)
    with closing(open_project_ledger(project)) as ledger:
        faults = ledger.check()
        if not faults:
            lineage.verify(ledger, project.root, state_folder())
    if screen.as_json:
        screen.document({"faults": faults})
        return MachineError.exit_code if faults else 0
    if faults:
        raise MachineError(
            say("the ledger is damaged: {faults}", faults="; ".join(faults)),
            hint=say("restore a copy of the ledger, then `announce ledger adopt`"),
        )
    screen.line(say("The ledger is whole, and agrees with receipts and high-water mark."))
    return 0


@command.command("export", help=say("Write deliveries, events and suppressions as plain files."))
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.pass_obj
def export(screen: Screen, folder: Path) -> int:
    """Export the ledger."""
    with closing(open_project_ledger(open_project(screen.project))) as ledger:
        files = ledger.export(folder)
    if screen.as_json:
        screen.document({"files": [str(path) for path in files]})
    for path in files:
        screen.line(str(path))
    screen.line(say("These files hold addresses: keep them out of git."))
    return 0
