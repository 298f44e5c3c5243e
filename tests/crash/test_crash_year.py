"""A year of the four campaigns: each occurrence once, or with the reason why not."""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Collection, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from crash_support import KILLS, Server
from crash_year import MINUTE, NOW, Known, Part, Year
from crash_year_project import BEGIN, END, make_year

from announce.ledger.base import Decision
from announce.model.occurrence import Occurrence
from announce.scheduling import standings
from announce.standing import BY_HAND, CLOSED, PAST, RESCHEDULED, SUPERSEDED, Stand

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is of Unix")

# So often within the year.
SLEEPS, WRONG_CLOCKS, RESTORES = 5, 4, 4
ASKS = "camera_ready-after-2d"
QUIET = 2000
BEHIND = 4
EXTENDED, EARLIER, EDITED = (
    datetime(2025, 2, 5, 12, tzinfo=UTC),
    datetime(2025, 2, 8, 12, tzinfo=UTC),
    # A Monday, a minute after nine in Berlin: what was begun then, and perhaps killed, is to be
    # at fifteen from now on.
    datetime(2025, 2, 24, 8, 1, tzinfo=UTC),
)


class Plan:
    """When what happens, and what must be known at the end of what was.

    `had` are the occurrences whose moment came, as the files were then, with all `dues` that they
    had; `slept` the spans in which nobody called; `moved` what an edit put into the past; `gone`
    what was left out, as `schedule run` wrote down, before an edit took it out of the files;
    `forgot` the same, before a ledger was restored that may be too old to look at it again.
    """

    def __init__(self, year: Year) -> None:
        dice = year.dice
        # The last of decisions asks what becomes of it, which only one that is late does.
        table = year.table()
        dues = [one.due for one in table.values() if one.due and one.id != ASKS]
        asks = [one.due for one in table.values() if one.due and one.id == ASKS]
        self.sleeps = sorted(
            (due - dice.randrange(1, 50) * MINUTE).astimezone(UTC).replace(second=0)
            for due in [*dice.sample(dues, SLEEPS), *asks]
        )
        busy = int((datetime(2025, 5, 2, tzinfo=UTC) - BEGIN) / MINUTE)
        self.wrong = sorted(BEGIN + dice.randrange(busy) * MINUTE for _ in range(WRONG_CLOCKS))
        self.restores = sorted(BEGIN + dice.randrange(busy) * MINUTE for _ in range(RESTORES))
        self.edits = [EXTENDED, EARLIER, EDITED]
        self.had: dict[Part, Occurrence] = {}
        self.dues: dict[Part, set[datetime]] = defaultdict(set)
        self.slept: list[tuple[datetime, datetime]] = []
        self.moved: set[Part] = set()
        self.gone: dict[Part, str] = {}
        self.forgot: dict[Part, str] = {}

    @property
    def next(self) -> datetime:
        """The next thing that happens by itself."""
        return min([END, *self.sleeps, *self.wrong, *self.edits])

    def remember(self, year: Year, minute: datetime) -> None:
        """What the files have until now."""
        for part, one in year.table().items():
            assert one.due is not None
            if one.due <= minute:
                self.had[part] = one
                self.dues[part].add(one.due)

    def after_edit(self, year: Year, decided: dict) -> None:
        """What the files have now that they were edited."""
        before = {part: set(dues) for part, dues in self.dues.items()}
        self.remember(year, year.minute)
        self.moved |= {part for part, dues in self.dues.items() if before.get(part) != dues}
        # A ledger that is restored later forgets them, and nobody is to decide on them anew.
        self.gone |= {
            part: decided[part].reason
            for part in self.had.keys() - year.table().keys()
            if part in decided and decided[part].what is Decision.SKIPPED
        }

    def is_replaced(self, part: Part, there: Collection[Part]) -> bool:
        """Whether its hour was changed before anybody had begun it, so that another one of that day
        stands for it, which is judged for itself."""
        day = part[1].rpartition("T")[0]
        return part not in there and any(
            day and other != part and other[0] == part[0] and other[1].startswith(f"{day}T")
            for other in self.had
        )

    def excuses(self, part: Part, reason: str) -> bool:
        """Whether it was no fault of the machine's that it was left out."""
        if reason == BY_HAND:
            return True
        if part in self.moved and reason in (PAST, SUPERSEDED, CLOSED, RESCHEDULED):
            return True
        day = part[1].rpartition("T")[0]
        for other in self.had.keys() - {part}:
            if other[0] != part[0]:
                continue
            if day and other[1].startswith(f"{day}T") and part not in self.gone:
                # Its hour was changed on that day.
                return reason in (RESCHEDULED, SUPERSEDED, PAST)
            if reason in (SUPERSEDED, PAST, CLOSED) and self.dues[other] & self.dues[part]:
                # Holidays moved both to the same morning; an older ledger finds that past.
                return True
        slept = any(begin <= due <= end for begin, end in self.slept for due in self.dues[part])
        return slept and reason in (PAST, SUPERSEDED, CLOSED)


