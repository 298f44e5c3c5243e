"""Limits of a real account, through the real command, over days that pass in no time."""

from __future__ import annotations

import re
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TextIO

import pytest
import time_machine

CFP = "campaigns/cfp.yaml"  # 58 mails to 58 addresses
REVIEWERS = "campaigns/reviewers.yaml"  # 27 mails to 27 addresses
DECISIONS = "campaigns/decisions.yaml"  # 68 mails to their authors
MORNING = datetime(2027, 5, 10, 1, 30, tzinfo=UTC)  # 09:30 in Shanghai
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


class Clock:
    """The time of this process and of all in it: it stands until it is set."""

    def __init__(self, coordinates: time_machine.Coordinates) -> None:
        self._coordinates = coordinates
        self._monotonic = time.monotonic
        self._ahead = 0.0

    def monotonic(self) -> float:
        """The clock by which waits are measured; it is not among those that are set by travel."""
        return self._monotonic() + self._ahead

    def at(self, moment: datetime) -> None:
        """Set it, between two commands."""
        self._coordinates.move_to(moment)

    def forward(self, seconds: float) -> None:
        """Set it on."""
        self._coordinates.shift(seconds)
        self._ahead += seconds


class Patient:
    """Standard error on which a wait is over as soon as the command has told of it."""

    def __init__(self, stream: TextIO, clock: Clock) -> None:
        self._stream, self._clock = stream, clock

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        """Write, and let the time go by."""
        written = self._stream.write(text)
        if told := re.match(r"Waiting (\d+) s", text):
            self._clock.forward(int(told[1]))
        return written


@pytest.fixture
def clock(monkeypatch) -> Iterator[Clock]:
    """A clock that stands at half past nine on a Monday morning."""
    with time_machine.travel(MORNING, tick=False) as coordinates:
        clock = Clock(coordinates)
        monkeypatch.setattr(time, "monotonic", clock.monotonic)
        yield clock


@pytest.fixture
def announce(announce, clock, monkeypatch) -> Callable[..., Any]:
    """The command, by that clock; its waits take no time."""

    def call(*arguments: str, cwd: Path) -> Any:
        with monkeypatch.context() as here:
            here.setattr(sys, "stderr", Patient(sys.stderr, clock))
            return announce(*arguments, cwd=cwd)

    return call


def limited(project: Path, **figures: Any) -> None:
    """Write the account's limits down, in place of any."""
    path = project / "announce.yaml"
    text = re.sub(r"^  limits: .*\n", "", path.read_text(encoding="utf-8"), flags=re.M)
    shown = ", ".join(f"{name}: {figure}" for name, figure in figures.items())
    assert "email:\n  smtp" in text
    text = text.replace("email:\n  smtp", f"email:\n  limits: {{{shown}}}\n  smtp")
    path.write_text(text, encoding="utf-8")


def handed_over(announce, project: Path) -> list[tuple[datetime, int]]:
    """When mails of any campaign were handed to the account, and to how many each."""
    found = []
    for campaign in ("scifm-2025-cfp", "scifm-2025-reviewers", "scifm-2025-decisions"):
        try:
            entries = announce("log", campaign, "--format", "json", cwd=project).json
        except ValueError:
            continue
        found += [
            (datetime.fromisoformat(event["at"]), event["detail"]["recipients"])
            for entry in entries
            for event in entry["events"]
            if event["event"] == "handed_over"
        ]
    return sorted(found)


def most_within(span: timedelta, handed: list[tuple[datetime, int]], *, messages: bool) -> int:
    """The most that any window of this length held."""
    return max(
        sum(1 if messages else size for at, size in handed if start <= at < start + span)
        for start, _ in handed
    )


def room_again(told: str) -> datetime:
    """When a stopped run may go on, as it said."""
    found = re.search(r"room again at (\S+ \S+ [+-]\d{4})", told)
    assert found is not None, told
    return datetime.strptime(found[1], "%Y-%m-%d %H:%M %z")


def send(announce, project: Path, campaign: str) -> Any:
    """Send a campaign's mails."""
    return announce("send", "--yes", "--json", "--channel", "email", campaign, cwd=project)


