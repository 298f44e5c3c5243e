"""Imports run downward only: this names the room and the line that breaks the rule."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "src" / "announce"

# From the top of the house to its ground. A room may import from those below it, and itself.
FLOORS = [
    {"__main__"},
    {"cli"},
    {"live", "samples", "measuring", "notifying", "simulating", "season_calendar", "installing"},
    {"showing"},
    {"gates"},
    {
        "approving",
        "approved",
        "covering",
        "approval_file",
        "comparing",
        "correcting",
        "sequels",
        "extending",
        "staging",
    },
    {"dispatch", "articles"},
    {"scheduling", "choosing", "standing", "vanished", "overdue", "speakers"},
    {
        "preparing",
        "looking",
        "sending",
        "tally",
        "halting",
        "backlog",
        "crew",
        "pace",
        "forecast",
        "outlets",
        "remembering",
        "logins",
        "refusals",
        "finished",
    },
    {
        "first_pass",
        "shelf",
        "examining",
        "judging",
        "composing",
        "planning",
        "content",
        "gathering",
        "lines",
    },
    {"channels", "ledger", "checks", "preview", "sandbox", "oauth"},
    {"reading", "rendering"},
    {"timetable"},
    {"model"},
    {
        "errors",
        "problems",
        "texts",
        "cells",
        "masking",
        "spool",
        "watching",
        "forking",
        "importing",
    },
]
HEIGHT = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}
# Neighbours on one floor that must not know each other.
APART = [
    ("channels", "ledger"),
    ("channels", "reading"),
    ("channels", "sandbox"),
    ("rendering", "reading"),
    ("reading", "rendering"),
    ("ledger", "channels"),
    ("ledger", "reading"),
    ("ledger", "rendering"),
    ("sandbox", "ledger"),
    ("sandbox", "channels"),
    ("sandbox", "rendering"),
    ("checks", "ledger"),
    ("channels", "oauth"),
    ("oauth", "channels"),
    ("oauth", "ledger"),
]
# Only this room may import that library.
OWNERS = {
    "jinja2": {"rendering"},
    "sqlalchemy": {"ledger"},
    "yagmail": {"channels"},
    "smtplib": {"channels"},
    "wechatpy": {"channels"},
    "aiosmtpd": {"sandbox"},
    "oauthlib": {"oauth"},
    "keyring": {"reading"},
    "requests": {"channels", "oauth"},
    "PIL": {"channels"},
    "segno": {"rendering"},
    "rich": {"cli"},
    "click": {"cli"},
    "cronsim": {"timetable"},
    "holidays": {"timetable"},
    "yaml": {"reading", "rendering", "channels", "checks", "sandbox"},
}


@cache
def imports() -> list[tuple[str, str, str]]:
    """Every (room, imported module, place) of the package, those under TYPE_CHECKING too."""
    found = []
    for path in sorted(SOURCE.rglob("*.py")):
        relative = path.relative_to(SOURCE)
        room = relative.parts[0].removesuffix(".py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names: list[str] = []
            if isinstance(node, ast.ImportFrom) and node.module:
                names = [node.module]
            elif isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            found += [(room, name, f"{relative}:{node.lineno}") for name in names]
    return found


def test_imports_run_downward_only() -> None:
    """No room imports from a floor above its own."""
    wrong = [
        f"{place}: {room} imports {name}"
        for room, name, place in imports()
        if name.startswith("announce.")
        and room in HEIGHT
        and HEIGHT[name.split(".")[1]] < HEIGHT[room]
    ]

    assert wrong == []


@pytest.mark.parametrize(("room", "other"), APART)
def test_neighbours_do_not_know_each_other(room: str, other: str) -> None:
    """Rooms that stand beside each other stay apart."""
    wrong = [
        f"{place}: imports {name}"
        for here, name, place in imports()
        if here == room and name.startswith(f"announce.{other}")
    ]

    assert wrong == []


def test_libraries_are_known_to_their_rooms_only() -> None:
    """SQL lives in the ledger, Jinja2 in rendering, the wire in the channels."""
    wrong = [
        f"{place}: {room} imports {name}"
        for room, name, place in imports()
        if name.split(".")[0] in OWNERS and room not in OWNERS[name.split(".")[0]]
    ]

    assert wrong == []


def test_every_room_has_a_floor() -> None:
    """A new room is given its floor here before it can import anything."""
    rooms = {
        path.name.removesuffix(".py")
        for path in SOURCE.iterdir()
        if path.suffix == ".py" or (path.is_dir() and any(path.glob("*.py")))
    }

    assert rooms - set(HEIGHT) == {"__init__"}
