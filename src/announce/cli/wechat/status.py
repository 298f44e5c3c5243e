"""`announce wechat status`: how far each article came, and what a person has to do."""

from __future__ import annotations

from contextlib import closing
from typing import IO, Any

import click

from announce.articles.again import look_again, open_pieces
from announce.articles.results import not_arrived, note_event, read_event
from announce.articles.standing import Piece, campaigns_of, pieces_of
from announce.cli.articles import article_json, todo
from announce.cli.common import now, project_campaign
from announce.cli.screen import Screen
from announce.cli.wechat.common import head, standing, told_of
from announce.errors import AnnounceError, MachineError
from announce.gathering import open_project
from announce.model.delivery import State
from announce.model.project import Project
from announce.model.wording import reason_text
from announce.outlets import is_sandboxed, open_ledger_of
from announce.texts import say

_BAD = (State.FAILED, State.IN_DOUBT)


@click.command(
    "status",
    help=say(
        "Show how far each article came. What waits or is in doubt is looked at again, and the "
        "ledger learns what became of it. With --event, note the end of a job that the platform "
        "told your server of."
    ),
)
@click.argument("campaign", required=False, type=click.Path())
@click.option(
    "--event",
    metavar="FILE",
    type=click.File("rb"),
    help=say("XML that the platform posted when a job had ended; - for standard input."),
)
@click.pass_obj
def command(screen: Screen, campaign: str | None, event: IO[bytes] | None) -> int:
    """Look and show."""
    root, wanted = project_campaign(screen, campaign)
    project = open_project(root)
    end = read_event(event.read()) if event else None
    head(screen, project)
    if end:
        with closing(open_ledger_of(project, "wechat")) as ledger:
            piece, new = note_event(ledger, end, now, wanted)
        _show_event(screen, piece, new=new)
        if piece.key.channel == "notice":
            return _show_notice(screen, piece)
    kept = _look(project, wanted)
    with closing(open_ledger_of(project, "wechat")) as ledger:
        pieces = [one for name in campaigns_of(ledger, wanted) for one in pieces_of(ledger, name)]
    rehearsed = is_sandboxed(project, "wechat")
    if screen.as_json:
        screen.document(
            {
                "sandbox": rehearsed,
                "articles": [_json(piece, rehearsed=rehearsed) for piece in pieces],
                "problems": [
                    {"campaign": name, "message": error.message, "hint": error.hint}
                    for name, error in kept.items()
                ],
            }
        )
    _show(screen, pieces, rehearsed=rehearsed)
    for name, error in kept.items():
        _show_kept(screen, name, error)
    bad = any(piece.row.state in _BAD and not piece.known.deleted for piece in pieces)
    return max([int(bad), *(error.exit_code for error in kept.values())])


def _look(project: Project, wanted: str | None) -> dict[str, AnnounceError]:
    """Look at what is open; what kept each campaign from being looked at."""
    pieces: dict[str, list[Piece]] = {}
    try:
        pieces = open_pieces(project, wanted, now())
        return look_again(project, pieces, now)
    except MachineError as error:
        # How far the ledger knows them is shown all the same.
        return dict.fromkeys(pieces, error) or {wanted or say("all campaigns"): error}


def _show(screen: Screen, pieces: list[Piece], *, rehearsed: bool) -> None:
    if not pieces:
        screen.line(say("The ledger holds no article yet."))
        return
    heads = [say("campaign"), say("language"), say("state"), say("way"), say("asked for")]
    rows = [
        [
            piece.key.campaign,
            piece.row.language,
            standing(piece),
            piece.known.way or "–",
            piece.known.wanted or "–",
        ]
        for piece in pieces
    ]
    screen.table(heads, rows)
    for piece in pieces:
        screen.line(
            say(
                "{campaign} ({language}): {what}",
                campaign=piece.key.campaign,
                language=piece.row.language,
                what=_to_do(piece, rehearsed=rehearsed),
            )
        )
        for url in piece.known.urls[1:]:
            screen.line(f"    {url}")
        if piece.result:
            screen.line(f"    {_result(piece.result)}")


def _to_do(piece: Piece, *, rehearsed: bool) -> str:
    """How an article stands and what a person has to do."""
    row = piece.row
    if row.state is State.PLANNED:
        return say("due: `announce send` makes it, or takes it further")
    if piece.known.deleted or row.state in (State.SENT, State.WAITING):
        return todo(told_of(piece, rehearsed=rehearsed))
    reason = reason_text(row.reason)
    if row.state is State.FAILED:
        mend = piece.end.get("mend") or say("mend the cause, then `announce send --retry-failed`")
        return say("failed: {reason}; {mend}", reason=reason, mend=mend)
    if row.state is State.IN_DOUBT:
        return say(
            "in doubt: {reason}; look at the account, then `announce settle {campaign} {key} "
            "--sent` or `--not-sent`",
            reason=reason or say("no answer is known"),
            campaign=row.key.campaign,
            key=row.key.recipient,
        )
    return reason or standing(piece)


def _result(result: dict[str, Any]) -> str:
    """What the platform's event told, in words."""
    if "msg_id" in result:
        return say(
            "the platform tells: {status}; {sent} of {total} got it, {filtered} were to get it, "
            "{errors} failed",
            **{name: result[name] for name in ("status", "sent", "total", "filtered", "errors")},
        )
    return say(
        "the platform tells: publication {id} ended with status {status}",
        id=result["publish_id"],
        status=result["publish_status"],
    )


def _show_event(screen: Screen, piece: Piece, *, new: bool) -> None:
    place = {"campaign": piece.key.campaign, "language": piece.row.language}
    if new:
        screen.note(say("Noted with {campaign} ({language}).", **place))
    else:
        screen.note(say("Noted before with {campaign} ({language}).", **place))


def _show_notice(screen: Screen, piece: Piece) -> int:
    """What became of a notice; 1 where it did not arrive."""
    key, reason = piece.key.recipient, not_arrived(piece.result["status"])
    if screen.as_json:
        screen.document({"campaign": piece.key.campaign, "key": key, "result": piece.result})
    screen.line(
        say("{key}: not told ({reason}): tell this person another way", key=key, reason=reason)
        if reason
        else say("{key}: the notice arrived", key=key)
    )
    return int(bool(reason))


def _show_kept(screen: Screen, name: str, error: AnnounceError) -> None:
    screen.note(say("{campaign} was not looked at: {cause}", campaign=name, cause=error.message))
    if error.hint:
        screen.note(f"    {error.hint}")


def _json(piece: Piece, *, rehearsed: bool) -> dict[str, Any]:
    return {
        "campaign": piece.key.campaign,
        **article_json(told_of(piece, rehearsed=rehearsed)),
        "wanted": piece.known.wanted,
        "deleted": piece.known.deleted,
        "reason": piece.row.reason,
        "result": piece.result or None,
        "todo": _to_do(piece, rehearsed=rehearsed),
    }
