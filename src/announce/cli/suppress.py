"""`announce suppress`: addresses not to be written to."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import click

from announce.cli.common import now
from announce.cli.screen import Screen
from announce.errors import InputError
from announce.gathering import open_project
from announce.ledger.base import Scope, SuppressionReason
from announce.model.wording import reason_text
from announce.outlets import open_project_ledger
from announce.reading.addresses import AddressFault, read_address
from announce.texts import say


@click.group("suppress", help=say("Addresses not to be written to, with reason, date and scope."))
def command() -> None:
    """Suppressions."""


@command.command("add", help=say("Write no more to these addresses."))
@click.argument("addresses", nargs=-1, required=True, metavar="ADDRESS...")
@click.option(
    "--reason",
    type=click.Choice(["unsubscribed", "bounced", "manual"]),
    default="unsubscribed",
    help=say("unsubscribed stops announcements, bounced and manual stop everything."),
)
@click.option("--note", default="", help=say("Anything to remember."))
@click.pass_obj
def add(screen: Screen, addresses: tuple[str, ...], reason: SuppressionReason, note: str) -> int:
    """Add addresses."""
    known = [_identity(address) for address in addresses]
    scope: Scope = "announcements" if reason == "unsubscribed" else "all"
    with closing(open_project_ledger(open_project(screen.project), create=True)) as ledger:
        for address in known:
            ledger.suppressions.add(address, reason=reason, scope=scope, at=now(), note=note)
    for address in known:
        screen.line(
            say("{address}: suppressed ({reason}).", address=address, reason=reason_text(reason))
        )
    if screen.as_json:
        screen.document({"added": known, "reason": reason, "scope": scope})
    return 0


@command.command("remove", help=say("Write to these addresses again."))
@click.argument("addresses", nargs=-1, required=True, metavar="ADDRESS...")
@click.pass_obj
def remove(screen: Screen, addresses: tuple[str, ...]) -> int:
    """Remove addresses."""
    known = [_identity(address) for address in addresses]
    with closing(open_project_ledger(open_project(screen.project))) as ledger:
        held = {one.address for one in ledger.suppressions.all()}
        missing = [address for address in known if address not in held]
        if missing:
            raise InputError(
                say("not suppressed: {addresses}", addresses=", ".join(missing)),
                hint=say("`announce suppress list` shows them all"),
            )
        for address in known:
            ledger.suppressions.remove(address)
    for address in known:
        screen.line(say("{address}: no longer suppressed.", address=address))
    if screen.as_json:
        screen.document({"removed": known})
    return 0


@command.command("list", help=say("Show all of them."))
@click.pass_obj
def show(screen: Screen) -> int:
    """List addresses."""
    with closing(open_project_ledger(open_project(screen.project))) as ledger:
        held = list(ledger.suppressions.all())
    if screen.as_json:
        screen.document({"suppressions": [_json(one) for one in held]})
    elif not held:
        screen.line(say("Nobody is suppressed."))
    else:
        heads = [say("address"), say("reason"), say("covers"), say("since"), say("note")]
        covers = {"all": say("everything"), "announcements": say("announcements")}
        screen.table(
            heads,
            [
                (one.address, one.reason, covers[one.scope], f"{one.at:%Y-%m-%d}", one.note)
                for one in held
            ],
        )
    return 0


def _identity(text: str) -> str:
    try:
        address, _ = read_address(text)
    except AddressFault as fault:
        raise InputError(str(fault), hint=fault.hint) from fault
    return address.identity


def _json(one: Any) -> dict[str, Any]:
    return {
        "address": one.address,
        "reason": one.reason,
        "scope": one.scope,
        "at": one.at.isoformat(),
        "note": one.note,
    }
