"""`announce plan`: who gets what, and who does not and why."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

import click

from announce.cli.common import (
    banner,
    campaign_argument,
    delivery_json,
    now,
    prepare,
    with_refusals,
)
from announce.cli.screen import Screen, problem_json
from announce.model.delivery import State
from announce.model.plan import Plan
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
@click.pass_obj
def command(screen: Screen, campaign: str, whole: bool) -> int:
    """Show the plan."""
    prepared = with_refusals(prepare(screen, campaign))
    banner(screen, prepared)
    screen.problems(prepared.plan.problems)
    if screen.as_json:
        screen.document(plan_json(prepared.plan))
    else:
        show_plan(screen, prepared.plan, shown=None if whole else SHOWN)
        show_classes(screen, prepared)
        show_forecast(screen, prepared)
        show_figures(screen, prepared)
    return 0


def plan_json(plan: Plan) -> dict[str, Any]:
    """The plan as the contract has it; `sandbox` labels the rehearsed channels."""
    return {
        "campaign": plan.campaign,
        "occurrence": plan.occurrence,
        "digest": plan.digest,
        "sandbox": sorted(plan.sandboxed & {line.delivery.key.channel for line in plan.lines}),
        "deliveries": [delivery_json(line) for line in plan.lines],
        "totals": plan.totals,
        "problems": [problem_json(problem) for problem in plan.problems],
    }


def show_plan(screen: Screen, plan: Plan, *, shown: int | None = SHOWN) -> None:
    """The plan for people: totals first, then the deliveries, then what was left out."""
    counted: Counter[tuple[str, str, str]] = Counter(
        (line.delivery.key.channel, line.delivery.language, line.delivery.state)
        for line in plan.lines
    )
    screen.table(
        [say("channel"), say("language"), say("state"), say("number")],
        [
            (channel_name(channel), language_name(language), state_name(state), str(number))
            for (channel, language, state), number in sorted(counted.items())
        ],
    )
    _show_deliveries(screen, plan, shown)
    for reason, number in sorted(_skipped(plan).items()):
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


def show_forecast(screen: Screen, prepared: Prepared) -> None:
    """How long the mails take within the account's limits."""
    from announce.forecast import forecast

    told = forecast(prepared.gathered.project, prepared.plan, now())
    if told is not None and told.takes > timedelta(minutes=1):
        screen.line(
            say(
                "{mails} mails at {pace}: done about {when}.",
                mails=told.mails,
                pace=told.pace,
                when=f"{told.done.astimezone():%Y-%m-%d %H:%M %z}",
            )
        )


def _show_deliveries(screen: Screen, plan: Plan, shown: int | None) -> None:
    """The deliveries, those still due before those that are done with."""
    ordered = sorted(plan.lines, key=lambda line: line.delivery.state not in DUE)
    lines = ordered[:shown]
    # Where the key is the address, as in most audiences, one column says both.
    keyed = any(line.delivery.to != (line.delivery.key.recipient,) for line in lines)
    heads = [say("to"), say("language"), say("state"), say("subject")]
    screen.table(
        [say("key"), *heads] if keyed else heads,
        [
            (
                *([line.delivery.key.recipient] if keyed else []),
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
    counts = Counter(one.fields.get(choice.by, "") for one in people)
    figures = say(", ").join(f"{value} {number}" for value, number in sorted(counts.items()))
    screen.line(say("{column}: {figures}", column=choice.by, figures=figures))


def _skipped(plan: Plan) -> Counter[str]:
    return Counter(
        line.delivery.reason for line in plan.lines if line.delivery.state is State.SKIPPED
    )
