"""`announce correct`: a correction to exactly those who got it."""

from __future__ import annotations

from contextlib import closing

import click

from announce.cli.common import campaign_argument, now
from announce.cli.screen import Screen
from announce.errors import GateError
from announce.gathering import gather, open_campaign, shown
from announce.model.campaign import channels_of
from announce.model.delivery import Delivery
from announce.model.wording import channel_name
from announce.outlets import open_ledger_of
from announce.scheduling import latest
from announce.texts import say, say_n


@click.command(
    "correct",
    help=say(
        "Start a correction: a campaign in both languages to exactly those whom this one reached. "
        "Nothing is sent: you say what was wrong, look at it, and send it."
    ),
)
@campaign_argument
@click.option(
    "--occurrence",
    metavar="ID",
    help=say("Of which occurrence; default: the newest that was sent."),
)
@click.pass_obj
def command(screen: Screen, campaign: str, occurrence: str | None) -> int:
    """Start a correction."""
    from announce.correcting import begin_correction

    opened = open_campaign(screen.project, campaign)
    project = opened.project
    rows: list[Delivery] = []
    for channel in channels_of(opened.campaign):
        with closing(open_ledger_of(project, channel)) as ledger:
            ledger.recover(opened.campaign.id, now())
            if ledger.running(opened.campaign.id):
                raise GateError(
                    say("{campaign} is being sent just now", campaign=opened.campaign.id),
                    hint=say("stop it first: announce stop {campaign}", campaign=campaign),
                )
            wanted = occurrence or latest(ledger, opened.campaign.id)
            found = ledger.deliveries(opened.campaign.id, wanted)
            rows += [row for row in found if row.key.channel == channel]
    made = begin_correction(gather(opened), rows)
    file = shown(made.campaign, project.root)
    screen.line(
        say_n(
            "{file}: a correction to {n} person.",
            "{file}: a correction to {n} people.",
            made.people,
            file=file,
        )
    )
    for other, number in made.others.items():
        screen.line(_other(other, number))
    screen.line(say("Next: fill in facts.correction in both languages, then"))
    screen.line(f"    announce preview {file}")
    screen.line(f"    announce send {file}")
    if screen.as_json:
        screen.document(
            {
                "campaign": made.campaign.stem,
                "file": file,
                "files": [shown(one, project.root) for one in made.files],
                "people": made.people,
                "others": dict(made.others),
            }
        )
    return 0


def _other(channel: str, number: int) -> str:
    if channel == "wechat":
        return say(
            "{n} articles came to the official account: `announce wechat status` tells how far, "
            "`announce wechat delete` takes them away; a draft of the correction is in the file.",
            n=number,
        )
    return say("{n} were told by {channel} and have no mail here: tell them yourself.", n=number,
               channel=channel_name(channel))  # fmt: skip
