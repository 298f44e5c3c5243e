"""The invented followers of an account: who they are, their tags, and who reads a message.

A new account gets a dozen of them and two tags by language, so that a rehearsal of a mass
message has readers.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass

from announce.sandbox.wechat.state import State

# System tags: 0 and 1 are old groups, 2 the starred ones. Own ones begin at a hundred.
SYSTEM_TAGS = {2: "星标组"}
FIRST_TAG = 100
_SEEDED = {"中文": range(1, 9), "English": range(7, 13)}
_PEOPLE = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Follower:
    """A follower, or one who was: `refuses` does not take messages; `tags` are names."""

    openid: str
    subscribed: bool = True
    refuses: bool = False
    tags: tuple[str, ...] = ()


def invented_openid(number: int) -> str:
    """The openid of an invented follower: 28 characters, as real ones have."""
    return f"oFollower{number:04}_of_the_sandbox"


class Population:
    """The followers of one account; a dozen are there from the first look on."""

    def __init__(self, state: State, app_id: str) -> None:
        self._state = state
        self._app_id = app_id

    def seed(self, at: float) -> None:
        """Give a new account its first followers and tags; an old one keeps its own."""
        known = "SELECT 1 FROM tags WHERE app_id = ?", (self._app_id,)
        with self._state.reading() as base:
            if base.execute(*known).fetchone():
                return
        with self._state.changing() as base:
            if base.execute(*known).fetchone():
                return  # another process was quicker
            base.executemany(
                "INSERT INTO tags VALUES (?, ?, ?)",
                [(self._app_id, number, name) for number, name in SYSTEM_TAGS.items()],
            )
            people = [invented_openid(number) for number in range(1, _PEOPLE + 1)]
            self._insert(base, people, at)
            for name, numbers in _SEEDED.items():
                self._tag(base, name, [invented_openid(number) for number in numbers])

    def add(self, openids: Iterable[str], tags: Iterable[str], at: float) -> None:
        """Let these follow, with tags of these names; tags that are not there are made."""
        people = list(openids)
        with self._state.changing() as base:
            self._insert(base, people, at)
            for name in tags:
                self._tag(base, name, people)

    def meet(self, openid: str, at: float) -> None:
        """Let a stranger follow; who left stays away."""
        with self._state.changing() as base:
            base.execute(
                "INSERT OR IGNORE INTO followers VALUES (?, ?, ?, 1, 0)", (self._app_id, openid, at)
            )

    def change(self, openid: str, *, subscribed: bool | None, refuses: bool | None) -> None:
        """Let one leave or come back, refuse messages or take them; None leaves it."""
        with self._state.changing() as base:
            base.execute(
                "UPDATE followers SET subscribed = COALESCE(?, subscribed),"
                " refuses = COALESCE(?, refuses) WHERE app_id = ? AND openid = ?",
                (subscribed, refuses, self._app_id, openid),
            )

    def all(self) -> list[Follower]:
        """Everybody who follows or did, in the order of their coming."""
        with self._state.reading() as base:
            names: dict[str, list[str]] = {}
            for row in base.execute(
                "SELECT openid, name FROM tagged JOIN tags ON tags.id = tagged.tag"
                " AND tags.app_id = tagged.app_id WHERE tagged.app_id = ? ORDER BY tag",
                (self._app_id,),
            ):
                names.setdefault(row["openid"], []).append(row["name"])
            rows = base.execute(
                "SELECT * FROM followers WHERE app_id = ? ORDER BY rowid", (self._app_id,)
            ).fetchall()
        return [
            Follower(
                openid=row["openid"],
                subscribed=bool(row["subscribed"]),
                refuses=bool(row["refuses"]),
                tags=tuple(names.get(row["openid"], ())),
            )
            for row in rows
        ]

    def _insert(self, base: sqlite3.Connection, openids: list[str], at: float) -> None:
        base.executemany(
            "INSERT INTO followers VALUES (?, ?, ?, 1, 0) ON CONFLICT DO UPDATE SET subscribed = 1",
            [(self._app_id, openid, at) for openid in openids],
        )

    def _tag(self, base: sqlite3.Connection, name: str, openids: list[str]) -> None:
        row = base.execute(
            "SELECT id FROM tags WHERE app_id = ? AND name = ?", (self._app_id, name)
        ).fetchone()
        number = new_tag(base, self._app_id, name) if row is None else row["id"]
        base.executemany(
            "INSERT OR IGNORE INTO tagged VALUES (?, ?, ?)",
            [(self._app_id, number, openid) for openid in openids],
        )


def new_tag(base: sqlite3.Connection, app_id: str, name: str) -> int:
    """Make a tag; its number."""
    row = base.execute(
        "SELECT MAX(?, COALESCE(MAX(id) + 1, 0)) AS id FROM tags WHERE app_id = ?",
        (FIRST_TAG, app_id),
    ).fetchone()
    base.execute("INSERT INTO tags VALUES (?, ?, ?)", (app_id, row["id"], name))
    return int(row["id"])


def follower(base: sqlite3.Connection, app_id: str, openid: object) -> sqlite3.Row | None:
    """One who follows or did; None for a stranger."""
    found: sqlite3.Row | None = base.execute(
        "SELECT * FROM followers WHERE app_id = ? AND openid = ?",
        (app_id, openid if isinstance(openid, str) else ""),
    ).fetchone()
    return found


def has_tag(base: sqlite3.Connection, app_id: str, number: object) -> bool:
    """Whether the account has a tag of this number."""
    if type(number) is not int:
        return False
    found = base.execute(
        "SELECT 1 FROM tags WHERE app_id = ? AND id = ?", (app_id, number)
    ).fetchone()
    return found is not None


def tagged_people(base: sqlite3.Connection, app_id: str, tag: int) -> list[str]:
    """The followers with a tag."""
    rows = base.execute(
        "SELECT followers.openid FROM followers JOIN tagged USING (app_id, openid)"
        " WHERE app_id = ? AND tag = ? AND subscribed ORDER BY followers.rowid",
        (app_id, tag),
    )
    return [row["openid"] for row in rows]


def everybody(base: sqlite3.Connection, app_id: str) -> list[str]:
    """All followers."""
    rows = base.execute(
        "SELECT openid FROM followers WHERE app_id = ? AND subscribed ORDER BY rowid", (app_id,)
    )
    return [row["openid"] for row in rows]
