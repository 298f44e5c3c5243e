"""What a run did and what needs a person, in words and as JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from announce.cli.screen import Screen, error_json, problem_json
from announce.errors import AnnounceError
from announce.lines import UNREACHABLE
from announce.model.campaign import Campaign, channels_of
from announce.model.delivery import ONCE, Channel, Delivery, State
from announce.model.project import Project
from announce.model.wording import channel_name, reason_text, state_name
from announce.outlets import open_ledger_of, sandboxed_channels
from announce.problems import Problem
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


class People:
    """Deliveries that somebody must look at: all are counted, the first `held` are named."""

    def __init__(self, held: int | None = LISTED) -> None:
        self.rows: list[Delivery] = []
        self.states: Counter[State] = Counter()
        self._held = held

    def __len__(self) -> int:
        return self.states.total()

    def add(self, row: Delivery) -> None:
        """One more."""
        self.states[row.state] += 1
        if self._held is None or len(self.rows) < self._held:
            self.rows.append(row)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """Where a campaign stands after a run, as the ledger counts it in the channels that were
    meant: numbers by channel and state, those that need a person, those refused for some of their
    addresses, and numbers of the other skipped by reason."""

    attention: People
    in_part: People
    totals: dict[Channel, Counter[str]] = field(default_factory=dict)
    skipped: Counter[str] = field(default_factory=Counter)

    def count(self, project: Project, campaign: str, channel: Channel) -> None:
        """Add what the ledger has of a channel."""
        with closing(open_ledger_of(project, channel)) as ledger:
            if found := ledger.totals(campaign, ONCE, channel):
                self.totals[channel] = Counter({state.value: n for state, n in found.items()})
            for reason, number in ledger.skips(campaign, ONCE, channel).items():
                if not reason.startswith(UNREACHABLE):
                    self.skipped[reason] += number
            for row in ledger.noted(campaign, ONCE, channel):
                self.look_at(row)

    def look_at(self, row: Delivery) -> None:
        """Name a delivery if somebody must look at it."""
        if needs_a_person(row):
            self.attention.add(row)
        elif reached_in_part(row):
            self.in_part.add(row)

    @property
    def states(self) -> Counter[str]:
        """Numbers by state, on all channels."""
        found: Counter[str] = Counter()
        for counts in self.totals.values():
            found.update(counts)
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What a report is about: a campaign, and what there is to tell of its files."""

    project: Project
    campaign: Campaign
    problems: tuple[Problem, ...] = ()

    @property
    def sandboxed(self) -> frozenset[Channel]:
        """The channels that are rehearsed."""
        return sandboxed_channels(self.project)

    def reached(self, only: Channel | None, *, all_named: bool) -> Reached:
        """Where the campaign stands now, on all of its channels or on this one."""
        held = None if all_named else LISTED
        reached = Reached(attention=People(held), in_part=People(held))
        for channel in channels_of(self.campaign):
            if only in (None, channel):
                reached.count(self.project, self.campaign.id, channel)
        return reached


def finish(
    screen: Screen,
    about: About,
    tallies: Mapping[str, Tally],
    standing: Reached,
    took: timedelta,
    error: AnnounceError | None,
) -> int:
    """Report a send and what came of it; the exit code."""
    with suppress(BrokenPipeError):  # whoever reads has gone: the exit code still tells
        show_report(screen, about, tallies, standing, took, error)
    if screen.as_json:
        screen.document(run_json(about, tallies, standing, took, error))
    if error is not None:
        return error.exit_code
    in_part = any(tally.in_part for tally in tallies.values())
    return 1 if standing.attention or in_part else 0


