"""`announce wechat`: the official account itself, and the articles that are there."""

from __future__ import annotations

import importlib

import click

from announce.cli.app import mark
from announce.importing import importing
from announce.texts import say

# As in `cli/app`: the modules behind them are slow to import.
COMMANDS = {
    "account": mark("Ask what the account may do by API, and how far articles come with it."),
    "quota": mark("Count today's calls, and say how much more can be done today."),
    "drafts": mark("List the draft box, and whose each draft is."),
    "status": mark("Look how far each article came, and say what a person has to do."),
    "preview": mark("Show a draft to one reader in WeChat."),
    "delete": mark("Take drafts, publications or mass messages of a campaign away for good."),
    "token": mark("Tell the age of the access token that is kept; never the token."),
}


class Wechat(click.Group):
    """A group that imports a command when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All commands, in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, imported now; None where there is none of that name."""
        if cmd_name not in COMMANDS:
            return None
        with importing():
            module = importlib.import_module(f"announce.cli.wechat.{cmd_name}")
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The commands with their lines of help, without importing them."""
        with formatter.section(say("Commands")):
            formatter.write_dl([(name, say(line)) for name, line in COMMANDS.items()])


@click.group("wechat", cls=Wechat, help=say("The official account: rights, quotas, articles."))
def command() -> None:
    """The official account."""
