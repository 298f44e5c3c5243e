"""A schedule that is edited after some of it was sent: nobody twice, nobody left out unsaid."""

from __future__ import annotations

from collections import Counter

BOTH = Counter({"mo@example.org": 1, "lee@example.org": 1})
ONE_A_DAY = "  limits: {per_day: 1}\n"


def daily(hour: str, name: str = "news") -> str:
    return f"  - {{id: {name}, cron: '0 {hour} * * *', zone: UTC, start: 2025-01-05, count: 4}}\n"


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
    season.write(before("1d"))
    ended = season.run("2025-02-04 10:00 UTC")
    assert "submission-7d" in ended.out
    assert "begun by an entry that the file no longer has" in ended.out
    assert season.run("2025-02-04 10:05 UTC").out == ""
    assert season.counts.total() == 1
    # Put in again it is gone on with.
    season.write(before("7d", "1d"))
    assert season.run("2025-02-04 11:00 UTC").code == 0
    assert season.counts == BOTH


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