def run_json(
    about: About,
    tallies: Mapping[str, Tally],
    standing: Reached,
    took: timedelta,
    error: AnnounceError | None,
) -> dict[str, Any]:
    """The document of a send: where the campaign stands, this run, what needs a person."""
    run: Counter[str] = Counter()
    for tally in tallies.values():
        run.update({state.value: n for state, n in tally.counts.items()})
    run["skipped"] = standing.states["skipped"]
    figures = {name: run[name] for name in ("sent", "failed", "in_doubt", "waiting", "skipped")}
    channels = {
        channel: channel_json(counts, sandbox=channel in about.sandboxed)
        for channel, counts in standing.totals.items()
    }
    named = (*standing.attention.rows, *standing.in_part.rows)
    document: dict[str, Any] = {
        "campaigns": [{"campaign": about.campaign.id, "occurrence": ONCE, "channels": channels}],
        "run": {**figures, "seconds": round(took.total_seconds(), 3)},
        "attention": [row_json(row) for row in named],
        "problems": [problem_json(problem) for problem in about.problems],
    }
    if error is not None:
        document["error"] = error_json(error)
    return document


def show_report(
    screen: Screen,
    about: About,
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
    if standing.totals:
        screen.line(say("In all:"))
    for channel, counts in standing.totals.items():
        screen.line(_channel_line(about, channel, counts))
    for reason, number in sorted(standing.skipped.items()):
        screen.line(
            say("  skipped ({reason}): {number}", reason=reason_text(reason), number=number)
        )
    if not sent and error is None and not standing.attention:
        _say_why_nothing(screen, about, standing)
    show_people(screen, standing.attention, about.campaign.id)
    show_in_part(screen, standing.in_part)
    _where_to_look(screen, about, tallies, standing.totals)
    if error is not None:
        screen.note(error.message)
        if error.hint:
            screen.note(f"    {error.hint}")


def _channel_line(about: About, channel: str, counts: Mapping[str, int]) -> str:
    name = channel_name(channel)
    if channel in about.sandboxed:
        name = say("{channel} (sandbox)", channel=name)
    figures = say(", ").join(
        say("{number} {state}", number=number, state=state_name(state))
        for state, number in counts.items()
        if number
    )
    return say("  {channel}: {figures}", channel=name, figures=figures)


def _say_why_nothing(screen: Screen, about: About, standing: Reached) -> None:
    if standing.totals and not standing.states.keys() - {State.SENT, State.WAITING}:
        screen.line(say("Nothing was due: all of these have been served before."))
        if not standing.totals.keys() - about.sandboxed:
            screen.line(say("To rehearse from the start: announce sandbox --reset"))


def show_people(screen: Screen, people: People, campaign: str) -> None:
    """Those that need a person, by name, with the command that goes on."""
    for row in people.rows[:LISTED]:
        screen.line(
            say(
                "  {state}: {key}: {reason}",
                state=state_name(row.state),
                key=_named(row),
                reason=reason_text(row.reason) or say("handed over, and no answer is known"),
            )
        )
    if len(people) > LISTED:
        screen.line(
            say(
                "  … and {n} more: announce log {campaign}",
                n=len(people) - LISTED,
                campaign=campaign,
            )
        )
    if people.states[State.SKIPPED]:
        screen.line(
            say(
                "No address of these is left to write to: tell these people another way, give "
                "another address, or `announce suppress remove ADDRESS`."
            )
        )
    if people.states[State.FAILED]:
        screen.line(
            say("Failed ones are tried again with --retry-failed, once the cause is mended.")
        )
    if people.states[State.IN_DOUBT]:
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


def show_in_part(screen: Screen, people: People) -> None:
    """Messages that some of their addressees did not get: by name, for they were not told."""
    for row in people.rows[:LISTED]:
        screen.line(
            say(
                "  sent in part: {campaign} {key}: {reason}",
                campaign=row.key.campaign,
                key=row.key.recipient,
                reason=reason_text(row.reason),
            )
        )
    if people:
        screen.line(say("Those addresses got nothing: tell these people another way."))


def _where_to_look(
    screen: Screen,
    about: About,
    tallies: Mapping[str, Tally],
    totals: Mapping[Channel, Counter[str]],
) -> None:
    folder = about.project.private / "sandbox"
    sandboxed = about.sandboxed
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
