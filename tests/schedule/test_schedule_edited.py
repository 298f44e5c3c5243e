"""A schedule that is edited after some of it was sent: nobody twice, nobody left out unsaid."""

from __future__ import annotations

from collections import Counter

import pytest
from schedule_support import FILE, at

from announce.gathering import open_campaign
from announce.scheduling import known_occurrences

BOTH = Counter({"mo@example.org": 1, "lee@example.org": 1})
ONE_A_DAY = "  limits: {per_day: 1}\n"


def daily(hour: str, name: str = "news") -> str:
    return f"  - {{id: {name}, cron: '0 {hour} * * *', zone: UTC, start: 2025-01-05, count: 4}}\n"


def lose(season) -> None:
    """The machine's disk."""
    for path in (season.root / ".announce").glob("ledger.sqlite3*"):
        path.unlink()


def before(*lengths: str, more: str = "") -> str:
    by = ", ".join(lengths)
    return f"  - {{before: deadlines.submission, by: [{by}], at: 09:00, zone: UTC{more}}}\n"


def rows(season, moment: str) -> dict[str, tuple[str, str | None]]:
    """How each occurrence stands, and why."""
    (campaign,) = season.call(moment, "--json", "schedule", "list").json["campaigns"]
    return {one["occurrence"]: (one["state"], one["reason"]) for one in campaign["occurrences"]}


def test_what_was_begun_before_an_edit_is_gone_on_with(season) -> None:
    """And the new hour of that day is left out: it is the same one."""
    season.write(daily("9"), settings=ONE_A_DAY)
    assert season.run("2025-01-05 09:00 UTC").code == 5
    assert season.counts.total() == 1
    season.write(daily("11"))
    ended = season.run("2025-01-05 11:00 UTC")
    assert ended.code == 0, ended.err
    assert season.counts == BOTH
    found = rows(season, "2025-01-05 12:00 UTC")
    assert found["news-2025-01-05T0900"] == ("done", None)
    assert found["news-2025-01-05T1100"] == ("skipped", "rescheduled")
    season.run("2025-01-06 11:00 UTC")
    assert season.counts == BOTH + BOTH


def test_of_a_day_with_several_as_many_are_left_out_as_were_sent(season) -> None:
    season.write(daily("9,15"))
    season.run("2025-01-05 09:00 UTC")
    season.write(daily("10,16"))
    season.run("2025-01-05 10:00 UTC")
    assert season.counts == BOTH
    season.run("2025-01-05 16:00 UTC")
    assert season.counts == BOTH + BOTH


def test_one_that_was_missed_comes_at_its_new_hour(season) -> None:
    """What was left out is no reason to leave its successor out."""
    season.write(daily("9"))
    season.run("2025-01-05 10:30 UTC")
    assert rows(season, "2025-01-05 10:31 UTC")["news-2025-01-05T0900"] == ("skipped", "past")
    season.write(daily("12"))
    season.run("2025-01-05 12:00 UTC")
    assert season.counts == BOTH


def test_a_reminder_under_another_name_asks(season) -> None:
    """`168h` may be `7d` told otherwise, or another reminder: a person says which."""
    season.write(before("7d"))
    season.run("2025-02-04 09:00 UTC")
    assert season.counts == BOTH
    season.write(before("168h"))
    ended = season.run("2025-02-04 12:00 UTC")
    assert ended.code == 3
    assert "one that the file no longer has was sent at about that moment" in ended.err
    assert "announce schedule skip campaigns/call.yaml submission-168h" in ended.err
    assert season.counts == BOTH
    found = rows(season, "2025-02-04 12:00 UTC")
    assert found["submission-7d"] == ("done", None)
    assert found["submission-168h"] == ("asks", "renamed")
    assert season.run("2025-02-04 12:05 UTC").code == 3
    season.call(
        "2025-02-04 12:06 UTC", "schedule", "skip", "campaigns/call.yaml", "submission-168h"
    )
    assert season.run("2025-02-04 12:10 UTC").code == 0
    assert season.counts == BOTH


