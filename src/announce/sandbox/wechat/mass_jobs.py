"""What becomes of a mass message once it was accepted: asked about, sent, deleted.

https://developers.weixin.qq.com/doc/service/api/notify/message/api_sendall
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections import deque
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from announce.sandbox.loopback import HttpReply
from announce.sandbox.wechat.account import Account
from announce.sandbox.wechat.drafts import remove_draft
from announce.sandbox.wechat.periods import start_of_month
from announce.sandbox.wechat.population import everybody, follower, tagged_people
from announce.sandbox.wechat.protocol import OK, ApiError, Call, answer, permanent_link
from announce.sandbox.wechat.state import State

ASKED, ALREADY_ASKED = 89504, 89505
SENT = "send success"
REFUSED_BY_ADMIN, ADMIN_SILENT = "err(40001)", "err(40002)"
_NO_REPRINT, _REPRINT_UNWANTED = "err(30002)", "err(30003)"
_MSG_STATUS = {
    "asked": "SENDING",
    "sending": "SENDING",
    "sent": "SEND_SUCCESS",
    "failed": "SEND_FAIL",
    "deleted": "DELETE",
}
# Larger than a C int of 32 bits holds, as on the platform.
FIRST_MSG_ID = 3_147_483_648
_FIRST_DATA_ID = 2_247_483_648
_DELETABLE = frozenset({"mpnews", "mpvideo"})
_SPEEDS = (80, 60, 45, 30, 10)  # ten thousand people a minute


@dataclass(frozen=True, slots=True, kw_only=True)
class MassOutcome:
    """What a mass message is to come to: the Status of its event.

    `reprint` None: nobody wrote it before; True: another's article that may be reprinted, sent
    only with send_ignore_reprint 1; False: one that may not.
    """

    status: str = SENT
    reprint: bool | None = None

    @property
    def check_state(self) -> int:
        """CheckState of the event: 1 own work, 2 may be reprinted, 3 may not."""
        return {None: 1, True: 2, False: 3}[self.reprint]

    def status_for(self, ignores: int) -> str:
        """The Status with this `send_ignore_reprint`."""
        if self.reprint is False:
            return _NO_REPRINT
        if self.reprint and not ignores:
            return _REPRINT_UNWANTED
        return self.status


class MassScript:
    """What the next mass messages come to."""

    def __init__(self) -> None:
        self._coming: deque[MassOutcome] = deque()
        self._lock = threading.Lock()

    def add(self, outcome: MassOutcome) -> None:
        """Let the next message that has no outcome yet come to this."""
        with self._lock:
            self._coming.append(outcome)

    def take(self) -> MassOutcome | None:
        """The outcome for this message, if one was scripted."""
        with self._lock:
            return self._coming.popleft() if self._coming else None


class MassJobs:
    """The calls about mass messages of one account that there are."""

    def __init__(self, state: State, account: Account) -> None:
        self._state = state
        self._account = account

    def get(self, call: Call) -> HttpReply:
        """message/mass/get: how far it is; 40059 for an id that there is not."""
        with self._state.reading() as base:
            row = self._find(base, call.json().get("msg_id"))
        return answer({"msg_id": msg_id(row["number"]), "msg_status": _MSG_STATUS[row["state"]]})

    def delete(self, call: Call) -> HttpReply:
        """message/mass/delete: pages of sent articles; cards that people have stay with them."""
        asked = call.json()
        with self._state.changing() as base:
            if asked.get("msg_id"):
                row, index = self._find(base, asked["msg_id"]), asked.get("article_idx", 0)
            else:
                row, index = self._by_link(base, asked.get("url"))
            self._delete(base, row, index)
        return answer(OK)

    def speed(self, _call: Call) -> HttpReply:
        """message/mass/speed/get."""
        speed = int(self._state.setting(self._account.app_id, "mass speed") or 0)
        return answer({"speed": speed, "realspeed": _SPEEDS[speed]})

    def set_speed(self, call: Call) -> HttpReply:
        """message/mass/speed/set: 0, the fastest, to 4."""
        speed = call.json().get("speed")
        if speed is None:
            raise ApiError(45084, "speed missing")
        if type(speed) is not int or not 0 <= speed < len(_SPEEDS):
            raise ApiError(45083, "invalid speed, it must be between 0 and 4")
        self._state.keep_setting(self._account.app_id, "mass speed", str(speed))
        return answer(OK)

    def admin_answers(self, yes: bool, asked: int | None, at: float, delay: timedelta) -> list[int]:
        """Let the administrator answer one message by its msg_id, or all; tells which."""
        with self._state.changing() as base:
            rows = base.execute(
                "SELECT * FROM masses WHERE app_id = ? AND state = 'asked'",
                (self._account.app_id,),
            ).fetchall()
            numbers = [row["number"] for row in rows if asked in (None, msg_id(row["number"]))]
            for number in numbers:
                if yes:
                    base.execute(
                        "UPDATE masses SET state = 'sending', due = ? WHERE number = ?",
                        (at + delay.total_seconds(), number),
                    )
                else:
                    # It ends at once, and the next look at the jobs tells of it.
                    base.execute(
                        "UPDATE masses SET outcome = ?, due = ? WHERE number = ?",
                        (REFUSED_BY_ADMIN, at, number),
                    )
        return [msg_id(number) for number in numbers]

    def _find(self, base: sqlite3.Connection, asked: object) -> sqlite3.Row:
        number = int(asked) if str(asked).isdecimal() else 0  # type: ignore[call-overload]
        row = base.execute(
            "SELECT * FROM masses WHERE app_id = ? AND number = ?",
            (self._account.app_id, number - FIRST_MSG_ID),
        ).fetchone()
        if row is None:
            raise ApiError(40059, "invalid msg id")
        return row  # type: ignore[no-any-return]

    def _by_link(self, base: sqlite3.Connection, url: object) -> tuple[sqlite3.Row, int]:
        for row in base.execute(
            "SELECT * FROM masses WHERE app_id = ? AND state = 'sent'", (self._account.app_id,)
        ):
            for index, article in enumerate(json.loads(row["articles"]), 1):
                if article["link"] == url:
                    return row, index
        raise ApiError(40059, "invalid msg id")

    def _delete(self, base: sqlite3.Connection, row: sqlite3.Row, index: object) -> None:
        if row["kind"] not in _DELETABLE:
            raise ApiError(40008, "invalid message type")
        if row["state"] not in ("sent", "deleted"):
            raise ApiError(40059, "invalid msg id")
        articles = json.loads(row["articles"])
        if type(index) is not int or not 0 <= index <= max(1, len(articles)):
            raise ApiError(40060, "invalid article idx")
        for number, article in enumerate(articles, 1):
            article["is_deleted"] = article["is_deleted"] or index in (0, number)
        gone = all(article["is_deleted"] for article in articles)
        base.execute(
            "UPDATE masses SET articles = ?, state = ? WHERE number = ?",
            (
                json.dumps(articles, ensure_ascii=False),
                "deleted" if gone else row["state"],
                row["number"],
            ),
        )


def msg_id(number: int) -> int:
    """A message's id as the API gives it."""
    return FIRST_MSG_ID + number


