"""The command itself: options for all, and commands imported only when they are called."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from announce import __version__
from announce.cli.commands import Commands, mark
from announce.texts import INTERFACE_LANGUAGES, say

if TYPE_CHECKING:
    from announce.errors import AnnounceError


# Command → one line of help.
COMMANDS = {
    "init": mark("Make a new project with the example campaigns."),
    "check": mark("Find every fault and doubt of campaigns, templates, audiences and settings."),
    "plan": mark("Show who gets what, and who does not and why."),
    "preview": mark("Write a page to look at, and the exact files that would be sent."),
    "approve": mark("Say yes to exactly what a send would send now."),
    "approvals": mark("List who approved what, and whether it is still what is sent."),
    "send": mark("Send a campaign: the main job. Run twice, it sends once."),
    "stop": mark("Halt a send that is under way, and say exactly who got it."),
    "correct": mark("Start a correction to exactly those who got it."),
    "extend": mark("Move a deadline, and show what follows; begin a message that says so."),
    "schedule": mark("Scheduled campaigns: what is due when, and sending it."),
    "status": mark("Count deliveries by state, and say what needs a person."),
    "log": mark("List every delivery of a campaign and what happened to it."),
    "settle": mark("Say what became of a delivery in doubt."),
    "suppress": mark("Addresses not to be written to."),
    "ledger": mark("Check the ledger, copy it out, or take receipts over."),
    "wechat": mark("The official account: rights, quotas, drafts, undoing."),
    "login": mark("Walk through a login of the mail account and test it; nothing is sent."),
    "schema": mark("Print the JSON Schema of campaigns or settings, for editors."),
    "sandbox": mark("Run the sandbox in the foreground, with a web inbox."),
    "bench": mark("Measure how fast this machine sends, and where the time goes."),
}


def _context(ctx: click.Context, project: str | None, as_json: bool, debug: bool) -> None:
    from announce.cli.screen import Screen

    ctx.obj = Screen(project=project, as_json=as_json, debug=debug)


def build() -> click.Group:
    """The command with its options, in the interface's language."""
    options: list[click.Parameter] = [
        click.Option(
            ["--project"],
            metavar="DIR",
            help=say("Project folder; default: the nearest folder above with an announce.yaml."),
        ),
        click.Option(
            ["--ui"],
            type=click.Choice(INTERFACE_LANGUAGES),
            expose_value=False,
            help=say("Language of the interface; default: ANNOUNCE_UI, else the locale's."),
        ),
        click.Option(
            ["--json", "as_json"],
            is_flag=True,
            help=say(
                "Print one JSON document on standard output; people's text on standard error."
            ),
        ),
        click.Option(["--debug"], is_flag=True, help=say("Show the traceback of an error.")),
    ]
    group = Commands(
        room="announce.cli",
        table=COMMANDS,
        name="announce",
        params=options,
        callback=click.pass_context(_context),
        help=say(
            "Tell the same thing in Chinese and English, by e-mail and by WeChat official "
            "account, once."
        ),
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    )
    return click.version_option(__version__, prog_name="announce")(group)


def run(arguments: Sequence[str]) -> int:
    """Run the command line; the exit code."""
    arguments = _general_first(arguments)
    try:
        Path.cwd()
    except FileNotFoundError:
        click.echo(say("The folder you are in no longer exists: change to another one."), err=True)
        return 4
    # Ctrl-C during a wait, a closed pipe behind `| head`: neither is a fault to trace.
    try:
        result = build().main(arguments, prog_name="announce", standalone_mode=False)
    except click.exceptions.Exit as leaving:
        return leaving.exit_code
    except click.ClickException as error:
        error.show()
        if "--json" in arguments:
            ended = {"exit_code": error.exit_code, "message": error.format_message(), "hint": ""}
            click.echo(json.dumps({"error": ended, "problems": []}, ensure_ascii=False, indent=2))
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        # These two send nothing that a ledger would know of.
        told = (
            say("Interrupted.")
            if {"login", "bench"} & set(arguments)
            else say(
                "Interrupted; run again to go on. `announce status` tells what was sent, and what "
                "may have been."
            )
        )
        click.echo(told, err=True)
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        from announce.errors import AnnounceError, MachineError

        if isinstance(error, OSError) and error.filename is not None:
            error = MachineError(
                say("{file}: {cause}", file=error.filename, cause=error.strerror),
                hint=say("see to its permissions, and to room on the disk; then run again"),
            )
        if not isinstance(error, AnnounceError):
            raise
        return _end(error, arguments)
    return result if isinstance(result, int) else 0


def _general_first(arguments: Sequence[str]) -> list[str]:
    """Move the options for all commands to the front: people write them behind the command."""
    general: list[str] = []
    rest: list[str] = []
    words = iter(arguments)
    for word in words:
        if word == "--":
            return [*general, *rest, word, *words]
        if word in ("--json", "--debug") or word.startswith(("--ui=", "--project=")):
            general.append(word)
        elif word in ("--ui", "--project"):
            general += [word, *[value for value in [next(words, None)] if value is not None]]
        else:
            rest.append(word)
    return [*general, *rest]


def _end(error: AnnounceError, arguments: Sequence[str]) -> int:
    from announce.cli.screen import show_error

    debug = "--debug" in arguments
    show_error(error, as_json="--json" in arguments, debug=debug)
    return error.exit_code
