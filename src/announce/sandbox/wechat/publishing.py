"""Publishing a draft, and the list of what was published.

https://developers.weixin.qq.com/doc/subscription/api/public/api_freepublish_submit.html
A submission only begins: the answer says nothing about its end. Publishing makes a permanent
page and tells no follower of it.
"""

from __future__ import annotations

import json
import secrets
import sqlite3
import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from announce.sandbox.loopback import HttpReply
from announce.sandbox.wechat.account import Account
from announce.sandbox.wechat.drafts import find_draft, remove_draft
from announce.sandbox.wechat.materials import paging
from announce.sandbox.wechat.protocol import OK, ApiError, Call, answer, no_content, permanent_link
from announce.sandbox.wechat.state import State

PUBLISHED, PUBLISHING, DELETED = 0, 1, 5
# What a submission may come to: original check, ordinary failure, platform's review, ban.
OUTCOMES = frozenset({PUBLISHED, 2, 3, 4, 6})
# With these the articles were public, if only for a while.
WAS_PUBLIC = frozenset({PUBLISHED, DELETED, 6})
_NAMES_ARTICLES = frozenset({2, 4})
_FIRST_ID = 100_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What the next submission is to come to: a publish_status, and the articles at fault."""

    status: int
    fail_idx: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if self.status not in OUTCOMES:
            raise ValueError(f"no submission comes to publish_status {self.status}")


class Publishing:
    """The freepublish calls of one account; `delay` is how long a submission takes."""

    def __init__(self, state: State, account: Account, delay: timedelta) -> None:
        self.delay = delay
        self._state = state
        self._account = account
        self._coming: deque[Outcome] = deque()
        self._lock = threading.Lock()

    def script(self, outcome: Outcome) -> None:
        """Let the next submission that has none yet come to this."""
        with self._lock:
            self._coming.append(outcome)

    def submit(self, call: Call) -> HttpReply:
        """freepublish/submit: begins; a draft that is on its way already is refused (40007)."""
        asked = call.json()
        at = call.at.timestamp()
        with self._state.changing() as base:
            draft = find_draft(base, self._account.app_id, asked.get("media_id"))
            refuse_busy(base, draft["media_id"])
            with self._lock:
                outcome = self._coming.popleft() if self._coming else Outcome(status=PUBLISHED)
            number = base.execute(
                "INSERT INTO publications (app_id, media_id, articles, submitted, due, status,"
                " outcome, failed, article_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    self._account.app_id, draft["media_id"], draft["articles"], at,
                    at + self.delay.total_seconds(), PUBLISHING, outcome.status,
                    json.dumps(outcome.fail_idx), secrets.token_urlsafe(32),
                ),
            ).lastrowid  # fmt: skip
        assert number is not None
        return answer({**OK, "publish_id": publish_id(number), "msg_data_id": 2247483648 + number})

    def get(self, call: Call) -> HttpReply:
        """freepublish/get: how far it is."""
        row = self._find(call.json().get("publish_id"))
        body: dict[str, Any] = {
            "publish_id": publish_id(row["number"]),
            "publish_status": row["status"],
            "fail_idx": failed(row),
        }
        if row["status"] == PUBLISHED:
            body["article_id"] = row["article_id"]
            body["article_detail"] = article_detail(row)
        return answer(body)

    def page(self, call: Call) -> HttpReply:
        """freepublish/batchget: what was published, the newest first; no mass messages."""
        asked = call.json()
        offset, count = paging(asked)
        bare = no_content(asked)
        rows = self._published()
        items = [_listed(row, bare=bare) for row in rows[offset : offset + count]]
        return answer({"item": items, "total_count": len(rows), "item_count": len(items)})

    def article(self, call: Call) -> HttpReply:
        """freepublish/getarticle: the articles of one publication; 53600 for none."""
        row = self._by_article(call.json().get("article_id"), self._published())
        return answer({"news_item": news(row)})

    def delete(self, call: Call) -> HttpReply:
        """freepublish/delete: the article of an index from 1, or all (0 or none); final."""
        asked = call.json()
        index = asked.get("index", 0)
        with self._state.changing() as base:
            rows = published_rows(base, self._account.app_id)
            row = self._by_article(asked.get("article_id"), rows)
            articles = json.loads(row["articles"])
            if type(index) is not int or not 0 <= index <= len(articles):
                raise ApiError(40114, "invalid index value")
            for number, article in enumerate(articles, 1):
                article["is_deleted"] = article["is_deleted"] or index in (0, number)
            gone = all(article["is_deleted"] for article in articles)
            base.execute(
                "UPDATE publications SET articles = ?, status = ? WHERE number = ?",
                (
                    json.dumps(articles, ensure_ascii=False),
                    DELETED if gone else row["status"],
                    row["number"],
                ),
            )
        return answer(OK)

    def _find(self, asked: object) -> sqlite3.Row:
        with self._state.reading() as base:
            for row in base.execute(
                "SELECT * FROM publications WHERE app_id = ?", (self._account.app_id,)
            ):
                if publish_id(row["number"]) == str(asked):
                    return row  # type: ignore[no-any-return]
        raise ApiError(53502, "Publish ID 无效")

    def _by_article(self, asked: object, rows: Sequence[sqlite3.Row]) -> sqlite3.Row:
        for row in rows:
            if row["article_id"] == asked:
                return row
        raise ApiError(53600, "Article ID 无效")

    def _published(self) -> list[sqlite3.Row]:
        with self._state.reading() as base:
            return published_rows(base, self._account.app_id)


def publish_id(number: int) -> str:
    """A submission's id as the API gives it."""
    return str(_FIRST_ID + number)


