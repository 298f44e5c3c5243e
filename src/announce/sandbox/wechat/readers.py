"""What really reached people: the measure of "nobody got it twice"."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from announce.sandbox.wechat.mass_jobs import msg_id
from announce.sandbox.wechat.periods import utc
from announce.sandbox.wechat.publishing import publish_id
from announce.sandbox.wechat.state import State

_MARKER = re.compile(r"\bdata-announce\s*=\s*[\"']([^\"']*)[\"']")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """Something that people could read.

    `kind` is publish, mass, preview, template or subscribe; `id` the publish_id, msg_id or
    number; `titles` and `markers` (`data-announce` in the content, "" for none) one an article;
    `words` the text of a notice or a text message; `people` the openids it was put before:
    nobody in particular for a publication, which is a page and is pushed to no one.
    """

    kind: str
    id: str
    at: datetime
    titles: tuple[str, ...]
    markers: tuple[str, ...]
    words: str = ""
    people: tuple[str, ...] = ()


def readers(state: State, app_id: str) -> list[Reached]:
    """Everything that came out, in the order in which it did.

    What was deleted or banned afterwards is there too: somebody may have read it.
    """
    found = [*_publications(state, app_id), *_masses(state, app_id), *_notices(state, app_id)]
    return sorted(found, key=lambda reached: reached.at)


def _publications(state: State, app_id: str) -> list[Reached]:
    with state.reading() as base:
        rows = base.execute(
            "SELECT * FROM publications WHERE app_id = ? AND status IN (0, 5, 6) ORDER BY number",
            (app_id,),
        ).fetchall()
    return [
        Reached(
            kind="publish",
            id=publish_id(row["number"]),
            at=utc(row["due"]),
            **_articles(row["articles"]),
        )
        for row in rows
    ]


def _masses(state: State, app_id: str) -> list[Reached]:
    with state.reading() as base:
        rows = base.execute(
            "SELECT * FROM masses WHERE app_id = ? AND state IN ('sent', 'deleted')"
            " ORDER BY number",
            (app_id,),
        ).fetchall()
        people: dict[int, list[str]] = {}
        for one in base.execute(
            "SELECT mass, openid FROM received WHERE app_id = ? ORDER BY rowid", (app_id,)
        ):
            people.setdefault(one["mass"], []).append(one["openid"])
    return [
        Reached(
            kind="mass",
            id=str(msg_id(row["number"])),
            at=utc(row["due"]),
            words=row["words"],
            people=tuple(people.get(row["number"], ())),
            **_articles(row["articles"]),
        )
        for row in rows
    ]


def _notices(state: State, app_id: str) -> list[Reached]:
    with state.reading() as base:
        rows = base.execute(
            "SELECT * FROM notices WHERE app_id = ? AND status = 'success' ORDER BY number",
            (app_id,),
        ).fetchall()
    return [
        Reached(
            kind=row["kind"],
            id=str(row["number"]),
            at=utc(row["at"]),
            words=row["words"],
            people=(row["openid"],),
            **(
                _articles(row["articles"])
                if row["kind"] == "preview"
                else {"titles": (row["title"],), "markers": (row["client_id"],)}
            ),
        )
        for row in rows
    ]


def _articles(stored: str) -> dict[str, Any]:
    articles = json.loads(stored)
    found = [_MARKER.search(article["content"]) for article in articles]
    return {
        "titles": tuple(article["title"] for article in articles),
        "markers": tuple(match[1] if match else "" for match in found),
    }
