"""`announce schedule run`: what is due is sent once, and what is not has its reason."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter

from schedule_support import FILE, at

from announce.ledger import open_ledger
from announce.ledger.base import Ledger
from announce.model.delivery import DeliveryKey, Outcome, State

ENTRY = "  - {before: deadlines.submission, by: [14d, 7d, 2d, 12h], at: 09:00}\n"
WORDS = "{{ occurrence.remaining }}"
# 09:00 in Shanghai, of the four.
DUE = {
    "submission-14d": "2025-01-28 01:00 UTC",
    "submission-7d": "2025-02-04 01:00 UTC",
    "submission-2d": "2025-02-09 01:00 UTC",
    "submission-12h": "2025-02-10 23:59 UTC",
}
BOTH = Counter({"mo@example.org": 1, "lee@example.org": 1})


def states(season, moment: str) -> dict[str, str]:
    """How each occurrence stands."""
    (campaign,) = season.call(moment, "--json", "schedule", "list").json["campaigns"]
    return {one["occurrence"]: one["state"] for one in campaign["occurrences"]}


def reasons(season, moment: str) -> dict[str, str]:
    """Why those were left out that were."""
    (campaign,) = season.call(moment, "--json", "schedule", "list").json["campaigns"]
    return {one["occurrence"]: one["reason"] for one in campaign["occurrences"] if one["reason"]}


def test_nothing_is_said_where_nothing_is_due(season) -> None:
    """Cron would make a mail of every word."""
    season.write(ENTRY)
    ended = season.run("2025-01-20 00:00 UTC")
    assert (ended.code, ended.out, ended.err, season.arrived) == (0, "", "", [])


def test_each_is_sent_once_at_its_moment(season) -> None:
    """Whoever calls how often; with words of its own."""
    season.write(ENTRY, words=WORDS)
    for number, due in enumerate(DUE.values(), 1):
        ended = season.run(due)
        assert ended.code == 0, ended.err
        assert season.run(due).out == ""
        assert set(season.counts.values()) == {number}
    texts = "\n".join(path.read_text("utf-8") for path in season.folder.rglob("*.eml"))
    for words in ("14 days left", "7 days left", "2 days left", "12 hours left"):
        assert texts.count(words) >= 1
    assert set(states(season, "2025-02-12 00:00 UTC").values()) == {"done"}


def test_who_has_acted_is_left_out_and_nobody_left_is_no_fault(season) -> None:
    """The audience is read at each occurrence."""
    season.write(
        "  - {before: deadlines.submission, by: [7d, 2d], at: 09:00, exclude: [done.csv]}\n"
    )
    done = season.root / "done.csv"
    done.write_text("address\n", "utf-8")
    season.run(DUE["submission-7d"])
    done.write_text("address\nmo@example.org\nlee@example.org\n", "utf-8")
    ended = season.run(DUE["submission-2d"])
    assert (ended.code, season.counts) == (0, BOTH)
    assert states(season, DUE["submission-2d"])["submission-2d"] == "done"


def test_one_who_comes_later_gets_no_message_of_the_past(season) -> None:
    """And the next one like everybody."""
    season.write(ENTRY)
    season.run(DUE["submission-14d"])
    with (season.root / "people.csv").open("a", encoding="utf-8") as file:
        file.write("new@example.org,en\n")
    season.run("2025-01-28 02:00 UTC")
    assert season.counts == BOTH
    season.run(DUE["submission-7d"])
    assert season.counts["new@example.org"] == 1


def test_late_within_the_grace_is_sent_and_beyond_it_left_out(season) -> None:
    """The default is an hour; the reason is in the ledger."""
    season.write(ENTRY)
    season.run("2025-01-28 01:59 UTC")
    assert season.counts == BOTH
    ended = season.run("2025-02-04 02:01 UTC")
    assert (ended.code, season.counts) == (0, BOTH)
    assert "submission-7d, due Tue 2025-02-04 09:00 +0800, is left out" in ended.out
    assert season.run("2025-02-04 02:06 UTC").out == ""
    assert reasons(season, "2025-02-05 00:00 UTC") == {"submission-7d": "past"}


def test_a_first_call_in_the_middle_of_a_season_sends_nothing_of_the_past(season) -> None:
    """A schedule that is installed late, or a machine that slept for weeks."""
    season.write(ENTRY)
    assert season.run("2025-02-05 00:00 UTC").code == 0
    assert season.arrived == []
    assert reasons(season, "2025-02-05 00:00 UTC") == {
        "submission-14d": "past",
        "submission-7d": "past",
    }


def test_late_on_request_sends_the_newest_only_with_what_remains_then(season) -> None:
    """Nobody needs "14 days left" and "7 days left" at once, nor five days later."""
    season.write(
        "  - {before: deadlines.submission, by: [14d, 7d], at: 09:00, if_late: send}\n",
        words=WORDS,
    )
    assert season.run("2025-02-06 01:00 UTC").code == 0
    assert season.counts == BOTH
    texts = "".join(path.read_text("utf-8") for path in season.folder.rglob("*.eml"))
    assert ("5 days left" in texts, "7 days left" in texts) == (True, False)


def test_after_its_deadline_nothing_is_sent_however_late(season) -> None:
    """Not even what may be late."""
    season.write("  - {before: deadlines.submission, by: 2d, at: 09:00, if_late: send}\n")
    assert season.run("2025-02-11 12:00 UTC").code == 0
    assert (season.arrived, reasons(season, "2025-02-12 00:00 UTC")) == (
        [],
        {"submission-2d": "closed"},
    )


def test_one_that_asks_is_told_each_time_until_somebody_answers(season) -> None:
    """By sending it, or by leaving it out."""
    season.write("  - {before: deadlines.submission, by: [7d, 2d], at: 09:00, if_late: ask}\n")
    for _ in range(2):
        ended = season.run("2025-02-04 08:00 UTC")
        assert (ended.code, season.arrived) == (3, [])
        assert "--occurrence submission-7d" in ended.err
    sent = season.call("2025-02-04 08:10 UTC", "send", FILE, "--occurrence", "submission-7d",
                       "--yes")  # fmt: skip
    assert (sent.code, season.counts) == (0, BOTH)
    assert season.run("2025-02-04 08:15 UTC").code == 0

    assert season.run("2025-02-09 08:00 UTC").code == 3
    season.call("2025-02-09 08:01 UTC", "schedule", "skip", FILE, "submission-2d")
    assert (season.run("2025-02-09 08:05 UTC").code, season.counts) == (0, BOTH)


def test_a_deadline_that_is_extended_moves_what_is_to_come(season) -> None:
    """What was sent is not sent again for the new date; what was left out for being late may
    come to its moment after all."""
    season.write(ENTRY)
    season.run("2025-01-29 00:00 UTC")  # the 14 days are missed
    season.run(DUE["submission-7d"])
    season.write(ENTRY, facts="{deadlines: {submission: 2025-02-24 23:59 AoE}}")

    season.run("2025-02-05 00:00 UTC")
    assert season.counts == BOTH
    season.run("2025-02-11 01:00 UTC")  # 14 days before the new one
    season.run("2025-02-18 01:00 UTC")  # 7 days, which was sent for the old one
    assert season.counts == BOTH + BOTH
    assert states(season, "2025-02-18 02:00 UTC") == {
        "submission-14d": "done", "submission-7d": "done",
        "submission-2d": "coming", "submission-12h": "coming",
    }  # fmt: skip


def test_a_deadline_that_is_moved_forward_leaves_out_what_is_past(season) -> None:
    """Nothing is sent in a heap."""
    season.write(ENTRY)
    season.run("2025-01-20 00:00 UTC")
    season.write(ENTRY, facts="{deadlines: {submission: 2025-01-25 23:59 AoE}}")
    season.run("2025-01-24 12:00 UTC")
    assert (season.arrived, reasons(season, "2025-01-24 12:00 UTC")) == (
        [],
        dict.fromkeys(["submission-14d", "submission-7d", "submission-2d"], "past"),
    )


def test_a_clock_that_was_wrong_does_not_lose_anything(season) -> None:
    """A machine that thought it was 2030 decided that all was past; its clock is set back."""
    season.write(ENTRY)
    season.run("2030-01-01 00:00 UTC")
    season.run(DUE["submission-14d"])
    assert season.counts == BOTH
    season.run("2025-01-20 00:00 UTC")  # set back before it: not sent again
    season.run(DUE["submission-14d"])
    assert season.counts == BOTH


def test_a_moment_that_is_moved_after_it_was_sent_is_not_sent_again(season) -> None:
    """Another id would be another occurrence."""
    season.write("  - {id: launch, at: 2025-01-06 09:00 Asia/Shanghai}\n")
    season.run("2025-01-06 01:00 UTC")
    season.write("  - {id: launch, at: 2025-01-08 09:00 Asia/Shanghai}\n")
    season.run("2025-01-08 01:00 UTC")
    assert season.counts == BOTH


def test_a_cron_entry_that_is_changed_on_its_day_is_not_sent_twice_that_day(season) -> None:
    """From nine to ten, after nine."""
    season.write("  - {cron: 0 9 * * *, zone: UTC, start: 2025-01-06, count: 3}\n")
    season.run("2025-01-06 09:00 UTC")
    season.write("  - {cron: 0 10 * * *, zone: UTC, start: 2025-01-06, count: 3}\n")
    season.run("2025-01-06 10:00 UTC")
    assert season.counts == BOTH
    assert reasons(season, "2025-01-06 10:00 UTC") == {"cron-2025-01-06T1000": "rescheduled"}
    season.run("2025-01-07 10:00 UTC")
    assert season.counts == BOTH + BOTH


def test_each_zone_of_the_audience_is_written_to_at_its_nine_o_clock(season) -> None:
    """Who moves to a zone whose moment is past is neither forgotten nor told twice."""
    season.write(
        "  - {before: deadlines.submission, by: 7d, at: 09:00, zone: audience}\n",
        people="address,timezone\nmo@example.org,\nlee@example.org,America/New_York\n"
        "ada@example.org,Europe/Berlin\n",
    )
    for moment, told in {
        "2025-02-04 00:59 UTC": 0,
        "2025-02-04 01:00 UTC": 1,
        "2025-02-04 08:00 UTC": 2,
        "2025-02-04 14:00 UTC": 3,
        "2025-02-04 14:05 UTC": 3,
    }.items():
        assert season.run(moment).code == 0
        assert len(season.arrived) == told, moment
    assert [to for to, _ in season.arrived] == [
        "mo@example.org", "ada@example.org", "lee@example.org",
    ]  # fmt: skip


def test_of_a_zone_that_was_missed_nobody_stays_planned(season) -> None:
    """`status` counts them as skipped; asked for late, they get it all the same."""
    season.write(
        "  - {before: deadlines.submission, by: 7d, at: 09:00, zone: audience}\n",
        people="address,timezone\nmo@example.org,\nlee@example.org,America/New_York\n",
    )
    season.run("2025-02-04 01:00 UTC")
    season.run("2025-02-05 01:00 UTC")
    (status,) = season.call("2025-02-05 01:05 UTC", "--json", "status").json["campaigns"]
    counts = status["channels"]["email"]
    assert (counts["sent"], counts["planned"], counts["skipped"]) == (1, 0, 1)
    late = ("send", FILE, "--occurrence", "submission-7d", "--late", "--yes")
    assert season.call("2025-02-05 02:00 UTC", *late).code == 0
    assert season.counts == BOTH


def test_an_entry_has_words_an_audience_and_channels_of_its_own(season) -> None:
    """The last reminder is another text, to some of the people."""
    season.write(
        "  - {before: deadlines.submission, by: 2d, at: 09:00, kind: last,"
        " where: language == 'en'}\n"
    )
    for language, subject in (("zh", "最后"), ("en", "Last call")):
        (season.root / f"templates/{language}/last.md.j2").write_text(
            f"---\nsubject: {subject}\npreheader: x\n---\n{{{{ occurrence }}}}\n", "utf-8"
        )
    assert season.run(DUE["submission-2d"]).code == 0
    assert season.arrived == [("lee@example.org", "Last call")]


def test_a_campaign_that_needs_approval_is_refused_each_time(season) -> None:
    """Loudly, until it has one; an approval is of an occurrence."""
    season.write(ENTRY, more="approval: required\n")
    for moment in ("2025-01-28 01:00 UTC", "2025-01-28 01:05 UTC"):
        ended = season.run(moment)
        assert (ended.code, season.arrived) == (3, [])
        assert "needs an approval" in ended.err
    approved = season.call("2025-01-28 01:06 UTC", "approve", FILE, "--by", "Mo Lin", "--yes",
                           "--occurrence", "submission-14d")  # fmt: skip
    assert approved.code == 0, approved.err
    assert (season.run("2025-01-28 01:10 UTC").code, season.counts) == (0, BOTH)
    assert season.run(DUE["submission-7d"]).code == 3


def test_an_approval_of_the_words_is_of_every_occurrence(season) -> None:
    """To so many people at most; a changed word, or date, needs another."""
    entry = ENTRY.replace("}\n", ", kind: call}\n") + "  - {cron: 0 9 * * *, start: 2025-02-08}\n"
    season.write(entry, more="approval: required\n")
    approve = ("approve", FILE, "--by", "Mo Lin", "--yes", "--content", "--max", "2")
    approved = season.call("2025-01-20 00:00 UTC", *approve)
    assert (approved.code, "of every occurrence" in approved.out) == (0, True)
    assert season.run(DUE["submission-14d"]).code == 0
    assert season.run(DUE["submission-7d"]).code == 0
    assert season.counts == BOTH + BOTH

    with (season.root / "people.csv").open("a", encoding="utf-8") as file:
        file.write("new@example.org,en\n")
    ended = season.run(DUE["submission-2d"])
    assert (ended.code, "3 messages, and at most 2 were approved" in ended.err) == (3, True)
    season.write(entry, more="approval: required\n", words="Do submit soon.")
    changed = season.run(DUE["submission-2d"])
    assert (changed.code, "Do submit soon." in changed.err) == (3, True)
    withdrawn = season.call(DUE["submission-2d"], "approve", FILE, "--by", "Mo Lin", "--withdraw")
    assert withdrawn.code == 0


def test_a_rehearsed_channel_is_refused_and_rehearsed_on_request(season) -> None:
    """Nobody should think that it was sent."""
    season.write(ENTRY)
    path = season.root / "announce.yaml"
    path.write_text(path.read_text("utf-8").split("email:")[0], "utf-8")
    ended = season.run(DUE["submission-14d"])
    assert (ended.code, "would only be rehearsed" in ended.err) == (3, True)
    rehearsed = season.run(DUE["submission-14d"], "--sandbox")
    assert (rehearsed.code, season.arrived) == (0, [])


def test_a_campaign_of_a_past_season_is_refused(season) -> None:
    """`as_of` is for rehearsals."""
    season.write(ENTRY, more="as_of: 2025-01-06\n")
    ended = season.run(DUE["submission-14d"])
    assert (ended.code, "as_of" in ended.err, season.arrived) == (2, True, [])


def test_a_faulty_campaign_stands_in_no_other_s_way(season) -> None:
    """It is told, with its exit code."""
    season.write(ENTRY)
    other = (season.root / FILE).read_text("utf-8").replace("campaign: call", "campaign: other")
    (season.root / "campaigns/a.yaml").write_text(other.replace("kind: call", "kind: none"))
    ended = season.run(DUE["submission-14d"])
    assert (ended.code, season.counts) == (2, BOTH)
    assert "campaigns/a.yaml" in ended.err


def test_send_takes_the_one_that_is_due_and_is_refused_otherwise(season) -> None:
    """Naming the next; an early one has to be named."""
    season.write(ENTRY)
    refused = season.call("2025-01-20 00:00 UTC", "send", FILE, "--yes")
    assert (refused.code, "next is submission-14d" in refused.err) == (3, True)
    assert season.call(DUE["submission-14d"], "send", FILE, "--yes").code == 0
    assert season.counts == BOTH
    early = season.call("2025-02-01 00:00 UTC", "send", FILE, "--yes", "--occurrence",
                        "submission-7d")  # fmt: skip
    assert (early.code, season.counts) == (0, BOTH + BOTH)
    assert season.run(DUE["submission-7d"]).code == 0
    assert season.counts == BOTH + BOTH
    late = ("send", FILE, "--yes", "--occurrence", "submission-2d")
    season.run("2025-02-10 00:00 UTC")
    over = season.call("2025-02-10 00:01 UTC", *late)
    assert (over.code, "add --late" in over.err) == (3, True)
    assert season.call("2025-02-10 00:02 UTC", *late, "--late").code == 0
    unknown = season.call("2025-02-10 00:02 UTC", "send", FILE, "--occurrence", "submission-7")
    assert (unknown.code, 'did you mean "submission-7d"' in unknown.err) == (2, True)


def test_what_was_settled_as_not_sent_is_sent_by_the_next_call(season) -> None:
    """Although the occurrence was done."""
    season.write(ENTRY)
    season.run(DUE["submission-14d"])
    ledger = open_ledger("sqlite:///.announce/ledger.sqlite3", season.root, create=False)
    doubted(ledger, "submission-14d")
    ledger.close()
    season.call("2025-01-28 03:00 UTC", "settle", FILE, "mo@example.org", "--not-sent")
    with (season.root / "people.csv").open("a", encoding="utf-8") as file:
        file.write("new@example.org,en\n")
    assert season.run("2025-01-28 03:05 UTC").code == 0
    assert season.counts == BOTH + Counter({"mo@example.org": 1})


def test_a_person_is_told_once_of_each_failure(season) -> None:
    """By mail to the address of the settings."""
    season.write(
        ENTRY, more="approval: required\n", settings="schedule: {notify: chairs@example.org}\n"
    )
    for moment in ("2025-01-28 01:00 UTC", "2025-01-28 01:05 UTC"):
        assert season.run(moment).code == 3
    assert season.counts == Counter({"chairs@example.org": 1})


def test_a_person_is_told_of_what_was_missed(season) -> None:
    """The machine slept: nobody wished that nobody gets it."""
    season.write(ENTRY, settings="schedule: {notify: chairs@example.org}\n")
    for moment in ("2025-01-28 05:00 UTC", "2025-01-28 05:05 UTC"):
        assert season.run(moment).code == 0
    assert season.counts == Counter({"chairs@example.org": 1})


def test_of_one_person_in_doubt_twice_it_is_said_which(season) -> None:
    """A word on one occurrence is none on the other."""
    season.write(ENTRY)
    season.run(DUE["submission-14d"])
    season.run(DUE["submission-7d"])
    ledger = open_ledger("sqlite:///.announce/ledger.sqlite3", season.root, create=False)
    for occurrence in ("submission-14d", "submission-7d"):
        doubted(ledger, occurrence)
    ledger.close()
    now = "2025-02-04 03:00 UTC"
    ended = season.call(now, "settle", FILE, "mo@example.org", "--sent")
    assert (ended.code, "--occurrence submission-14d" in ended.err) == (3, True)
    name = "submission-7d"
    ended = season.call(
        now, "settle", FILE, "mo@example.org", "--not-sent", "--occurrence", name
    )  # fmt: skip
    assert ended.code == 0, ended.err
    ended = season.call(now, "settle", FILE, "mo@example.org", "--sent")
    assert ended.code == 0, ended.err
    season.run("2025-02-04 03:05 UTC")
    assert season.counts == BOTH + BOTH + Counter({"mo@example.org": 1})


def test_a_call_during_a_long_send_says_nothing(season) -> None:
    """Cron calls again and again while the limits make it wait."""
    season.write(ENTRY)
    season.run(DUE["submission-14d"])
    ledger = open_ledger("sqlite:///.announce/ledger.sqlite3", season.root, create=False)
    run = ledger.begin("call", "submission-7d", at(DUE["submission-7d"]))
    ended = season.run(DUE["submission-7d"])
    assert (ended.code, ended.out, ended.err, season.counts) == (0, "", "", BOTH)
    run.finish("done", at(DUE["submission-7d"]))
    ledger.close()
    season.run(DUE["submission-7d"])
    assert season.counts == BOTH + BOTH


def doubted(ledger: Ledger, occurrence: str) -> None:
    """Mo's message of an occurrence was handed over, and no answer came."""
    key, now = (
        DeliveryKey("call", occurrence, "email", "mo@example.org"),
        at("2025-02-04 02:00 UTC"),
    )
    run = ledger.begin("call", occurrence, now)
    run.go_on([key], now, "test")
    run.claim(1, now)
    run.handed_over(key, now)
    run.record(key, Outcome(state=State.IN_DOUBT), now)
    run.finish("done", now)


