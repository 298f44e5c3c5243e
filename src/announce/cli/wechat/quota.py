"""`announce wechat quota`: today's calls, what is left of them, and what that comes to."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from typing import Any

import click

from announce.articles.desk import open_desk
from announce.articles.quotas import POLLS_EACH, Outlook, Use, asked, known_rights, outlook, uses
from announce.channels.wechat.quotas import Quotas, documented
from announce.cli.common import now
from announce.cli.screen import Screen
from announce.cli.wechat.common import about, head
from announce.gathering import open_project
from announce.texts import say, say_n


@click.command(
    "quota",
    help=say(
        "Show how often each endpoint was called today (Beijing time) by programs that share this "
        "ledger, the documented limit, what is left, and how many more articles that is."
    ),
)
@click.option("--ask", is_flag=True, help=say("Ask the platform too what is left."))
@click.pass_obj
def command(screen: Screen, ask: bool) -> int:
    """Show the quotas."""
    project = open_project(screen.project)
    head(screen, project)
    quotas = documented()
    with open_desk(project, now) as desk:
        today = now().astimezone(quotas.zone).date()
        found = uses(desk)
        if ask:
            found = asked(desk, found)
        rights = known_rights(desk)
        ahead = outlook(found, rights)
        opening = about(desk)
    if screen.as_json:
        screen.document(
            {
                **opening,
                "day": today.isoformat(),
                "zone": quotas.zone.key,
                "documented": quotas.as_of,
                "endpoints": {use.endpoint: _json(use) for use in found},
                "forecast": asdict(ahead),
            }
        )
    _show(screen, today, quotas, found)
    _show_outlook(screen, ahead, rights, quotas)
    return 0


def _show(screen: Screen, today: date, quotas: Quotas, found: list[Use]) -> None:
    screen.line(
        say(
            "{day}, {zone}; limits of a new account as documented on {date}:",
            day=today,
            zone=quotas.zone.key,
            date=quotas.as_of,
        )
    )
    heads = [say("endpoint"), say("called"), say("a day"), say("left")]
    rows = [
        [use.endpoint, str(use.counted), _figure(use.limit), _figure(use.left)] for use in found
    ]
    if any(use.platform for use in found):
        heads.append(say("the platform says"))
        for row, use in zip(rows, found, strict=True):
            row.append(_theirs(use))
    screen.table(heads, rows)
    screen.line(say("Calls of other programs, and of other ledgers, are not counted here."))


def _figure(number: int | None) -> str:
    return "–" if number is None else str(number)


def _theirs(use: Use) -> str:
    if use.platform is None:
        return "–"
    limit, used, left = use.platform
    return say("{used} of {limit}, {left} left", used=used, limit=limit, left=left)


def _show_outlook(
    screen: Screen, ahead: Outlook, rights: dict[str, bool | None], quotas: Quotas
) -> None:
    screen.line(say("Today there is room for:"))
    screen.line(say_n("  {n} more draft", "  {n} more drafts", ahead.drafts))
    if rights["publish"] is False:
        screen.line(say("  no publication: this account may not publish by API"))
    else:
        screen.line(
            say_n(
                "  {n} more publication, with {polls} questions after each",
                "  {n} more publications, with {polls} questions after each",
                ahead.publications,
                polls=POLLS_EACH,
            )
        )
        screen.line(
            say_n(
                "  {n} more question how far a publication is",
                "  {n} more questions how far a publication is",
                ahead.polls,
            )
        )
    if rights["mass"] is False:
        screen.line(say("  no mass message: this account may not send them by API"))
        return
    screen.line(
        say_n(
            "  {n} more call for a mass message",
            "  {n} more calls for a mass message",
            ahead.masses,
        )
    )
    screen.line(
        say(
            "    the platform itself sends {a_day} a day for a subscription account, and a service "
            "account's followers get {a_month} a month",
            a_day=quotas.mass_a_day,
            a_month=quotas.mass_a_month,
        )
    )


def _json(use: Use) -> dict[str, Any]:
    document: dict[str, Any] = {"called": use.counted, "limit": use.limit, "left": use.left}
    if use.platform is not None:
        document["platform"] = dict(zip(("limit", "used", "left"), use.platform, strict=True))
    return document
