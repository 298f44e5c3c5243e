"""`announce approve`: a person's yes to exactly what would be sent."""

from __future__ import annotations

import subprocess
from zoneinfo import ZoneInfo

import click

from announce.cli.common import (
    banner,
    campaign_argument,
    now,
    occurrence_option,
    open_at,
    prepare_opened,
)
from announce.cli.plan import SHOWN, show_classes, show_due, show_figures, show_plan
from announce.cli.screen import Screen
from announce.errors import GateError, InputError
from announce.gathering import Opened, shown
from announce.model.approval import EVERY, Covers
from announce.preparing import Prepared
from announce.texts import say, say_n


@click.command(
    "approve",
    help=say(
        "Say yes to exactly what a send would send now: a small file in approvals/, for git. "
        "`announce send` then refuses anything else."
    ),
)
@campaign_argument
@click.option("--by", metavar="NAME", help=say("Your name; default: git's user.name."))
@click.option("--note", default="", help=say("Anything to remember."))
@click.option(
    "--content",
    is_flag=True,
    help=say("Approve words, facts and settings for whoever is in the audience then; needs --max."),
)
@click.option(
    "--max", "most", type=click.IntRange(min=1), help=say("With --content: at most so many.")
)
@occurrence_option
@click.option("--yes", is_flag=True, help=say("Do not ask."))
@click.option("--withdraw", is_flag=True, help=say("Take your approval back."))
@click.pass_obj
def command(
    screen: Screen,
    campaign: str,
    by: str | None,
    note: str,
    content: bool,
    most: int | None,
    occurrence: str | None,
    yes: bool,
    withdraw: bool,
) -> int:
    """Approve a campaign."""
    name = _name(by)
    if content != (most is not None):
        raise InputError(
            say("--content and --max belong together"),
            hint=say("--content --max 500: these words, to at most 500 people"),
        )
    opened = open_at(screen, campaign, occurrence)
    if withdraw:
        return _withdraw(screen, opened, name)
    prepared = prepare_opened(opened)
    banner(screen, opened.project, opened.campaign, sends=False)
    screen.problems(prepared.plan.problems)
    _ask(screen, prepared, name, yes=yes)
    # Words for whoever is written to are, without a word on which, those of every occurrence.
    every = content and bool(opened.campaign.schedule) and occurrence is None
    return _approve(screen, prepared, name, note=_one_line(note), most=most, every=every)


def _approve(
    screen: Screen, prepared: Prepared, by: str, *, note: str, most: int | None, every: bool
) -> int:
    from announce.approved import verdict
    from announce.approving import draw_up, record

    project = prepared.gathered.project
    at = now().astimezone(ZoneInfo(project.settings.timezone))
    covers: Covers = "plan" if most is None else "content"
    name = EVERY if every else None
    drawn = draw_up(prepared, by=by, at=at, note=note, covers=covers, most=most, occurrence=name)
    path = record(project, drawn)
    if every:
        screen.line(
            say("This is of every occurrence of the schedule; {name} is one.",
                name=prepared.plan.occurrence)
        )  # fmt: skip
    number = len(drawn.texts)
    screen.line(
        say_n(
            "{name} approved {n} message ({digest}): {path}",
            "{name} approved {n} messages ({digest}): {path}",
            number,
            name=by,
            digest=prepared.plan.digest[:12],
            path=shown(path, project.root),
        )
    )
    screen.line(
        say(
            "A name is a record, and no proof of who gave it. Keep approvals/ in git: there a pull "
            "request shows what was approved."
        )
    )
    standing = verdict(prepared)
    if standing.refusal is not None:
        screen.line(say("Not enough to send: {reason}", reason=standing.refusal.message))
    elif prepared.gathered.campaign.approvals is None:
        screen.line(
            say("The campaign does not ask for approvals: write `approval: required` into it.")
        )
    if screen.as_json:
        screen.document(
            {
                "campaign": prepared.plan.campaign,
                "occurrence": drawn.approval.occurrence,
                "digest": prepared.plan.digest,
                "by": by,
                "messages": number,
                "path": shown(path, project.root),
                "enough": standing.refusal is None,
            }
        )
    return 0


def _withdraw(screen: Screen, opened: Opened, by: str) -> int:
    from announce.approving import withdraw

    project, campaign = opened.project, opened.campaign
    # Of the occurrence, and of every one.
    taken = [withdraw(project, campaign.id, one, by) for one in (campaign.occurrence.id, EVERY)]
    if not any(taken):
        raise InputError(
            say(
                "there is no approval of {campaign} by {name}", campaign=opened.campaign.id, name=by
            ),
            hint=say("`announce approvals` lists them"),
        )
    screen.line(say("{name} no longer approves {campaign}.", name=by, campaign=opened.campaign.id))
    if screen.as_json:
        screen.document({"campaign": opened.campaign.id, "by": by, "withdrawn": True})
    return 0


def _ask(screen: Screen, prepared: Prepared, by: str, *, yes: bool) -> None:
    """Show what is approved, and on a terminal ask."""
    from announce.checks.figures import unmet

    campaign = prepared.gathered.campaign
    for problem in unmet(campaign, prepared.gathered.audience, prepared.place):
        raise GateError(problem.message, hint=problem.hint)
    if yes or not screen.is_terminal:
        return
    show_due(screen, prepared)
    show_plan(screen, prepared.plan, shown=SHOWN)
    show_classes(screen, prepared)
    show_figures(screen, prepared)
    question = say("Did you look at it (announce preview), and approve it as {name}?", name=by)
    if not click.confirm(question, default=False, err=True):
        raise GateError(say("not confirmed; nothing was approved"))


def _name(by: str | None) -> str:
    name = _one_line(by if by is not None else _git_name())
    if not name:
        raise InputError(say("who approves?"), hint=say("give your name: --by NAME"))
    return name


def _git_name() -> str:
    try:
        asked = subprocess.run(
            ["git", "config", "user.name"], capture_output=True, text=True, timeout=5, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return asked.stdout


def _one_line(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
