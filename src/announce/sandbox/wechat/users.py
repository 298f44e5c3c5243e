"""Followers by API: the list of openids, and what is still told of a person.

https://developers.weixin.qq.com/doc/offiaccount/User_Management/Getting_a_User_List.html
Since December 2021 no name, picture, sex or town is given, and no language.
"""

from __future__ import annotations

import sqlite3
from typing import Any

from announce.sandbox.loopback import HttpReply
from announce.sandbox.wechat.account import Account
from announce.sandbox.wechat.population import everybody, follower
from announce.sandbox.wechat.protocol import ApiError, Call, answer
from announce.sandbox.wechat.state import State

PAGE = 10_000
MOST_ASKED = 100
_LANGUAGES = frozenset({"zh_CN", "zh_TW", "en"})


class Users:
    """The user calls of one account."""

    def __init__(self, state: State, account: Account) -> None:
        self._state = state
        self._account = account

    def page(self, call: Call) -> HttpReply:
        """user/get: ten thousand a page; after the last one `data` is missing."""
        with self._state.reading() as base:
            people = everybody(base, self._account.app_id)
        return answer({"total": len(people), **after(people, call.query.get("next_openid", ""))})

    def one(self, call: Call) -> HttpReply:
        """user/info: one person."""
        _check_language(call.query.get("lang", "zh_CN"))
        with self._state.reading() as base:
            return answer(self._info(base, call.query.get("openid")))

    def several(self, call: Call) -> HttpReply:
        """user/info/batchget: up to a hundred people."""
        asked = call.json().get("user_list")
        if not isinstance(asked, list) or not all(isinstance(one, dict) for one in asked):
            raise ApiError(40035, "invalid parameter: user_list")
        if not 1 <= len(asked) <= MOST_ASKED:
            raise ApiError(40032, "invalid openid list size")
        for one in asked:
            _check_language(one.get("lang", "zh_CN"))
        with self._state.reading() as base:
            told = [self._info(base, one.get("openid")) for one in asked]
        return answer({"user_info_list": told})

    def _info(self, base: sqlite3.Connection, openid: object) -> dict[str, Any]:
        row = follower(base, self._account.app_id, openid)
        if row is None:
            raise ApiError(40003, "invalid openid")
        if not row["subscribed"]:
            return {"subscribe": 0, "openid": row["openid"]}
        tags = base.execute(
            "SELECT tag FROM tagged WHERE app_id = ? AND openid = ? ORDER BY tag",
            (self._account.app_id, row["openid"]),
        ).fetchall()
        return {
            "subscribe": 1,
            "openid": row["openid"],
            "subscribe_time": int(row["since"]),
            "remark": "",
            "groupid": tags[0]["tag"] if tags else 0,
            "tagid_list": [tag["tag"] for tag in tags],
            "subscribe_scene": "ADD_SCENE_SEARCH",
            "qr_scene": 0,
            "qr_scene_str": "",
        }


def after(people: list[str], openid: object) -> dict[str, Any]:
    """A page of openids after one; 40003 for an openid that is not among them."""
    if openid and openid not in people:
        raise ApiError(40003, "invalid openid")
    start = people.index(str(openid)) + 1 if openid else 0
    found = people[start : start + PAGE]
    if not found:
        return {"count": 0, "next_openid": ""}
    return {"count": len(found), "data": {"openid": found}, "next_openid": found[-1]}


def _check_language(language: object) -> None:
    if language not in _LANGUAGES:
        raise ApiError(40035, "invalid parameter: lang")