def test_skip_can_be_taken_back_and_is_refused_for_what_was_sent(season) -> None:
    """Before its moment."""
    season.write(ENTRY)
    season.call("2025-01-20 00:00 UTC", "schedule", "skip", FILE, "submission-14d")
    season.run(DUE["submission-14d"])
    assert season.arrived == []
    undone = season.call(DUE["submission-14d"], "schedule", "skip", FILE, "submission-14d",
                         "--undo")  # fmt: skip
    assert "due now" in undone.out
    season.run(DUE["submission-14d"])
    assert season.counts == BOTH
    again = season.call(DUE["submission-14d"], "schedule", "skip", FILE, "submission-14d")
    assert again.code == 3


def test_list_and_next_speak_chinese_too(season) -> None:
    """In a process of its own, for a language is chosen once; with the day of the week."""
    season.write("  - {id: far, at: 2031-01-28 09:00 Asia/Shanghai}\n")
    for command in ("list", "next"):
        told = subprocess.run(
            [sys.executable, "-m", "announce", "--ui", "zh", "schedule", command],
            cwd=season.root, capture_output=True, text=True, timeout=60, check=True,
        )  # fmt: skip
        assert "周二 2031-01-28 09:00 +0800" in told.stdout


def test_nothing_of_a_dry_run_is_done(season) -> None:
    """It says what would be."""
    season.write(ENTRY)
    ended = season.run(DUE["submission-7d"], "--dry-run")
    assert ("submission-7d, due" in ended.out, "submission-14d" in ended.out) == (True, True)
    assert (season.arrived, states(season, DUE["submission-7d"])["submission-7d"]) == ([], "due")


