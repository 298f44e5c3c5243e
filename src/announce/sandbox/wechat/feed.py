"""What one follower finds in the account's conversation."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from announce.sandbox.wechat.mass_jobs import msg_id
from announce.sandbox.wechat.outbox import OutArticle, masses_in, notices_in
from announce.sandbox.wechat.population import Follower
from announce.sandbox.wechat.state import State


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedItem:
    """One message: `kind` is mass, preview, template or subscribe; `key` finds it again.

    It has articles, or words, or a `title` with words: a notice.
    """

    kind: str
    key: str
    at: datetime
    articles: tuple[OutArticle, ...]
    title: str
    words: str


def feed(state: State, openid: str) -> list[FeedItem]:
    """Everything that was put before a follower, the newest first."""
    with state.reading() as base:
        rows = base.execute("SELECT mass FROM received WHERE openid = ?", (openid,))
        got = {msg_id(row["mass"]) for row in rows}
    masses = [
        FeedItem(
            kind="mass",
            key=str(mass.msg_id),
            at=mass.at,
            articles=mass.articles,
            title="",
            words=mass.words,
        )
        for mass in masses_in(state)
        if mass.msg_id in got
    ]
    notices = [
        FeedItem(
            kind=notice.kind,
            key=str(notice.number),
            at=notice.at,
            articles=notice.articles,
            title=notice.title,
            words=notice.words,
        )
        for notice in notices_in(state)
        if notice.openid == openid and notice.status == "success"
    ]
    return sorted([*masses, *notices], key=lambda item: item.at, reverse=True)


def known_people(state: State) -> list[Follower]:
    """Everybody in whose place the conversation can be read: followers, and who got previews."""
    with state.reading() as base:
        rows = base.execute(
            "SELECT openid, group_concat(name, ' · ') AS names FROM (SELECT followers.openid,"
            " tags.name, followers.rowid AS place FROM followers"
            " LEFT JOIN tagged USING (app_id, openid)"
            " LEFT JOIN tags ON tags.app_id = tagged.app_id AND tags.id = tagged.tag"
            " ORDER BY followers.rowid, tags.id) GROUP BY openid ORDER BY MIN(place)"
        ).fetchall()
        others = base.execute(
            "SELECT DISTINCT openid FROM notices WHERE openid NOT IN"
            " (SELECT openid FROM followers) ORDER BY openid"
        ).fetchall()
    found = [
        Follower(openid=row["openid"], tags=(row["names"],) if row["names"] else ()) for row in rows
    ]
    return [*found, *(Follower(openid=row["openid"]) for row in others)]
