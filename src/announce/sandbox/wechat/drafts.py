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
from announce.sandbox.wechat.protocol import OK, ApiError, Call, answer, no_content
from announce.sandbox.wechat.rules import Profile, check_article, check_articles, first_picture
from announce.sandbox.wechat.state import State


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftArticle:
    """An article as the draft box has it: `content` after the platform's changes.

    `cover` is the file of its cover, None where the material is gone. A post of pictures has
    `kind` newspic, plain text as content, and `pictures`, the first of which is the cover.
    """

    title: str
    author: str
    digest: str
    content: str
    original_url: str
    cover: Path | None
    kind: str = "news"
    pictures: tuple[Path, ...] = ()


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
        alone = len(articles) == 1
        stored = json.dumps([self._stored(a, alone=alone) for a in articles], ensure_ascii=False)
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
        article = check_article(asked.get("articles"), self._profile, **self._checks())
        with self._state.changing() as base:
            row = find_draft(base, self._account.app_id, asked.get("media_id"))
            articles = json.loads(row["articles"])
            index = asked.get("index")
            if type(index) is not int or not 0 <= index < len(articles):
                raise ApiError(40114, "invalid index value")
            articles[index] = self._stored(article, alone=len(articles) == 1)
            base.execute(
                "UPDATE drafts SET articles = ?, updated = ? WHERE number = ?",
                (json.dumps(articles, ensure_ascii=False), call.at.timestamp(), row["number"]),
            )
        return answer(OK)

    def get(self, call: Call) -> HttpReply:
        """draft/get: answered as text/plain without a charset, as the platform does."""
        asked = call.json().get("media_id")
        with self._state.reading() as base:
            row = find_draft(base, self._account.app_id, asked)
        return answer({"news_item": json.loads(row["articles"])}, media_type="text/plain")

    def page(self, call: Call) -> HttpReply:
        """draft/batchget: the newest first."""
        asked = call.json()
        offset, count = paging(asked)
        bare = no_content(asked)
        rows = self._rows()
        items = [_item(row, bare=bare) for row in rows[offset : offset + count]]
        return answer({"item": items, "total_count": len(rows), "item_count": len(items)})

    def count(self, _call: Call) -> HttpReply:
        """draft/count."""
        return answer({"total_count": len(self._rows())})

    def delete(self, call: Call) -> HttpReply:
        """draft/delete: final."""
        asked = call.json().get("media_id")
        with self._state.changing() as base:
            remove_draft(base, find_draft(base, self._account.app_id, asked)["media_id"])
        return answer(OK)

    def all(self) -> list[Draft]:
        """The whole box, the newest first."""
        return drafts_in(self._state, self._account.app_id)

    def _checks(self) -> dict[str, Any]:
        return {"cover": self._materials.use, "comments": self._account.comments}

    def _rows(self) -> list[sqlite3.Row]:
        return _rows(self._state, self._account.app_id)

    def _stored(self, article: dict[str, Any], *, alone: bool) -> dict[str, Any]:
        # With lxml behind it; most rehearsals are of mails only.
        from announce.sandbox.wechat.sanitise import first_words, sanitise

        picture_post = article.get("article_type") == "newspic"
        content = article["content"] if picture_post else sanitise(article["content"])
        cover = first_picture(article) if picture_post else article["thumb_media_id"]
        stored = {
            "article_type": article.get("article_type", "news"),
            "title": article["title"],
            "author": article.get("author", ""),
            # Only a message of one article has a digest.
            "digest": (article.get("digest") or first_words(content)) if alone else "",
            "content": content,
            "content_source_url": article.get("content_source_url", ""),
            "thumb_media_id": "" if picture_post else cover,
            "show_cover_pic": 0,
            "url": f"http://mp.weixin.qq.com/s?__biz=SANDBOX&tempkey={secrets.token_urlsafe(40)}",
            "thumb_url": self._materials.cover(cover),
            "need_open_comment": article.get("need_open_comment", 0),
            "only_fans_can_comment": article.get("only_fans_can_comment", 0),
        }
        kept = ("image_info", "cover_info") if picture_post else ("pic_crop_235_1", "pic_crop_1_1")
        return stored | {name: article[name] for name in kept if name in article}


def find_draft(base: sqlite3.Connection, app_id: str, media_id: object) -> sqlite3.Row:
    """A draft of an account; 40007 for none."""
    row = base.execute(
        "SELECT * FROM drafts WHERE app_id = ? AND media_id = ?",
        (app_id, media_id if isinstance(media_id, str) else ""),
    ).fetchone()
    if row is None:
        raise ApiError(40007, "invalid media_id")
    return row  # type: ignore[no-any-return]


def remove_draft(base: sqlite3.Connection, media_id: str) -> None:
    """Take a draft out of the box: deleted, published or sent to followers."""
    base.execute("DELETE FROM drafts WHERE media_id = ?", (media_id,))


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


def article_of(state: State, article: dict[str, Any]) -> DraftArticle:
    """A stored article as a value."""
    return DraftArticle(
        title=article["title"],
        author=article["author"],
        digest=article["digest"],
        content=article["content"],
        original_url=article["content_source_url"],
        cover=picture_file(state, article["thumb_url"]),
        kind=article["article_type"],
        pictures=_pictures(state, article),
    )


def _pictures(state: State, article: dict[str, Any]) -> tuple[Path, ...]:
    listed = article.get("image_info", {}).get("image_list", [])
    wanted = [item["image_media_id"] for item in listed]
    with state.reading() as base:
        rows = [
            base.execute("SELECT file FROM materials WHERE media_id = ?", (one,)).fetchone()
            for one in wanted
        ]
    return tuple(state.files / row["file"] for row in rows if row is not None)


def _draft(state: State, row: sqlite3.Row) -> Draft:
    return Draft(
        media_id=row["media_id"],
        articles=tuple(article_of(state, article) for article in json.loads(row["articles"])),
        at=datetime.fromtimestamp(row["updated"], UTC),
    )