def msg_data_id(number: int) -> int:
    """The id of its articles, for statistics and comments."""
    return _FIRST_DATA_ID + number


def finish(base: sqlite3.Connection, row: sqlite3.Row, *, monthly: int | None) -> sqlite3.Row:
    """End a message whose time has come: it reaches its readers, or nobody.

    `monthly` is how many a follower may receive in a month, None for any number.
    """
    outcome = ADMIN_SILENT if row["state"] == "asked" else row["outcome"]
    if row["state"] == "asked" and row["outcome"] == REFUSED_BY_ADMIN:
        outcome = REFUSED_BY_ADMIN
    audience = _people(base, row)
    counts = {"TotalCount": len(audience), "FilterCount": 0, "SentCount": 0, "ErrorCount": 0}
    articles = json.loads(row["articles"])
    if outcome == SENT:
        counts.update(_deliver(base, row, audience, monthly))
        remove_draft(base, row["media_id"])
        for article in articles:
            article.update(link=permanent_link(), is_deleted=False)
    base.execute(
        "UPDATE masses SET state = ?, outcome = ?, articles = ?, counts = ? WHERE number = ?",
        (
            "sent" if outcome == SENT else "failed", outcome,
            json.dumps(articles, ensure_ascii=False), json.dumps(counts), row["number"],
        ),
    )  # fmt: skip
    found: sqlite3.Row = base.execute(
        "SELECT * FROM masses WHERE number = ?", (row["number"],)
    ).fetchone()
    return found


def _people(base: sqlite3.Connection, row: sqlite3.Row) -> list[str]:
    audience: dict[str, Any] = json.loads(row["audience"])
    if "tag" in audience:
        return tagged_people(base, row["app_id"], audience["tag"])
    return list(audience["openids"]) if "openids" in audience else everybody(base, row["app_id"])


def _deliver(
    base: sqlite3.Connection, row: sqlite3.Row, audience: list[str], monthly: int | None
) -> dict[str, int]:
    full = _full(base, row, monthly) if monthly is not None else frozenset()
    left = [openid for openid in audience if openid not in full]
    reached = [openid for openid in left if _takes(base, row["app_id"], openid)]
    base.executemany(
        "INSERT INTO received VALUES (?, ?, ?, ?)",
        [(row["app_id"], row["number"], openid, row["due"]) for openid in reached],
    )
    errors = len(left) - len(reached)
    return {"FilterCount": len(left), "SentCount": len(reached), "ErrorCount": errors}


def _full(base: sqlite3.Connection, row: sqlite3.Row, monthly: int) -> frozenset[str]:
    """Those who had their messages of this month."""
    rows = base.execute(
        "SELECT openid FROM received WHERE app_id = ? AND at >= ? GROUP BY openid"
        " HAVING COUNT(*) >= ?",
        (row["app_id"], start_of_month(row["due"]), monthly),
    )
    return frozenset(found["openid"] for found in rows)


def _takes(base: sqlite3.Connection, app_id: str, openid: str) -> bool:
    found = follower(base, app_id, openid)
    return found is not None and bool(found["subscribed"]) and not found["refuses"]
