"""What several commands do alike: the campaign with its plan, options, and words for figures."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from announce.cli.screen import Screen
from announce.errors import GateError, InputError, LedgerBehind
from announce.gathering import Opened, campaign_id, open_campaign, open_project, read_ids
from announce.model.campaign import Campaign, channels_of
from announce.model.delivery import CHANNELS, Channel
from announce.model.project import Project
from announce.model.wording import listed_channels
from announce.outlets import open_ledger_of, sandboxed_channels
from announce.problems import did_you_mean
from announce.reading.campaigns import campaign_files, shown_path
from announce.reading.project import find_project
from announce.texts import say

if TYPE_CHECKING:
    from announce.dispatch import Options
    from announce.model.message import Message
    from announce.model.plan import Planned
    from announce.preparing import Prepared


def now() -> datetime:
    """The clock: read here and nowhere below."""
    return datetime.now(UTC)


def prepare(
    screen: Screen,
    campaign: str,
    occurrence: str | None = None,
    *,
    seen: Callable[[Planned, Message], None] | None = None,
) -> Prepared:
    """Read, plan, compose and check. InputError with every fault found."""
    return prepare_opened(open_at(screen, campaign, occurrence), seen=seen)


def prepare_opened(
    opened: Opened,
    *,
    seen: Callable[[Planned, Message], None] | None = None,
    to_send: bool = False,
) -> Prepared:
    """The same for a campaign whose file was read already; mails that are `to_send` are kept."""
    # Templates are slow to import, and not every command comes so far.
    from announce import preparing

    return preparing.prepare_opened(opened, now(), seen=seen, to_send=to_send)


def with_refusals(prepared: Prepared, options: Options | None = None) -> Prepared:
    """The same, with what `send` would be refused for among the problems."""
    from announce.dispatch import Options
    from announce.gates import refusals

    more = refusals(prepared, options or Options())
    plan = replace(prepared.plan, problems=(*prepared.plan.problems, *more))
    return replace(prepared, plan=plan)


def banner(
    screen: Screen,
    project: Project,
    campaign: Campaign,
    only: Channel | None = None,
    *,
    sends: bool = True,
) -> None:
    """The first line: which channels are real and which are rehearsed; `sends` is whether this
    command does so, or only shows it."""
    sandboxed = sandboxed_channels(project)
    channels = [channel for channel in channels_of(campaign) if only in (None, channel)]
    rehearsed = [channel for channel in channels if channel in sandboxed]
    real = [channel for channel in channels if channel not in sandboxed]
    if rehearsed:
        screen.note(
            say(
                "Rehearsal: {channels} to the sandbox on this machine; nothing leaves it.",
                channels=listed_channels(rehearsed),
            )
        )
    if real:
        listed = listed_channels(real)
        if sends:
            screen.note(say("For real: {channels}.", channels=listed))
        else:
            screen.note(say("`announce send` is for real: {channels}.", channels=listed))
    if real and campaign.as_of:
        screen.note(
            say(
                "The campaign's dates are judged as of {moment}, not today.",
                moment=campaign.as_of,
            )
        )


campaign_argument = click.argument("campaign", type=click.Path())
occurrence_option = click.option(
    "--occurrence",
    metavar="ID",
    help=say("Which occurrence of its schedule; default: the one that is due, else the next."),
)


def open_at(screen: Screen, campaign: str, occurrence: str | None) -> Opened:
    """A campaign's file; of a scheduled one at the occurrence that is wanted, or due, or next.
    Tells where that is neither."""
    opened = open_campaign(screen.project, campaign)
    if not (opened.campaign.schedule or occurrence):
        return opened
    from announce.choosing import OVER, choose
    from announce.cli.occurrences import part_name, stand_text
    from announce.standing import Stand

    chosen = choose(opened, now(), occurrence)
    for one in chosen.parts:
        if one.stand in OVER | {Stand.ASKS}:
            name = f"{opened.campaign.id} {part_name(one.occurrence)}"
            screen.note(say("{name}: {state}", name=name, state=stand_text(one, opened.project)))
    return chosen.opened


def delivery_json(line: Planned) -> dict[str, Any]:
    """One line of the plan as the contract has it."""
    delivery = line.delivery
    document: dict[str, Any] = {
        "key": delivery.key.recipient,
        "channel": delivery.key.channel,
        "language": delivery.language,
        "to": list(delivery.to),
        "state": delivery.state.value,
    }
    if delivery.reason:
        document["reason"] = delivery.reason
    return document | {"subject": delivery.subject, "digest": delivery.digest}


def confirm(screen: Screen, question: str, *, yes: bool, hint: str, refused: str) -> None:
    """Ask, unless `yes` was said beforehand. GateError where nobody is there, or says no."""
    if yes:
        return
    if not screen.is_terminal:
        raise GateError(say("not confirmed: nobody is here to be asked"), hint=hint)
    if not click.confirm(question, default=False, err=True):
        raise GateError(refused)


def project_campaign(screen: Screen, campaign: str | None) -> tuple[str | None, str | None]:
    """The project's folder and the campaign's id, from a campaign file or an id.

    A file is read for its id only, so that the log of a campaign with faults can be seen.
    """
    if campaign is None:
        return screen.project, None
    path = Path(campaign)
    if not path.is_file():
        if path.suffix in (".yaml", ".yml") or "/" in campaign:
            raise InputError(
                say("there is no file {path}", path=campaign),
                hint=say("give a campaign's file, or its id"),
            )
        _refuse_unknown(screen, campaign)
        return screen.project, campaign
    root = screen.project or str(find_project(path.resolve().parent))
    return root, campaign_id(path)


def file_of(project: Project, campaign: str) -> str | None:
    """The file of a campaign, as `send` takes it; None where it is gone."""
    found = (path for path in campaign_files(project) if campaign_id(path) == campaign)
    return next((shown_path(project, path) for path in found), None)


def _refuse_unknown(screen: Screen, wanted: str) -> None:
    """InputError for an id that neither a ledger nor a campaign file knows: a typo."""
    project = open_project(screen.project)
    known = set(read_ids(project))
    for channel in CHANNELS:
        with closing(open_ledger_of(project, channel)) as ledger:
            known |= {campaign for campaign, _ in ledger.campaigns()}
    if wanted not in known:
        raise InputError(
            say('there is no campaign "{name}"', name=wanted), hint=did_you_mean(wanted, known)
        )


def show_behind(screen: Screen, project: Project) -> int:
    """Tell what receipts or the high-water mark know more than the ledger; the exit code, 0 where
    they know nothing more."""
    from announce.ledger.lineage import verify
    from announce.ledger.marks import state_folder
    from announce.outlets import open_project_ledger

    with closing(open_project_ledger(project)) as ledger:
        try:
            verify(ledger, project.root, state_folder())
        except LedgerBehind as behind:
            tell = screen.note if screen.as_json else screen.line
            tell(behind.message)
            tell(f"    {behind.hint}")
            return behind.exit_code
    return 0
