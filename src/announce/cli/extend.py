"""`announce extend`: moves a deadline, and shows what follows."""

from __future__ import annotations

import click

from announce.cli.common import campaign_argument, confirm, now
from announce.cli.occurrences import part_name, stand_text, when
from announce.cli.screen import Screen
from announce.gathering import open_campaign, shown
from announce.model.delivery import ONCE, Delivery
from announce.model.project import Project
from announce.standing import Standing
from announce.texts import say, say_n


@click.command(
    "extend",
    help=say(
        "Move a date of a campaign, such as deadlines.submission, and show what follows: which "
        "reminders move, who was told the old date, which drafts have it. A campaign that says so "
        "in both languages is begun; nothing is sent."
    ),
)
@campaign_argument
@click.argument("fact")
@click.argument("moment")
@click.option("--dry-run", is_flag=True, help=say("Only show what would follow."))
@click.option("--yes", is_flag=True, help=say("Do not ask. Needed where there is no terminal."))
@click.pass_obj
def command(screen: Screen, campaign: str, fact: str, moment: str, dry_run: bool, yes: bool) -> int:
    """Move it."""
    from announce.extending import carry_out, consequences, move_of

    opened = open_campaign(screen.project, campaign)
    project, file = opened.project, shown(opened.campaign.path, opened.project.root)
    move = move_of(opened, fact, moment)
    found = consequences(move, now())
    screen.line(say("{name}: {old} → {new}", name=move.name, old=move.old, new=move.new))
    if move.is_past(now()):
        screen.line(say("This is past already."))
    if not move.later:
        screen.line(say("This is earlier than before: who goes by the old date comes too late."))
    _show_occurrences(screen, project, list(found.occurrences))
    mails = [one for one in found.reached if one.key.channel == "email"]
    people = len({one.key.recipient for one in mails})
    if str(found.told) == str(move.new):
        screen.line(say("Nobody was told another date than this."))
    elif str(found.told) != str(move.old):
        screen.line(
            say("Nobody was told {old} yet: people know {told}.", old=move.old, told=found.told)
        )
    screen.line(say_n("{n} person got the old date.", "{n} people got the old date.", people))
    for row in found.drafts:
        screen.line(
            say("The draft of the article ({language}) has the old date. Once this is changed, "
                "this brings it up to date:", language=row.language)
        )  # fmt: skip
        screen.line(f"    announce send {file}{_of(row)} --channel wechat --changed")
    for row in found.published:
        screen.line(
            say("The article ({language}) is out with the old date, and cannot be changed.",
                language=row.language)
        )  # fmt: skip
    if opened.campaign.approvals is not None:
        screen.line(say("Approvals of it no longer hold then: it has to be approved again."))
    for other in found.outdated:
        screen.line(
            say("{file} was sent to nobody, and is of no use any more: remove it.", file=other)
        )
    for other in found.others:
        screen.line(say("{file} has the same date: move it too.", file=other))
    begun = None
    if not dry_run:
        confirm(
            screen,
            say("Change the date?"),
            yes=yes,
            hint=say("look at what follows above, then add --yes"),
            refused=say("not confirmed; nothing was changed"),
        )
        begun = carry_out(move, found, now())
        screen.line(say("{file} was changed.", file=file))
        if begun is not None:
            other = shown(begun.campaign, project.root)
            screen.line(say("Begun: {file}. Look at it, then send it:", file=other))
            screen.line(f"    announce preview {other}")
            screen.line(f"    announce send {other}")
    if screen.as_json:
        screen.document(
            {
                "campaign": opened.campaign.id,
                "fact": move.name,
                "old": str(move.old),
                "new": str(move.new),
                "occurrences": [_pair_json(*pair) for pair in found.occurrences],
                "past": move.is_past(now()),
                "told": str(found.told),
                "people": people,
                "outdated": list(found.outdated),
                "others": list(found.others),
                "begun": shown(begun.campaign, project.root) if begun else None,
            }
        )
    return 0


def _of(row: Delivery) -> str:
    name = row.key.occurrence
    return "" if name == ONCE else f" --occurrence {name}"


def _show_occurrences(
    screen: Screen, project: Project, pairs: list[tuple[Standing | None, Standing | None]]
) -> None:
    moved = [
        (before, after)
        for before, after in pairs
        if before is None or after is None or before.occurrence.due != after.occurrence.due
    ]
    if not moved:
        screen.line(say("No occurrence moves."))
        return
    screen.table(
        [say("occurrence"), say("was due"), say("is due"), say("state")],
        [
            [
                part_name(one.occurrence),
                when(before.occurrence.due, project) if before else "–",
                when(after.occurrence.due, project) if after else "–",
                stand_text(after, project) if after else say("no longer in the schedule"),
            ]
            for before, after in moved
            for one in [before or after]
            if one
        ],
    )


def _pair_json(before: Standing | None, after: Standing | None) -> dict[str, object]:
    def due(one: Standing | None) -> str | None:
        moment = one.occurrence.due if one else None
        return moment.isoformat() if moment else None

    known = after or before
    assert known is not None
    return {
        "occurrence": known.occurrence.id,
        "was": due(before),
        "is": due(after),
        "state": after.stand.value if after else None,
    }
