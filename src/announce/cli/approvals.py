"""`announce approvals`: who approved what, and whether it still holds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from announce.cli.common import prepare
from announce.cli.screen import Screen
from announce.errors import AnnounceError
from announce.gathering import campaign_id, open_project, shown
from announce.model.approval import EVERY, Approval
from announce.model.delivery import ONCE
from announce.model.project import Project
from announce.reading.approvals import read_approvals
from announce.reading.campaigns import campaign_files
from announce.texts import say


@click.command(
    "approvals", help=say("List who approved what and when, and whether it is still what is sent.")
)
@click.argument("campaign", required=False, type=click.Path())
@click.pass_obj
def command(screen: Screen, campaign: str | None) -> int:
    """List approvals."""
    project = open_project(screen.project or _above(campaign))
    wanted = campaign_id(Path(campaign)) if campaign else None
    found = read_approvals(project, wanted)
    places = dict.fromkeys((one.campaign, one.occurrence) for one in found)
    standing = {place: _holding(screen, project, *place) for place in places}
    rows = [(one, _word(one, standing[one.campaign, one.occurrence])) for one in found]
    if screen.as_json:
        screen.document({"approvals": [_json(project, one, standing) for one in found]})
    elif not rows:
        screen.line(say("Nothing is approved. `announce approve CAMPAIGN` does it."))
    else:
        screen.table(
            [say("campaign"), say("by"), say("at"), say("messages"), say("holds"), say("note")],
            [
                (
                    _name(one),
                    one.by,
                    f"{one.when:%Y-%m-%d %H:%M}",
                    _number(one),
                    word,
                    one.note,
                )
                for one, word in rows
            ],
        )
    return 0


def _above(campaign: str | None) -> str | None:
    from announce.reading.project import find_project

    return str(find_project(Path(campaign).resolve().parent)) if campaign else None


def _name(one: Approval) -> str:
    """The campaign, and the occurrence where it has several."""
    if one.occurrence == ONCE:
        return one.campaign
    which = say("every occurrence") if one.occurrence == EVERY else one.occurrence
    return f"{one.campaign} {which}"


def _number(one: Approval) -> str:
    if one.most is not None:
        return say("words, at most {most}", most=one.most)
    return str(sum(one.messages.values()))


def _holding(screen: Screen, project: Project, campaign: str, occurrence: str) -> list[Path] | None:
    """The files of the approvals that hold; None where the campaign cannot be made."""
    from announce.approved import verdict

    for path in campaign_files(project):
        try:
            if campaign_id(path) == campaign:
                inside = Screen(
                    project=str(project.root), as_json=screen.as_json, debug=screen.debug
                )
                wanted = None if occurrence in (EVERY, ONCE) else occurrence
                return [one.path for one in verdict(prepare(inside, str(path), wanted)).holding]
        except AnnounceError:
            continue
    return None


def _word(one: Approval, holding: list[Path] | None) -> str:
    if holding is None:
        return say("cannot be told: the campaign has faults, or is gone")
    return say("yes") if one.path in holding else say("no: it changed since")


def _json(
    project: Project, one: Approval, standing: dict[tuple[str, str], list[Path] | None]
) -> dict[str, Any]:
    holding = standing[one.campaign, one.occurrence]
    return {
        "campaign": one.campaign,
        "occurrence": one.occurrence,
        "covers": one.covers,
        "by": one.by,
        "at": one.at,
        "note": one.note,
        "digest": one.digest,
        "messages": one.messages,
        "max": one.most,
        "holds": None if holding is None else one.path in holding,
        "path": shown(one.path, project.root),
    }
