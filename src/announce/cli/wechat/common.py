"""What the commands of `announce wechat` do alike."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from announce.articles.desk import Desk
from announce.articles.standing import Piece, pieces_of
from announce.cli.articles import Told
from announce.cli.screen import Screen
from announce.errors import GateError
from announce.model.delivery import State
from announce.model.project import Project
from announce.model.wording import state_name
from announce.outlets import is_sandboxed, wechat_account
from announce.texts import say

ACCOUNT_KINDS = {
    "personal_sub": lambda: say("a personal subscription account"),
    "ent_unverified": lambda: say("an organisation's account, not verified"),
    "verified_sub": lambda: say("a verified subscription account"),
    "verified_service": lambda: say("a verified service account"),
}


def head(screen: Screen, project: Project) -> None:
    """The first line: a real account, or the sandbox's and which kind it plays."""
    if is_sandboxed(project, "wechat"):
        kind = ACCOUNT_KINDS[project.settings.wechat.rehearse_as]()
        screen.note(
            say(
                "Rehearsal: the sandbox's official account on this machine, {kind}; nothing "
                "leaves it.",
                kind=kind,
            )
        )
    else:
        screen.note(say("For real: official account {account}.", account=wechat_account(project)))


def about(desk: Desk) -> dict[str, Any]:
    """What every document begins with."""
    return {"app_id": desk.app_id, "sandbox": desk.rehearsed}


def moment(project: Project, at: datetime | None) -> str:
    """A time as people of the project read it, to the minute."""
    if at is None:
        return "–"
    return at.astimezone(ZoneInfo(project.settings.timezone)).strftime("%Y-%m-%d %H:%M")


def stamped(at: datetime | None) -> str | None:
    """A time for a document."""
    return None if at is None else at.isoformat(timespec="seconds")


def told_of(piece: Piece, *, rehearsed: bool) -> Told:
    """An article as the report of a send has it."""
    return Told(row=piece.row, known=piece.known, end=piece.end, rehearsed=rehearsed)


def pieces_at(desk: Desk, campaign: str) -> list[Piece]:
    """The articles of a campaign at this account, what a dead run left settled first. GateError
    where there is none."""
    desk.ledger.recover(campaign, desk.now())
    pieces = list(pieces_of(desk.ledger, campaign, wechat_account(desk.project)))
    if not pieces:
        raise GateError(
            say("the ledger has no article of {campaign} at this account", campaign=campaign),
            hint=say("`announce send` makes it"),
        )
    return pieces


def standing(piece: Piece) -> str:
    """How an article stands, in a word."""
    state = piece.row.state
    return say("deleted") if piece.known.deleted and state is State.SENT else state_name(state)
