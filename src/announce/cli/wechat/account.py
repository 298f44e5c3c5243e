"""`announce wechat account`: what the account may do, and how far articles come with it."""

from __future__ import annotations

from typing import Any

import click

from announce.articles.desk import open_desk
from announce.articles.rights import Right, ends_as, probe
from announce.cli.articles import CONSOLE
from announce.cli.common import now
from announce.cli.screen import Screen
from announce.cli.wechat.common import about, head, moment, stamped
from announce.gathering import open_project
from announce.model.project import Project
from announce.model.steps import WAYS
from announce.texts import say


@click.command(
    "account",
    help=say(
        "Ask the platform what this account may do by API, with calls that change nothing; keep "
        "the answers with their date. Says how far each `deliver` of a campaign comes, and what a "
        "person does instead."
    ),
)
@click.pass_obj
def command(screen: Screen) -> int:
    """Probe the rights."""
    project = open_project(screen.project)
    head(screen, project)
    with open_desk(project, now) as desk:
        rights = probe(desk)
        opening = about(desk)
    by_name = {right.name: right for right in rights}
    ways = {deliver: ends_as(deliver, by_name) for deliver in reversed(WAYS)}
    if screen.as_json:
        screen.document(
            {
                **opening,
                "rights": {right.name: _json(right) for right in rights},
                "ways": {deliver: way or None for deliver, way in ways.items()},
            }
        )
    screen.line(say("Account {app_id} may, by API:", app_id=opening["app_id"]))
    _show_rights(screen, project, rights)
    screen.line()
    screen.line(say("Articles come so far:"))
    heads = ["deliver", say("ends as"), say("what a person does")]
    screen.table(heads, [[deliver, way or "?", _to_do(way)] for deliver, way in ways.items()])
    return 0


def _show_rights(screen: Screen, project: Project, rights: list[Right]) -> None:
    names = {
        "draft": say("keep drafts"),
        "publish": say("publish"),
        "mass": say("send to followers, and tags"),
        "template": say("template messages, for one person's matters"),
    }
    heads = [say("right"), say("may"), say("as of"), say("answer")]
    rows = [
        [names[right.name], _may(right), moment(project, right.at), right.trouble or right.why]
        for right in rights
    ]
    screen.table(heads, rows)


def _may(right: Right) -> str:
    return {None: say("unknown"), True: say("yes"), False: say("no")}[right.may]


def _to_do(way: str) -> str:
    match way:
        case "mass":
            return say("confirms in WeChat, where the account asks its administrator")
        case "publish":
            return say("tells followers of the address, if they are to know")
        case "draft":
            return say("looks at the draft and publishes it at {console}", console=CONSOLE)
        case "paste":
            return say(
                "opens the page on this machine, copies, pastes into the editor at {console}",
                console=CONSOLE,
            )
        case _:
            return say("not known: the platform did not say; ask again later")


def _json(right: Right) -> dict[str, Any]:
    document: dict[str, Any] = {"may": right.may, "at": stamped(right.at)}
    if right.code is not None:
        document["code"] = right.code
    if right.trouble or right.why:
        document["answer"] = right.trouble or right.why
    return document
