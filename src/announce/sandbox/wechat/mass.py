"""Mass messages: submitting one, and showing it to one person first.

https://developers.weixin.qq.com/doc/subscription/guide/product/message/Batch_Sends.html
A `clientmsgid` is kept for a day: the second call with it makes no second message.
"""

from __future__ import annotations

import json
import sqlite3
from datetime import timedelta
from typing import Any

from announce.sandbox.loopback import HttpReply
from announce.sandbox.wechat.account import Account, AccountKind
from announce.sandbox.wechat.drafts import find_draft
from announce.sandbox.wechat.mass_jobs import (
    ASKED,
    MassOutcome,
    MassScript,
    msg_data_id,
    msg_id,
)
from announce.sandbox.wechat.mass_rules import (
    MATERIAL_OF,
    Content,
    check_reprint,
    check_wx_name,
    read_client_id,
    read_content,
    read_filter,
    read_openids,
)
from announce.sandbox.wechat.materials import Materials
from announce.sandbox.wechat.periods import start_of_day, start_of_month
from announce.sandbox.wechat.population import follower, has_tag
from announce.sandbox.wechat.protocol import OK, ApiError, Call, answer
from announce.sandbox.wechat.publishing import refuse_busy
from announce.sandbox.wechat.quotas import figures
from announce.sandbox.wechat.state import State

REMEMBERED = 86_400  # a clientmsgid
PATIENCE = 60  # between two calls with one clientmsgid
ADMIN_HAS = 1800


