"""When an occurrence is due is shown wherever somebody decides about it."""

from __future__ import annotations

from schedule_support import FILE

NOW = "2025-01-09 00:00 UTC"
WEEKLY = "  - {cron: 0 9 * * mon, zone: Europe/Berlin, start: 2025-01-13, count: 2, id: weekly}\n"
BOTH = "Mon 2025-01-13 16:00 +0800 = Mon 2025-01-13 09:00 +0100"


def test_list_and_next_tell_both_zones(season) -> None:
    """The project's, and the entry's own."""
    season.write(WEEKLY)
    for command in ("list", "next"):
        assert BOTH in season.call(NOW, "schedule", command).out
    season.write("  - {at: 2025-01-13 09:00 Asia/Shanghai}\n")
    assert "=" not in season.call(NOW, "schedule", "list").out


def test_plan_and_preview_tell_it(season) -> None:
    """Those who look at it know when it leaves."""
    season.write(WEEKLY)
    assert f"Due: {BOTH}" in season.call(NOW, "plan", FILE).out
    assert season.call(NOW, "preview", FILE).code == 0
    page = (season.root / ".announce/preview/call/index.html").read_text("utf-8")
    assert "weekly-2025-01-13T0900: Mon 2025-01-13 16:00 +0800" in page


def test_what_is_over_can_still_be_looked_at(season) -> None:
    """As it was to be sent; and it is told that it is over."""
    season.write(
        "  - {before: deadlines.submission, by: [7d], at: 09:00}\n",
        words="{{ occurrence.remaining }}",
    )
    for command in ("check", "plan", "preview"):
        ended = season.call("2025-03-01 09:00 UTC", command, "campaigns/call.yaml")
        assert ended.code == 0, ended.err
        assert "submission-7d: over, not sent: what it goes by was over" in ended.err
    ended = season.call("2025-03-01 09:00 UTC", "send", "campaigns/call.yaml", "--yes")
    assert ended.code == 3
    late = ("--occurrence", "submission-7d", "--late", "--yes")
    ended = season.call("2025-03-01 09:00 UTC", "send", "campaigns/call.yaml", *late)
    assert ended.code == 2
    assert "nothing remains: 2025-02-10 23:59 AoE is over" in ended.err
    assert season.arrived == []


def test_the_list_ends_where_nobody_looks(season) -> None:
    """A weekly mail without an end fills no screen; what is done and due is always there."""
    season.write("  - {id: weekly, cron: 0 9 * * mon, zone: UTC, start: 2025-01-06}\n")
    season.run("2025-01-06 09:00 UTC")
    told = season.call(NOW, "schedule", "list").out
    assert told.count("weekly-") == 11
    assert "call: 47 more to come, until Mon 2026-02-09 17:00 +0800 (--all)" in told
    assert season.call(NOW, "schedule", "list", "--all").out.count("weekly-") == 58
    (found,) = season.call(NOW, "--json", "schedule", "list").json["campaigns"]
    assert len(found["occurrences"]) == 58
