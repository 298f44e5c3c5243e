"""How often each endpoint was called today, and the calls about that.

https://developers.weixin.qq.com/doc/service/Message_Management/API_Call_Limits.html
A call counts when token and rights are in order, whatever becomes of it then.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from announce.sandbox.loopback import HttpReply
from announce.sandbox.wechat.account import Account
from announce.sandbox.wechat.periods import day, minute, month
from announce.sandbox.wechat.protocol import OK, PREFIX, ApiError, Call, answer
from announce.sandbox.wechat.state import State

RID_LASTS = 7 * 86_400
_NEVER_COUNTED = frozenset({"clear_quota", "openapi/quota/get", "openapi/rid/get"})


@cache
def figures() -> Mapping[str, Any]:
    """The platform's figures, from `data/wechat_quotas.yaml`."""
    text = (files("announce") / "data" / "wechat_quotas.yaml").read_text(encoding="utf-8")
    loaded: dict[str, Any] = yaml.safe_load(text)
    return loaded


class Quotas:
    """The counters of one account."""

    def __init__(self, state: State, account: Account) -> None:
        self._state = state
        self._account = account
        self._set: dict[str, int] = {}

    def allow(self, path: str, calls: int) -> None:
        """Let an endpoint be called so often a day from now on, whatever the documents say."""
        self._set[path] = calls

    def count(self, path: str, at: float) -> None:
        """Count one call; 45011 beyond the minute's, 45009 beyond the day's."""
        if path in _NEVER_COUNTED:
            return
        limits = {minute(at): figures()["a_minute"].get(path), day(at): self._a_day(path)}
        with self._state.changing() as base:
            used = {
                period: base.execute(
                    "INSERT INTO calls VALUES (?, ?, ?, 1) ON CONFLICT DO UPDATE"
                    " SET used = used + 1 RETURNING used",
                    (self._account.app_id, path, period),
                ).fetchone()["used"]
                for period, limit in limits.items()
                if limit is not None
            }
        for period, code in ((minute(at), 45011), (day(at), 45009)):
            if (limit := limits[period]) is not None and used[period] > limit:
                raise ApiError(code, _WORDS[code])

    def used(self, path: str, at: float) -> int:
        """How often an endpoint was called on the day of a moment."""
        with self._state.reading() as base:
            row = base.execute(
                "SELECT used FROM calls WHERE app_id = ? AND path = ? AND period = ?",
                (self._account.app_id, path, day(at)),
            ).fetchone()
        return int(row["used"]) if row is not None else 0

    def clear(self, call: Call) -> HttpReply:
        """clear_quota: the day's counters begin anew, ten times a month (48006)."""
        if call.json().get("appid") != self._account.app_id:
            raise ApiError(40013, "invalid appid")
        at = call.at.timestamp()
        with self._state.changing() as base:
            cleared = base.execute(
                "INSERT INTO calls VALUES (?, 'clear_quota', ?, 1) ON CONFLICT DO UPDATE"
                " SET used = used + 1 RETURNING used",
                (self._account.app_id, month(at)),
            ).fetchone()["used"]
            if cleared > figures()["clear_quota"]["a_month"]:
                raise ApiError(48006, "forbid to clear quota because of reaching the limit")
            base.execute(
                "DELETE FROM calls WHERE app_id = ? AND period = ?", (self._account.app_id, day(at))
            )
        return answer(OK)

    def get(self, call: Call) -> HttpReply:
        """openapi/quota/get: the day's calls of one `cgi_path` (`/cgi-bin/draft/add`)."""
        asked = call.json().get("cgi_path")
        path = asked.removeprefix(PREFIX) if isinstance(asked, str) else ""
        if not isinstance(asked, str) or not asked.startswith(PREFIX) or not self._known(path):
            raise ApiError(76021, "cgi_path not found, please check")
        if not self._account.may(path):
            raise ApiError(76022, "could not use this cgi_path, no permission")
        limit, used = self._a_day(path) or 0, self.used(path, call.at.timestamp())
        quota = {"daily_limit": limit, "used": used, "remain": max(0, limit - used)}
        return answer({**OK, "quota": quota})

    def refused(self, call: Call) -> HttpReply:
        """openapi/rid/get: what was refused under a rid, for seven days; no token is told."""
        with self._state.reading() as base:
            row = base.execute(
                "SELECT * FROM refusals WHERE rid = ?", (str(call.json().get("rid")),)
            ).fetchone()
        if row is None or call.at.timestamp() - row["at"] > RID_LASTS:
            raise ApiError(76001, "rid not found")
        if row["app_id"] != self._account.app_id:
            raise ApiError(76003, "could not query this rid, no permission")
        request = {
            "invoke_time": int(row["at"]),
            "cost_in_ms": 1,
            "request_url": f"{PREFIX}{row['path']}?access_token=***",
            "request_body": "",
            "response_body": row["reply"],
            "client_ip": row["peer"],
        }
        return answer({**OK, "request": request})

    def _a_day(self, path: str) -> int | None:
        limit = self._set.get(path, figures()["a_day"].get(path))
        return None if limit is None else int(limit)

    def _known(self, path: str) -> bool:
        return path in figures()["a_day"]


_WORDS = {
    45009: "reach max api daily quota limit",
    45011: "api minute-quota reach limit, must slower, retry next minute",
}