class Masses:
    """The mass messages of one account; `delay` is how long sending one takes.

    With `admin_confirms` a message to everybody waits for the administrator, and is answered
    with that code: 89504 or 89505.
    """

    def __init__(
        self,
        state: State,
        account: Account,
        materials: Materials,
        script: MassScript,
        delay: timedelta,
    ) -> None:
        self.delay = delay
        self.admin_confirms: int | None = None
        self._state = state
        self._account = account
        self._materials = materials
        self._script = script

    def send_all(self, call: Call) -> HttpReply:
        """message/mass/sendall: to everybody, or to those with a tag."""
        asked = call.json()
        return self._submit(call, asked, read_content(asked), read_filter(asked))

    def send(self, call: Call) -> HttpReply:
        """message/mass/send: to people by their openids; verified service accounts only."""
        asked = call.json()
        return self._submit(call, asked, read_content(asked), read_openids(asked))

    def preview(self, call: Call) -> HttpReply:
        """message/mass/preview: to one person, by openid or WeChat name; counts as no message."""
        asked = call.json()
        content = read_content(asked, preview=True)
        at = call.at.timestamp()
        with self._state.changing() as base:
            openid = self._previewer(base, asked)
            articles = self._articles(base, content, at)
            number = base.execute(
                "INSERT INTO notices (app_id, kind, openid, at, title, words, client_id, articles,"
                " status) VALUES (?, 'preview', ?, ?, '', ?, '', ?, 'success')",
                (self._account.app_id, openid, at, content.words, articles),
            ).lastrowid
        assert number is not None
        return answer({"errcode": 0, "errmsg": "preview success", "msg_id": number})

    def _submit(
        self, call: Call, asked: dict[str, Any], content: Content, audience: dict[str, Any]
    ) -> HttpReply:
        ignores = check_reprint(asked)
        client_id = read_client_id(asked, audience, content)
        at = call.at.timestamp()
        with self._state.changing() as base:
            repeated = self._repeated(base, client_id, at)
            if repeated is None:
                self._check_audience(base, audience)
                self._check_quota(base, audience, at)
                articles = self._articles(base, content, at)
                number = self._begin(base, client_id, content, articles, audience, ignores, at)
        # Outside the transaction: a repeated call is noted, although it is refused.
        if repeated is not None:
            raise repeated
        if self._waits(audience):
            raise _admin(self.admin_confirms or ASKED)
        data = {"msg_data_id": msg_data_id(number)} if content.kind == "mpnews" else {}
        said = {**OK, "errmsg": "send job submission success", "msg_id": msg_id(number)}
        return answer({**said, **data})

    def _repeated(self, base: sqlite3.Connection, client_id: str, at: float) -> ApiError | None:
        row = base.execute(
            "SELECT number, asked FROM masses WHERE app_id = ? AND client_id = ?"
            " AND submitted > ? ORDER BY number DESC",
            (self._account.app_id, client_id, at - REMEMBERED),
        ).fetchone()
        if row is None:
            return None
        base.execute("UPDATE masses SET asked = ? WHERE number = ?", (at, row["number"]))
        if at - row["asked"] < PATIENCE:
            return ApiError(45066, "clientmsgid retry too fast, please wait a minute")
        return ApiError(45065, "clientmsgid exist", msg_id=msg_id(row["number"]))

    def _check_audience(self, base: sqlite3.Connection, audience: dict[str, Any]) -> None:
        if "tag" in audience and not has_tag(base, self._account.app_id, audience["tag"]):
            raise ApiError(40152, "invalid tag_id")
        if "openids" in audience and not all(
            follower(base, self._account.app_id, openid) for openid in audience["openids"]
        ):
            raise ApiError(40003, "invalid openid")

    def _check_quota(self, base: sqlite3.Connection, audience: dict[str, Any], at: float) -> None:
        if self._account.kind is AccountKind.VERIFIED_SUB:
            since, to_all, most = start_of_day(at), None, a_day()
        elif "all" in audience:
            since, to_all, most = start_of_month(at), 1, a_month()
        else:
            return  # each follower's own four are counted when it is sent
        used = base.execute(
            "SELECT COUNT(*) FROM masses WHERE app_id = ? AND submitted >= ?"
            " AND state != 'failed' AND (? IS NULL OR to_all = ?)",
            (self._account.app_id, since, to_all, to_all),
        ).fetchone()[0]
        if used >= most:
            raise ApiError(45028, "has no masssend quota")

    def _articles(self, base: sqlite3.Connection, content: Content, at: float) -> str:
        """The articles that the message carries, as JSON; 40007 for a draft not to be had."""
        if content.kind == "text":
            return "[]"
        if content.kind != "mpnews":
            for media_id in content.media:
                self._materials.check_for_message(MATERIAL_OF[content.kind], media_id, at)
            return "[]"
        draft = find_draft(base, self._account.app_id, content.media[0])
        refuse_busy(base, draft["media_id"])
        if base.execute(
            "SELECT 1 FROM masses WHERE media_id = ? AND state IN ('asked', 'sending')",
            (draft["media_id"],),
        ).fetchone():
            raise ApiError(42010, "same media_id too fast")
        return str(draft["articles"])

    def _begin(
        self, base: sqlite3.Connection, client_id: str, content: Content, articles: str,
        audience: dict[str, Any], ignores: int, at: float,
    ) -> int:  # fmt: skip
        outcome = self._script.take() or MassOutcome()
        waits = self._waits(audience)
        due = at + (ADMIN_HAS if waits else self.delay.total_seconds())
        number = base.execute(
            "INSERT INTO masses (app_id, client_id, asked, kind, media_id, articles, words,"
            " audience, to_all, submitted, due, state, outcome, reprint, counts)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, '{}')",
            (
                self._account.app_id, client_id, at, content.kind,
                content.media_id if content.kind == "mpnews" else "", articles, content.words,
                json.dumps(audience), "all" in audience, at, due,
                "asked" if waits else "sending", outcome.status_for(ignores), outcome.check_state,
            ),
        ).lastrowid  # fmt: skip
        assert number is not None
        return number

    def _waits(self, audience: dict[str, Any]) -> bool:
        return self.admin_confirms is not None and "all" in audience

    def _previewer(self, base: sqlite3.Connection, asked: dict[str, Any]) -> str:
        if asked.get("towxname"):
            return check_wx_name(asked["towxname"])
        row = follower(base, self._account.app_id, asked.get("touser"))
        if row is None:
            raise ApiError(40003, "invalid openid")
        if not row["subscribed"]:
            raise ApiError(43004, "require subscribe")
        return str(row["openid"])


def a_day() -> int:
    """The successful messages a day of a subscription account."""
    return int(figures()["mass"]["subscription"]["a_day"])


def a_month() -> int:
    """The messages a month that a follower of a service account receives."""
    return int(figures()["mass"]["service"]["a_month"])


def _admin(code: int) -> ApiError:
    if code == ASKED:
        return ApiError(code, "this call needs the confirmation of the administrator")
    return ApiError(code, "waiting for the confirmation of the administrator")
