"""What a run did and what needs a person, in words and as JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from announce.cli.screen import Screen
from announce.errors import AnnounceError
from announce.model.delivery import Delivery, State
from announce.model.plan import Plan
from announce.model.wording import channel_name, reason_text, state_name
from announce.planning import UNREACHABLE
from announce.preparing import Prepared
from announce.tally import Tally
from announce.texts import say

LISTED = 50  # people named in a report; the log names all
COUNTED = ("sent", "failed", "in_doubt", "waiting", "skipped", "planned")


def needs_a_person(row: Delivery) -> bool:
    """Whether somebody must look at a delivery: failed, in doubt, or a personal one that has no
    address left."""
    lost = row.state is State.SKIPPED and row.reason.startswith(UNREACHABLE)
    return lost or row.state in (State.FAILED, State.IN_DOUBT)


def reached_in_part(row: Delivery) -> bool:
    """Whether a delivery was refused for some of its addresses."""
    return row.key.channel == "email" and row.state is State.SENT and bool(row.reason)


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


def row_json(row: Delivery) -> dict[str, Any]:
    """A delivery that somebody must look at."""
    return {
        "key": row.key.recipient,
        "channel": row.key.channel,
        "to": list(row.to),
        "state": row.state.value,
        "reason": row.reason,
    }


def channel_json(counts: Mapping[str, int], *, sandbox: bool) -> dict[str, Any]:
    """One channel's counts; what a run under way has claimed counts as planned."""
    counts = Counter(counts)
    counts["planned"] += counts.pop("sending", 0)
    return {"sandbox": sandbox, **{name: counts[name] for name in COUNTED}}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """Where a campaign stands after a run: the ledger's rows of the channels that were meant."""

    rows: list[Delivery]

    @property
    def totals(self) -> dict[str, Counter[str]]:
        """Numbers by channel and state."""
        counts: dict[str, Counter[str]] = {}
        for row in self.rows:
            counts.setdefault(row.key.channel, Counter())[row.state.value] += 1
        return counts

    @property
    def attention(self) -> list[Delivery]:
        """Those that need a person."""
        return [row for row in self.rows if needs_a_person(row)]

    @property
    def in_part(self) -> list[Delivery]:
        """Those refused for some of their addresses."""
        return [row for row in self.rows if reached_in_part(row)]

    @property
    def skipped(self) -> Counter[str]:
        """Numbers of the skipped by reason, those aside that need a person."""
        return Counter(
            row.reason
            for row in self.rows
            if row.state is State.SKIPPED and not needs_a_person(row)
        )


def show_report(
    screen: Screen,
    prepared: Prepared,
    tallies: Mapping[str, Tally],
    standing: Reached,
    took: timedelta,
    error: AnnounceError | None,
) -> None:
    """The end of a send: this run, where the campaign stands, what needs a person."""
    sent = sum(tally.counts[State.SENT] for tally in tallies.values())
    screen.line(
        say("{sent} sent in {seconds} s.", sent=sent, seconds=f"{took.total_seconds():.1f}")
    )
    if standing.rows:
        screen.line(say("In all:"))
    for channel, counts in standing.totals.items():
        screen.line(_channel_line(prepared, channel, counts))
    for reason, number in sorted(standing.skipped.items()):
        screen.line(
            say("  skipped ({reason}): {number}", reason=reason_text(reason), number=number)
        )
    if not sent and error is None and not standing.attention:
        _say_why_nothing(screen, prepared, standing)
    show_people(screen, standing.attention, prepared.plan.campaign)
    show_in_part(screen, standing.in_part)
    _where_to_look(screen, prepared, tallies, standing.totals)
    if error is not None:
        screen.note(error.message)
        if error.hint:
            screen.note(f"    {error.hint}")


def _channel_line(prepared: Prepared, channel: str, counts: Mapping[str, int]) -> str:
    name = channel_name(channel)
    if channel in prepared.plan.sandboxed:
        name = say("{channel} (sandbox)", channel=name)
    figures = say(", ").join(
        say("{number} {state}", number=number, state=state_name(state))
        for state, number in counts.items()
        if number
    )
    return say("  {channel}: {figures}", channel=name, figures=figures)


def _say_why_nothing(screen: Screen, prepared: Prepared, standing: Reached) -> None:
    if all(row.state in (State.SENT, State.WAITING) for row in standing.rows) and standing.rows:
        screen.line(say("Nothing was due: all of these have been served before."))
        if all(row.key.channel in prepared.plan.sandboxed for row in standing.rows):
            screen.line(say("To rehearse from the start: announce sandbox --reset"))


def show_people(screen: Screen, rows: list[Delivery], campaign: str) -> None:
    """Those that need a person, by name, with the command that goes on."""
    for row in rows[:LISTED]:
        screen.line(
            say(
                "  {state}: {key}: {reason}",
                state=state_name(row.state),
                key=_named(row),
                reason=reason_text(row.reason) or say("handed over, and no answer is known"),
            )
        )
    if len(rows) > LISTED:
        screen.line(
            say(
                "  … and {n} more: announce log {campaign}", n=len(rows) - LISTED, campaign=campaign
            )
        )
    if any(row.state is State.SKIPPED for row in rows):
        screen.line(
            say(
                "No address of these is left to write to: tell these people another way, give "
                "another address, or `announce suppress remove ADDRESS`."
            )
        )
    if any(row.state is State.FAILED for row in rows):
        screen.line(
            say("Failed ones are tried again with --retry-failed, once the cause is mended.")
        )
    if any(row.state is State.IN_DOUBT for row in rows):
        screen.line(
            say(
                "In doubt: look whether it arrived, then "
                "`announce settle {campaign} KEY --sent` or `--not-sent`.",
                campaign=campaign,
            )
        )


def _named(row: Delivery) -> str:
    to = ", ".join(row.to)
    return row.key.recipient if to == row.key.recipient else f"{row.key.recipient} ({to})"


def show_in_part(screen: Screen, rows: list[Delivery]) -> None:
    """Messages that some of their addressees did not get: by name, for they were not told."""
    for row in rows[:LISTED]:
        screen.line(
            say(
                "  sent in part: {campaign} {key}: {reason}",
                campaign=row.key.campaign,
                key=row.key.recipient,
                reason=reason_text(row.reason),
            )
        )
    if rows:
        screen.line(say("Those addresses got nothing: tell these people another way."))


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


def _short(folder: Path) -> str:
    here = Path.cwd()
    return str(folder.relative_to(here)) if folder.is_relative_to(here) else str(folder)