def test_a_new_entry_much_later_asks_nothing(season) -> None:
    season.write(before("7d"))
    season.run("2025-02-04 09:00 UTC")
    season.write(before("3d"))
    assert season.run("2025-02-08 09:00 UTC").code == 0
    assert season.counts == BOTH + BOTH


def test_one_begun_by_an_entry_that_is_gone_is_told(season) -> None:
    """Nobody knows with which words it would be gone on with."""
    season.write(before("7d", "1d"), settings=ONE_A_DAY)
    assert season.run("2025-02-04 09:00 UTC").code == 5
    season.write(before("1d"), settings="schedule: {notify: chairs@example.org}\n")
    ended = season.run("2025-02-04 10:00 UTC")
    assert season.counts["chairs@example.org"] == 1
    assert "submission-7d" in ended.out
    assert "begun by an entry that the file no longer has" in ended.out
    assert season.run("2025-02-04 10:05 UTC").out == ""
    assert season.counts.total() == 2
    # Put in again it is gone on with.
    season.write(before("7d", "1d"))
    assert season.run("2025-02-04 11:00 UTC").code == 0
    assert season.counts == BOTH + Counter({"chairs@example.org": 1})


def test_the_list_says_what_the_file_no_longer_has(season) -> None:
    season.write(before("7d"))
    season.run("2025-02-04 09:00 UTC")
    season.write(before("3d"))
    told = season.call("2025-02-04 10:00 UTC", "schedule", "list").out
    assert "submission-7d" in told
    assert "no longer in the file" in told
    for arguments in (
        ("send", "campaigns/call.yaml", "--occurrence", "submission-7d", "--yes"),
        ("schedule", "skip", "campaigns/call.yaml", "submission-7d"),
    ):
        ended = season.call("2025-02-04 10:00 UTC", *arguments)
        assert ended.code in (2, 3), ended.out
        assert season.counts == BOTH


def test_of_a_day_whose_second_is_changed_the_first_counts_for_itself(season) -> None:
    season.write(daily("9,15"))
    season.run("2025-01-05 09:00 UTC")
    season.run("2025-01-05 15:00 UTC")
    assert season.counts == BOTH + BOTH
    season.write(daily("9,17"))
    season.run("2025-01-05 17:00 UTC")
    assert season.counts == BOTH + BOTH


@pytest.mark.parametrize(
    ("old", "new", "due"),
    [
        (before("7d"), before("168h"), "2025-02-04 12:00 UTC"),
        (daily("9"), daily("9", "bulletin"), "2025-01-05 09:30 UTC"),
        ("  - {id: call, at: 2025-01-05 09:00 UTC}\n", "  - {id: cfp, at: 2025-01-05 09:10 UTC}\n",
         "2025-01-05 09:30 UTC"),
    ],
)  # fmt: skip
def test_another_name_asks_after_a_lost_ledger_too(season, old: str, new: str, due: str) -> None:
    """Although nothing but a receipt tells of what was sent under the old one."""
    season.write(old)
    season.run(due.replace("12:00", "09:00").replace("09:30", "09:00"))
    assert season.counts == BOTH
    lose(season)
    season.write(new)
    assert season.run(due).code == 4
    assert season.call(due, "ledger", "adopt").code == 0
    assert season.run(due).code == 3
    assert season.counts == BOTH


def test_one_that_asked_and_was_not_answered_is_left_out_for_that(season) -> None:
    season.write(before("7d"))
    season.run("2025-02-04 09:00 UTC")
    season.write(before("168h"))
    assert season.run("2025-02-04 12:00 UTC").code == 3
    season.run("2025-02-04 13:30 UTC")
    assert rows(season, "2025-02-04 13:31 UTC")["submission-168h"] == ("skipped", "renamed")


