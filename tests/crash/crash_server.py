"""Runs the command line in forked processes, so that an attempt need not import everything again.

An order is a line of JSON on standard input; so is the answer on standard output. Each attempt
is a process group of its own. Only the processes are forked: what they do is the real command.
"""

from __future__ import annotations

import ctypes
import importlib
import json
import os
import sys
import traceback
from datetime import datetime
from pkgutil import iter_modules
from typing import Any

import time_machine

# What a send imports only when it comes to it is to be here before the fork.
COMMANDS = ("send", "status", "log", "settle", "ledger", "sending", "schedule.run")
ROOMS = (
    "announce", "announce.articles", "announce.channels.email", "announce.channels.wechat",
    "announce.ledger", "announce.rendering", "announce.timetable", "announce.checks",
)  # fmt: skip
LIBRARIES = (
    "babel.numbers", "cronsim", "dateutil.rrule", "holidays", "holidays.countries",
    "icalendar.cal.calendar", "icalendar.prop", "segno",
)  # fmt: skip
PR_SET_CHILD_SUBREAPER = 36  # linux/prctl.h


def main() -> None:
    """Obey until there is nothing more to obey."""
    for name in COMMANDS:
        importlib.import_module(f"announce.cli.{name}")
    for room in ROOMS:
        for module in iter_modules(importlib.import_module(room).__path__, f"{room}."):
            if not module.name.endswith("__main__"):
                importlib.import_module(module.name)
    for name in LIBRARIES:
        importlib.import_module(name)
    importlib.import_module("announce.checks.catalogue").checks()
    # Whoever loses its parent becomes ours, so that we see the end of it too.
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)
    for line in sys.stdin:
        order = json.loads(line)
        if order["do"] == "start":
            print(start(order), flush=True)
        elif order["do"] == "end":
            print(os.waitstatus_to_exitcode(os.waitpid(order["pid"], 0)[1]), flush=True)
        elif order["do"] == "all gone":
            wait_for_group(order["pid"])
            print("null", flush=True)


def start(order: dict[str, Any]) -> int:
    """An attempt; its process id, which is its group's too."""
    pid = os.fork()
    if pid == 0:
        attempt(order)
    # Done on both sides of the fork: the group is there before anybody can want to kill it.
    os.setpgid(pid, pid)
    return pid


def attempt(order: dict[str, Any]) -> None:
    """The life of the forked process; it never returns."""
    code = 1
    try:
        os.setpgid(0, 0)
        os.chdir(order["cwd"])
        os.environ.update(order["env"])
        for number, name in enumerate([os.devnull, order["out"], order["err"]]):
            flags = os.O_WRONLY | os.O_CREAT if number else os.O_RDONLY
            os.dup2(os.open(name, flags, 0o600), number)
        from announce.cli.app import run

        if moment := order.get("moment"):
            time_machine.travel(datetime.fromisoformat(moment), tick=True).start()
        code = run(order["arguments"])
    except BaseException:
        # What a command lets through is told; the interpreter's code for it is 1.
        traceback.print_exc()
    finally:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        os._exit(code)


def wait_for_group(group: int) -> None:
    """Wait until the last process of an attempt has ended, its first one being gone."""
    while True:
        try:
            os.waitpid(-group, 0)
        except ChildProcessError:
            return


if __name__ == "__main__":
    main()
