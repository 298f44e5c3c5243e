"""`announce schedule next`: what is due next."""

from __future__ import annotations

import click

from announce.cli.common import now, project_campaign, show_behind
from announce.cli.occurrences import due_text
from announce.cli.schedule.common import scheduled, standing_json, state_text
from announce.cli.screen import Screen, show_error
from announce.gathering import open_project
from announce.standing import Stand
from announce.texts import say

_AHEAD = (Stand.DUE, Stand.ASKS, Stand.COMING)


@click.command("next", help=say("Tell what is due next, of each scheduled campaign."))
@click.argument("campaign", required=False, type=click.Path())
@click.pass_obj
def command(screen: Screen, campaign: str | None) -> int:
    """Tell."""
    root, wanted = project_campaign(screen, campaign)
    project = open_project(root)
    found, code = [], 0
    for one in scheduled(project, now(), wanted):
        if one.error is not None:
            screen.note(say("{file}:", file=one.file))
            show_error(one.error, as_json=False, debug=screen.debug)
            code = max(code, one.error.exit_code)
        ahead = [each for each in one.standings if each.stand in _AHEAD]
        if ahead:
            found.append((one, ahead[0]))
    found.sort(key=lambda pair: str(pair[1].occurrence.due and pair[1].occurrence.due.timestamp()))
    if screen.as_json:
        screen.document(
            {"next": [{"campaign": one.id, **standing_json(one, each)} for one, each in found]}
        )
    elif not found:
        screen.line(say("Nothing is to come."))
    else:
        heads = [say("campaign"), say("occurrence"), say("due"), say("state")]
        screen.table(
            heads,
            [
                [
                    one.id,
                    each.occurrence.id,
                    due_text(each.occurrence, project),
                    state_text(one, each),
                ]
                for one, each in found
            ],
        )
    return max(code, show_behind(screen, project))
