"""`announce preview`: the dry run a person can look at."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from announce.cli.common import banner, campaign_argument, now, occurrence_option, open_at
from announce.cli.screen import Screen, problem_json
from announce.gathering import Opened
from announce.texts import say

if TYPE_CHECKING:
    from announce.showing import Shown


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
@click.option(
    "--serve",
    is_flag=True,
    help=say(
        "Serve the page on this machine, show every change of the files at once, and take "
        "approvals. Ends with Ctrl-C."
    ),
)
@occurrence_option
@click.pass_obj
def command(
    screen: Screen,
    campaign: str,
    out: Path | None,
    open_page: bool,
    serve: bool,
    occurrence: str | None,
) -> int:
    """Write the preview."""
    opened = open_at(screen, campaign, occurrence)
    folder = out or opened.project.private / "preview" / opened.campaign.id
    if serve:
        return _serve(screen, opened, folder, occurrence, open_page=open_page)
    # Templates are slow to import, and faults of the campaign's file need none.
    from announce.showing import write_preview

    shown = write_preview(opened, folder, now())
    banner(screen, opened.project, opened.campaign, sends=False)
    screen.problems(shown.prepared.plan.problems)
    screen.line(say("{n} messages; open {index}", n=shown.written, index=shown.index))
    if open_page:
        click.launch(str(shown.index))
    if screen.as_json:
        screen.document(_document(shown))
    return 0


def _document(shown: Shown) -> dict[str, object]:
    plan = shown.prepared.plan
    return {
        "campaign": plan.campaign,
        "digest": plan.digest,
        "index": str(shown.index),
        "messages": shown.written,
        "problems": [problem_json(problem) for problem in plan.problems],
    }


def _serve(
    screen: Screen, opened: Opened, folder: Path, occurrence: str | None, *, open_page: bool
) -> int:
    from announce.live import PreviewServer

    def reopen() -> Opened:
        return open_at(screen, opened.named, occurrence)

    with PreviewServer(reopen, folder, now=now) as server:
        banner(screen, opened.project, opened.campaign, sends=False)
        screen.line(say("Preview: {url}", url=server.url))
        screen.line(say("It follows every change of the files. Ctrl-C ends it."))
        if screen.as_json:
            screen.document({"campaign": opened.campaign.id, "url": server.url})
        if open_page:
            click.launch(server.url)
        server.wait()
    return 0
