"""`announce schedule`: what is sent by itself, when, and what became of it."""

from __future__ import annotations

from announce.cli.commands import Commands, mark
from announce.texts import say

COMMANDS = {
    "list": mark("List the occurrences of scheduled campaigns, and what became of each."),
    "next": mark("Tell what is due next."),
    "run": mark("Send what is due. This is what cron calls; it counts as confirmed."),
    "simulate": mark("Show a whole season ahead: what goes to whom when, and what is odd in it."),
    "export": mark("Write the occurrences as a calendar file."),
    "install": mark("Have `schedule run` called every few minutes: cron, systemd or GitHub."),
    "uninstall": mark("Take out what `schedule install` wrote."),
    "skip": mark("Leave an occurrence out, or take that back."),
}


command = Commands(
    room=__name__,
    table=COMMANDS,
    name="schedule",
    help=say("Scheduled campaigns: what is due when, and sending it."),
)