def failed(row: sqlite3.Row) -> list[int]:
    """The articles at fault, from 1, where the status is one that names them."""
    return list(json.loads(row["failed"])) if row["status"] in _NAMES_ARTICLES else []


def article_detail(row: sqlite3.Row) -> dict[str, Any]:
    """The permanent addresses of a publication."""
    items = [
        {"idx": number, "article_url": article["link"]}
        for number, article in enumerate(json.loads(row["articles"]), 1)
    ]
    return {"count": len(items), "item": items}


def news(row: sqlite3.Row) -> list[dict[str, Any]]:
    """The articles of a publication as the lists give them: `url` is a temporary address."""
    return [
        {name: value for name, value in article.items() if name != "link"}
        for article in json.loads(row["articles"])
    ]


def published_rows(base: sqlite3.Connection, app_id: str | None) -> list[sqlite3.Row]:
    """The publications that came to be, of one account or all, the newest first."""
    return base.execute(
        "SELECT * FROM publications WHERE (? IS NULL OR app_id = ?) AND status IN (0, 5)"
        " ORDER BY due DESC, number DESC",
        (app_id, app_id),
    ).fetchall()


def refuse_busy(base: sqlite3.Connection, media_id: str) -> None:
    """Raise 40007 for a draft that is being published."""
    if base.execute(
        "SELECT 1 FROM publications WHERE media_id = ? AND status = ?", (media_id, PUBLISHING)
    ).fetchone():
        raise ApiError(40007, "invalid media_id")


def finish(base: sqlite3.Connection, row: sqlite3.Row) -> sqlite3.Row:
    """End a submission whose time has come; its draft leaves the box if it was published."""
    articles = json.loads(row["articles"])
    if row["outcome"] in WAS_PUBLIC:
        remove_draft(base, row["media_id"])
        for article in articles:
            article.update(link=permanent_link(), is_deleted=row["outcome"] != PUBLISHED)
    base.execute(
        "UPDATE publications SET status = outcome, articles = ? WHERE number = ?",
        (json.dumps(articles, ensure_ascii=False), row["number"]),
    )
    found: sqlite3.Row = base.execute(
        "SELECT * FROM publications WHERE number = ?", (row["number"],)
    ).fetchone()
    return found


def _listed(row: sqlite3.Row, *, bare: bool) -> dict[str, Any]:
    at = int(row["due"])
    item: dict[str, Any] = {"article_id": row["article_id"], "update_time": at}
    if not bare:
        item["content"] = {"news_item": news(row), "create_time": at, "update_time": at}
    return item
