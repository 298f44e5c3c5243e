"""`announce wechat drafts`: the draft box, and whose each draft is."""

from __future__ import annotations

from typing import Any

import click

from announce.articles.box import BoxDraft, drafts_in
from announce.articles.desk import open_desk
from announce.cli.common import now
from announce.cli.screen import Screen
from announce.cli.wechat.common import about, head, moment, stamped
from announce.gathering import open_project
from announce.texts import say, say_n


@click.command(
    "drafts",
    help=say(
        "List the account's draft box: titles, articles, when it was changed, its media_id, and "
        "the campaign that it belongs to."
    ),
)
@click.pass_obj
def command(screen: Screen) -> int:
    """List the drafts."""
    project = open_project(screen.project)
    head(screen, project)
    with open_desk(project, now) as desk:
        drafts = drafts_in(desk)
        opening = about(desk)
    if screen.as_json:
        screen.document({**opening, "drafts": [_json(draft) for draft in drafts]})
    screen.line(say_n("{n} draft in the box.", "{n} drafts in the box.", len(drafts)))
    if drafts:
        heads = [say("title"), say("articles"), say("changed"), say("whose"), "media_id"]
        rows = [
            [
                draft.titles[0] if draft.titles else "–",
                str(len(draft.titles)),
                moment(project, draft.changed),
                _whose(draft),
                draft.media_id,
            ]
            for draft in drafts
        ]
        screen.table(heads, rows)
    return 0


def _whose(draft: BoxDraft) -> str:
    if draft.owner is not None:
        row = draft.owner.row
        return f"{row.key.campaign} ({row.language})"
    return say("another ledger's") if draft.marked else say("not ours")


def _json(draft: BoxDraft) -> dict[str, Any]:
    key = draft.owner.key if draft.owner else None
    return {
        "media_id": draft.media_id,
        "titles": list(draft.titles),
        "articles": len(draft.titles),
        "changed": stamped(draft.changed),
        "campaign": key.campaign if key else None,
        "key": key.recipient if key else None,
        "marked": draft.marked,
    }