def test_a_dry_run_finds_what_would_fail_on_the_day(season) -> None:
    """Of every entry with words of its own: `install` tries it before anybody relies on it."""
    season.write("  - {before: deadlines.submission, by: [7d], at: 09:00, kind: reminder}\n")
    for language in ("zh", "en"):
        path = season.root / f"templates/{language}/reminder.md.j2"
        path.write_text("---\nsubject: Soon\n---\n{{ facts.nowhere }}\n", "utf-8")
    ended = season.run("2025-01-20 00:00 UTC", "--dry-run")
    assert ended.code == 2
    assert "facts.nowhere" in ended.err


def test_nobody_left_is_a_success_without_a_word(season) -> None:
    """Cron would make a mail of every word; the list tells it."""
    season.write("  - {before: deadlines.submission, by: [7d], at: 09:00, exclude: [done.csv]}\n")
    (season.root / "done.csv").write_text("address\nmo@example.org\nlee@example.org\n", "utf-8")
    ended = season.run(DUE["submission-7d"])
    assert (ended.code, ended.out, ended.err, season.arrived) == (0, "", "", [])
    told = season.call("2025-02-05 00:00 UTC", "schedule", "list").out
    assert "sent Tue 2025-02-04 09:00 +0800: nobody was left to write to" in told


