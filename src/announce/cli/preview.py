"""`announce preview`: the dry run a person can look at."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from announce.cli.common import banner, campaign_argument, now, prepare_opened
from announce.cli.screen import Screen, problem_json
from announce.gathering import open_campaign
from announce.outlets import open_ledger_of
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
    opened = open_campaign(screen.project, campaign)
    zone = ZoneInfo(opened.project.settings.timezone)
    folder = out or opened.project.private / "preview" / opened.campaign.id
    # The ledger's secret makes the Message-IDs: it is there before the first message then.
    with closing(open_ledger_of(opened.project, "email", create=True)) as ledger:
        preview = PreviewFolder(folder, now().astimezone(zone), ledger.message_id)
        prepared = prepare_opened(opened, seen=preview.add)
    banner(screen, opened.project, opened.campaign, sends=False)
    screen.problems(prepared.plan.problems)
    index = preview.finish(prepared.plan)
    screen.line(say("{n} messages; open {index}", n=preview.written, index=index))
    if open_page:
        click.launch(str(index))
    if screen.as_json:
        screen.document(
            {
                "campaign": prepared.plan.campaign,
                "digest": prepared.plan.digest,
                "index": str(index),
                "messages": preview.written,
                "problems": [problem_json(problem) for problem in prepared.plan.problems],
            }
        )
    return 0
