"""`announce schedule list`: every occurrence, and what became of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import click

from announce.cli.common import now, project_campaign, show_behind
from announce.cli.occurrences import due_text, part_name, when
from announce.cli.schedule.common import Scheduled, scheduled, standing_json, state_text
from announce.cli.screen import Screen, fault_json, show_error
from announce.gathering import open_project
from announce.model.project import Project
from announce.standing import Stand, Standing
from announce.texts import say, say_n

# Of a cron expression so many that are to come are shown.
_NEXT = 10


@click.command(
    "list", help=say("List the occurrences of scheduled campaigns, and what became of each.")
)
@click.argument("campaign", required=False, type=click.Path())
@click.option("--all", "whole", is_flag=True, help=say("Also what is far from now."))
@click.pass_obj
def command(screen: Screen, campaign: str | None, whole: bool) -> int:
    """List."""
    root, wanted = project_campaign(screen, campaign)
    project = open_project(root)
    found = list(scheduled(project, now(), wanted))
    if screen.as_json:
        screen.document({"campaigns": [campaign_json(one) for one in found]})
        code = max((one.error.exit_code for one in found if one.error), default=0)
    else:
        code = show(screen, project, found, whole=whole)
    return max(code, show_behind(screen, project))


def show(
    screen: Screen, project: Project, found: Sequence[Scheduled], *, whole: bool = True
) -> int:
    """The occurrences as a table; the worst exit code of campaigns that cannot be read. Not
    `whole`: without what cron expressions bring far from now."""
    if not found:
        screen.line(say("No campaign has a schedule."))
        return 0
    rows, beyond = [], []
    for campaign in found:
        shown, more = _near(campaign.standings)
        if more:
            text = say_n(
                "{campaign}: {n} more to come, until {when} (--all)",
                "{campaign}: {n} more to come, until {when} (--all)",
                len(more),
                campaign=campaign.id,
                when=when(more[-1].occurrence.due, project),
            )
            beyond.append(text)
        for one in campaign.standings if whole else shown:
            at, text = one.occurrence, state_text(campaign, one)
            rows.append([campaign.id, part_name(at), due_text(at, project), text])
    if rows:
        screen.table([say("campaign"), say("occurrence"), say("due"), say("state")], rows)
    for text in () if whole else beyond:
        screen.line(text)
    code = 0
    for campaign in found:
        if campaign.error:
            screen.note(say("{file}:", file=campaign.file))
            show_error(campaign.error, as_json=False, debug=screen.debug)
            code = max(code, campaign.error.exit_code)
    return code


def _near(standings: Sequence[Standing]) -> tuple[list[Standing], list[Standing]]:
    """The occurrences without those of a cron entry beyond its next ones; and these."""
    shown: list[Standing] = []
    more: list[Standing] = []
    coming: Counter[int] = Counter()
    for one in standings:
        entry, place = one.occurrence.entry, one.occurrence.place
        is_far = one.stand is Stand.COMING and entry is not None and entry.cron is not None
        coming[place] += is_far
        (more if is_far and coming[place] > _NEXT else shown).append(one)
    return shown, more


def campaign_json(one: Scheduled) -> dict[str, object]:
    """A scheduled campaign as a document."""
    document: dict[str, object] = {
        "campaign": one.id,
        "file": one.file,
        "occurrences": [standing_json(one, each) for each in one.standings],
    }
    if one.error is not None:
        document["error"] = fault_json(one.error)
    return document
