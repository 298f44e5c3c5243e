"""Publications, mass messages and notices as values, to look at."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from announce.sandbox.wechat.drafts import DraftArticle, article_of
from announce.sandbox.wechat.mass_jobs import msg_id
from announce.sandbox.wechat.periods import utc
from announce.sandbox.wechat.publishing import publish_id
from announce.sandbox.wechat.state import State


@dataclass(frozen=True, slots=True, kw_only=True)
class OutArticle:
    """An article that is out or on its way: `link` is "" until it is out."""

    article: DraftArticle
    link: str
    deleted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """A submission: `status` as freepublish/get tells it, `at` when it ends or ended."""

    publish_id: str
    status: int
    fail_idx: tuple[int, ...]
    articles: tuple[OutArticle, ...]
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class MassMessage:
    """A mass message: `state` is asked, sending, sent, failed or deleted.

    `audience` is {"all": true}, {"tag": name} or {"openids": […]}; `counts` those of the event,
    empty until it ended; `outcome` its Status then; `at` when it ends or ended.
    """

    msg_id: int
    kind: str
    state: str
    outcome: str
    words: str
    audience: Mapping[str, Any]
    counts: Mapping[str, int]
    articles: tuple[OutArticle, ...]
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A message to one person: `kind` is template, subscribe or preview."""

    number: int
    kind: str
    openid: str
    title: str
    words: str
    status: str
    articles: tuple[OutArticle, ...]
    at: datetime


def publications_in(state: State, app_id: str | None = None) -> list[Publication]:
    """The submissions of one account, or of all that the folder knows; the newest first."""
    return [
        Publication(
            publish_id=publish_id(row["number"]),
            status=row["status"],
            fail_idx=tuple(json.loads(row["failed"])),
            articles=_articles(state, row["articles"]),
            at=utc(row["due"]),
        )
        for row in _rows(state, "publications", app_id)
    ]


def masses_in(state: State, app_id: str | None = None) -> list[MassMessage]:
    """The mass messages of one account, or of all; the newest first."""
    return [
        MassMessage(
            msg_id=msg_id(row["number"]),
            kind=row["kind"],
            state=row["state"],
            outcome=row["outcome"] if row["state"] in ("sent", "failed", "deleted") else "",
            words=row["words"],
            audience=_audience(state, row),
            counts=json.loads(row["counts"]),
            articles=_articles(state, row["articles"]),
            at=utc(row["due"] if row["state"] != "asked" else row["submitted"]),
        )
        for row in _rows(state, "masses", app_id)
    ]


def notices_in(state: State, app_id: str | None = None) -> list[Notice]:
    """The notices and previews of one account, or of all; the newest first."""
    return [
        Notice(
            number=row["number"],
            kind=row["kind"],
            openid=row["openid"],
            title=row["title"],
            words=row["words"],
            status=row["status"],
            articles=_articles(state, row["articles"]),
            at=utc(row["at"]),
        )
        for row in _rows(state, "notices", app_id)
    ]


def empty_outbox(state: State) -> None:
    """Forget everything that came out, quotas of mass messages with it; drafts stay."""
    with state.changing() as base:
        for table in ("publications", "masses", "received", "notices", "events"):
            base.execute(f"DELETE FROM {table}")


def _rows(state: State, table: str, app_id: str | None) -> list[sqlite3.Row]:
    with state.reading() as base:
        return base.execute(
            f"SELECT * FROM {table} WHERE ? IS NULL OR app_id = ? ORDER BY number DESC",
            (app_id, app_id),
        ).fetchall()


def _articles(state: State, stored: str) -> tuple[OutArticle, ...]:
    return tuple(
        OutArticle(
            article=article_of(state, article),
            link=article.get("link", ""),
            deleted=article.get("is_deleted", False),
        )
        for article in json.loads(stored)
    )


def _audience(state: State, row: sqlite3.Row) -> dict[str, Any]:
    audience: dict[str, Any] = json.loads(row["audience"])
    if "tag" not in audience:
        return audience
    with state.reading() as base:
        tag = base.execute(
            "SELECT name FROM tags WHERE app_id = ? AND id = ?", (row["app_id"], audience["tag"])
        ).fetchone()
    return {"tag": tag["name"] if tag is not None else str(audience["tag"])}
