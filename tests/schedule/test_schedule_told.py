"""What a person is told in time: what would be refused, what was missed, what nobody gets."""

from __future__ import annotations

from email import message_from_bytes, policy

from schedule_support import FILE

ENTRY = "  - {before: deadlines.submission, by: [14d, 7d], at: 09:00}\n"
BEFORE, DUE = "2025-01-20 00:00 UTC", "2025-01-28 01:00 UTC"
NOTIFY = "schedule: {notify: chairs@example.org}\n"


def test_a_dry_run_tells_of_the_approval_that_is_missing(season) -> None:
    """Before anything is due that is no failure; when it is due, it ends as the run would."""
    season.write(ENTRY, more="approval: required\n")
    ended = season.run(BEFORE, "--dry-run")
    assert ended.code == 0
    assert "needs an approval, and has none" in ended.err
    assert f"announce approve {FILE} --by NAME --content --max NUMBER" in ended.err
    assert "0 scheduled campaigns are ready" in ended.out
    found = season.call(BEFORE, "--json", "schedule", "run", "--dry-run").json
    assert [one["code"] for one in found["problems"]] == ["gate"]
    assert found["occurrences"] == []
    assert season.run(DUE, "--dry-run").code == season.run(DUE).code == 3
    for moment in (BEFORE, DUE):
        ended = season.call(
            moment, "approve", FILE, "--by", "Lin", "--content", "--max", "9", "--yes"
        )  # fmt: skip
        assert ended.code == 0, ended.err
        ended = season.run(moment, "--dry-run")
        assert (ended.code, ended.err) == (0, "")
        assert "1 scheduled campaign is ready" in ended.out


def test_a_dry_run_refuses_what_would_only_be_rehearsed(season) -> None:
    """Also before anything is due."""
    season.write(ENTRY)
    text = (season.root / "announce.yaml").read_text("utf-8")
    (season.root / "announce.yaml").write_text(text.partition("email:")[0], "utf-8")
    assert season.run(BEFORE, "--dry-run").code == 3
    assert season.run(BEFORE, "--dry-run", "--sandbox").code == 0
    assert "only rehearsed" in season.call(BEFORE, "schedule", "simulate").out


def test_a_simulation_tells_of_the_approval_that_is_missing(season) -> None:
    """Once, at the first occurrence."""
    season.write(ENTRY, more="approval: required\n")
    found = season.call(BEFORE, "--json", "schedule", "simulate").json
    told = [
        [doubt for doubt in one["doubts"] if "approval" in doubt] for one in found["occurrences"]
    ]
    assert [len(one) for one in told] == [1, 0]


def test_the_mail_of_a_failure_says_what_is_wrong(season) -> None:
    """With place and mend, as the screen does."""
    season.write(ENTRY, settings=NOTIFY)
    path = season.root / FILE
    path.write_text(path.read_text("utf-8").replace("kind: call", "kinf: call"), "utf-8")
    ended = season.call(DUE, "--json", "schedule", "run")
    assert ended.code == 2
    [document] = ended.json["occurrences"]
    assert any("kinf" in one["message"] for one in document["error"]["problems"])
    [mail] = season.folder.rglob("*.eml")
    text = message_from_bytes(mail.read_bytes(), policy=policy.default).get_body(("plain",))
    assert f"{FILE}:2" in text.get_content()
    assert "kinf" in text.get_content()


def test_an_entry_of_a_wrong_year_is_told_with_its_place(season) -> None:
    """Nothing of it was sent, and nothing is to come."""
    season.write("  - {at: 2024-02-01 09:00 UTC, id: wrong}\n" + ENTRY)
    ended = season.call(BEFORE, "check", FILE)
    assert ended.code == 0
    assert f"{FILE}:" in ended.err
    assert "wrong was due" in ended.err
    assert "[schedule-over]" in ended.err
    assert "[schedule-over]" in season.run(BEFORE, "--dry-run").err
    season.write(ENTRY)
    assert "schedule-over" not in season.call(BEFORE, "check", FILE).err


