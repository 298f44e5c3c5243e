"""Access tokens: the plain way, which kills its predecessor, and the stable way.

https://developers.weixin.qq.com/doc/service/api/base/api_getstableaccesstoken
"""

from __future__ import annotations

import secrets
import sqlite3
from typing import Any

from announce.sandbox.wechat.account import Account
from announce.sandbox.wechat.protocol import ApiError
from announce.sandbox.wechat.quotas import figures
from announce.sandbox.wechat.state import State

LIFETIME = 7200
OVERLAP = 300  # old and new are both good for so long; stable ones are renewed so early

_STALE = "invalid credential, access_token is invalid or not latest"


class Tokens:
    """The tokens of one account; `at` is seconds since 1970."""

    def __init__(self, state: State, account: Account) -> None:
        self._state = state
        self._account = account

    def check(self, token: str, at: float) -> None:
        """Raise the error that this token meets at an API: none if it is good."""
        if not token:
            raise ApiError(41001, "access_token missing")
        with self._state.reading() as base:
            row = base.execute(
                "SELECT expires, superseded FROM tokens WHERE token = ? AND app_id = ?",
                (token, self._account.app_id),
            ).fetchone()
        if row is None:
            raise (
                ApiError(40001, _STALE)
                if len(token) > 60
                else ApiError(40014, "invalid access_token")
            )
        if row["superseded"] is not None and at >= row["superseded"]:
            raise ApiError(40001, _STALE)
        if at >= row["expires"]:
            raise ApiError(42001, "access_token expired")

    def login(self, asked: dict[str, Any], peer: str) -> None:
        """Check who asks for a token, in the platform's order."""
        for name, code in (("appid", 41002), ("secret", 41004)):
            if not asked.get(name):
                raise ApiError(code, f"{name} missing")
        if asked.get("grant_type") != "client_credential":
            raise ApiError(40002, "invalid grant_type")
        if asked["appid"] != self._account.app_id:
            raise ApiError(40013, "invalid appid")
        if self._account.frozen_secret:
            raise ApiError(40243, "AppSecret has been frozen, please unfreeze it first")
        if not secrets.compare_digest(str(asked["secret"]), self._account.app_secret):
            raise ApiError(40125, "invalid appsecret")
        allowed = self._account.allowed_ips
        if allowed is not None and peer not in allowed:
            raise ApiError(40164, f"invalid ip {peer} ipv6 ::ffff:{peer}, not in whitelist")

    def plain(self, at: float) -> dict[str, Any]:
        """A new token; the one before it stays good for five minutes."""
        with self._state.changing() as base:
            self._supersede(base, "plain", at + OVERLAP)
            if self._account.token_kicks_stable:
                self._supersede(base, "stable", at)
            return self._issue(base, "plain", at)

    def stable(self, at: float, *, force: bool) -> dict[str, Any]:
        """The same token with what remains of its time, until five minutes before its end."""
        with self._state.changing() as base:
            row = base.execute(
                "SELECT token, expires FROM tokens WHERE app_id = ? AND kind = 'stable'"
                " AND superseded IS NULL ORDER BY expires DESC",
                (self._account.app_id,),
            ).fetchone()
            if row is not None and force and self._may_force(base, at):
                self._supersede(base, "stable", at)
            elif row is not None and row["expires"] - at >= OVERLAP:
                return {"access_token": row["token"], "expires_in": int(row["expires"] - at)}
            return self._issue(base, "stable", at)

    def invalidate(self, at: float) -> None:
        """End every token in force, as another program's `token` or forced refresh does."""
        with self._state.changing() as base:
            base.execute(
                "UPDATE tokens SET superseded = MIN(COALESCE(superseded, ?), ?) WHERE app_id = ?",
                (at, at, self._account.app_id),
            )

    def _may_force(self, base: sqlite3.Connection, at: float) -> bool:
        most = figures()["force_refresh"]
        times = base.execute(
            "SELECT COUNT(*), MAX(at) FROM forced WHERE app_id = ? AND at > ?",
            (self._account.app_id, at - 86400),
        ).fetchone()
        if times[0] >= most["a_day"] or (times[1] is not None and at - times[1] < most["apart"]):
            return False
        base.execute("INSERT INTO forced VALUES (?, ?)", (self._account.app_id, at))
        return True

    def _supersede(self, base: sqlite3.Connection, kind: str, at: float) -> None:
        base.execute(
            "UPDATE tokens SET superseded = ? WHERE app_id = ? AND kind = ? AND superseded IS NULL",
            (at, self._account.app_id, kind),
        )

    def _issue(self, base: sqlite3.Connection, kind: str, at: float) -> dict[str, Any]:
        token = f"{len(kind)}_{secrets.token_urlsafe(102)}"
        base.execute(
            "INSERT INTO tokens VALUES (?, ?, ?, ?, NULL)",
            (token, self._account.app_id, kind, at + LIFETIME),
        )
        return {"access_token": token, "expires_in": LIFETIME}
