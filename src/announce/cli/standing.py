"""Where a campaign stands, as the ledger counts it, and who needs a person: for report and JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from announce.cli.articles import article_json, articles_told
from announce.cli.screen import error_json, problem_json
from announce.errors import AnnounceError
from announce.lines import UNREACHABLE
from announce.model.campaign import Campaign, channels_of
from announce.model.delivery import Channel, Delivery, State
from announce.model.project import Project
from announce.outlets import open_ledger_of, sandboxed_channels
from announce.problems import Problem
from announce.tally import Tally

LISTED = 50  # people named in a report; the log names all
COUNTED = ("sent", "failed", "in_doubt", "waiting", "skipped", "planned")


def needs_a_person(row: Delivery) -> bool:
    """Whether somebody must look at a delivery: failed, in doubt, or a personal one that has no
    address left."""
    lost = row.state is State.SKIPPED and row.reason.startswith(UNREACHABLE)
    return lost or row.state in (State.FAILED, State.IN_DOUBT)


def reached_in_part(row: Delivery) -> bool:
    """Whether a mail was refused for some of its addresses, or a notice that was taken did not
    arrive."""
    of_people = row.key.channel != "wechat"
    return of_people and row.state is State.SENT and bool(row.reason)


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

    def count(self, project: Project, campaign: Campaign, channel: Channel) -> None:
        """Add what the ledger has of a channel."""
        place = campaign.id, campaign.occurrence.id, channel
        with closing(open_ledger_of(project, channel)) as ledger:
            if found := ledger.totals(*place):
                self.totals[channel] = Counter({state.value: n for state, n in found.items()})
            for reason, number in ledger.skips(*place).items():
                if not reason.startswith(UNREACHABLE):
                    self.skipped[reason] += number
            for row in ledger.noted(*place):
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
                reached.count(self.project, self.campaign, channel)
        return reached


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
        "campaigns": [
            {
                "campaign": about.campaign.id,
                "occurrence": about.campaign.occurrence.id,
                "channels": channels,
            }
        ],
        "run": {**figures, "seconds": round(took.total_seconds(), 3)},
        "attention": [row_json(row) for row in named],
        "problems": [problem_json(problem) for problem in about.problems],
    }
    if "wechat" in standing.totals:
        found = articles_told(about.project, about.campaign)
        document["articles"] = [article_json(told) for told in found]
    if error is not None:
        document["error"] = error_json(error)
    return document
