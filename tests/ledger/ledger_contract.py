"""What every ledger must do: a new one inherits these tests and says how it is opened."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from ledger_support import (
    ANOTHER_BOOT,
    ANOTHER_CONTAINER,
    ANOTHER_HOST,
    CAMPAIGN,
    GONE,
    HERE,
    NOW,
    OCCURRENCE,
    SENT,
    WORDS,
    LedgerCase,
    begun,
    deliver,
    happened,
    key,
    later,
    line,
    lines,
    names,
    states,
)

from announce.errors import GateError
from announce.ledger.base import LEASE, HeldByAnother, Ledger, Run, RunLost
from announce.ledger.machine import Machine
from announce.model.delivery import Delivery, Outcome, State, Suppression


class LedgerContract(LedgerCase):
    """What a ledger keeps, whoever is behind it."""

    # What is made once.

    def test_id_and_message_ids_stay_when_opened_again(
        self, ledger: Ledger, tmp_path: Path
    ) -> None:
        """The id and the secret are made once."""
        again = self.open(tmp_path)

        assert (again.id, again.message_id(key("wei"), "example.org")) == (
            ledger.id,
            ledger.message_id(key("wei"), "example.org"),
        )
        again.close()

    def test_message_id_is_long_and_of_the_domain(self, ledger: Ledger) -> None:
        """A Message-ID is 32 hex digits at the sender's domain, another one a key."""
        first = ledger.message_id(key("wei"), "example.org")
        second = ledger.message_id(key("ada"), "example.org")

        assert first.endswith("@example.org>")
        assert len(first) == len("<@example.org>") + 32
        assert first != second

    def test_message_id_differs_between_ledgers(self, ledger: Ledger, tmp_path: Path) -> None:
        """Nobody guesses a Message-ID from the key alone."""
        other = self.open(tmp_path / "other")

        assert other.message_id(key("wei"), "example.org") != ledger.message_id(
            key("wei"), "example.org"
        )
        other.close()

    # Laying a plan.

    def test_lay_keeps_all_that_a_line_says(self, ledger: Ledger) -> None:
        """A line comes back as it was laid, Chinese and several addresses included."""
        planned = line("17", to=("Li Wei <wei@example.org>", "ada@example.net"), subject="录用通知")

        ledger.begin(CAMPAIGN, OCCURRENCE, NOW).lay([planned], WORDS, NOW)

        assert list(ledger.deliveries(CAMPAIGN)) == [planned]
        assert ledger.delivery(planned.key) == planned

    def test_lay_writes_skipped_lines_with_their_reason(self, ledger: Ledger) -> None:
        """Nobody is skipped in silence."""
        run = ledger.begin(CAMPAIGN, OCCURRENCE, NOW)

        run.lay([line("wei"), line("ada", state=State.SKIPPED, reason="suppressed")], WORDS, NOW)

        assert states(ledger) == {"wei": "planned", "ada": "skipped(suppressed)"}
        assert ledger.events(key("ada"))[0].detail == {"reason": "suppressed"}

    def test_lay_again_changes_nothing(self, ledger: Ledger) -> None:
        """The same plan twice is the same plan."""
        run = begun(ledger, "wei", "ada")
        before = ledger.sequence

        run.lay(lines("wei", "ada"), WORDS, NOW)

        assert ledger.sequence == before

    def test_lay_updates_what_was_not_sent(self, ledger: Ledger) -> None:
        """A changed subject reaches who was not served yet, and only them."""
        run = begun(ledger, "wei", "ada")
        deliver(run, run.claim(1, NOW))

        run.lay([line("wei", subject="new"), line("ada", subject="new")], WORDS, NOW)

        assert [one.subject for one in ledger.deliveries(CAMPAIGN)] == ["征稿", "new"]

    def test_lay_skips_who_is_gone_and_brings_them_back(self, ledger: Ledger) -> None:
        """Who is no longer in the plan is skipped; in the plan again, planned again."""
        run = begun(ledger, "wei", "ada")

        run.lay(lines("wei"), WORDS, NOW)
        gone = states(ledger)
        run.lay(lines("wei", "ada"), WORDS, NOW)

        assert gone == {"wei": "planned", "ada": "skipped(gone)"}
        assert states(ledger) == {"wei": "planned", "ada": "planned"}
        assert happened(ledger, "ada") == ["planned", "skipped", "planned"]

    def test_lay_leaves_who_was_sent_though_gone(self, ledger: Ledger) -> None:
        """What was sent stays sent."""
        run = begun(ledger, "wei")
        deliver(run, run.claim(9, NOW))

        run.lay([], WORDS, NOW)

        assert states(ledger) == {"wei": "sent"}

    @pytest.mark.parametrize("state", [State.SENT, State.IN_DOUBT, State.WAITING])
    @pytest.mark.parametrize("wanted", [State.PLANNED, State.SKIPPED])
    def test_lay_leaves_what_may_have_arrived(
        self, ledger: Ledger, state: State, wanted: State
    ) -> None:
        """No plan makes due again what somebody may have got."""
        run = begun(ledger, "wei")
        deliver(run, run.claim(9, NOW), Outcome(state=state))

        run.lay([line("wei", state=wanted)], WORDS, NOW)

        assert states(ledger) == {"wei": state.value}
        assert run.claim(9, NOW) == []

    def test_lay_leaves_the_failed_failed(self, ledger: Ledger) -> None:
        """A refused delivery is not tried again because the plan names it again."""
        run = begun(ledger, "wei")
        deliver(run, run.claim(9, NOW), Outcome(state=State.FAILED, reason="unknown mailbox"))

        run.lay(lines("wei"), WORDS, NOW)

        assert states(ledger) == {"wei": "failed(unknown mailbox)"}
        assert run.claim(9, NOW) == []

    def test_lay_refuses_lines_of_another_occurrence(self, ledger: Ledger) -> None:
        """A run writes its own occurrence only."""
        run = ledger.begin(CAMPAIGN, OCCURRENCE, NOW)

        with pytest.raises(ValueError, match="is not of"):
            run.lay([line("wei", occurrence="second")], WORDS, NOW)

    def test_a_failed_lay_leaves_nothing(self, ledger: Ledger) -> None:
        """A plan is written whole or not at all."""
        run = ledger.begin(CAMPAIGN, OCCURRENCE, NOW)

        with pytest.raises(ValueError, match="cannot make"):
            run.lay([line("wei"), line("ada", state=State.SENT)], WORDS, NOW)

        assert states(ledger) == {}

    # Content.

    def test_content_is_stored_by_the_first_claim(self, ledger: Ledger) -> None:
        """A plan that was only laid fixes nothing, nor a claim of nobody; the first claim does."""
        run = begun(ledger, "wei", "ada")
        run.claim(9, NOW, only=[key("nobody")])
        laid = ledger.content(CAMPAIGN, OCCURRENCE)
        run.claim(1, NOW)

        assert laid is None
        assert ledger.content(CAMPAIGN, OCCURRENCE) == WORDS

    def test_content_is_replaced_only_when_told_changed(self, ledger: Ledger) -> None:
        """A later run's content is kept out, unless it is known to have changed."""
        run = begun(ledger, "wei", "ada", "bo")
        run.claim(1, NOW)
        run.lay(lines("wei", "ada", "bo"), {"a": "second"}, NOW)
        run.claim(1, NOW)
        kept = ledger.content(CAMPAIGN, OCCURRENCE)
        run.lay(lines("wei", "ada", "bo"), {"a": "third"}, NOW, changed=True)
        run.claim(1, NOW)

        assert kept == WORDS
        assert ledger.content(CAMPAIGN, OCCURRENCE) == {"a": "third"}

    def test_content_of_an_unclaimed_run_fixes_nothing(self, ledger: Ledger) -> None:
        """A run that ended before its first claim leaves no words to a later one."""
        begun(ledger, "a").finish("stopped", NOW)
        run = ledger.begin(CAMPAIGN, OCCURRENCE, NOW)

        assert names(run.claim(9, NOW)) == ["a"]
        assert ledger.content(CAMPAIGN, OCCURRENCE) is None

    # Claiming, handing over, recording.

    def test_claim_takes_in_the_plans_order(self, ledger: Ledger) -> None:
        """Who stands first in the plan is served first, each once."""
        run = begun(ledger, "c", "a", "b")

        assert [names(run.claim(2, NOW)) for _ in range(3)] == [["c", "a"], ["b"], []]

    def test_claim_gives_the_place_in_the_plan(self, ledger: Ledger) -> None:
        """Whoever composes the message again finds its line."""
        run = ledger.begin(CAMPAIGN, OCCURRENCE, NOW)
        run.lay([line("a", position=7), line("b", position=9)], WORDS, NOW)

        assert [one.position for one in run.claim(9, NOW)] == [7, 9]

    def test_claim_follows_a_plan_that_was_laid_anew(self, ledger: Ledger) -> None:
        """Somebody new at its head moves everybody one on."""
        run = begun(ledger, "b", "c")

        run.lay(lines("a", "c", "b"), WORDS, NOW)

        claimed = run.claim(9, NOW)
        assert [(one.key.recipient, one.position) for one in claimed] == [
            ("a", 0),
            ("c", 1),
            ("b", 2),
        ]

    def test_claim_of_some_goes_on_where_it_stopped(self, ledger: Ledger) -> None:
        """The same choice is claimed to its end, what came back meanwhile too, each once."""
        run = begun(ledger, *(f"p{n}" for n in range(20)))
        chosen = frozenset(key(f"p{n}") for n in range(0, 20, 2))

        first = run.claim(4, NOW, only=chosen)
        run.give_back([first[0].key], NOW)
        rest = [names(run.claim(4, NOW, only=chosen)) for _ in range(3)]

        assert names(first) == ["p0", "p2", "p4", "p6"]
        assert rest == [["p0", "p8", "p10", "p12"], ["p14", "p16", "p18"], []]

    def test_claim_of_some_takes_what_was_settled_meanwhile(
        self, ledger: Ledger, tmp_path: Path
    ) -> None:
        """A choice is not at its end while somebody settles one of it as not sent."""
        run = begun(ledger, "a", "b", "c", "d")
        chosen = frozenset(key(name) for name in "abc")
        deliver(run, run.claim(1, NOW, only=chosen), Outcome(state=State.IN_DOUBT, reason="lost"))
        other = self.open(tmp_path)
        other.settle(key("a"), sent=False, now=NOW)

        claimed = [names(run.claim(9, NOW, only=chosen)) for _ in range(2)]

        assert claimed == [["a", "b", "c"], []]
        other.close()

    def test_claim_of_some_of_a_channel(self, ledger: Ledger) -> None:
        """Both narrow the claim, also where they change from one to the next."""
        run = ledger.begin(CAMPAIGN, OCCURRENCE, NOW)
        run.lay([line("a"), line("zh", channel="wechat"), line("b")], WORDS, NOW)
        both = frozenset({key("a"), key("zh", channel="wechat")})

        assert names(run.claim(9, NOW, channel="wechat", only=both)) == ["zh"]
        assert names(run.claim(9, NOW, channel="email", only=both)) == ["a"]
        assert run.claim(9, NOW, only=frozenset({key("nobody")})) == []

    def test_claim_of_a_channel_or_of_some(self, ledger: Ledger) -> None:
        """A claim can be narrowed."""
        run = ledger.begin(CAMPAIGN, OCCURRENCE, NOW)
        run.lay([line("a"), line("zh", channel="wechat"), line("b"), line("c")], WORDS, NOW)

        assert names(run.claim(9, NOW, channel="wechat")) == ["zh"]
        assert names(run.claim(1, NOW, only=[key("c"), key("b")])) == ["b"]
        assert names(run.claim(9, NOW)) == ["a", "c"]

    def test_a_delivery_is_told_event_by_event(self, ledger: Ledger) -> None:
        """The log has each step with its time and its facts."""
        run = begun(ledger, "wei")
        run.claim(9, NOW)
        run.handed_over(key("wei"), later(1), account="smtp.example.org", message_id="<a@b>")
        run.record(key("wei"), SENT, later(2))

        told = [(event.event, event.at, event.detail) for event in ledger.events(key("wei"))]

        assert told == [
            ("planned", NOW, {}),
            ("claimed", NOW, {}),
            ("handed_over", later(1), {"account": "smtp.example.org", "recipients": 1}),
            ("sent", later(2), {"code": 250, "text": "2.0.0 queued"}),
        ]
        assert ledger.events(key("wei"))[-1].detail["code"] == 250
        [(found, events)] = ledger.history(CAMPAIGN)
        assert (found.state, found.message_id, len(events)) == (State.SENT, "<a@b>", 4)

    @pytest.mark.parametrize("state", [State.SENT, State.FAILED, State.IN_DOUBT, State.WAITING])
    def test_record_keeps_state_and_reason(self, ledger: Ledger, state: State) -> None:
        """Each outcome is a state of the delivery."""
        run = begun(ledger, "wei")

        deliver(run, run.claim(9, NOW), Outcome(state=state, reason="because"))

        assert states(ledger) == {"wei": f"{state}(because)"}
        assert happened(ledger, "wei")[-1] == state.value

    def test_sequence_grows_with_every_change(self, ledger: Ledger) -> None:
        """Witnesses can tell an older copy."""
        seen = [ledger.sequence]
        run = begun(ledger, "wei")
        seen.append(ledger.sequence)
        run.claim(9, NOW)
        seen.append(ledger.sequence)
        run.handed_over(key("wei"), NOW)
        seen.append(ledger.sequence)
        run.record(key("wei"), SENT, NOW)
        seen.append(ledger.sequence)

        assert seen == sorted(set(seen))

    def test_fingerprint_is_of_one_entry(self, ledger: Ledger) -> None:
        """Each entry has its own fingerprint; one that is not there has none."""
        begun(ledger, "wei", "ada")

        found = [ledger.fingerprint(number) for number in (1, 2, 3)]

        assert len(set(found)) == 3
        assert found[2] == ""

    def test_give_back_returns_only_what_was_not_handed_over(self, ledger: Ledger) -> None:
        """What may have arrived is not sent again."""
        run = begun(ledger, "wei", "ada")
        run.claim(9, NOW)
        run.handed_over(key("wei"), NOW)

        given = run.give_back([key("wei"), key("ada")], NOW)

        assert (given, states(ledger)) == (1, {"wei": "sending", "ada": "planned"})

    def test_refused_for_now_can_be_given_back(self, ledger: Ledger) -> None:
        """After a sure refusal nothing can have arrived."""
        run = begun(ledger, "wei")
        run.claim(9, NOW)
        run.handed_over(key("wei"), NOW)
        run.refused_for_now(key("wei"), NOW, "greylisted", {"code": 450})

        assert run.give_back([key("wei")], NOW) == 1
        assert states(ledger) == {"wei": "planned"}

    def test_retry_failed_all_or_some(self, ledger: Ledger) -> None:
        """Failed deliveries are due again on request."""
        run = begun(ledger, "a", "b", "c")
        deliver(run, run.claim(9, NOW), Outcome(state=State.FAILED, reason="no"))

        some = run.retry_failed(NOW, [key("b")])
        after_some = states(ledger)
        rest = run.retry_failed(NOW)

        assert (some, rest) == (1, 2)
        assert after_some == {"a": "failed(no)", "b": "planned", "c": "failed(no)"}

    def test_looked_ends_doubt(self, ledger: Ledger) -> None:
        """What looking finds settles what is in doubt; proof of absence makes it due again."""
        run = begun(ledger, "a", "b")
        deliver(run, run.claim(9, NOW), Outcome(state=State.IN_DOUBT, reason="no answer"))

        run.looked(key("a"), Outcome(state=State.SENT, detail={"media_id": "m1"}), NOW)
        run.looked(key("b"), Outcome(state=State.PLANNED), NOW)

        assert states(ledger) == {"a": "sent", "b": "planned"}
        assert ledger.events(key("a"))[-1].detail["media_id"] == "m1"

    def test_looked_leaves_what_is_not_in_doubt(self, ledger: Ledger) -> None:
        """Looking cannot move what was sent, or settled by a person meanwhile."""
        run = begun(ledger, "a")
        deliver(run, run.claim(9, NOW))

        run.looked(key("a"), Outcome(state=State.PLANNED), NOW)

        assert states(ledger) == {"a": "sent"}

    def test_finish_settles_what_is_left(self, ledger: Ledger) -> None:
        """An interrupted run leaves nothing claimed."""
        run = begun(ledger, "a", "b")
        run.claim(9, NOW)
        run.handed_over(key("a"), NOW)

        run.finish("interrupted", NOW)

        assert states(ledger) == {"a": "in_doubt(interrupted)", "b": "planned"}
        assert ledger.running(CAMPAIGN) is None

    def test_a_finished_run_writes_nothing_more(self, ledger: Ledger) -> None:
        """After its end a run has no say."""
        run = begun(ledger, "a", "b")
        run.claim(1, NOW)
        run.finish("done", NOW)

        self.must_be_lost(run)

    def must_be_lost(self, run: Run) -> None:
        """Whoever thinks that the run is its own, and "a" claimed, is told at once."""
        with pytest.raises(RunLost):
            run.claim(1, NOW)
        with pytest.raises(RunLost):
            run.handed_over(key("a"), NOW)
        with pytest.raises(RunLost):
            run.record(key("a"), SENT, NOW)
        with pytest.raises(RunLost):
            run.give_back([key("a")], NOW)
        with pytest.raises(RunLost):
            run.lay(lines("a", "b"), WORDS, NOW)
        with pytest.raises(RunLost):
            run.heartbeat(NOW)
        with pytest.raises(RunLost):
            run.finish("done", NOW)

    def test_threads_share_a_run(self, ledger: Ledger) -> None:
        """Several connections hand over and record at once, and nothing is lost."""
        run = begun(ledger, *(f"p{n}" for n in range(120)))
        failures: list[BaseException] = []

        def work() -> None:
            try:
                while claimed := run.claim(7, NOW):
                    deliver(run, claimed)
            except BaseException as error:
                failures.append(error)

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert failures == []
        assert ledger.counts() == {CAMPAIGN: {OCCURRENCE: {"email": {"sent": 120}}}}
        assert ledger.used("smtp.example.org", NOW) == 120
        assert ledger.check() == []

    # Who holds the run.

    def test_begin_is_refused_while_a_run_is_held(self, ledger: Ledger, tmp_path: Path) -> None:
        """Two terminals at once: the second is told who holds it."""
        begun(ledger, "wei")
        other = self.open(tmp_path)

        with pytest.raises(HeldByAnother) as refused:
            other.begin(CAMPAIGN, "another", NOW)

        assert refused.value.exit_code == 3
        assert (refused.value.holder.pid, refused.value.holder.host) == (HERE.pid, HERE.host)
        assert str(HERE.pid) in refused.value.message
        other.close()

    def test_another_campaign_runs_beside(self, ledger: Ledger) -> None:
        """The run is the campaign's, not the ledger's."""
        begun(ledger, "wei")
        run = begun(ledger, "wei", campaign="awards")

        assert names(run.claim(9, NOW)) == ["wei"]

    def test_two_campaigns_are_sent_at_once(self, ledger: Ledger, tmp_path: Path) -> None:
        """Each from a ledger of its own on the same file: they mark and claim in turn."""
        other = self.open(tmp_path)
        run = begun(ledger, "a", "b", "c")
        beside = begun(other, "a", "b", "c", campaign="awards")
        for _ in range(3):
            mine, theirs = run.claim(1, NOW), beside.claim(1, NOW)
            with run.together() as group, beside.together() as others:
                for one, its_group in ((mine[0], group), (theirs[0], others)):
                    its_group.handed_over(one.key, NOW, account="smtp.example.org")
                    its_group.record(one.key, SENT, NOW)

        assert ledger.counts() == {
            CAMPAIGN: {OCCURRENCE: {"email": {"sent": 3}}},
            "awards": {OCCURRENCE: {"email": {"sent": 3}}},
        }
        assert other.used("smtp.example.org", NOW) == 6
        assert ledger.check() == []
        other.close()

    def dead(self, root: Path, machine: Machine) -> Ledger:
        """A ledger in which a run on this machine claimed three, handed one over, sent one."""
        opened = self.open(root, machine)
        run = begun(opened, "sent", "handed", "claimed", "planned")
        claimed = run.claim(3, NOW)
        deliver(run, claimed[:1])
        run.handed_over(claimed[1].key, NOW)
        return opened

    def test_a_gone_process_is_replaced_at_once(self, tmp_path: Path) -> None:
        """Same boot: only what was handed over and not answered is in doubt."""
        before = self.dead(tmp_path, GONE)
        after = self.open(tmp_path)

        run = after.begin(CAMPAIGN, OCCURRENCE, NOW)

        assert states(after) == {
            "sent": "sent",
            "handed": "in_doubt(run died)",
            "claimed": "planned",
            "planned": "planned",
        }
        assert happened(after, "claimed")[-1] == "given_back"
        assert names(run.claim(9, NOW)) == ["claimed", "planned"]
        before.close()
        after.close()

    def test_another_boot_is_replaced_and_doubts_all_it_claimed(self, tmp_path: Path) -> None:
        """After a power loss the mark of a hand-over may be missing."""
        before = self.dead(tmp_path, ANOTHER_BOOT)
        after = self.open(tmp_path)

        after.begin(CAMPAIGN, OCCURRENCE, NOW)

        assert states(after) == {
            "sent": "sent",
            "handed": "in_doubt(run died)",
            "claimed": "in_doubt(run died)",
            "planned": "planned",
        }
        before.close()
        after.close()

    @pytest.mark.parametrize("elsewhere", [ANOTHER_HOST, ANOTHER_CONTAINER])
    def test_another_machine_is_replaced_after_its_lease(
        self, tmp_path: Path, elsewhere: Machine
    ) -> None:
        """Its process cannot be looked up from here, so its lease counts."""
        before = self.dead(tmp_path, replace(elsewhere, started="before"))
        after = self.open(tmp_path)

        with pytest.raises(HeldByAnother):
            after.begin(CAMPAIGN, OCCURRENCE, NOW + LEASE)
        after.begin(CAMPAIGN, OCCURRENCE, NOW + LEASE + (later(1) - NOW))

        assert states(after)["handed"] == "in_doubt(run died)"
        before.close()
        after.close()

    def test_heartbeat_renews_the_lease(self, tmp_path: Path) -> None:
        """Who shows signs of life is not replaced."""
        there = self.open(tmp_path, ANOTHER_HOST)
        run = begun(there, "wei")
        run.heartbeat(later(200))
        here = self.open(tmp_path)

        with pytest.raises(HeldByAnother):
            here.begin(CAMPAIGN, OCCURRENCE, NOW + LEASE + (later(100) - NOW))
        there.close()
        here.close()

    def test_a_replaced_run_cannot_hand_over(self, tmp_path: Path) -> None:
        """A sleeper that wakes up after its lease sends nothing that another has claimed."""
        there = self.open(tmp_path, ANOTHER_HOST)
        sleeper = begun(there, "wei")
        sleeper.claim(9, NOW)
        here = self.open(tmp_path)
        here.begin(CAMPAIGN, OCCURRENCE, later(4000))

        with pytest.raises(RunLost) as lost:
            sleeper.handed_over(key("wei"), later(4001))

        assert lost.value.exit_code == 5
        there.close()
        here.close()

    def test_a_run_that_was_taken_over_writes_nothing_more(self, tmp_path: Path) -> None:
        """Whoever held it before is told at once, and changes nothing."""
        before, after = self.open(tmp_path, GONE), self.open(tmp_path)
        sleeper = begun(before, "a", "b")
        sleeper.claim(1, NOW)
        sleeper.handed_over(key("a"), NOW)
        run = after.begin(CAMPAIGN, OCCURRENCE, NOW)
        sequence = after.sequence

        self.must_be_lost(sleeper)

        assert after.sequence == sequence
        assert states(after) == {"a": "in_doubt(run died)", "b": "planned"}
        assert names(run.claim(9, NOW)) == ["b"]
        before.close()
        after.close()

    def test_recover_ends_a_dead_run_without_taking_it(self, tmp_path: Path) -> None:
        """Status can tell what is in doubt before the next run."""
        before = self.dead(tmp_path, GONE)
        after = self.open(tmp_path)

        assert after.recover(CAMPAIGN, NOW) is True
        assert after.recover(CAMPAIGN, NOW) is False
        assert states(after)["handed"] == "in_doubt(run died)"
        before.close()
        after.close()

    # Settling.

    def test_settle_as_sent_or_not_sent(self, ledger: Ledger) -> None:
        """A person's word ends the doubt; who did not get it is due again, same Message-ID."""
        run = begun(ledger, "a", "b")
        for claimed in run.claim(9, NOW):
            run.handed_over(claimed.key, NOW, message_id=f"<{claimed.key.recipient}@example.org>")
        run.finish("interrupted", NOW)

        ledger.settle(key("a"), sent=True, now=NOW, note="he told me")
        ledger.settle(key("b"), sent=False, now=NOW)

        assert states(ledger) == {"a": "sent", "b": "planned"}
        assert ledger.events(key("a"))[-1].detail == {"note": "he told me"}
        [again] = ledger.begin(CAMPAIGN, OCCURRENCE, NOW).claim(9, NOW)
        assert (again.key, again.message_id) == (key("b"), "<b@example.org>")

    def test_settle_reaches_what_a_dead_run_left(self, tmp_path: Path) -> None:
        """After a crash a person need not send first in order to settle."""
        before = self.dead(tmp_path, GONE)
        after = self.open(tmp_path)

        after.settle(key("handed"), sent=True, now=NOW)

        assert states(after)["handed"] == "sent"
        before.close()
        after.close()

    @pytest.mark.parametrize(("name", "words"), [("wei", "it is planned"), ("nobody", "has no")])
    def test_settle_refuses_what_is_not_in_doubt(
        self, ledger: Ledger, name: str, words: str
    ) -> None:
        """The refusal says what the state is."""
        begun(ledger, "wei")

        with pytest.raises(GateError, match=words):
            ledger.settle(key(name), sent=True, now=NOW)

    # Windows of an account.

    def test_used_counts_recipients_in_the_window(self, ledger: Ledger) -> None:
        """Each envelope recipient counts, from the beginning of the window on."""
        run = ledger.begin(CAMPAIGN, OCCURRENCE, NOW)
        pair = ("a@example.org", "b@example.org")
        run.lay([line("1", to=pair), line("2"), line("3")], WORDS, NOW)
        run.claim(9, NOW)
        run.handed_over(key("1"), later(0), account="mx")
        run.handed_over(key("2"), later(10), account="mx", recipients=5)
        run.handed_over(key("3"), later(20), account="other")

        assert [ledger.used("mx", later(n)) for n in (0, 1, 11)] == [7, 5, 0]
        assert ledger.oldest_in("mx", later(1)) == later(10)
        assert ledger.oldest_in("mx", later(11)) is None

    # Reading.

    def test_counts_by_campaign_and_occurrence(self, ledger: Ledger) -> None:
        """Counts add up to the plan."""
        run = begun(ledger, "a", "b", "c")
        deliver(run, run.claim(1, NOW))
        begun(ledger, "a", campaign="awards")

        assert ledger.counts() == {
            CAMPAIGN: {OCCURRENCE: {"email": {"sent": 1, "planned": 2}}},
            "awards": {OCCURRENCE: {"email": {"planned": 1}}},
        }
        assert ledger.counts("awards") == {"awards": {OCCURRENCE: {"email": {"planned": 1}}}}
        assert ledger.campaigns() == [(CAMPAIGN, OCCURRENCE), ("awards", OCCURRENCE)]

    def test_deliveries_of_some_states(self, ledger: Ledger) -> None:
        """A report asks for what needs a word, not for a hundred thousand that were sent."""
        run = begun(ledger, "a", "b", "c", "d")
        deliver(run, run.claim(2, NOW))
        deliver(run, run.claim(1, NOW), Outcome(state=State.FAILED, reason="no"))

        found = ledger.deliveries(CAMPAIGN, OCCURRENCE, states=[State.FAILED, State.PLANNED])

        assert names(found) == ["c", "d"]
        assert list(ledger.deliveries(CAMPAIGN, states=[State.WAITING])) == []
        assert list(ledger.deliveries(CAMPAIGN, states=[])) == []

    def test_unknown_campaign_reads_as_empty(self, ledger: Ledger) -> None:
        """Nothing was ever sent of it."""
        assert list(ledger.deliveries("nothing")) == []
        assert ledger.delivery(key("nobody")) is None
        assert ledger.events(key("nobody")) == []
        assert ledger.content("nothing", OCCURRENCE) is None

    # Keys that moved.

    def test_moved_addresses_names_old_and_new_key(self, ledger: Ledger) -> None:
        """Somebody served under one key must not be served again under another."""
        run = ledger.begin(CAMPAIGN, OCCURRENCE, NOW)
        before = [line("17", to=("Wei <Wei@example.org>",)), line("18")]
        run.lay(before, WORDS, NOW)
        deliver(run, run.claim(9, NOW))

        found = ledger.moved_addresses(
            CAMPAIGN, OCCURRENCE, "email", [line("p17", to=("wei@example.org",)), line("18")]
        )

        assert found == [("wei@example.org", key("17"), key("p17"))]

    def test_moved_addresses_lets_two_keys_stand(self, ledger: Ledger) -> None:
        """One person with two submissions is served under both keys."""
        run = ledger.begin(CAMPAIGN, OCCURRENCE, NOW)
        both = [line(n, to=("wei@example.org",)) for n in ("17", "18")]
        run.lay(both[:1], WORDS, NOW)
        deliver(run, run.claim(9, NOW))

        assert ledger.moved_addresses(CAMPAIGN, OCCURRENCE, "email", both) == []

    # Suppressions and uploads.

    def test_suppressions_add_once_and_remove(self, ledger: Ledger) -> None:
        """Adding again changes nothing; case does not matter."""
        kept = ledger.suppressions

        assert kept.add("Wei@example.org", "manual", "announcements", NOW, "asked by phone")
        assert not kept.add("wei@EXAMPLE.org", "manual", "all", later(1))
        assert kept.all() == [
            Suppression(
                address="Wei@example.org",
                reason="manual",
                scope="announcements",
                at=NOW,
                note="asked by phone",
            )
        ]
        assert kept.remove("WEI@example.org")
        assert not kept.remove("WEI@example.org")
        assert kept.all() == []

    def test_uploads_are_remembered_by_account(self, ledger: Ledger) -> None:
        """A picture is uploaded once an account."""
        ledger.uploads.put("wx1", "picture", "ab", "https://mmbiz.example.com/1", NOW)
        ledger.uploads.put("wx1", "picture", "ab", "https://mmbiz.example.com/2", NOW)

        assert ledger.uploads.get("wx1", "picture", "ab") == "https://mmbiz.example.com/2"
        assert ledger.uploads.get("wx2", "picture", "ab") is None

    # What is known of an account.

    def test_facts_of_an_account_are_kept_with_their_date(self, ledger: Ledger) -> None:
        """The last one told counts; another account knows nothing of it."""
        known = ledger.accounts
        known.keep("wx1", "right draft", "yes", NOW)
        known.keep("wx1", "right publish", "yes", NOW)
        known.keep("wx1", "right publish", "no", later(60))
        known.keep("wx1", "token", "sealed", NOW)

        assert known.fact("wx1", "right publish") == ("no", later(60))
        assert known.facts("wx1", "right ") == {
            "right draft": ("yes", NOW),
            "right publish": ("no", later(60)),
        }
        assert known.facts("wx2") == {}
        known.forget("wx1", "token")
        assert known.fact("wx1", "token") is None

    def test_a_turn_is_one_process_s_until_it_ends(self, ledger: Ledger) -> None:
        """Whoever comes meanwhile is told so; one that was never given back runs out."""
        known, lasting = ledger.accounts, timedelta(seconds=20)

        assert known.take_turn("wx1", "token", NOW, lasting)
        assert not known.take_turn("wx1", "token", later(19), lasting)
        assert known.take_turn("wx2", "token", NOW, lasting)
        assert known.take_turn("wx1", "token", later(20), lasting)
        known.end_turn("wx1", "token")
        assert known.take_turn("wx1", "token", later(21), lasting)

    def test_calls_are_counted_by_day_and_endpoint(self, ledger: Ledger) -> None:
        """Each account has its own count, each day begins anew."""
        known, today = ledger.accounts, NOW.date()
        for endpoint in ("draft/add", "draft/get", "draft/add"):
            known.count_call("wx1", today, endpoint)

        assert known.calls("wx1", today) == {"draft/add": 2, "draft/get": 1}
        assert known.calls("wx1", today + timedelta(days=1)) == {}
        assert known.calls("wx2", today) == {}

    # Steps of what goes further than one hand-over.

    def test_a_step_is_told_and_moves_nothing(self, ledger: Ledger) -> None:
        """What the other side gave is there for a later run, wherever the delivery stands."""
        run = ledger.begin(CAMPAIGN, OCCURRENCE, NOW)
        run.lay([line("a")], WORDS, NOW)
        run.claim(1, NOW)
        run.note(key("a"), "drafted", later(1), {"media_id": "m1"})

        [*_, step] = ledger.events(key("a"))
        assert (step.event, step.at, step.detail) == ("drafted", later(1), {"media_id": "m1"})
        found = ledger.delivery(key("a"))
        assert found is not None and found.state is State.SENDING
        with pytest.raises(ValueError):
            run.note(key("a"), "sent", later(2), {})

    def test_what_was_sent_may_go_on(self, ledger: Ledger) -> None:
        """It is due again, and only what was sent is."""
        run = ledger.begin(CAMPAIGN, OCCURRENCE, NOW)
        run.lay([line("a"), line("b", position=1)], WORDS, NOW)
        deliver(run, run.claim(1, NOW))

        assert run.go_on([key("a"), key("b")], later(1), "publish") == 1
        assert names(run.claim(9, later(2))) == ["a", "b"]
        assert [event.event for event in ledger.events(key("a"))][-2:] == ["goes_on", "claimed"]

    def test_a_run_that_was_taken_over_notes_no_step(self, tmp_path: Path) -> None:
        """The process that has the run now knows what is true."""
        ledger = self.open(tmp_path, GONE)
        run = ledger.begin(CAMPAIGN, OCCURRENCE, NOW)
        run.lay([line("a")], WORDS, NOW)
        self.open(tmp_path).begin(CAMPAIGN, OCCURRENCE, later(1))

        with pytest.raises(RunLost):
            run.note(key("a"), "drafted", later(2), {})

    # A hundred thousand times this happens: it must not grow with the square.

    def test_a_large_plan_is_sent_whole(self, ledger: Ledger) -> None:
        """Five thousand deliveries go through, in order, and add up."""
        plan: list[Delivery] = [line(f"p{n:05}", position=n) for n in range(5000)]
        run = ledger.begin(CAMPAIGN, OCCURRENCE, NOW)
        run.lay(plan, WORDS, NOW)
        served: list[str] = []
        while claimed := run.claim(500, NOW):
            deliver(run, claimed)
            served += names(claimed)
        run.finish("done", NOW)

        assert served == names(plan)
        assert ledger.counts() == {CAMPAIGN: {OCCURRENCE: {"email": {"sent": 5000}}}}
        assert ledger.check() == []