@pytest.fixture
def year(request, server: Server, tmp_path: Path) -> Iterator[Year]:
    """The project, its mail server and its official account running."""
    made = Year(tmp_path, server, request.param)
    with made.mail, made.account:
        make_year(made.root, made.mail.port, made.account.api_base)
        yield made


@pytest.mark.parametrize("year", range(max(1, KILLS // 300)), indirect=True)
def test_a_year_minute_by_minute(year: Year, record_property) -> None:
    """Two crons at every minute that has anything to do, killed at random; a machine that sleeps,
    clocks that stand wrong, ledgers of old, a deadline that moves twice and a schedule that is
    edited.

    Which minutes these are is judged by the tool's own rules after every change; between two of
    them the last minute and random ones, of the year some thousands, are judged again, and some
    are called at with the real command, which is to say and do nothing.
    """
    plan = Plan(year)
    while year.minute < END:
        known = year.look(year.minute)
        following = min(known.wakes(year.minute), max(plan.next, year.minute))
        if following > year.minute:
            check_quiet(year, known, following)
            year.minute = following
        if year.minute >= END:
            break
        if plan.sleeps and year.minute >= plan.sleeps[0]:
            slept(year, plan)
            continue
        if known.at(year.minute):
            served(year, plan)
        happens(year, plan)
        year.minute += MINUTE
    plan.remember(year, END)
    assert_all_told(year, plan)
    record_property("kills", {"year": year.figures.kills})
    record_property("in doubt", {"year": year.figures.doubts})
    record_property("year", str(year.figures))


def check_quiet(year: Year, known: Known, until: datetime) -> None:
    """Until then there is nothing to do, at no minute; now and then it is called."""
    minutes = int((until - year.minute) / MINUTE)
    some = range(2 + QUIET * minutes // int((END - BEGIN) / MINUTE))
    for at in [minutes - 1, *(year.dice.randrange(minutes) for _ in some)]:
        assert not known.at(year.minute + at * MINUTE), year.minute + at * MINUTE
        year.figures.quiet += 1
    last = until - MINUTE
    for opened in year.campaigns.values():
        assert not [one for one in standings(opened, last) if one.stand in NOW], last
    if year.dice.random() < 0.25:
        ended = year.call(last, "schedule", "run")
        assert (ended.code, ended.out, ended.err) == (0, "", ""), last


def slept(year: Year, plan: Plan) -> None:
    """Nobody calls for hours or for days."""
    until = year.minute + timedelta(minutes=year.dice.randrange(240, 4000))
    plan.sleeps = [one for one in plan.sleeps if one > until]
    plan.slept.append((year.minute, until))
    year.minute = until
    year.figures.sleeps += 1


def happens(year: Year, plan: Plan) -> None:
    """What is planned for this minute, or was while nobody called."""
    if plan.wrong and year.minute >= plan.wrong[0]:
        plan.wrong.pop(0)
        year.figures.wrong_clocks += 1
        ahead = year.dice.choice([-2880, -1440, -600, -61, 61, 600])
        year.run(year.minute + ahead * MINUTE, kill=0.2)
        year.settle(year.minute)
    if plan.edits and year.minute >= plan.edits[0]:
        edited(year, plan, plan.edits.pop(0))
    if plan.restores and year.minute >= plan.restores[0] and year.can_lose:
        plan.restores.pop(0)
        restored(year, plan)
    if year.dice.random() < 0.3 and not year.backup.exists() and year.arrived:
        year.copy_ledger()


def served(year: Year, plan: Plan) -> None:
    """What is due is sent within a few minutes, whoever is killed."""
    begin = year.minute
    for number in range(9):
        year.minute = begin + number * MINUTE
        if plan.edits and year.minute >= plan.edits[0]:
            edited(year, plan, plan.edits.pop(0))
        for ended in year.run(year.minute, kill=0.45 if number < 3 else 0):
            assert ended.code in (0, 1, 3, -9), ended.err
        if plan.restores and year.minute >= plan.restores[0] and year.can_lose:
            plan.restores.pop(0)
            restored(year, plan)
        year.settle(year.minute)
        waiting = year.look(year.minute).waiting
        for campaign, one in waiting:
            if one.stand is Stand.ASKS:
                year.answer(year.minute, campaign, one.occurrence)
        if not waiting:
            return
    raise AssertionError(year.look(year.minute).waiting)


def restored(year: Year, plan: Plan) -> None:
    """An old ledger: whatever is due by it is refused, until the witnesses are adopted."""
    plan.forgot |= reasons(year)
    year.restore_ledger()
    year.look(year.minute)
    # By now the server has written what it took from those who were killed.
    before = year.arrived
    for ended in year.run(year.minute, kill=0):
        assert ended.code == BEHIND, ended.err
    told = year.call(year.minute, "ledger", "check")
    assert told.code == BEHIND
    assert year.arrived == before
    year.figures.refused += 1
    year.adopt(year.minute, told.err)
    year.settle(year.minute)


def reasons(year: Year) -> dict[Part, str]:
    """Why those were left out that were."""
    decided = year.decided()
    return {part: made.reason for part, made in decided if made.what is Decision.SKIPPED}


def edited(year: Year, plan: Plan, edit: datetime) -> None:
    """The deadline is extended, then moved earlier again; the weekly hour is changed."""
    plan.remember(year, year.minute)
    decided = dict(year.decided())
    cfp, reviewers = (year.root / f"campaigns/{name}.yaml" for name in ("cfp", "reviewers"))
    if edit == EXTENDED:
        ended = year.call(
            year.minute, "extend", "campaigns/cfp.yaml", "deadlines.submission",
            "2025-02-17 23:59 AoE", "--yes",
        )  # fmt: skip
        assert ended.code == 0, ended.err
    elif edit == EARLIER:
        cfp.write_text(cfp.read_text("utf-8").replace("2025-02-17", "2025-02-14"), "utf-8")
    else:
        text = reviewers.read_text("utf-8")
        reviewers.write_text(text.replace("0 9 * * mon", "0 15 * * mon"), "utf-8")
    plan.after_edit(year, decided)


def assert_all_told(year: Year, plan: Plan) -> None:
    """Nobody got anything twice; each occurrence reached everybody, or has its reason."""
    arrived, decided, there = year.arrived, dict(year.decided()), year.table()
    assert {sent: number for sent, number in arrived.items() if number > 1} == {}
    delivered = 0
    for part, one in plan.had.items():
        missing = year.people(part[0], one) - arrived.keys()
        if not missing:
            delivered += 1
            continue
        known = decided.get(part)
        if known is None and plan.is_replaced(part, there):
            continue
        if known is None:
            reason = (plan.forgot | plan.gone).get(part)
            assert reason is not None, (part, missing)
            assert plan.excuses(part, reason), (part, reason)
            continue
        assert known.what is Decision.SKIPPED, (part, known, missing)
        assert plan.excuses(part, known.reason), (part, known)
    assert len(plan.had) >= 25
    assert delivered >= 15
    assert year.figures.kills >= 8
    assert year.figures.at_hand_over >= 1
    assert year.figures.wrong_clocks >= 1
    assert year.figures.refused >= 1
    assert year.figures.quiet >= QUIET * 3 // 4