def test_one_that_was_left_out_takes_no_other_s_place(season) -> None:
    """The later one was skipped by hand: the earlier one, late on request, is sent all the same."""
    season.write("  - {before: deadlines.submission, by: [7d, 2d], at: 09:00, if_late: send}\n")
    season.call("2025-02-01 00:00 UTC", "schedule", "skip", FILE, "submission-2d")
    assert season.run("2025-02-09 02:00 UTC").code == 0
    assert season.counts == BOTH


def test_a_moment_may_stand_in_quotes(season) -> None:
    season.write('  - {at: "2025-01-06 09:00 Asia/Shanghai"}\n')
    assert season.run("2025-01-06 01:00 UTC").code == 0
    assert season.counts == BOTH


def test_to_undo_what_is_over_says_how_it_is_sent(season) -> None:
    season.write("  - {before: deadlines.submission, by: [7d], at: 09:00}\n")
    season.run("2025-02-05 00:00 UTC")
    undo = ("schedule", "skip", FILE, "submission-7d", "--undo")
    ended = season.call("2025-02-05 01:00 UTC", *undo)
    assert "announce send campaigns/call.yaml --occurrence submission-7d --late" in ended.out


def test_the_gates_hold_where_nobody_is_left(season) -> None:
    """A list that leaves out everybody may be wrong: what was expected tells."""
    acted = "  - {before: deadlines.submission, by: 7d, at: 09:00, exclude: [done.csv]}\n"
    season.write(acted, more="expect: {by: language, zh: 1, en: 1}\n")
    (season.root / "done.csv").write_text("address\nmo@example.org\nlee@example.org\n", "utf-8")
    assert season.run(DUE["submission-7d"]).code == 3
    (season.root / "done.csv").write_text("address\n", "utf-8")
    assert season.run("2025-02-04 01:10 UTC").code == 0
    assert season.counts == BOTH


