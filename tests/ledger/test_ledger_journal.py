"""The journal: whoever looks, and whenever it is sorted in, sees the same deliveries and events."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from ledger_support import (
    CAMPAIGN,
    GONE,
    HERE,
    NOW,
    OCCURRENCE,
    SENT,
    begun,
    happened,
    key,
    later,
    line,
    names,
    states,
)

from announce.errors import MachineError
from announce.ledger import open_ledger
from announce.ledger.base import Group, Ledger, RunLost
from announce.ledger.core import Core
from announce.ledger.engine import LOG, quick_connection, sqlite_engine
from announce.ledger.machine import Machine
from announce.model.delivery import Delivery, Event, Outcome, State

URL = "sqlite:///ledger.sqlite3"
PEOPLE = ("a", "b", "c")
# Each step of a story: whom it concerns, and what happens.
STEPS = st.tuples(
    st.sampled_from(PEOPLE),
    st.sampled_from(["hand", "name", "refuse", *(str(state) for state in State)]),
)
STORIES = st.lists(st.lists(STEPS, max_size=4), max_size=6)
ENDS = {State.SENT, State.FAILED, State.IN_DOUBT, State.WAITING}


def opened(root: Path, machine: Machine = HERE) -> Ledger:
    """The ledger of a folder."""
    return open_ledger(URL, root, create=True, machine=machine)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """A new ledger."""
    found = opened(tmp_path)
    yield found
    found.close()


def unsorted(root: Path) -> int:
    """How many marks and answers nobody has sorted in."""
    with closing(sqlite3.connect(root / "ledger.sqlite3")) as connection:
        [number] = connection.execute("SELECT count(*) FROM journal").fetchone()
    return int(number)


def told(root: Path, story: list[list[tuple[str, str]]], *, looked_at: bool) -> None:
    """Play a story in a new ledger, which then ends; `looked_at` after each of its groups."""
    ledger = opened(root)
    run = begun(ledger, *PEOPLE)
    run.claim(9, NOW)
    open_ = set(PEOPLE)
    for number, steps in enumerate(story):
        with run.together() as group:
            for name, what in steps:
                if name in open_:
                    _step(group, name, what, number, open_)
        if looked_at:
            assert ledger.sequence > 0
    run.finish("done", later(99))
    assert ledger.check() == []
    ledger.close()


def _step(group: Group, name: str, what: str, number: int, open_: set[str]) -> None:
    now = later(number)
    if what in ("hand", "name"):
        named = f"<{name}{number}@example.org>" if what == "name" else ""
        group.handed_over(key(name), now, account="mx", message_id=named)
    elif what == "refuse":
        group.refused_for_now(key(name), now, "busy", {"try": number})
    elif State(what) in ENDS:
        group.record(key(name), Outcome(state=State(what), reason=f"{number}"), now)
        open_.remove(name)


def whole(root: Path) -> list[tuple[Delivery, list[Event]]]:
    """Everything that the ledger of a folder tells."""
    ledger = opened(root)
    found = list(ledger.history(CAMPAIGN))
    ledger.close()
    return found


@settings(
    max_examples=40,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(story=STORIES)
def test_it_does_not_matter_when_the_journal_is_sorted_in(
    story: list[list[tuple[str, str]]],
) -> None:
    """After each group, or only once at the end: the same states, the same events."""
    with tempfile.TemporaryDirectory() as folder:
        often, once = Path(folder, "often"), Path(folder, "once")

        told(often, story, looked_at=True)
        told(once, story, looked_at=False)

        assert whole(often) == whole(once)


def test_marks_wait_in_the_journal_until_somebody_looks(ledger: Ledger, tmp_path: Path) -> None:
    """A mark is one short transaction; the next reader or the next claim sorts it in."""
    run = begun(ledger, "a", "b")
    run.claim(1, NOW)
    run.handed_over(key("a"), NOW)
    marked = unsorted(tmp_path)
    seen = happened(ledger, "a")
    run.record(key("a"), SENT, NOW)
    answered = unsorted(tmp_path)
    run.claim(1, NOW)

    assert (marked, answered, unsorted(tmp_path)) == (1, 1, 0)
    assert seen[-1] == "handed_over"


def test_a_dead_runs_journal_is_sorted_in_before_it_is_judged(tmp_path: Path) -> None:
    """What it marked and nobody looked at since is in doubt, not due again."""
    before = opened(tmp_path, GONE)
    run = begun(before, "answered", "marked", "claimed")
    run.claim(9, NOW)
    with run.together() as group:
        group.handed_over(key("answered"), NOW)
        group.handed_over(key("marked"), NOW)
    run.record(key("answered"), SENT, NOW)
    waiting = unsorted(tmp_path)

    after = opened(tmp_path)
    again = after.begin(CAMPAIGN, OCCURRENCE, NOW)

    assert waiting == 3
    assert states(after) == {
        "answered": "sent",
        "marked": "in_doubt(run died)",
        "claimed": "planned",
    }
    assert names(again.claim(9, NOW)) == ["claimed"]
    before.close()
    after.close()


def test_claims_are_synced_and_marks_are_not(tmp_path: Path) -> None:
    """A claim survives the loss of power; a mark costs no sync (2 is FULL, 1 NORMAL)."""
    opened(tmp_path).close()
    path = tmp_path / "ledger.sqlite3"
    engine, quick = sqlite_engine(path, patience=1.0), quick_connection(path)

    with engine.connect() as connection:
        synced = connection.exec_driver_sql("PRAGMA synchronous").scalar()
    [unsynced] = quick.execute("PRAGMA synchronous").fetchone()

    assert (synced, unsynced) == (2, 1)
    quick.close()
    engine.dispose()


def test_a_claim_is_synced_whatever_became_of_the_one_before(tmp_path: Path) -> None:
    """Claims and marks share a connection; what is not synced stays so, and what is, is."""
    opened(tmp_path).close()
    core = Core(tmp_path / "ledger.sqlite3", HERE, 1.0)

    def level(cursor: sqlite3.Cursor) -> int:
        [found] = cursor.execute("PRAGMA synchronous").fetchone()
        return int(found)

    with core.claiming() as cursor:
        first = level(cursor)
    between = level(cursor)
    with pytest.raises(ZeroDivisionError), core.claiming() as cursor:
        cursor.execute("INSERT INTO meta (name, value) VALUES ('half', 'done')")
        assert 1 // 0
    after = level(cursor)
    with core.claiming() as cursor:
        again = level(cursor)
        undone = cursor.execute("SELECT count(*) FROM meta WHERE name = 'half'").fetchone()

    assert (first, between, after, again) == (2, 1, 1, 2)
    assert undone == (0,)
    core.close()


@pytest.mark.parametrize("size", [1, 64, 65, 200])
def test_a_group_of_any_size_is_written_whole_or_not_at_all(tmp_path: Path, size: int) -> None:
    """However many statements it takes; and in its order, where a delivery comes twice."""
    people = [f"p{number:03}" for number in range(size)]
    before, after = opened(tmp_path, GONE), opened(tmp_path)
    run = begun(before, *people)
    run.claim(size, NOW)
    with run.together() as group:
        for name in people:
            group.handed_over(key(name), NOW, account="mx")
            group.refused_for_now(key(name), NOW, "busy", {})
    logged = happened(after, people[-1])
    after.begin(CAMPAIGN, OCCURRENCE, NOW)
    sequence = after.sequence

    with pytest.raises(RunLost), run.together() as group:
        for name in people:
            group.handed_over(key(name), NOW)

    assert logged == ["planned", "claimed", "handed_over", "refused_for_now"]
    assert (unsorted(tmp_path), after.sequence) == (0, sequence)
    before.close()
    after.close()


def test_a_log_that_grew_beside_a_reader_is_brought_in(ledger: Ledger, tmp_path: Path) -> None:
    """While somebody reads an old state the log can only grow; afterwards it is cut."""
    log = tmp_path / "ledger.sqlite3-wal"
    run = ledger.begin(CAMPAIGN, OCCURRENCE, NOW)
    with closing(sqlite3.connect(tmp_path / "ledger.sqlite3", isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM meta").fetchone()
        for number in range(20):
            lines_ = [line("a", subject=f"{number}" * (LOG // 16))]
            run.lay(lines_, {}, NOW)
        grown = log.stat().st_size
    for _ in range(3):
        run.sync()

    assert grown > LOG
    assert log.stat().st_size <= LOG
    assert ledger.check() == []


def test_a_mark_that_cannot_be_written_is_told_and_can_be_tried_again(tmp_path: Path) -> None:
    """Somebody else's lock: nothing is marked, nothing is forgotten."""
    ledger = open_ledger(URL, tmp_path, create=True, patience=0.01)
    run = begun(ledger, "a")
    run.claim(9, NOW)
    with closing(sqlite3.connect(tmp_path / "ledger.sqlite3", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(MachineError, match="locked by another process"):
            run.handed_over(key("a"), NOW)
    before = happened(ledger, "a")
    run.handed_over(key("a"), NOW)

    assert before == ["planned", "claimed"]
    assert happened(ledger, "a") == ["planned", "claimed", "handed_over"]
    ledger.close()


def test_a_ledger_of_the_first_schema_is_brought_up_to_date(tmp_path: Path) -> None:
    """What an older announce left is read, settled and gone on with."""
    before = opened(tmp_path, GONE)
    run = begun(before, "sent", "handed", "planned")
    run.claim(2, NOW)
    run.handed_over(key("sent"), NOW)
    run.record(key("sent"), SENT, NOW)
    run.handed_over(key("handed"), NOW)
    before.sync()
    before.close()
    with closing(sqlite3.connect(tmp_path / "ledger.sqlite3")) as old:
        old.execute("DROP TABLE journal")
        old.execute("CREATE INDEX ix_events_delivery ON events (delivery)")
        old.execute("UPDATE meta SET value = '1' WHERE name = 'schema'")
        old.commit()

    first, second = opened(tmp_path), opened(tmp_path)
    run = first.begin(CAMPAIGN, OCCURRENCE, NOW)
    [claimed] = run.claim(9, NOW)
    run.handed_over(claimed.key, NOW)

    assert states(second) == {
        "sent": "sent",
        "handed": "in_doubt(run died)",
        "planned": "sending",
    }
    assert happened(second, "planned")[-1] == "handed_over"
    assert second.check() == []
    with closing(sqlite3.connect(tmp_path / "ledger.sqlite3")) as now:
        kept = dict(now.execute("SELECT name, value FROM meta WHERE name = 'schema'"))
        indexes = [name for (name,) in now.execute("SELECT name FROM pragma_index_list('events')")]
    assert (kept, indexes) == ({"schema": "4"}, ["windows"])
    first.close()
    second.close()
