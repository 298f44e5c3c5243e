"""What was asked of the emulator, and the faults that tests script."""

from __future__ import annotations

import json
import threading
from collections import defaultdict, deque
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from announce.sandbox.wechat.state import State

_SECRET = frozenset({"access_token", "secret", "appid"})


class Fault(StrEnum):
    """How a call goes wrong: before it took effect, or after."""

    LOST_BEFORE = "lost-before"  # the connection closes, nothing happened
    LOST_AFTER = "lost-after"  # it happened, the connection closes without an answer
    BUSY_BEFORE = "busy-before"  # -1, nothing happened
    BUSY_AFTER = "busy-after"  # it happened, and the answer is -1
    HTTP502 = "http502"  # a gateway's answer, nothing happened
    HTML = "html"  # an error page with HTTP 200, nothing happened


AFTER = frozenset({Fault.LOST_AFTER, Fault.BUSY_AFTER})


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


class Journal:
    """Every request to a folder's emulators, in the order of their answers."""

    def __init__(self, state: State) -> None:
        self._state = state

    def write(self, request: Request) -> None:
        """Keep one, its secrets left out."""
        query = {k: v for k, v in request.query.items() if k not in _SECRET}
        with self._state.changing() as base:
            base.execute(
                "INSERT INTO journal (at, method, path, query, size, errcode, fault)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    request.at.isoformat(), request.method, request.path, json.dumps(query),
                    request.size, request.errcode, request.fault,
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


class Script:
    """The faults to come, by endpoint; each is used once."""

    def __init__(self) -> None:
        self._coming: defaultdict[str, deque[Fault | int]] = defaultdict(deque)
        self._lock = threading.Lock()

    def add(self, path: str, fault: Fault | int, times: int) -> None:
        """Make the next `times` calls of an endpoint go wrong."""
        with self._lock:
            self._coming[path].extend([fault] * times)

    def take(self, path: str) -> Fault | int | None:
        """The fault for this call, if one is due."""
        with self._lock:
            coming = self._coming[path]
            return coming.popleft() if coming else None