def test_what_was_sent_is_not_over_for_nothing(season) -> None:
    season.write("  - {at: 2025-01-28 01:00 UTC, id: once}\n")
    season.run(DUE)
    assert "schedule-over" not in season.call("2025-03-01 00:00 UTC", "check", FILE).err


def test_no_calendar_is_written_of_campaigns_at_fault(season) -> None:
    """It would say that nothing of them is sent."""
    season.write(ENTRY)
    path = season.root / "season.ics"
    export = ("schedule", "export", "--ics", str(path))
    season.call(BEFORE, *export)
    before = path.read_bytes()
    file = season.root / FILE
    file.write_text(file.read_text("utf-8").replace("kind: call", "kinf: call"), "utf-8")
    ended = season.call(BEFORE, *export)
    assert (ended.code, "No calendar was written." in ended.err) == (2, True)
    assert path.read_bytes() == before


def test_a_reminder_that_quiet_times_take_away_is_told(season) -> None:
    """In the simulation, with why."""
    season.write(
        ENTRY.replace("[14d, 7d]", "[36h, 24h]").replace(", at: 09:00", ""),
        more="quiet: {hours: 16:00-23:00, then: skip}\n",
    )
    found = season.call(BEFORE, "--json", "schedule", "simulate").json["occurrences"]
    left_out = [one for one in found if one["left_out"]]
    assert left_out
    assert all("nobody gets it" in one["doubts"] for one in left_out)


def test_dates_that_are_past_are_told_in_one_sentence(season) -> None:
    facts = "{deadlines: {submission: 2025-02-10 23:59 AoE}, call: 2025-01-02, site: 2025-01-03}"
    season.write(ENTRY, facts=facts)
    found = season.call(BEFORE, "--json", "schedule", "simulate").json["occurrences"]
    for one in found:
        [told] = [doubt for doubt in one["doubts"] if "past on" in doubt]
        assert told.startswith("facts.call is 2025-01-02, which is past on")
        assert told.endswith("; and 1 more date")


def test_an_end_before_the_start_is_a_fault_in_its_line(season) -> None:
    season.write("  - {cron: '0 9 * * mon', start: 2025-03-01, end: 2025-02-01}\n")
    ended = season.call(BEFORE, "check", FILE)
    assert ended.code == 2
    assert "`end` (2025-02-01) is before `start` (2025-03-01)" in ended.err
    assert "correct one of them" in ended.err
    season.write("  - {cron: '0 9 * * mon', start: 5, end: 2025-02-01}\n")
    assert season.call(BEFORE, "check", FILE).code == 2


def test_an_entry_that_is_over_can_be_ignored_with_a_reason(season) -> None:
    """In `check` and in what `install` tries; and that it is ignored is no fault."""
    season.write(
        "  - {at: 2024-02-01 09:00 UTC, id: wrong}\n" + ENTRY,
        more="ignore: [{check: schedule-over, text: wrong, reason: it was told by hand}]\n",
    )
    for ended in (season.call(BEFORE, "check", FILE), season.run(BEFORE, "--dry-run")):
        assert ended.code == 0, ended.err
        assert "wrong was due" not in ended.err
        assert "ignore-unused" not in ended.err


def test_a_simulation_says_why_an_approval_cannot_be_judged(season) -> None:
    """A fault that is found only when everything is composed."""
    season.write(ENTRY, more="approval: required\n", words="It is on Sunday, 10 February 2025.")
    checked = season.call(BEFORE, "check", FILE)
    found = season.call(BEFORE, "--json", "schedule", "simulate").json["occurrences"]
    assert (checked.code, found[0]["error"]["exit_code"]) == (2, 2)


def test_another_season_is_simulated_by_its_own_dates(season) -> None:
    """A day without a year is one of that season, not of the one in which it is simulated."""
    season.write(
        ENTRY, more="approval: required\n", words="It is on Monday, 10 February, 12:00 UTC."
    )
    span = ("--from", "2025-01-20", "--to", "2025-02-20")
    later = "2026-11-24 00:00 UTC"
    found = season.call(later, "--json", "schedule", "simulate", *span).json["occurrences"]
    assert found[0]["error"] is None
    assert any("approval" in doubt for doubt in found[0]["doubts"])
