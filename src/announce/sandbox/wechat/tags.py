"""Tags of followers.

https://developers.weixin.qq.com/doc/offiaccount/User_Management/User_Tag_Management.html
"""

from __future__ import annotations

import sqlite3
from typing import Any

from announce.sandbox.loopback import HttpReply
from announce.sandbox.wechat.account import Account
from announce.sandbox.wechat.population import (
    FIRST_TAG,
    follower,
    has_tag,
    new_tag,
    tagged_people,
)
from announce.sandbox.wechat.protocol import OK, ApiError, Call, answer
from announce.sandbox.wechat.state import State
from announce.sandbox.wechat.users import after

MOST_TAGS = 100
LONGEST_NAME = 30  # bytes: ten Chinese characters
MOST_AT_ONCE = 50
MOST_A_PERSON = 20
MOST_IN_DELETED = 100_000


class Tags:
    """The tag calls of one account."""

    def __init__(self, state: State, account: Account) -> None:
        self._state = state
        self._account = account

    def create(self, call: Call) -> HttpReply:
        """tags/create: a new one, by its name."""
        tag = _tag(call)
        with self._state.changing() as base:
            name = self._free_name(base, tag.get("name"))
            if len(self._rows(base)) >= MOST_TAGS:
                raise ApiError(45056, "too many tag now, no need to add new")
            number = new_tag(base, self._account.app_id, name)
        return answer({"tag": {"id": number, "name": name}})

    def all(self, _call: Call) -> HttpReply:
        """tags/get: all of them, with the number of their followers."""
        with self._state.reading() as base:
            tags = [
                {
                    "id": row["id"],
                    "name": row["name"],
                    "count": len(tagged_people(base, self._account.app_id, row["id"])),
                }
                for row in self._rows(base)
            ]
        return answer({"tags": tags})

    def update(self, call: Call) -> HttpReply:
        """tags/update: another name."""
        tag = _tag(call)
        with self._state.changing() as base:
            number = self._own(base, tag.get("id"))
            name = self._free_name(base, tag.get("name"))
            base.execute(
                "UPDATE tags SET name = ? WHERE app_id = ? AND id = ?",
                (name, self._account.app_id, number),
            )
        return answer(OK)

    def delete(self, call: Call) -> HttpReply:
        """tags/delete: the tag, from everybody who has it."""
        tag = _tag(call)
        with self._state.changing() as base:
            number = self._own(base, tag.get("id"))
            if len(tagged_people(base, self._account.app_id, number)) > MOST_IN_DELETED:
                raise ApiError(45057, "can't delete the tag that has too many fans")
            where = (self._account.app_id, number)
            base.execute("DELETE FROM tags WHERE app_id = ? AND id = ?", where)
            base.execute("DELETE FROM tagged WHERE app_id = ? AND tag = ?", where)
        return answer(OK)

    def people(self, call: Call) -> HttpReply:
        """user/tag/get: the followers with a tag, in pages."""
        asked = call.json()
        with self._state.reading() as base:
            number = self._known(base, asked.get("tagid"))
            people = tagged_people(base, self._account.app_id, number)
        return answer(after(people, asked.get("next_openid", "")))

    def tag(self, call: Call) -> HttpReply:
        """tags/members/batchtagging: give a tag to up to fifty people."""
        return self._change(call, give=True)

    def untag(self, call: Call) -> HttpReply:
        """tags/members/batchuntagging: take it from them."""
        return self._change(call, give=False)

    def of_one(self, call: Call) -> HttpReply:
        """tags/getidlist: the tags of one follower."""
        with self._state.reading() as base:
            row = follower(base, self._account.app_id, call.json().get("openid"))
            if row is None:
                raise ApiError(40003, "invalid openid")
            numbers = _tags_of(base, self._account.app_id, row["openid"])
        return answer({"tagid_list": numbers})

    def _change(self, call: Call, *, give: bool) -> HttpReply:
        asked = call.json()
        people = asked.get("openid_list")
        if not isinstance(people, list) or not people:
            raise ApiError(40031, "invalid openid list")
        if len(people) > MOST_AT_ONCE:
            raise ApiError(40032, "invalid openid list size")
        with self._state.changing() as base:
            number = self._known(base, asked.get("tagid"))
            rows = {one: follower(base, self._account.app_id, one) for one in map(str, people)}
            strangers = [one for one, row in rows.items() if row is None or not row["subscribed"]]
            if len(strangers) == len(rows):
                raise ApiError(49003, "not match openid with appid")
            for openid in rows.keys() - set(strangers):
                self._change_one(base, number, openid, give=give)
        # Those who can be are tagged, although the answer is an error.
        if strangers:
            raise ApiError(45171, "some openid failed", fail_openid_list=strangers)
        return answer(OK)

    def _change_one(
        self, base: sqlite3.Connection, number: int, openid: str, *, give: bool
    ) -> None:
        app_id = self._account.app_id
        if not give:
            base.execute(
                "DELETE FROM tagged WHERE app_id = ? AND tag = ? AND openid = ?",
                (app_id, number, openid),
            )
            return
        has = _tags_of(base, app_id, openid)
        if number not in has and len(has) >= MOST_A_PERSON:
            raise ApiError(45059, "can't add more than 20 tags to a user")
        base.execute("INSERT OR IGNORE INTO tagged VALUES (?, ?, ?)", (app_id, number, openid))

    def _rows(self, base: sqlite3.Connection) -> list[sqlite3.Row]:
        return base.execute(
            "SELECT * FROM tags WHERE app_id = ? ORDER BY id", (self._account.app_id,)
        ).fetchall()

    def _free_name(self, base: sqlite3.Connection, name: object) -> str:
        if not isinstance(name, str) or not name.strip():
            raise ApiError(45157, "invalid tag name")
        if len(name.encode()) > LONGEST_NAME:
            raise ApiError(45158, "invalid length of tag name")
        if any(row["name"] == name for row in self._rows(base)):
            raise ApiError(45157, "invalid tag name")
        return name

    def _known(self, base: sqlite3.Connection, number: object) -> int:
        if not has_tag(base, self._account.app_id, number):
            raise ApiError(45159, "invalid tag id")
        return int(number)  # type: ignore[call-overload, no-any-return]

    def _own(self, base: sqlite3.Connection, number: object) -> int:
        if type(number) is int and 0 <= number < FIRST_TAG:
            raise ApiError(45058, "can't modify sys tag")
        return self._known(base, number)


def _tag(call: Call) -> dict[str, Any]:
    tag = call.json().get("tag")
    if not isinstance(tag, dict):
        raise ApiError(47001, "data format error")
    return tag


def _tags_of(base: sqlite3.Connection, app_id: str, openid: str) -> list[int]:
    rows = base.execute(
        "SELECT tag FROM tagged WHERE app_id = ? AND openid = ? ORDER BY tag", (app_id, openid)
    )
    return [row["tag"] for row in rows]
