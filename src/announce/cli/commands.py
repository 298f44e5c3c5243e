"""Groups of commands whose modules are imported only when they are called."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

import click

from announce.importing import importing
from announce.texts import say


def mark(text: str) -> str:
    """Name a text for the catalogue where it cannot be translated yet (before `speak`)."""
    return text


class Commands(click.Group):
    """A group that imports a command when it is asked for.

    `table` has a line of help for each, in the order of work; `room` is the package whose modules
    have them as `command`. Modules are slow to import (templates, database), so that `--help`
    reads the table instead.
    """

    def __init__(self, *, room: str, table: Mapping[str, str], **more: Any) -> None:
        super().__init__(**more)
        self._room = room
        self._table = table

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All commands, in the order of the table."""
        return list(self._table)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, imported now; None where there is none of that name."""
        if cmd_name not in self._table:
            return None
        with importing():
            module = importlib.import_module(f"{self._room}.{cmd_name}")
        command: click.Command = module.command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does, with a guess where the name is unknown."""
        if args and args[0] not in self._table and not args[0].startswith("-"):
            from announce.problems import did_you_mean

            message = say('no command "{name}"', name=args[0])
            raise click.UsageError(
                say("{what}; {hint}", what=message, hint=did_you_mean(args[0], self._table)), ctx
            )
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The commands with their lines of help, without importing them."""
        with formatter.section(say("Commands")):
            formatter.write_dl([(name, say(line)) for name, line in self._table.items()])
