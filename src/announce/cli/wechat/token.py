"""`announce wechat token`: the age of the access token that is kept; never the token."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import click

from announce.articles.desk import open_desk
from announce.cli.common import now
from announce.cli.screen import Screen
from announce.cli.wechat.common import about, head, moment, stamped
from announce.gathering import open_project
from announce.remembering import TOKEN, RememberedAccount
from announce.texts import say


@click.command(
    "token",
    help=say(
        "Tell whether an access token is kept in the ledger, its age and when it ends; never the "
        "token."
    ),
)
@click.option("--fetch", is_flag=True, help=say("Fetch one where none is in force."))
@click.pass_obj
def command(screen: Screen, fetch: bool) -> int:
    """Tell of the token."""
    project = open_project(screen.project)
    head(screen, project)
    with open_desk(project, now) as desk:
        if fetch:
            desk.log_in()
        accounts, account = desk.ledger.accounts, desk.account
        memory = RememberedAccount(accounts, desk.app_id, str(account.secret), now)
        kept, fact = memory.token(), accounts.fact(desk.app_id, TOKEN)
        opening = about(desk)
    since = fact[1] if fact and kept else None
    ends = datetime.fromtimestamp(kept[1], UTC) if kept else None
    age = now() - since if since else None
    left = ends - now() if ends else None
    valid = left is not None and left > timedelta()
    if screen.as_json:
        screen.document(
            {
                **opening,
                "kept": kept is not None,
                "valid": valid,
                "fetched_at": stamped(since),
                "age_seconds": int(age.total_seconds()) if age else None,
                "expires_at": stamped(ends),
            }
        )
    if fact and kept is None:
        screen.line(
            say("A token is kept, and cannot be opened with this AppSecret: it is fetched anew.")
        )
    elif age is None or left is None:
        screen.line(say("No token is kept; the next call fetches one, or --fetch does."))
    elif valid:
        screen.line(
            say(
                "A token is kept: fetched {age} ago, ends in {left} ({at}).",
                age=_length(age),
                left=_length(left),
                at=moment(project, ends),
            )
        )
    else:
        screen.line(
            say(
                "The token that is kept has ended ({at}): it is fetched anew.",
                at=moment(project, ends),
            )
        )
    return 0


def _length(span: timedelta) -> str:
    minutes, seconds = divmod(max(0, int(span.total_seconds())), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return say("{hours} h {minutes} min", hours=hours, minutes=minutes)
    if minutes:
        return say("{minutes} min", minutes=minutes)
    return say("{seconds} s", seconds=seconds)