def test_an_answer_that_was_interrupted_is_gone_on_with(season) -> None:
    """It was sent by hand, and a limit stopped it."""
    season.write(before("7d"))
    season.run("2025-02-04 09:00 UTC")
    season.write(before("168h"), settings="  limits: {per_day: 3}\n")
    assert season.run("2025-02-04 12:00 UTC").code == 3
    by_hand = ("send", "campaigns/call.yaml", "--occurrence", "submission-168h", "--yes")
    assert season.call("2025-02-04 12:05 UTC", *by_hand).code == 5
    season.write(before("168h"))
    assert season.run("2025-02-04 13:30 UTC").code == 0
    assert season.counts == BOTH + BOTH


@pytest.mark.parametrize("undo", [(), ("--undo",)])
def test_a_word_on_the_old_name_hides_nothing(season, undo: tuple[str, ...]) -> None:
    """Some got it: the new one still asks before it goes to them."""
    season.write(before("7d", "1d"), settings=ONE_A_DAY)
    assert season.run("2025-02-04 09:00 UTC").code == 5
    season.write(before("168h", "1d"))
    season.run("2025-02-04 10:00 UTC")
    skip = ("schedule", "skip", "campaigns/call.yaml", "submission-7d", *undo)
    assert season.call("2025-02-04 10:05 UTC", *skip).code == (2 if undo else 0)
    assert season.run("2025-02-04 12:00 UTC").code == 3
    assert season.counts.total() == 1


def test_one_that_was_skipped_after_it_was_begun_is_still_that_day_s(season) -> None:
    season.write(daily("9"), settings=ONE_A_DAY)
    season.run("2025-01-05 09:00 UTC")
    skip = ("schedule", "skip", "campaigns/call.yaml", "news-2025-01-05T0900")
    season.call("2025-01-05 10:00 UTC", *skip)
    season.write(daily("11"))
    assert season.run("2025-01-05 11:00 UTC").code == 0
    assert season.counts.total() == 1


def test_to_undo_a_skip_of_one_begun_goes_on_with_it(season) -> None:
    season.write(daily("9"), settings=ONE_A_DAY)
    season.run("2025-01-05 09:00 UTC")
    skip = ("schedule", "skip", "campaigns/call.yaml", "news-2025-01-05T0900")
    season.call("2025-01-05 10:00 UTC", *skip)
    season.call("2025-01-05 10:10 UTC", *skip, "--undo")
    season.write(daily("9"))
    assert season.run("2025-01-05 11:00 UTC").code == 0
    assert season.counts == BOTH


def test_one_that_reached_nobody_stands_in_no_other_s_way(season) -> None:
    """The list of who had acted was wrong, and mended."""
    entry = daily("{}").replace("count: 4", "count: 4, exclude: [done.csv]")
    season.write(entry.replace("{}", "9"))
    (season.root / "done.csv").write_text("address\nmo@example.org\nlee@example.org\n", "utf-8")
    assert season.run("2025-01-05 09:00 UTC").out == ""
    (season.root / "done.csv").write_text("address\n", "utf-8")
    season.write(entry.replace("{}", "18"))
    season.run("2025-01-05 18:00 UTC")
    assert season.counts == BOTH


def test_what_vanished_is_listed_as_long_as_what_is_there(season) -> None:
    later = "  - {id: late, at: 2025-06-06 09:00 UTC}\n"
    season.write(f"  - {{id: first, at: 2025-01-06 09:00 UTC}}\n{later}")
    season.run("2025-01-06 09:00 UTC")
    season.write(later)
    assert rows(season, "2025-05-16 09:00 UTC")["first"] == ("done", None)


def test_an_article_s_look_passes_over_what_vanished(season) -> None:
    """There are no words any more that it could be compared with."""
    season.write(before("7d"))
    season.run("2025-02-04 09:00 UTC")
    season.write(before("2d"))
    campaign = open_campaign(str(season.root), str(season.root / FILE))
    assert known_occurrences(campaign, {"submission-7d"}, at("2025-02-05 09:00 UTC")) == []