def test_as_json_all_that_was_done_is_one_document(season) -> None:
    """With the report of each send in it."""
    season.write(ENTRY)
    ended = season.call(DUE["submission-7d"], "--json", "schedule", "run")
    (skipped, sent) = ended.json["occurrences"]
    assert (skipped["did"], sent["did"], sent["run"]["sent"]) == ("skipped", "sent", 2)


def test_what_no_server_took_is_not_sent_beside_the_next_one(season) -> None:
    """The provider was away from one reminder to the next: each gets one mail, not two."""
    season.write(ENTRY, words=WORDS)
    settings = season.root / "announce.yaml"
    there = settings.read_text("utf-8")
    settings.write_text(there.replace(str(season.mail.port), "1"), "utf-8")
    assert season.run(DUE["submission-7d"]).code == 4
    assert season.run("2025-02-05 01:00 UTC").code == 4
    settings.write_text(there, "utf-8")
    ended = season.run(DUE["submission-2d"])
    assert ended.code == 0, ended.err
    assert "submission-7d, due Tue 2025-02-04 09:00 +0800, ends before all got it" in ended.out
    assert season.counts == BOTH
    assert reasons(season, DUE["submission-2d"])["submission-7d"] == "superseded"


def test_who_did_not_get_a_begun_one_gets_the_next_one_only(season) -> None:
    """Limits made it last until then."""
    people = "".join(f"p{n}@example.org,en\n" for n in range(4))
    limits = "  limits: {per_day: 2}\n"
    season.write(ENTRY, settings=limits, people=f"address,language\n{people}")
    assert season.run(DUE["submission-7d"]).code == 5
    season.write(ENTRY, people=f"address,language\n{people}")
    assert season.run(DUE["submission-2d"]).code == 0
    assert sorted(season.counts.values()) == [1, 1, 2, 2]
    found = season.call(DUE["submission-2d"], "--json", "status", FILE).json["campaigns"]
    counts = {one["occurrence"]: one["channels"]["email"] for one in found}["submission-7d"]
    assert (counts["sent"], counts["skipped"], counts["planned"]) == (2, 2, 0)


