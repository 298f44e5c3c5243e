"""What a run did and what needs a person, in words and as JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from announce.cli.screen import Screen
from announce.errors import AnnounceError
from announce.model.delivery import Delivery, State
from announce.model.plan import Plan
from announce.model.wording import channel_name, state_name
from announce.preparing import Prepared
from announce.sending import Tally
from announce.texts import say

COUNTED = ("sent", "failed", "in_doubt", "waiting", "skipped", "planned")


def needs_a_person(row: Delivery) -> bool:
    """Whether somebody must look at a delivery; also one sent to some of its addresses only."""
    return row.state in (State.FAILED, State.IN_DOUBT)


def counts_json(plan: Plan, totals: Mapping[str, Counter[str]]) -> dict[str, Any]:
    """One campaign of `status --json`."""
    return {
        "campaign": plan.campaign,
        "occurrence": plan.occurrence,
        "channels": {
            channel: channel_json(counts, sandbox=channel in plan.sandboxed)
            for channel, counts in totals.items()
        },
    }


def channel_json(counts: Mapping[str, int], *, sandbox: bool) -> dict[str, Any]:
    """One channel's counts; what a run under way has claimed counts as planned."""
    counts = Counter(counts)
    counts["planned"] += counts.pop("sending", 0)
    return {"sandbox": sandbox, **{name: counts[name] for name in COUNTED}}


def show_report(
    screen: Screen,
    prepared: Prepared,
    tallies: Mapping[str, Tally],
    totals: Mapping[str, Counter[str]],
    doubtful: list[Delivery],
    took: timedelta,
    error: AnnounceError | None,
) -> None:
    """The end of a send: this run, where the campaign stands, what needs a person."""
    sent = sum(tally.counts[State.SENT] for tally in tallies.values())
    screen.line(
        say("{sent} sent in {seconds} s.", sent=sent, seconds=f"{took.total_seconds():.1f}")
    )
    for channel, counts in totals.items():
        figures = say(", ").join(
            say("{number} {state}", number=number, state=state_name(state))
            for state, number in counts.items()
            if number
        )
        name = channel_name(channel)
        if channel in prepared.plan.sandboxed:
            name = say("{channel} (sandbox)", channel=name)
        screen.line(say("  {channel}: {figures}", channel=name, figures=figures or say("nothing")))
    if not sent and error is None and not doubtful:
        screen.line(say("Nothing was due: everyone in the plan has been served before."))
        if not set(totals) - prepared.plan.sandboxed:
            screen.line(say("To rehearse from the start: announce sandbox --reset"))
    show_people(screen, doubtful, prepared.plan.campaign)
    _where_to_look(screen, prepared, tallies, totals)
    if error is not None:
        screen.note(error.message)
        if error.hint:
            screen.note(f"    {error.hint}")


def show_people(screen: Screen, rows: list[Delivery], campaign: str) -> None:
    """Those that need a person, by name, with the command that goes on."""
    for row in rows[:50]:
        screen.line(
            f"  {state_name(row.state)}: {row.key.recipient} ({', '.join(row.to)}): {row.reason}"
        )
    if len(rows) > 50:
        screen.line(
            say("  … and {n} more: announce log {campaign}", n=len(rows) - 50, campaign=campaign)
        )
    if any(row.state is State.FAILED for row in rows):
        screen.line(say("Failed ones are tried again with --retry-failed."))
    if any(row.state is State.IN_DOUBT for row in rows):
        screen.line(
            say(
                "In doubt: look whether it arrived, then "
                "`announce settle {campaign} KEY --sent` or `--not-sent`.",
                campaign=campaign,
            )
        )


def _where_to_look(
    screen: Screen,
    prepared: Prepared,
    tallies: Mapping[str, Tally],
    totals: Mapping[str, Counter[str]],
) -> None:
    folder = prepared.gathered.project.private / "sandbox"
    sandboxed = prepared.plan.sandboxed
    if any(totals[channel]["sent"] for channel in totals if channel in sandboxed):
        screen.line(
            say(
                "Look at it: `announce sandbox` opens the inbox and draft box; files in {folder}.",
                folder=_short(folder),
            )
        )
    left = [one for one in tallies if tallies[one].counts[State.SENT] and one not in sandboxed]
    if left:
        screen.line(say("Keep receipts/ in git: it stops another machine from sending again."))
    if "wechat" in left:
        screen.line(say("The draft waits at https://mp.weixin.qq.com for a person to publish it."))


def _short(folder: Any) -> str:
    from pathlib import Path

    here = Path.cwd()
    return str(folder.relative_to(here)) if folder.is_relative_to(here) else str(folder)
