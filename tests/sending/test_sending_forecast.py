"""The forecast is what the pace does: both walk the same windows, one in bursts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, cast
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as some
from sending_support import ACCOUNT, NOW, Wire, begun, line, outlet_to

from announce.channels.email.account import AccountLimits
from announce.checks.dates import late_facts
from announce.forecast import Forecast, foreseen, in_words
from announce.ledger.base import Ledger
from announce.model.campaign import AudienceSource, Campaign, EmailPlan
from announce.model.moment import Deadline, parse_moment
from announce.model.project import Project, Sender, Settings
from announce.pace import DAY, MINUTE, Pace
from announce.problems import Place

SECOND = timedelta(seconds=1)


@dataclass
class Book:
    """The windows of a ledger, in memory: (moment, recipients)."""

    held: list[tuple[datetime, int]] = field(default_factory=list)

    def used(self, _account: str, since: datetime, *, messages: bool = False) -> int:
        """As a ledger counts."""
        return sum(1 if messages else people for at, people in self.held if at >= since)

    def oldest_in(self, _account: str, since: datetime) -> datetime | None:
        """As a ledger tells."""
        return min((at for at, _ in self.held if at >= since), default=None)

    def handovers(
        self, _account: str, since: datetime, *, exact: bool = False
    ) -> list[tuple[datetime, int, int]]:
        """As a ledger tells."""
        found: dict[datetime, tuple[datetime, int, int]] = {}
        for at, people in sorted(self.held):
            if at >= since:
                when = at if exact else at.replace(second=0, microsecond=0)
                _, recipients, messages = found.get(when, (at, 0, 0))
                found[when] = (at, recipients + people, messages + 1)
        return list(found.values())


def last_of_a_run(due: Iterable[int], limits: AccountLimits, book: Book) -> datetime:
    """When the last message goes, where the clock steps on by what `Pace` says; after a stop the
    next run begins when there is room again."""
    now = last = NOW
    waiting = list(due)
    while waiting:
        pace = Pace(outlet_to(Wire(), cast(Ledger, book), limits=limits))
        while waiting:
            size = waiting[0]
            if pace.too_many(size):
                waiting.pop(0)
            elif pace.day_is_full(now, size) and pace.day_is_full(now, size, anew=True):
                break
            elif wait := pace.wait(now, size):
                now += wait
            else:
                pace.let_go(size)
                book.held.append((now, size))
                pace.landed(size, handed_over=True)
                waiting.pop(0)
                last = now
        else:
            return last
        again = pace.room_again(now, waiting[0])
        assert again is not None and again > now
        now = again
    return last


def told(due: list[int], limits: AccountLimits, book: Book) -> Forecast:
    """The forecast for such messages."""
    return foreseen(due, limits, cast(Ledger, book), ACCOUNT, NOW)


def limits_to(minute: int | None, day: int | None, counts: Any = "recipients") -> AccountLimits:
    """Limits of an account that counts both windows alike."""
    return AccountLimits(
        provider="", per_minute=minute, per_day=day, minute_counts=counts, day_counts=counts
    )


some_limits = some.builds(
    limits_to,
    some.none() | some.integers(1, 9),
    some.none() | some.integers(1, 30),
    some.sampled_from(["recipients", "messages"]),
)
some_messages = some.lists(some.integers(1, 4), max_size=40)
# One instant in each minute of the clock, so that the minutes say it all; the last are exact.
minutes_ago = some.lists(some.tuples(some.integers(2, 24 * 60 + 5), some.integers(1, 5)))
seconds_ago = some.lists(some.tuples(some.integers(0, 59), some.integers(1, 5)))


@given(due=some_messages, limits=some_limits, minutes=minutes_ago, seconds=seconds_ago)
@example(due=[1] * 6, limits=limits_to(2, 3), minutes=[(60, 1)], seconds=[(59, 1)])
@example(due=[4, 4], limits=limits_to(3, None), minutes=[], seconds=[(30, 1)])
@example(due=[2, 1, 2], limits=limits_to(3, 4), minutes=[], seconds=[(30, 1)])
def test_forecast_is_what_a_run_does(
    due: list[int],
    limits: AccountLimits,
    minutes: list[tuple[int, int]],
    seconds: list[tuple[int, int]],
) -> None:
    """Whatever the limits, what was used before and whom is written to: the same instant."""
    book = Book(
        [(NOW - n * MINUTE, size) for n, size in minutes]
        + [(NOW - n * SECOND, size) for n, size in seconds]
    )

    assert told(due, limits, book).done == last_of_a_run(due, limits, book)


@given(
    due=some_messages,
    limits=some_limits,
    used=some.lists(some.tuples(some.integers(0, 86_500), some.integers(1, 5))),
)
def test_forecast_errs_by_less_than_a_few_minutes(
    due: list[int], limits: AccountLimits, used: list[tuple[int, int]]
) -> None:
    """Of a day only the minutes are known: never too early, and by no more than a minute a run."""
    book = Book([(NOW - n * SECOND, size) for n, size in used])

    foreseen = told(due, limits, book)
    real = last_of_a_run(due, limits, book)

    assert timedelta(0) <= foreseen.done - real <= MINUTE


def test_ledger_tells_its_windows_alike(ledger: Ledger) -> None:
    """A real ledger knows hand-overs by the minute, by the moment, in people and messages."""
    moments = [NOW - timedelta(seconds=n) for n in (150, 130, 70, 0)]
    run = begun(ledger, [line(f"p{n}", to=("a@example.org",) * n) for n in (1, 2, 3, 4)], NOW)
    for one, at in zip(run.claim(4, NOW), moments, strict=True):
        run.handed_over(one.key, at, account=ACCOUNT)
    book = Book(list(zip(moments, (1, 2, 3, 4), strict=True)))
    since = NOW - timedelta(seconds=130)

    assert [ledger.used(ACCOUNT, since, messages=one) for one in (False, True)] == [9, 3]
    for exact in (False, True):
        for start in (NOW - DAY, since):
            told = ledger.handovers(ACCOUNT, start, exact=exact)
            assert told == book.handovers(ACCOUNT, start, exact=exact)
    assert ledger.handovers("other@smtp.example.org", NOW - DAY) == []


# -- in words ------------------------------------------------------------------------------------


def test_forecast_in_words_names_the_limit_and_the_moment() -> None:
    """In the project's zone, with the day's name, and never too early: 12:04:05 is 12:05."""
    book = Book([(NOW - 55 * SECOND, 1)])

    foreseen = told([1] * 15, limits_to(3, None), book)

    assert in_words(foreseen, ZoneInfo("Europe/Berlin")) == (
        "15 mails, 3 addresses a minute: done today 13:05 (Monday, 6 January, Europe/Berlin)."
    )


def test_forecast_in_words_says_when_to_run_again() -> None:
    """Beyond a day's limit: when all is done, and from when on it is to be run again."""
    limits = limits_to(None, 500, "messages")

    foreseen = told([2] * 1200, limits, Book([(NOW - timedelta(hours=2), 3)]))

    assert in_words(foreseen, ZoneInfo("Asia/Shanghai")) == (
        "1200 mails to 2400 addresses, 500 mails a day: done Wednesday, 8 January, 20:00 "
        "(Asia/Shanghai), in several runs: each stops when the day is full; run it again from "
        "tomorrow 18:00 (Tuesday, 7 January, Asia/Shanghai) on."
    )