def test_what_is_being_sent_is_not_left_out_for_the_next_one(season) -> None:
    """The process that is at it goes on to its end; only then the next one comes."""
    season.write(ENTRY, settings="  limits: {per_day: 1}\n")
    assert season.run(DUE["submission-7d"]).code == 5
    ledger = open_ledger("sqlite:///.announce/ledger.sqlite3", season.root, create=False)
    run = ledger.begin("call", "submission-7d", at(DUE["submission-2d"]))
    ended = season.run(DUE["submission-2d"])
    assert (ended.code, ended.out, ended.err) == (0, "", "")
    run.finish("done", at(DUE["submission-2d"]))
    ledger.close()
    ended = season.run("2025-02-09 01:05 UTC")
    assert "submission-7d, due Tue 2025-02-04 09:00 +0800, ends before all got it" in ended.out


def test_while_the_account_is_full_a_call_says_nothing(season) -> None:
    """The one that filled it has told, with the moment from which there is room."""
    season.write(ENTRY, settings="  limits: {per_day: 1}\n")
    assert season.run(DUE["submission-7d"]).code == 5
    ended = season.run("2025-02-04 01:05 UTC")
    assert (ended.code, ended.out, ended.err) == (0, "", "")
    document = season.call("2025-02-04 01:05 UTC", "--json", "schedule", "run").json
    assert [one["did"] for one in document["occurrences"]] == ["waits"]
    table = season.call("2025-02-04 12:00 UTC", "schedule", "list").out
    assert "waits for room in the mail account until Wed 2025-02-05 09:01 +0800" in table
    document = season.call("2025-02-04 12:00 UTC", "--json", "schedule", "next").json
    assert document["next"][0]["waits_until"] == "2025-02-05T09:01:00+08:00"
    assert season.run("2025-02-05 01:01 UTC").code == 0
    assert season.counts == BOTH


def test_a_full_account_holds_up_no_article(season, monkeypatch) -> None:
    """What another channel has to do is tried meanwhile."""
    monkeypatch.setenv("THE_SECRET", "an-invented-secret")
    account = "{app_id: wx-none, app_secret: {env: THE_SECRET}, api_base: 'http://127.0.0.1:1'}"
    settings = f"  limits: {{per_day: 1}}\nwechat: {account}\n"
    season.write(ENTRY, settings=settings, more="wechat: [{language: zh, deliver: draft}]\n")
    for moment in ("2025-02-04 01:00 UTC", "2025-02-04 01:05 UTC"):
        ended = season.run(moment)
        assert ended.code == 4
        assert "WeChat cannot be reached" in ended.err
        assert sum(season.counts.values()) == 1
