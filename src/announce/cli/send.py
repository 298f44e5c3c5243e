"""`announce send`: the main job."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import click

from announce import finished
from announce.checks.dates import past_facts
from announce.checks.limits import assumed_limits
from announce.cli.common import banner, campaign_argument, now, occurrence_option
from announce.cli.report import finish
from announce.cli.screen import Screen
from announce.cli.standing import About
from announce.gathering import Opened, open_campaign, shown
from announce.importing import importing
from announce.model.delivery import CHANNELS, EDITS, Channel, Edits
from announce.problems import Place
from announce.texts import say

if TYPE_CHECKING:
    from announce.choosing import Choice


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What was asked of `send`, as it was typed; `started` is the monotonic clock then."""

    dry_run: bool
    yes: bool
    to_self: str | None
    only: tuple[str, ...]
    limit: int | None
    first: int | None
    channel: Channel | None
    retry_failed: bool
    changed: bool
    edits: Edits
    started: float
    occurrence: str | None = None
    late: bool = False

    @property
    def is_plain(self) -> bool:
        """Whether the whole campaign is to be sent, and no gate opened."""
        opened = self.changed or self.edits != "refuse"
        return not (
            self.dry_run or self.to_self or self.only or self.first or self.channel or opened
        )


@click.command(
    "send",
    help=say(
        "Send a campaign. Everything is composed and checked before the first message leaves; "
        "what was sent before is not sent again."
    ),
)
@campaign_argument
@click.option("--dry-run", is_flag=True, help=say("Show the plan and stop."))
@click.option("--yes", is_flag=True, help=say("Do not ask. Needed where there is no terminal."))
@click.option(
    "--to-self",
    metavar="ADDRESS",
    help=say("Send marked samples, one of each shape and language, to this address only."),
)
@click.option("--only", multiple=True, metavar="KEY", help=say("Only this recipient; repeatable."))
@click.option("--limit", type=click.IntRange(min=1), help=say("At most so many messages now."))
@click.option(
    "--first",
    type=click.IntRange(min=1),
    help=say("Only the first so many people, one of each kind first; the rest by another call."),
)
@click.option("--channel", type=click.Choice(CHANNELS), help=say("Only this channel."))
@click.option("--retry-failed", is_flag=True, help=say("Try again what was refused before."))
@click.option(
    "--changed",
    is_flag=True,
    help=say("Go on although the content changed after the first messages left."),
)
@click.option(
    "--edits",
    type=click.Choice(EDITS),
    default="refuse",
    help=say(
        "What becomes of a draft that somebody edited in the official account: refuse to touch "
        "it, keep the edits and go on, or overwrite them."
    ),
)
@occurrence_option
@click.option(
    "--late",
    is_flag=True,
    help=say("With --occurrence: send it although its moment and its grace are past."),
)
@click.pass_obj
def command(
    screen: Screen,
    campaign: str,
    dry_run: bool,
    yes: bool,
    to_self: str | None,
    only: tuple[str, ...],
    limit: int | None,
    first: int | None,
    channel: Channel | None,
    retry_failed: bool,
    changed: bool,
    edits: Edits,
    occurrence: str | None,
    late: bool,
) -> int:
    """Send a campaign."""
    if late and occurrence is None:
        raise click.UsageError(say("--late goes with --occurrence: say which one"))
    asked = Asked(
        dry_run=dry_run,
        yes=yes,
        to_self=to_self,
        only=only,
        limit=limit,
        first=first,
        channel=channel,
        retry_failed=retry_failed,
        changed=changed,
        edits=edits,
        started=time.monotonic(),
        occurrence=occurrence,
        late=late,
    )
    opened, chosen = open_campaign(screen.project, campaign), None
    if opened.campaign.schedule or occurrence:
        chosen = _chosen(screen, opened, asked)
        opened = chosen.opened
    inputs = finished.fingerprint(opened.project, opened.campaign) if asked.is_plain else None
    if inputs is not None:
        code = _finished_before(screen, opened, inputs, asked)
        if code is not None:
            return code
    # Templates, channels and the sandbox are slow to import: only here they are needed.
    with importing():
        from announce.cli.sending import send

    return send(screen, opened, asked, inputs, chosen)


def _chosen(screen: Screen, opened: Opened, asked: Asked) -> Choice:
    """The occurrence that is to be sent. GateError where it is not due, unless nothing of it is
    real: then that is told."""
    from announce.choosing import choose, is_rehearsal

    sends = not (asked.dry_run or asked.to_self)
    chosen = choose(opened, now(), asked.occurrence, sending=sends, late=asked.late)
    if chosen.refusal is not None:
        if sends and not is_rehearsal(chosen.opened):
            raise chosen.refusal
        if sends:
            reason = chosen.refusal.message
            screen.note(say("A real send would be refused: {reason}", reason=reason))
    return chosen


def _finished_before(screen: Screen, opened: Opened, inputs: str, asked: Asked) -> int | None:
    """Report of a send that has nothing to do, for the same was sent to its end before; None
    where it has to look."""
    project, campaign = opened.project, opened.campaign
    found = finished.recall(project, campaign, inputs)
    if found is None:
        return None
    place = Place(file=shown(campaign.path, project.root))
    problems = (
        *found,
        *past_facts(project, campaign, place, now()),
        *assumed_limits(project, campaign),
    )
    about = About(project=project, campaign=campaign, problems=problems)
    banner(screen, project, campaign)
    screen.problems(problems)
    screen.note(say("Nothing changed since this was sent to its end: it was not composed again."))
    took = timedelta(seconds=time.monotonic() - asked.started)
    return finish(screen, about, {}, about.reached(None, all_named=screen.as_json), took, None)
