"""`announce wechat delete`: takes a campaign's articles away for good."""

from __future__ import annotations

from typing import Any

import click

from announce.articles.desk import Desk, held_run, open_desk
from announce.articles.removing import DELETABLE, Found, Removed, Thing, remove, survey
from announce.articles.standing import chosen
from announce.cli.articles import CONSOLE
from announce.cli.common import now, project_campaign
from announce.cli.screen import Screen
from announce.cli.wechat.common import about, head, pieces_at
from announce.errors import GateError
from announce.gathering import open_project
from announce.texts import say, say_n

# Nobody can say whether readers have it.
_PERHAPS_READ = frozenset({Thing.PASTED, Thing.UNKNOWN, Thing.GONE})


@click.command(
    "delete",
    help=say(
        "Take away what there is of a campaign's articles: drafts, publications, mass messages. "
        "That is final; what it cannot undo is said first. The ledger keeps them as served, so "
        "that no send makes them anew, unless --again."
    ),
)
@click.argument("campaign", type=click.Path())
@click.option("--language", metavar="L", help=say("Only the article in this language."))
@click.option("--yes", is_flag=True, help=say("Do not ask. Needed where there is no terminal."))
@click.option("--again", is_flag=True, help=say("Let the next send make them anew."))
@click.pass_obj
def command(screen: Screen, campaign: str, language: str | None, yes: bool, again: bool) -> int:
    """Delete the articles."""
    root, name = project_campaign(screen, campaign)
    project = open_project(root)
    name = name or campaign
    head(screen, project)
    with open_desk(project, now) as desk:
        found = survey(desk, chosen(pieces_at(desk, name), language))
        for one in found:
            screen.line(_line(one, _there(one.thing)))
        deletable = [one for one in found if one.thing in DELETABLE]
        for what in _cannot_undo(found):
            screen.line(f"    {what}")
        perhaps = [one for one in found if again and one.thing in _PERHAPS_READ]
        _confirm(screen, desk, deletable, perhaps, yes=yes)
        removed = _remove(desk, name, found, again=again)
        opening = about(desk)
    for result in removed:
        _show(screen, result)
    if not deletable:
        screen.line(say("There is nothing to delete."))
    if screen.as_json:
        screen.document(
            {**opening, "campaign": name, "articles": [_json(result) for result in removed]}
        )
    return int(any(_is_left(result) for result in removed))


def _remove(desk: Desk, campaign: str, found: list[Found], *, again: bool) -> list[Removed]:
    """Delete each under the campaign's run; no run is taken where nothing is to be written."""
    if not again and not any(one.thing in (*DELETABLE, Thing.DELETED_BY_HAND) for one in found):
        return [Removed(found=one) for one in found]
    here = dict.fromkeys(one.piece.key.occurrence for one in found)
    with held_run(desk.project, desk.ledger, campaign, desk.now, here) as run:
        return [remove(desk, run, one, again=again) for one in found]


def _confirm(
    screen: Screen, desk: Desk, deletable: list[Found], perhaps: list[Found], *, yes: bool
) -> None:
    """Ask on a terminal before anything real goes, or is made once more; elsewhere `--yes` must
    have been given."""
    if yes or desk.rehearsed or not (deletable or perhaps):
        return
    if perhaps:
        screen.line(
            say(
                "Readers may have these already, and the next send would give them a second one: "
                "{languages}",
                languages=say(", ").join(one.piece.row.language for one in perhaps),
            )
        )
    if not screen.is_terminal:
        raise GateError(
            say("not confirmed: nobody is here to be asked"),
            hint=say("read what would be deleted above, then add --yes"),
        )
    question = (
        say_n(
            "Delete this article for good?", "Delete these {n} articles for good?", len(deletable)
        )
        if deletable
        else say("Make it due again all the same?")
    )
    if not click.confirm(question, default=False, err=True):
        raise GateError(say("not confirmed; nothing was deleted"))


def _line(found: Found, what: str) -> str:
    row = found.piece.row
    return say("{title} ({language}): {what}", title=row.subject, language=row.language, what=what)


def _there(thing: Thing) -> str:
    """What there is of an article."""
    return {
        Thing.DRAFT: say("a draft"),
        Thing.PUBLICATION: say("published"),
        Thing.MASS: say("sent to followers"),
        Thing.GONE: say(
            "its draft is not in the box any more: somebody published, sent or deleted it; look "
            "at {console}",
            console=CONSOLE,
        ),
        Thing.DELETED_BY_HAND: say("somebody deleted it in the console"),
        Thing.DELETED: say("deleted before"),
        Thing.UNDER_WAY: say("under way: `announce wechat status` tells when it has ended"),
        Thing.IN_DOUBT: say("in doubt: `announce wechat status` looks what became of it"),
        Thing.PASTED: say(
            "a page to copy from; what was pasted is to be deleted by hand at {console}",
            console=CONSOLE,
        ),
        Thing.UNKNOWN: say(
            "somebody said that it was sent; delete it by hand at {console}", console=CONSOLE
        ),
        Thing.NOTHING: say("nothing is there of it"),
    }[thing]


def _cannot_undo(found: list[Found]) -> list[str]:
    """What deleting does not bring back, for the things that are there."""
    things = {one.thing for one in found}
    told = []
    if Thing.DRAFT in things:
        told.append(say("A deleted draft cannot be brought back, nor edits made in the console."))
    if Thing.PUBLICATION in things:
        told.append(
            say(
                "Who read a published article has read it, and may have copied it; its address, "
                "and where it was shared, then says that it was deleted; comments go with it."
            )
        )
    if Thing.MASS in things:
        told.append(
            say(
                "The cards stay in the chats of followers who got them, and say when opened that "
                "the article was deleted; the mass message stays counted in the account's quota."
            )
        )
    return told


def _show(screen: Screen, result: Removed) -> None:
    if result.moved:
        screen.line(_line(result.found, say("something happened to it meanwhile: run again")))
    elif result.failure is not None:
        screen.line(_line(result.found, _not_deleted(result)))
        if result.failure.hint:
            screen.line(f"    {result.failure.hint}")
    elif result.deleted:
        screen.line(_line(result.found, say("deleted")))
    if result.due:
        screen.line(_line(result.found, say("due: the next `announce send` makes it anew")))


def _not_deleted(result: Removed) -> str:
    assert result.failure is not None
    cause = result.failure.message
    if result.failure.unsure:
        return say("perhaps not deleted, run again: {cause}", cause=cause)
    return say("not deleted: {cause}", cause=cause)


def _is_left(result: Removed) -> bool:
    """Whether something is there that was to be deleted."""
    unsettled = result.found.thing in (Thing.UNDER_WAY, Thing.IN_DOUBT)
    return unsettled or result.moved or result.failure is not None


def _json(result: Removed) -> dict[str, Any]:
    row = result.found.piece.row
    document: dict[str, Any] = {
        "key": row.key.recipient,
        "language": row.language,
        "what": result.found.thing.value,
        "id": result.found.id,
        "deleted": result.deleted,
        "due": result.due,
    }
    if result.failure is not None:
        document["error"] = {
            "message": result.failure.message,
            "hint": result.failure.hint,
            "code": result.failure.code,
        }
    return document