def test_minute_is_the_accounts_and_two_campaigns_share_it(announce, live, servers) -> None:
    """Twenty a minute: each run waits as often as it must, the second for the first as well."""
    limited(live, per_minute=20)

    first = send(announce, live, CFP)
    second = send(announce, live, REVIEWERS)

    handed = handed_over(announce, live)
    people = Counter(to for one in servers[0].store.mails() for to in one.to)
    assert [one.code for one in (first, second)] == [0, 0]
    assert [one.err.count("Waiting") for one in (first, second)] == [2, 2]
    assert most_within(MINUTE, handed, messages=False) == 20
    assert people.total() == len(handed) == 58 + 27
    assert [at for at, _ in handed] == sorted(MORNING + MINUTE * (n // 20) for n in range(58 + 27))


def test_minute_counts_addresses(announce, live) -> None:
    """A decision goes to several authors: they are counted, each of them."""
    limited(live, per_minute=60)

    ended = send(announce, live, DECISIONS)

    handed = handed_over(announce, live)
    assert (ended.code, len(handed)) == (0, 68)
    assert 50 < most_within(MINUTE, handed, messages=False) <= 60


def test_minute_counts_messages_where_that_is_set(announce, live) -> None:
    """As Exchange Online counts: thirty messages, however many addresses."""
    limited(live, per_minute=30, counts="messages")

    ended = send(announce, live, DECISIONS)

    handed = handed_over(announce, live)
    assert (ended.code, ended.err.count("Waiting")) == (0, 2)
    assert most_within(MINUTE, handed, messages=True) == 30


def test_day_is_the_accounts_and_the_next_run_goes_on(announce, live, servers, clock) -> None:
    """Seventy a day over two campaigns: the second stops, says when there is room, and goes on
    then; in no 24 hours more than seventy left."""
    limited(live, per_day=70)
    first = send(announce, live, CFP)
    clock.forward(3600)
    stopped = send(announce, live, REVIEWERS)
    soon = send(announce, live, REVIEWERS)

    again = room_again(stopped.err)
    clock.at(again)
    last = send(announce, live, REVIEWERS)

    people = Counter(to for one in servers[0].store.mails() for to in one.to)
    assert [one.code for one in (first, stopped, soon, last)] == [0, 5, 5, 0]
    assert [one.json["run"]["sent"] for one in (first, stopped, soon, last)] == [58, 12, 0, 15]
    assert again == room_again(soon.err) == MORNING + DAY
    assert most_within(DAY, handed_over(announce, live), messages=False) == 70
    assert people.total() == 58 + 27


def test_day_counts_messages_where_that_is_set(announce, live) -> None:
    """As Google Workspace counts."""
    limited(live, per_day=60, counts="messages")

    ended = send(announce, live, DECISIONS)

    assert (ended.code, ended.json["run"]["sent"]) == (5, 60)


# -- the forecast --------------------------------------------------------------------------------


def test_plan_foresees_what_then_happens(announce, live) -> None:
    """In the project's zone: the minute at which the last mail will have gone."""
    limited(live, per_minute=20)
    send(announce, live, REVIEWERS)

    plan = announce("plan", CFP, cwd=live)
    foreseen = announce("--json", "plan", CFP, cwd=live).json["forecast"]
    send(announce, live, CFP)

    last = handed_over(announce, live)[-1][0]
    done = datetime.fromisoformat(foreseen["done"])
    told = "58 mails, 20 addresses a minute: done today 09:34 (Monday, 10 May, Asia/Shanghai)."
    assert told in plan.out.splitlines()
    assert (foreseen["mails"], foreseen["addresses"], foreseen["again"]) == (58, 58, None)
    assert last == done == MORNING + 4 * MINUTE


def test_plan_says_how_often_to_run_it(announce, live) -> None:
    """Beyond a day: several runs, the next one as soon as there is room."""
    limited(live, per_day=25)

    ended = announce("plan", CFP, cwd=live)

    assert (
        "58 mails, 25 addresses a day: done Wednesday, 12 May, 09:30 (Asia/Shanghai), in several "
        "runs: each stops when the day is full; run it again from tomorrow 09:30 "
        "(Tuesday, 11 May, Asia/Shanghai) on."
    ) in ended.out.splitlines()


def test_plan_and_send_warn_of_a_date_that_comes_first(announce, live) -> None:
    """Decisions that would still go out after the date by which authors may ask: named, with
    by how much, in the plan, in its JSON and before a send."""
    limited(live, per_day=22)

    shown = announce("plan", DECISIONS, cwd=live)
    problems = announce("--json", "plan", DECISIONS, cwd=live).json["problems"]
    asked = announce("send", DECISIONS, cwd=live)

    late = [one for one in problems if one["code"] == "ends-after-deadline"]
    assert [re.search(r"after (\S+) ", one["message"])[1] for one in late] == [
        "facts.deadlines.questions"
    ]
    assert late[0]["message"].startswith(
        "within the account's limits the last mail goes 4 h 1 min after "
    )
    assert all(late[0]["message"] in one.err for one in (shown, asked))


def test_rehearsal_foresees_nothing(announce, project) -> None:
    """The sandbox has no limits."""
    ended = announce("--json", "plan", CFP, cwd=project)

    assert "forecast" not in ended.json