def test_forecast_of_what_may_go_at_once_is_not_slow() -> None:
    """Nobody waits: there is nothing to tell."""
    assert not told([1] * 20, limits_to(20, 500), Book()).is_slow


def test_forecast_passes_over_what_no_day_has_room_for() -> None:
    """Such a message fails in the run, and holds up nobody."""
    foreseen = told([1, 11, 1], limits_to(None, 10), Book())

    assert (foreseen.done, foreseen.again) == (NOW, None)


# -- against the facts ---------------------------------------------------------------------------


def late(done: datetime, *, as_of: date | None = None, **facts: date | Deadline) -> list[str]:
    """The doubts about a sending from NOW to `done`, in words."""
    campaign = Campaign(
        campaign="cfp", kind="cfp", title="CfP", as_of=as_of, facts={"deadlines": facts},
        audience=AudienceSource(file="people.csv"), email=EmailPlan(),
    )  # fmt: skip
    sender = Sender(name="Chairs", address="chairs@example.org")
    project = Project.model_construct(
        settings=Settings(name="Workshop", sender=sender, timezone="Asia/Shanghai")
    )
    place = Place(file="campaigns/cfp.yaml")
    return [f"{one.code}: {one.message}" for one in late_facts(project, campaign, place, NOW, done)]


AOE = parse_moment("2025-01-08 23:59 AoE")  # 2025-01-09 11:59 UTC
assert isinstance(AOE, Deadline)


@pytest.mark.parametrize(
    ("done", "told"),
    [
        (NOW + timedelta(days=2), []),
        (
            AOE.utc - timedelta(hours=2, minutes=59),
            [
                "ends-near-deadline: within the account's limits the last mail goes only "
                "2 h 59 min before facts.deadlines.submission (2025-01-08 23:59 AoE)"
            ],
        ),
        (
            AOE.utc + timedelta(minutes=31),
            [
                "ends-after-deadline: within the account's limits the last mail goes 31 min after "
                "facts.deadlines.submission (2025-01-08 23:59 AoE)"
            ],
        ),
        (
            AOE.utc + timedelta(days=4),
            [
                "ends-after-deadline: within the account's limits the last mail goes 4 days after "
                "facts.deadlines.submission (2025-01-08 23:59 AoE)"
            ],
        ),
    ],
)
def test_last_mail_is_held_against_the_facts(done: datetime, told: list[str]) -> None:
    """Nothing, a word of caution close before the date, and how much too late it is."""
    assert late(done, submission=AOE) == told


def test_date_without_time_lasts_to_its_end_in_the_project() -> None:
    """7 January ends at 16:00 UTC in Shanghai; a date that is past already is told elsewhere."""
    end = datetime(2025, 1, 7, 16, 0, tzinfo=UTC)

    assert late(end + MINUTE, camera=date(2025, 1, 7), kickoff=date(2025, 1, 5)) == [
        "ends-after-deadline: within the account's limits the last mail goes 1 min after "
        "facts.deadlines.camera (2025-01-07)"
    ]


def test_past_season_is_judged_as_of_its_own_day() -> None:
    """A rehearsal of 2020: as long after `as_of` as the sending takes."""
    season = {"submission": date(2020, 2, 1), "notification": date(2020, 3, 1)}

    assert late(NOW + 3 * DAY + 130 * MINUTE, as_of=date(2020, 1, 30), **season) == [
        "ends-after-deadline: within the account's limits the last mail goes 2 h 10 min after "
        "facts.deadlines.submission (2020-02-01)"
    ]
