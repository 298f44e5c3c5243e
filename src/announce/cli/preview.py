"""`announce preview`: the dry run a person can look at."""

from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo

import click

from announce.cli.common import banner, campaign_argument, now, prepare
from announce.cli.screen import Screen, problem_json
from announce.gathering import gather
from announce.preview.folder import PreviewFolder
from announce.texts import say


@click.command(
    "preview",
    help=say("Write a page to look at, and the exact files (.eml, article HTML). Sends nothing."),
)
@campaign_argument
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help=say("Folder to write; default: .announce/preview/CAMPAIGN."),
)
@click.option("--open", "open_page", is_flag=True, help=say("Open the page in a browser."))
@click.pass_obj
def command(screen: Screen, campaign: str, out: Path | None, open_page: bool) -> int:
    """Write the preview."""
    gathered = gather(screen.project, campaign)
    zone = ZoneInfo(gathered.project.settings.timezone)
    folder = out or gathered.project.private / "preview" / gathered.campaign.id
    preview = PreviewFolder(folder, now().astimezone(zone))
    prepared = prepare(screen, campaign, seen=preview.add)
    banner(screen, prepared)
    screen.problems(prepared.plan.problems)
    index = preview.finish(prepared.plan)
    screen.line(say("{n} messages; open {index}", n=len(preview.entries), index=index))
    if open_page:
        click.launch(str(index))
    if screen.as_json:
        screen.document(
            {
                "campaign": prepared.plan.campaign,
                "digest": prepared.plan.digest,
                "index": str(index),
                "messages": len(preview.entries),
                "problems": [problem_json(problem) for problem in prepared.plan.problems],
            }
        )
    return 0
