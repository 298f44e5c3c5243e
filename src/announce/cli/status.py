"""`announce status`: counts by state, and what needs a person."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from contextlib import closing
from typing import Any

import click

from announce.cli.common import now, project_campaign, show_behind
from announce.cli.report import show_in_part, show_people
from announce.cli.screen import Screen
from announce.cli.standing import COUNTED, People, channel_json, needs_a_person, reached_in_part
from announce.gathering import open_project
from announce.ledger.base import Ledger
from announce.ledger.receipts import LISTED, read_all
from announce.model.delivery import CHANNELS, Channel
from announce.model.project import Project
from announce.model.wording import channel_name
from announce.outlets import is_sandboxed, open_ledger_of, open_project_ledger
from announce.texts import say


@click.command(
    "status", help=say("Count deliveries by state, per channel; name what needs a person.")
)
@click.argument("campaign", required=False, type=click.Path())
@click.pass_obj
def command(screen: Screen, campaign: str | None) -> int:
    """Show where campaigns stand."""
    root, wanted = project_campaign(screen, campaign)
    project = open_project(root)
    counts: dict[tuple[str, str], dict[Channel, Counter[str]]] = {}
    doubtful: dict[str, People] = {}
    in_part = People()
    for channel in CHANNELS:
        with closing(open_ledger_of(project, channel)) as ledger:
            # What a dead run left is known better after it was ended: due, or in doubt.
            for name in _campaigns(ledger, wanted):
                ledger.recover(name, now())
                for occurrence, channels in ledger.counts(name).get(name, {}).items():
                    if channel in channels:
                        place = counts.setdefault((name, occurrence), {})
                        place[channel] = Counter(channels[channel])
                for row in ledger.noted(name, None, channel):
                    if reached_in_part(row):
                        in_part.add(row)
                    if needs_a_person(row):
                        doubtful.setdefault(name, People()).add(row)
    adopted = _adopted(project, wanted, counts.keys())
    if screen.as_json:
        campaigns = [_json(project, key, found) for key, found in counts.items()]
        campaigns += [
            {"campaign": key[0], "occurrence": key[1], "channels": {}, "adopted": dict(states)}
            for key, states in adopted.items()
        ]
        screen.document({"campaigns": campaigns})
    else:
        if counts or not adopted:
            _show(screen, project, counts)
        for (name, _), states in adopted.items():
            screen.line(
                say(
                    "{campaign}: {n} taken over from receipts; `announce plan` tells who",
                    campaign=name,
                    n=states.total(),
                )
            )
        for name, people in doubtful.items():
            screen.line(say("{campaign} needs a person:", campaign=name))
            show_people(screen, people, name)
        show_in_part(screen, in_part)
    if code := show_behind(screen, project):
        return code
    return 1 if doubtful else 0


def _adopted(
    project: Project, wanted: str | None, planned: Collection[tuple[str, str]]
) -> dict[tuple[str, str], Counter[str]]:
    """What was taken over from receipts and is not planned here yet, by occurrence and state.

    It is known by hashes only, which do not tell the channel: a plan names who it is.
    """
    found = {}
    with closing(open_project_ledger(project)) as ledger:
        for receipt in read_all(project.root):
            place = (receipt.campaign, receipt.occurrence)
            if place in planned or wanted not in (None, receipt.campaign):
                continue
            sections = [section.states for section in ledger.adopted(*place).sections]
            states = Counter(
                {state.value: sum(one.count(state) for one in sections) for state in LISTED}
            )
            if states.total():
                found[place] = +states
    return found


def _campaigns(ledger: Ledger, wanted: str | None) -> list[str]:
    return [wanted] if wanted else list(dict.fromkeys(name for name, _ in ledger.campaigns()))


def _json(
    project: Project, key: tuple[str, str], found: dict[Channel, Counter[str]]
) -> dict[str, Any]:
    return {
        "campaign": key[0],
        "occurrence": key[1],
        "channels": {
            channel: channel_json(counts, sandbox=is_sandboxed(project, channel))
            for channel, counts in found.items()
        },
    }


def _show(
    screen: Screen,
    project: Project,
    counts: dict[tuple[str, str], dict[Channel, Counter[str]]],
) -> None:
    if not counts:
        screen.line(say("The ledger holds no delivery yet."))
        return
    rows = []
    for (campaign, occurrence), channels in counts.items():
        for channel, found in channels.items():
            sandbox = is_sandboxed(project, channel)
            figures = channel_json(found, sandbox=sandbox)
            name = channel_name(channel)
            rows.append(
                [
                    campaign if occurrence == "once" else f"{campaign} {occurrence}",
                    say("{channel} (sandbox)", channel=name) if sandbox else name,
                    *(str(figures[state]) for state in COUNTED),
                ]
            )
    heads = [
        say("campaign"),
        say("channel"),
        say("sent"),
        say("failed"),
        say("in doubt"),
        say("waiting"),
        say("skipped"),
        say("planned"),
    ]
    screen.table(heads, rows)
