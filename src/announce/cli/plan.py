"""`announce plan`: who gets what, and who does not and why."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain, islice
from typing import Any
from zoneinfo import ZoneInfo

import click

from announce.cli.common import (
    banner,
    campaign_argument,
    delivery_json,
    now,
    occurrence_option,
    prepare,
    with_refusals,
)
from announce.cli.occurrences import due_text
from announce.cli.screen import Screen, problem_json
from announce.forecast import forecast, in_words
from announce.model.delivery import ONCE, State
from announce.model.plan import Plan, Planned
from announce.model.wording import channel_name, language_name, reason_text, state_name
from announce.preparing import Prepared
from announce.texts import say, say_n

DUE = frozenset({State.PLANNED, State.FAILED, State.IN_DOUBT, State.SENDING})
SHOWN = 12  # lines of a long list that people are shown; --all shows the rest


@click.command(
    "plan",
    help=say("Show who gets what, by channel and language; who is skipped and why. Sends nothing."),
)
@campaign_argument
@click.option("--all", "whole", is_flag=True, help=say("List every delivery."))
@occurrence_option
@click.pass_obj
def command(screen: Screen, campaign: str, whole: bool, occurrence: str | None) -> int:
    """Show the plan."""
    prepared = with_refusals(prepare(screen, campaign, occurrence))
    banner(screen, prepared.gathered.project, prepared.gathered.campaign, sends=False)
    screen.problems(prepared.plan.problems)
    if screen.as_json:
        screen.document(plan_json(prepared.plan) | forecast_json(prepared))
    else:
        show_due(screen, prepared)
        show_plan(screen, prepared.plan, shown=None if whole else SHOWN)
        show_classes(screen, prepared)
        show_forecast(screen, prepared)
        show_figures(screen, prepared)
    return 0


def plan_json(plan: Plan) -> dict[str, Any]:
    """The plan as the contract has it; `sandbox` labels the rehearsed channels.

    Its deliveries are made as they are printed.
    """
    return {
        "campaign": plan.campaign,
        "occurrence": plan.occurrence,
        "digest": plan.digest,
        "sandbox": sorted(plan.sandboxed & plan.totals.keys()),
        "deliveries": (delivery_json(line) for line in plan.lines),
        "totals": plan.totals,
        "problems": [problem_json(problem) for problem in plan.problems],
    }


def forecast_json(prepared: Prepared) -> dict[str, Any]:
    """The forecast, where mails are due from a real account."""
    told = prepared.forecast
    if told is None:
        return {}
    zone = ZoneInfo(prepared.gathered.project.settings.timezone)
    return {
        "forecast": {
            "mails": told.mails,
            "addresses": told.addresses,
            "seconds": round(told.takes.total_seconds(), 3),
            "done": told.done.astimezone(zone).isoformat(timespec="seconds"),
            "again": told.again and told.again.astimezone(zone).isoformat(timespec="seconds"),
        }
    }


def show_due(screen: Screen, prepared: Prepared) -> None:
    """When it is due, where a schedule says so."""
    occurrence, project = prepared.gathered.campaign.occurrence, prepared.gathered.project
    if occurrence.due is not None:
        screen.line(say("Due: {when}", when=due_text(occurrence, project)))


def show_plan(screen: Screen, plan: Plan, *, shown: int | None = SHOWN) -> None:
    """The plan for people: totals first, then the deliveries, then what was left out."""
    if plan.occurrence != ONCE:
        screen.line(say("Occurrence {name}", name=plan.occurrence))
    screen.table(
        [say("channel"), say("language"), say("state"), say("number")],
        [
            (channel_name(channel), language_name(language), state_name(state), str(number))
            for (channel, language, state), number in sorted(plan.sums.counts.items())
        ],
    )
    _show_deliveries(screen, plan, shown)
    for reason, number in sorted(plan.sums.skipped.items()):
        screen.line(
            say_n(
                "{n} skipped: {reason}",
                "{n} skipped: {reason}",
                number,
                reason=reason_text(reason),
            )
        )
    for note in plan.notes:
        screen.line(note)
    screen.line(say("Digest of this plan: {digest}", digest=plan.digest))


def show_figures(screen: Screen, prepared: Prepared) -> None:
    """Whether the figures are those that the campaign expects."""
    from announce.checks.figures import unmet

    campaign = prepared.gathered.campaign
    if not campaign.expect:
        return
    wrong = unmet(campaign, prepared.gathered.audience, prepared.place)
    if wrong:
        for problem in wrong:
            screen.line(f"{problem.message}\n    {problem.hint}")
    else:
        screen.line(say("The figures are those that the campaign expects."))


def show_forecast(
    screen: Screen, prepared: Prepared, lines: Sequence[Planned] | None = None
) -> None:
    """When the last mail goes (of all that are due, or of these lines), where the account's
    limits make any wait."""
    project = prepared.gathered.project
    told = prepared.forecast if lines is None else forecast(project, lines, now())
    if told is not None and told.is_slow:
        screen.line(in_words(told, ZoneInfo(project.settings.timezone)))


def _show_deliveries(screen: Screen, plan: Plan, shown: int | None) -> None:
    """The deliveries, those still due before those that are done with."""
    due = plan.sums.positions(lambda _channel, state: state in DUE)
    done = plan.sums.positions(lambda _channel, state: state not in DUE)
    lines = [plan.lines[position] for position in islice(chain(due, done), shown)]
    # Where the key is the address, as in most audiences, one column says both.
    keyed = any(line.delivery.to != (line.delivery.key.recipient,) for line in lines)
    several = len(plan.totals) > 1 and keyed
    heads = [say("to"), say("language"), say("state"), say("subject")]
    heads = [say("channel"), *heads] if several else heads
    screen.table(
        [say("key"), *heads] if keyed else heads,
        [
            (
                *([line.delivery.key.recipient] if keyed else []),
                *([channel_name(line.delivery.key.channel)] if several else []),
                ", ".join(line.delivery.to),
                language_name(line.delivery.language),
                state_name(line.delivery.state),
                line.delivery.subject,
            )
            for line in lines
        ],
    )
    if len(lines) < len(plan.lines):
        screen.line(
            say(
                "… and {n} more; `announce plan CAMPAIGN --all` lists them.",
                n=len(plan.lines) - len(lines),
            )
        )


def show_classes(screen: Screen, prepared: Prepared) -> None:
    """How many there are of each variant of the template."""
    choice = prepared.gathered.campaign.template
    if choice is None:
        return
    people = prepared.gathered.audience.recipients
    counts = people.counts(choice.by) if people else {}
    figures = say(", ").join(f"{value} {number}" for value, number in sorted(counts.items()))
    screen.line(say("{column}: {figures}", column=choice.by, figures=figures))
