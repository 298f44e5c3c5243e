"""`announce wechat preview`: a draft, shown to one reader in WeChat."""

from __future__ import annotations

import click

from announce.articles.desk import Desk, open_desk
from announce.articles.standing import Piece, chosen
from announce.channels.wechat.drafting import UNKNOWN_MEDIA
from announce.channels.wechat.failures import ApiFailure, Kind, as_machine_error
from announce.cli.articles import todo
from announce.cli.common import now, project_campaign
from announce.cli.screen import Screen
from announce.cli.wechat.common import about, head, pieces_at, told_of
from announce.errors import AnnounceError, GateError, InputError, MachineError
from announce.gathering import open_project
from announce.texts import say

# No such person: an openid, a WeChat name, somebody who does not follow.
_NOBODY = frozenset({40003, 40132, 43004, 50005})


@click.command(
    "preview",
    help=say(
        "Show the campaign's drafts to one reader in WeChat, as followers would get them. The "
        "drafts are those that `announce send` made; verified accounts only, a hundred times a day."
    ),
)
@click.argument("campaign", type=click.Path())
@click.option(
    "--to",
    "reader",
    metavar="WXNAME",
    required=True,
    help=say("The reader's WeChat name (微信号); the reader must follow the account."),
)
@click.option("--language", metavar="L", help=say("Only the article in this language."))
@click.pass_obj
def command(screen: Screen, campaign: str, reader: str, language: str | None) -> int:
    """Preview the drafts."""
    root, name = project_campaign(screen, campaign)
    project = open_project(root)
    head(screen, project)
    shown = []
    with open_desk(project, now) as desk:
        pieces = chosen(pieces_at(desk, name or campaign), language)
        drafts = [piece for piece in pieces if piece.known.media_id and not piece.known.is_out]
        if not drafts:
            raise _no_draft(desk, pieces)
        desk.log_in()
        for piece in drafts:
            _preview(desk, piece, reader)
            shown.append(piece)
            screen.line(
                say(
                    "Shown to {reader}: {title} ({language}).",
                    reader=reader,
                    title=piece.row.subject,
                    language=piece.row.language,
                )
            )
        opening = about(desk)
    if screen.as_json:
        previewed = [
            {
                "key": piece.key.recipient,
                "language": piece.row.language,
                "media_id": piece.known.media_id,
            }
            for piece in shown
        ]
        screen.document(
            {**opening, "campaign": name or campaign, "to": reader, "previewed": previewed}
        )
    return 0


def _preview(desk: Desk, piece: Piece, reader: str) -> None:
    try:
        desk.account.preview_mass(piece.known.media_id, reader)
    except ApiFailure as failure:
        raise _mended(failure, reader) from failure


def _mended(failure: ApiFailure, reader: str) -> AnnounceError:
    if failure.kind is Kind.RIGHTS:
        return MachineError(
            say("this account may not show previews by API: {cause}", cause=failure.message),
            hint=say(
                "`announce preview` shows the article on this machine; in the console's draft box "
                "a person can send a preview (预览) to a WeChat name"
            ),
        )
    if failure.code in _NOBODY:
        return InputError(
            say('no preview for "{reader}": {cause}', reader=reader, cause=failure.message),
            hint=say("give the WeChat name (微信号) of somebody who follows the account"),
        )
    if failure.code == UNKNOWN_MEDIA:
        return GateError(
            say("the draft is gone: somebody published, sent or deleted it"),
            hint=say("`announce wechat status` tells how far the article came"),
        )
    return as_machine_error(failure)


def _no_draft(desk: Desk, pieces: list[Piece]) -> GateError:
    piece = pieces[0]
    if piece.known.deleted:
        return GateError(
            say("there is no draft of it: it was deleted"),
            hint=say("`announce wechat delete --again`, then `announce send`, makes it anew"),
        )
    if not piece.known.way:
        return GateError(say("there is no draft of it"), hint=say("`announce send` makes it"))
    what = todo(told_of(piece, rehearsed=desk.rehearsed))
    return GateError(say("there is no draft of it: {what}", what=what))
