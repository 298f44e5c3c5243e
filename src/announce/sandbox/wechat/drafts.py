"""The draft box.

https://developers.weixin.qq.com/doc/subscription/api/draftbox/draftmanage/api_draft_add
There is no idempotency key: adding twice makes two drafts, as on the platform.
"""

from __future__ import annotations

import json
import secrets
import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from announce.sandbox.loopback import HttpReply
from announce.sandbox.wechat.account import Account
from announce.sandbox.wechat.materials import Materials, paging, picture_file
from announce.sandbox.wechat.protocol import ApiError, Call, answer
from announce.sandbox.wechat.rules import Profile, check_article, check_articles
from announce.sandbox.wechat.state import State

_OK = {"errcode": 0, "errmsg": "ok"}


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftArticle:
    """An article as the draft box has it: `content` after the platform's changes.

    `cover` is the file of its cover, None where the material is gone.
    """

    title: str
    author: str
    digest: str
    content: str
    original_url: str
    cover: Path | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A draft: one article or several, `at` when it was last changed."""

    media_id: str
    articles: tuple[DraftArticle, ...]
    at: datetime


class Drafts:
    """The draft box of one account."""

    def __init__(
        self, state: State, account: Account, profile: Profile, materials: Materials
    ) -> None:
        self._state = state
        self._account = account
        self._profile = profile
        self._materials = materials

    def add(self, call: Call) -> HttpReply:
        """draft/add: one to eight articles."""
        articles = check_articles(call.json().get("articles"), self._profile, **self._checks())
        stored = json.dumps([self._stored(a) for a in articles], ensure_ascii=False)
        media_id, at = secrets.token_urlsafe(48), call.at.timestamp()
        with self._state.changing() as base:
            base.execute(
                "INSERT INTO drafts (media_id, app_id, articles, created, updated)"
                " VALUES (?, ?, ?, ?, ?)",
                (media_id, self._account.app_id, stored, at, at),
            )
        return answer({"media_id": media_id, "item": []})

    def update(self, call: Call) -> HttpReply:
        """draft/update: one article, by its index from 0; whatever it was before is gone."""
        asked = call.json()
        row = self._find(asked.get("media_id"))
        articles = json.loads(row["articles"])
        index = asked.get("index", 0)
        if type(index) is not int or not 0 <= index < len(articles):
            raise ApiError(40114, "invalid index value")
        article = check_article(asked.get("articles"), self._profile, **self._checks())
        articles[index] = self._stored(article)
        with self._state.changing() as base:
            base.execute(
                "UPDATE drafts SET articles = ?, updated = ? WHERE number = ?",
                (json.dumps(articles, ensure_ascii=False), call.at.timestamp(), row["number"]),
            )
        return answer(_OK)

    def get(self, call: Call) -> HttpReply:
        """draft/get: answered as text/plain without a charset, as the platform does."""
        row = self._find(call.json().get("media_id"))
        return answer({"news_item": json.loads(row["articles"])}, media_type="text/plain")

    def page(self, call: Call) -> HttpReply:
        """draft/batchget: the newest first."""
        asked = call.json()
        offset, count = paging(asked)
        bare = asked.get("no_content", 0)
        if bare not in (0, 1):
            raise ApiError(40035, "invalid parameter: no_content")
        rows = self._rows()
        items = [_item(row, bare=bool(bare)) for row in rows[offset : offset + count]]
        return answer({"item": items, "total_count": len(rows), "item_count": len(items)})

    def count(self, _call: Call) -> HttpReply:
        """draft/count."""
        return answer({"total_count": len(self._rows())})

    def delete(self, call: Call) -> HttpReply:
        """draft/delete: final."""
        row = self._find(call.json().get("media_id"))
        with self._state.changing() as base:
            base.execute("DELETE FROM drafts WHERE number = ?", (row["number"],))
        return answer(_OK)

    def all(self) -> list[Draft]:
        """The whole box, the newest first."""
        return drafts_in(self._state, self._account.app_id)

    def _checks(self) -> dict[str, Any]:
        return {"cover": self._materials.cover, "comments": self._account.comments}

    def _rows(self) -> list[sqlite3.Row]:
        return _rows(self._state, self._account.app_id)

    def _find(self, media_id: object) -> sqlite3.Row:
        for row in self._rows():
            if row["media_id"] == media_id:
                return row
        raise ApiError(40007, "invalid media_id")

    def _stored(self, article: dict[str, Any]) -> dict[str, Any]:
        # With lxml behind it; most rehearsals are of mails only.
        from announce.sandbox.wechat.sanitise import first_words, sanitise

        picture_post = article.get("article_type") == "newspic"
        content = article["content"] if picture_post else sanitise(article["content"])
        cover = article.get("thumb_media_id", "")
        stored = {
            "article_type": article.get("article_type", "news"),
            "title": article["title"],
            "author": article.get("author", ""),
            "digest": article.get("digest") or first_words(content),
            "content": content,
            "content_source_url": article.get("content_source_url", ""),
            "thumb_media_id": cover,
            "show_cover_pic": 0,
            "url": f"http://mp.weixin.qq.com/s?__biz=SANDBOX&tempkey={secrets.token_urlsafe(40)}",
            "thumb_url": "" if picture_post else self._materials.cover(cover),
            "need_open_comment": article.get("need_open_comment", 0),
            "only_fans_can_comment": article.get("only_fans_can_comment", 0),
        }
        if picture_post:
            stored["image_info"] = article["image_info"]
        return stored


def drafts_in(state: State, app_id: str | None = None) -> list[Draft]:
    """The drafts of one account, or of all that the folder knows; the newest first."""
    return [_draft(state, row) for row in _rows(state, app_id)]


def empty_drafts(state: State) -> None:
    """Remove every draft that the folder knows; materials stay."""
    with state.changing() as base:
        base.execute("DELETE FROM drafts")


def _rows(state: State, app_id: str | None) -> list[sqlite3.Row]:
    with state.reading() as base:
        return base.execute(
            "SELECT * FROM drafts WHERE ? IS NULL OR app_id = ? ORDER BY updated DESC, number DESC",
            (app_id, app_id),
        ).fetchall()


def _item(row: sqlite3.Row, *, bare: bool) -> dict[str, Any]:
    updated = int(row["updated"])
    item = {"media_id": row["media_id"], "update_time": updated}
    if not bare:
        item["content"] = {
            "news_item": json.loads(row["articles"]),
            "create_time": int(row["created"]),
            "update_time": updated,
        }
    return item


def _draft(state: State, row: sqlite3.Row) -> Draft:
    return Draft(
        media_id=row["media_id"],
        articles=tuple(
            DraftArticle(
                title=article["title"],
                author=article["author"],
                digest=article["digest"],
                content=article["content"],
                original_url=article["content_source_url"],
                cover=picture_file(state, article["thumb_url"]),
            )
            for article in json.loads(row["articles"])
        ),
        at=datetime.fromtimestamp(row["updated"], UTC),
    )
