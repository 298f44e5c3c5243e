"""What was asked of the emulator: requests, and the refusals that a rid names."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

from announce.sandbox.wechat.state import State

# Only these are kept of an address: whatever else stands there may be a secret, or misspelt one.
_HARMLESS = frozenset({"type", "grant_type", "next_openid", "openid", "lang"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request: `query` and bodies hold secrets, so only what is harmless is kept.

    `errcode` is None where the answer carried none or never left; `fault` names the scripted
    fault, or the error code that was scripted.
    """

    at: datetime
    method: str
    path: str
    query: dict[str, str]
    size: int
    errcode: int | None
    fault: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A refused call, kept so that its rid can be asked about."""

    rid: str
    app_id: str
    at: datetime
    path: str
    query: dict[str, str]
    peer: str
    reply: str


class Journal:
    """Every request to a folder's emulators, in the order of their answers."""

    def __init__(self, state: State) -> None:
        self._state = state

    def write(self, request: Request, refusal: Refusal | None = None) -> None:
        """Keep one, and what it was refused with; secrets are left out."""
        with self._state.changing() as base:
            base.execute(
                "INSERT INTO journal (at, method, path, query, size, errcode, fault)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    request.at.isoformat(), request.method, request.path, _open(request.query),
                    request.size, request.errcode, request.fault,
                ),
            )  # fmt: skip
            if refusal is not None:
                base.execute(
                    "INSERT INTO refusals VALUES (?, ?, ?, ?, ?, ?, ?)",
                    (
                        refusal.rid, refusal.app_id, refusal.at.timestamp(), refusal.path,
                        _open(refusal.query), refusal.peer, refusal.reply,
                    ),
                )  # fmt: skip

    def read(self) -> list[Request]:
        """All of them, the first first."""
        with self._state.reading() as base:
            rows = base.execute("SELECT * FROM journal ORDER BY number").fetchall()
        return [
            Request(
                at=datetime.fromisoformat(row["at"]),
                method=row["method"],
                path=row["path"],
                query=json.loads(row["query"]),
                size=row["size"],
                errcode=row["errcode"],
                fault=row["fault"],
            )
            for row in rows
        ]


def _open(query: dict[str, str]) -> str:
    return json.dumps({k: v for k, v in query.items() if k in _HARMLESS}, ensure_ascii=False)
