"""Looking again at articles that wait or are in doubt, without a send."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from announce.articles.desk import Now, held_run
from announce.articles.standing import Piece, campaigns_of, pieces_of
from announce.composing import Composer
from announce.errors import AnnounceError, InputError
from announce.gathering import campaign_id, gather, open_campaign
from announce.lines import PlanLines
from announce.looking import look
from announce.model.delivery import Delivery, DeliveryKey
from announce.model.message import Message
from announce.model.project import Project
from announce.outlets import Outlet, open_ledger_of, open_outlets, wechat_account
from announce.reading.campaigns import campaign_files
from announce.scheduling import known_occurrences
from announce.texts import say


def open_pieces(project: Project, wanted: str | None, now: datetime) -> dict[str, list[Piece]]:
    """The articles of this account that wait or are in doubt, by campaign. Runs that died are
    ended first: what they left is in doubt, or due."""
    account = wechat_account(project)
    found = {}
    with closing(open_ledger_of(project, "wechat")) as ledger:
        for campaign in campaigns_of(ledger, wanted):
            ledger.recover(campaign, now)
            pieces = [one for one in pieces_of(ledger, campaign, account) if one.is_open]
            if pieces:
                found[campaign] = pieces
    return found


def look_again(
    project: Project, pieces: dict[str, list[Piece]], now: Now
) -> dict[str, AnnounceError]:
    """Look what became of them, under each campaign's run, and write it down; what kept a
    campaign from being looked at. MachineError where the account cannot be reached."""
    kept: dict[str, AnnounceError] = {}
    if not pieces:
        return kept
    with open_outlets(project, ["wechat"], now) as outlets:
        (outlet,) = outlets
        with outlet.open():
            pass  # a login that is refused is told; a look would pass over it
        for campaign, several in pieces.items():
            try:
                _look(project, outlet, campaign, [piece.row for piece in several], now)
            except AnnounceError as error:
                kept[campaign] = error
    return kept


def _look(project: Project, outlet: Outlet, campaign: str, rows: list[Delivery], now: Now) -> None:
    messages = _messages(project, campaign, {row.key.occurrence for row in rows}, now())
    ready = [row for row in rows if row.key in messages]
    here = dict.fromkeys(row.key.occurrence for row in rows)
    with held_run(project, outlet.ledger, campaign, now, here) as run:
        assert outlet.steps is not None
        outlet.steps.hold(run)
        look(run, outlet, ready, lambda row: messages[row.key], now)
    if len(ready) < len(rows):
        raise InputError(
            say("{campaign}: its file no longer has all of these articles", campaign=campaign),
            hint=say("put them back, or say what became of them: announce settle"),
        )


def _messages(
    project: Project, campaign: str, occurrences: set[str], now: datetime
) -> dict[DeliveryKey, Message]:
    """The articles of some occurrences as they are composed now: a look compares words."""
    path = file_of(project, campaign)
    if path is None:
        raise InputError(
            say("no campaign file has the id {campaign} any more", campaign=campaign),
            hint=say("put it back: a look compares the article's words"),
        )
    opened = open_campaign(str(project.root), str(path))
    # Who gets mails is of no interest here, and may take long to read.
    articles = opened.campaign.model_copy(update={"email": None, "notice": None})
    found: dict[DeliveryKey, Message] = {}
    for occurrence in known_occurrences(opened, occurrences, now):
        gathered = gather(replace(opened, campaign=articles.at(occurrence)))
        composer = Composer(gathered)
        lines = PlanLines(gathered, {}, wechat_account(project))
        found |= {line.delivery.key: composer.compose(line) for line in lines if line.article}
    return found


def file_of(project: Project, campaign: str) -> Path | None:
    """The file of a campaign; None where there is none."""
    for path in campaign_files(project):
        try:
            if campaign_id(path) == campaign:
                return path
        except InputError:
            continue
    return None
