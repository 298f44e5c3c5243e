"""`announce schedule list`: every occurrence, and what became of it."""

from __future__ import annotations

from collections.abc import Sequence

import click

from announce.cli.common import now, project_campaign, show_behind
from announce.cli.occurrences import due_text, part_name, stand_text
from announce.cli.schedule.common import Scheduled, scheduled, standing_json
from announce.cli.screen import Screen, error_json, show_error
from announce.gathering import open_project
from announce.model.project import Project
from announce.texts import say


@click.command(
    "list", help=say("List the occurrences of scheduled campaigns, and what became of each.")
)
@click.argument("campaign", required=False, type=click.Path())
@click.pass_obj
def command(screen: Screen, campaign: str | None) -> int:
    """List."""
    root, wanted = project_campaign(screen, campaign)
    project = open_project(root)
    found = list(scheduled(project, now(), wanted))
    if screen.as_json:
        screen.document({"campaigns": [campaign_json(one, project) for one in found]})
        code = max((one.error.exit_code for one in found if one.error), default=0)
    else:
        code = show(screen, project, found)
    return max(code, show_behind(screen, project))


def show(screen: Screen, project: Project, found: Sequence[Scheduled]) -> int:
    """The occurrences as a table; the worst exit code of campaigns that cannot be read."""
    if not found:
        screen.line(say("No campaign has a schedule."))
        return 0
    rows = []
    for campaign in found:
        for one in campaign.standings:
            at = one.occurrence
            rows.append(
                [campaign.id, part_name(at), due_text(at, project), stand_text(one, project)]
            )
    heads = [say("campaign"), say("occurrence"), say("due"), say("state")]
    screen.table(heads, rows)
    code = 0
    for campaign in found:
        if campaign.error:
            screen.note(say("{file}:", file=campaign.file))
            show_error(campaign.error, as_json=False, debug=screen.debug)
            code = max(code, campaign.error.exit_code)
    return code


def campaign_json(one: Scheduled, project: Project) -> dict[str, object]:
    """A scheduled campaign as a document."""
    document: dict[str, object] = {
        "campaign": one.id,
        "file": one.file,
        "occurrences": [standing_json(each, project) for each in one.standings],
    }
    if one.error is not None:
        document["error"] = error_json(one.error)
    return document
