"""What every ledger must do for groups of marks and answers."""

from __future__ import annotations

from pathlib import Path

import pytest
from ledger_support import (
    CAMPAIGN,
    GONE,
    NOW,
    OCCURRENCE,
    SENT,
    LedgerCase,
    begun,
    deliver,
    happened,
    key,
    later,
    line,
    names,
    states,
)

from announce.ledger.base import Ledger, RunLost
from announce.model.delivery import Outcome, State

ACCOUNT = "smtp.example.org"


class GroupsContract(LedgerCase):
    """Many marks and answers at once."""

    def test_a_group_writes_marks_and_answers(self, ledger: Ledger) -> None:
        """What one turn of the wire brought is written at once, each with its own event."""
        run = begun(ledger, "a", "b", "c")
        run.claim(9, NOW)
        run.handed_over(key("a"), NOW, account=ACCOUNT, message_id="<a@example.org>")
        run.handed_over(key("b"), NOW, account=ACCOUNT)

        with run.together() as group:
            group.record(key("a"), SENT, later(1))
            group.refused_for_now(key("b"), later(1), "busy", {"code": 450})
            group.handed_over(key("c"), later(1), account=ACCOUNT, recipients=3)

        assert states(ledger) == {"a": "sent", "b": "sending", "c": "sending"}
        assert happened(ledger, "a")[2:] == ["handed_over", "sent"]
        assert happened(ledger, "b")[2:] == ["handed_over", "refused_for_now"]
        assert ledger.events(key("b"))[-1].detail == {"code": 450, "reason": "busy"}
        assert ledger.used(ACCOUNT, NOW) == 5
        found = ledger.delivery(key("a"))
        assert found is not None
        assert found.message_id == "<a@example.org>"
        assert run.give_back([key("b"), key("c")], later(2)) == 1

    def test_a_group_that_fails_writes_nothing(self, ledger: Ledger) -> None:
        """An error within the block leaves the ledger as it was."""
        run = begun(ledger, "a", "b")
        run.claim(9, NOW)
        before = ledger.sequence

        with pytest.raises(ZeroDivisionError), run.together() as group:
            group.handed_over(key("a"), NOW, account=ACCOUNT)
            group.record(key("b"), SENT, NOW)
            raise ZeroDivisionError

        assert (ledger.sequence, ledger.used(ACCOUNT, NOW)) == (before, 0)
        assert run.give_back([key("a"), key("b")], NOW) == 2

    def test_an_empty_group_writes_nothing(self, ledger: Ledger) -> None:
        """A turn that brought nothing costs nothing, even for a run that has ended."""
        run = begun(ledger, "a")
        run.finish("done", NOW)

        with run.together():
            pass

    def test_a_group_follows_one_delivery_through_its_steps(self, ledger: Ledger) -> None:
        """Put off, tried again and answered within one group: told in that order."""
        run = begun(ledger, "a")
        run.claim(9, NOW)

        with run.together() as group:
            group.handed_over(key("a"), NOW, account=ACCOUNT, message_id="<a@example.org>")
            group.refused_for_now(key("a"), NOW, "busy", {})
            group.handed_over(key("a"), NOW, account=ACCOUNT)
            group.record(key("a"), Outcome(state=State.FAILED, reason="no"), NOW)

        assert states(ledger) == {"a": "failed(no)"}
        assert happened(ledger, "a")[2:] == [
            "handed_over",
            "refused_for_now",
            "handed_over",
            "failed",
        ]
        found = ledger.delivery(key("a"))
        assert found is not None
        assert found.message_id == "<a@example.org>"

    @pytest.mark.parametrize("name", ["recorded", "given back", "never claimed", "nobody"])
    def test_a_group_with_one_that_is_not_ours_writes_nothing(
        self, ledger: Ledger, name: str
    ) -> None:
        """Who is not in this run's hands is not marked, and neither are the others."""
        run = begun(ledger, "recorded", "given back", "mine", "never claimed")
        run.claim(3, NOW)
        deliver(run, [line("recorded")])
        run.give_back([key("given back")], NOW)
        before = ledger.sequence

        with pytest.raises(RunLost), run.together() as group:
            group.handed_over(key("mine"), NOW)
            group.handed_over(key(name), NOW)

        assert ledger.sequence == before
        assert run.give_back([key("mine")], NOW) == 1

    def test_a_group_ends_a_delivery_once(self, ledger: Ledger) -> None:
        """After its answer there is nothing more to say of it."""
        run = begun(ledger, "a")
        run.claim(9, NOW)

        with pytest.raises(RunLost), run.together() as group:
            group.record(key("a"), SENT, NOW)
            group.handed_over(key("a"), NOW)

        assert states(ledger) == {"a": "sending"}

    def test_a_group_of_a_lost_run_writes_nothing(self, tmp_path: Path) -> None:
        """Who was taken over hands nothing over any more."""
        before = self.open(tmp_path, GONE)
        sleeper = begun(before, "a", "b")
        sleeper.claim(9, NOW)
        after = self.open(tmp_path)
        run = after.begin(CAMPAIGN, OCCURRENCE, NOW)

        with pytest.raises(RunLost), sleeper.together() as group:
            group.handed_over(key("a"), NOW)
            group.record(key("b"), SENT, NOW)

        assert states(after) == {"a": "planned", "b": "planned"}
        assert names(run.claim(9, NOW)) == ["a", "b"]
        before.close()
        after.close()

    def test_what_was_marked_is_seen_by_whoever_looks(self, ledger: Ledger, tmp_path: Path) -> None:
        """A mark counts from the instant at which the block ended, for every reader."""
        run = begun(ledger, "a", "b")
        run.claim(9, NOW)
        other = self.open(tmp_path)
        with run.together() as group:
            group.handed_over(key("a"), NOW, account=ACCOUNT)
            group.record(key("b"), SENT, NOW)

        assert other.sequence == ledger.sequence
        assert other.used(ACCOUNT, NOW) == 1
        assert other.counts() == {CAMPAIGN: {OCCURRENCE: {"email": {"sending": 1, "sent": 1}}}}
        assert [event.event for event in other.events(key("a"))][-1] == "handed_over"
        assert other.check() == []
        other.close()
