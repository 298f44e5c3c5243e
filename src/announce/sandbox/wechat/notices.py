"""Messages about one person's matters: templates, and subscriptions that are used up.

https://developers.weixin.qq.com/doc/offiaccount/Message_Management/Template_Message_Interface.html
For verified service accounts only.
"""

from __future__ import annotations

import base64
import hashlib
import re
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from announce.sandbox.loopback import HttpReply
from announce.sandbox.wechat import events
from announce.sandbox.wechat.account import Account
from announce.sandbox.wechat.notice_rules import fields_of, filled
from announce.sandbox.wechat.population import everybody, follower
from announce.sandbox.wechat.protocol import OK, ApiError, Call, answer
from announce.sandbox.wechat.state import State

REMEMBERED = 600  # seconds that a client_msg_id is kept
LONGEST_URL = 1024
_FIRST_ID = 200_000_000
_ARRIVED, _REFUSED = "success", "failed:user block"
_APP_ID = re.compile(r"wx[0-9a-f]{16}\Z")
_SEEDED = (
    (
        "template",
        "投稿结果通知",
        "稿件标题：{{thing1.DATA}}\n稿件编号：{{character_string2.DATA}}\n"
        "评审结果：{{phrase3.DATA}}\n通知时间：{{time4.DATA}}",
    ),
    (
        "subscribe",
        "活动提醒",
        "活动名称：{{thing1.DATA}}\n截止时间：{{date2.DATA}}\n备注：{{thing3.DATA}}",
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeTemplate:
    """A template of the account: `use` is template or subscribe, `fields` its names in order."""

    template_id: str
    use: str
    title: str
    content: str

    @property
    def fields(self) -> tuple[str, ...]:
        """The names that `data` must have."""
        return tuple(fields_of(self.content))


class Notices:
    """The template and subscription messages of one account."""

    def __init__(self, state: State, account: Account) -> None:
        self._state = state
        self._account = account

    def seed(self) -> None:
        """Give a new account its templates, and its followers one subscription each."""
        if self.templates():
            return
        for use, title, content in _SEEDED:
            template = self.add_template(use, title, content)
            if use == "subscribe":
                with self._state.reading() as base:
                    people = everybody(base, self._account.app_id)
                self.add_credit(people, template.template_id, 1)

    def add_template(self, use: str, title: str, content: str) -> NoticeTemplate:
        """Give the account a template; the same one again changes nothing."""
        told = "\n".join((self._account.app_id, use, title, content))
        name = base64.urlsafe_b64encode(hashlib.sha256(told.encode()).digest()).decode()[:43]
        with self._state.changing() as base:
            base.execute(
                "INSERT OR IGNORE INTO templates VALUES (?, ?, ?, ?, ?)",
                (self._account.app_id, name, use, title, content),
            )
        return NoticeTemplate(template_id=name, use=use, title=title, content=content)

    def meet(self, openid: str, template_id: str, use: str, fields: Iterable[str]) -> None:
        """Have a template of this id with these fields, and somebody's word for one more message
        of it; a template that is there stays as it is."""
        content = "\n".join(f"{name}：{{{{{name}.DATA}}}}" for name in fields)
        with self._state.changing() as base:
            base.execute(
                "INSERT OR IGNORE INTO templates VALUES (?, ?, ?, ?, ?)",
                (self._account.app_id, template_id, use, template_id, content),
            )
        if use == "subscribe":
            self.add_credit([openid], template_id, 1)

    def add_credit(self, openids: list[str], template_id: str, messages: int) -> None:
        """Let people have agreed to so many more messages of a subscription template."""
        with self._state.changing() as base:
            base.executemany(
                "INSERT INTO credits VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE"
                " SET remaining = remaining + excluded.remaining",
                [(self._account.app_id, openid, template_id, messages) for openid in openids],
            )

    def templates(self) -> list[NoticeTemplate]:
        """The account's templates, in the order of their making."""
        with self._state.reading() as base:
            rows = base.execute(
                "SELECT * FROM templates WHERE app_id = ? ORDER BY rowid", (self._account.app_id,)
            ).fetchall()
        return [
            NoticeTemplate(
                template_id=row["template_id"],
                use=row["use"],
                title=row["title"],
                content=row["content"],
            )
            for row in rows
        ]

    def listed(self, _call: Call) -> HttpReply:
        """template/get_all_private_template."""
        found = [
            {
                "template_id": template.template_id,
                "title": template.title,
                "primary_industry": "教育",
                "deputy_industry": "学术科研",
                "content": template.content,
                "example": "",
            }
            for template in self.templates()
            if template.use == "template"
        ]
        return answer({"template_list": found})

    def send_template(self, call: Call) -> HttpReply:
        """template/send: accepted is not arrived; the event tells."""
        asked = call.json()
        at = call.at.timestamp()
        with self._state.changing() as base:
            row = self._person(base, asked)
            if not row["subscribed"]:
                raise ApiError(43004, "require subscribe")
            template = self._template(asked, "template")
            words = filled(template.content, asked.get("data"))
            _check_targets(asked)
            client_id = _client_id(asked)
            number = self._sent_before(base, row["openid"], client_id, at)
            if number is None:
                status = _REFUSED if row["refuses"] else _ARRIVED
                number = self._keep(base, template, row["openid"], words, client_id, status, at)
                fields = events.notice_sent(row["openid"], _FIRST_ID + number, status)
                events.keep(base, self._account.app_id, at, fields)
        return answer({**OK, "msgid": _FIRST_ID + number})

    def send_subscribed(self, call: Call) -> HttpReply:
        """subscribe/bizsend: one for each time that the person agreed; 43101 after that."""
        asked = call.json()
        at = call.at.timestamp()
        with self._state.changing() as base:
            row = self._person(base, asked)
            template = self._template(asked, "subscribe")
            words = filled(template.content, asked.get("data"))
            _check_targets(asked)
            used = base.execute(
                "UPDATE credits SET remaining = remaining - 1 WHERE app_id = ? AND openid = ?"
                " AND template_id = ? AND remaining > 0",
                (self._account.app_id, row["openid"], template.template_id),
            ).rowcount
            if not used or row["refuses"]:
                raise ApiError(43101, "user refuse to accept the msg")
            self._keep(base, template, row["openid"], words, "", _ARRIVED, at)
        return answer(OK)

    def _person(self, base: sqlite3.Connection, asked: dict[str, Any]) -> sqlite3.Row:
        row = follower(base, self._account.app_id, asked.get("touser"))
        if row is None:
            raise ApiError(40003, "invalid openid")
        return row

    def _template(self, asked: dict[str, Any], use: str) -> NoticeTemplate:
        for template in self.templates():
            if (template.template_id, template.use) == (asked.get("template_id"), use):
                return template
        raise ApiError(40037, "invalid template_id")

    def _sent_before(
        self, base: sqlite3.Connection, openid: str, client_id: str, at: float
    ) -> int | None:
        if not client_id:
            return None
        row = base.execute(
            "SELECT number FROM notices WHERE app_id = ? AND openid = ? AND client_id = ?"
            " AND at > ? ORDER BY number DESC",
            (self._account.app_id, openid, client_id, at - REMEMBERED),
        ).fetchone()
        return int(row["number"]) if row is not None else None

    def _keep(
        self, base: sqlite3.Connection, template: NoticeTemplate, openid: str, words: str,
        client_id: str, status: str, at: float,
    ) -> int:  # fmt: skip
        number = base.execute(
            "INSERT INTO notices (app_id, kind, openid, at, title, words, client_id, articles,"
            " status) VALUES (?, ?, ?, ?, ?, ?, ?, '[]', ?)",
            (
                self._account.app_id, template.use, openid, at, template.title, words,
                client_id, status,
            ),
        ).lastrowid  # fmt: skip
        assert number is not None
        return number


def _client_id(asked: dict[str, Any]) -> str:
    client_id = asked.get("client_msg_id", "")
    if not isinstance(client_id, str):
        raise ApiError(47001, "data format error")
    return client_id


def _check_targets(asked: dict[str, Any]) -> None:
    url = asked.get("url") or asked.get("page") or ""
    if not isinstance(url, str) or len(url.encode()) > LONGEST_URL:
        raise ApiError(40039, "invalid url size")
    if url and urlsplit(url).scheme not in ("http", "https"):
        raise ApiError(40035, "invalid parameter: url")
    program = asked.get("miniprogram")
    if program and not (isinstance(program, dict) and _APP_ID.match(str(program.get("appid")))):
        raise ApiError(40013, "invalid appid")
