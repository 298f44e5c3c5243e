"""What must hold before anything leaves, and what a person says to the ledger."""

from __future__ import annotations

import csv
from datetime import UTC, datetime
from pathlib import Path

import pytest

from announce.ledger import open_ledger
from announce.model.delivery import DeliveryKey, Outcome, State

CFP = "campaigns/cfp.yaml"
DECISIONS = "campaigns/decisions.yaml"


def edit(path: Path, old: str, new: str) -> None:
    """Change a file as a person would."""
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def mails(project: Path) -> int:
    """How many mails the sandbox has caught."""
    return len(list((project / ".announce" / "sandbox" / "mail").glob("*.eml")))


def test_changed_fact_is_told_and_refused(announce, live, servers) -> None:
    """After the first messages left, another deadline is no detail: old and new are shown."""
    announce("send", "--yes", "--limit", "2", CFP, cwd=live)
    edit(live / CFP, "submission: 2025-02-10 23:59 AoE", "submission: 2025-02-17 23:59 AoE")

    ended = announce("send", "--yes", CFP, cwd=live)

    assert ended.code == 3
    assert "2025-02-10 23:59 AoE → 2025-02-17 23:59 AoE" in ended.err
    assert "--changed" in ended.err
    assert len(servers[0].store.mails()) == 2


def test_changed_template_is_named(announce, live) -> None:
    """Which file changed is told."""
    announce("send", "--yes", "--limit", "2", CFP, cwd=live)
    edit(live / "templates" / "en" / "cfp.md.j2", "## ", "## Our ")

    ended = announce("send", "--yes", CFP, cwd=live)

    assert ended.code == 3
    assert "templates/en/cfp.md.j2: changed" in ended.err


def test_changed_content_goes_on_when_wanted(announce, live, servers) -> None:
    """--changed serves those not yet served, and nobody twice."""
    announce("send", "--yes", "--limit", "2", CFP, cwd=live)
    edit(live / CFP, "submission: 2025-02-10 23:59 AoE", "submission: 2025-02-17 23:59 AoE")

    ended = announce("send", "--yes", "--changed", CFP, cwd=live)
    again = announce("send", "--yes", "--json", CFP, cwd=live)

    assert ended.code == 0, ended.err
    assert len(servers[0].store.mails()) == 58
    assert (again.code, again.json["run"]["sent"]) == (0, 0)


def test_rehearsal_goes_on_with_new_words_and_says_what_a_real_send_would(
    announce, project
) -> None:
    """Editing while rehearsing is what rehearsing is for."""
    announce("send", "--limit", "2", CFP, cwd=project)
    edit(project / CFP, "submission: 2025-02-10 23:59 AoE", "submission: 2025-02-17 23:59 AoE")

    ended = announce("send", CFP, cwd=project)

    assert ended.code == 0
    assert "A real send would be refused: the content changed" in ended.err
    assert mails(project) == 58


def test_new_language_of_a_recipient_is_no_change(announce, project) -> None:
    """Somebody added who reads another language than those before is simply served."""
    audience = project / "audiences" / "community.csv"
    head, *rows = audience.read_text(encoding="utf-8").splitlines()
    english = [row for row in rows if ",en," in row]
    audience.write_text("\n".join([head, *english]) + "\n", encoding="utf-8")
    announce("send", "--channel", "email", CFP, cwd=project)
    audience.write_text("\n".join([head, *rows]) + "\n", encoding="utf-8")

    ended = announce("send", CFP, cwd=project)

    assert ended.code == 0, ended.err
    assert mails(project) == 58


@pytest.mark.usefixtures("unlisted")
def test_address_under_a_new_key_is_refused(announce, live) -> None:
    """A renumbered submission would write to its authors again: exit 3, and who is named."""
    announce("send", "--yes", DECISIONS, cwd=live)
    edit(live / "audiences" / "decisions.csv", "SCIFM-002", "SCIFM-902")

    ended = announce("send", "--yes", DECISIONS, cwd=live)

    assert ended.code == 3
    assert "SCIFM-002" in ended.err
    assert "SCIFM-902" in ended.err


def test_unexpected_figures_stop_the_send(announce, project) -> None:
    """A rejection turned into an oral is seen by the figures: exit 3, nothing sent."""
    path = project / "audiences" / "decisions.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    next(row for row in rows if row["decision"] == "reject")["decision"] = "oral"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)

    ended = announce("send", DECISIONS, cwd=project)

    assert ended.code == 3
    assert "oral: 4 found, 3 expected" in ended.err
    assert mails(project) == 0


def test_unsubscribed_gets_no_announcement(announce, project) -> None:
    """A suppressed address is skipped with its reason, and everybody else served."""
    announce("suppress", "add", "yumoyan@data.example.org", cwd=project)

    ended = announce("send", "--json", CFP, cwd=project)

    assert ended.json["run"]["skipped"] == 1
    assert mails(project) == 57
    log = announce("log", CFP, "--key", "yumoyan@data.example.org", "--format", "json", cwd=project)
    assert log.json[0]["reason"] == "suppressed: unsubscribed"


def test_unsubscribed_still_gets_their_decision(announce, project) -> None:
    """`unsubscribed` covers announcements only."""
    announce("suppress", "add", "c.nordwall@openlab.example.org", cwd=project)

    announce("send", "--only", "SCIFM-001", DECISIONS, cwd=project)

    assert mails(project) == 1


def test_bounced_addressee_of_a_decision_is_told(announce, project) -> None:
    """A personal message that cannot reach somebody is a problem told, never a silent skip."""
    announce(
        "suppress", "add", "--reason", "bounced", "ehrenfeld@institute.example.com", cwd=project
    )

    ended = announce("send", "--only", "SCIFM-001", DECISIONS, cwd=project)

    assert ended.code == 1
    assert "ehrenfeld@institute.example.com" in ended.err
    assert "sent in part" in ended.out
    assert mails(project) == 1
    status = announce("status", cwd=project)
    assert "ehrenfeld@institute.example.com" in status.out


def test_doubt_is_named_and_settled(announce, project) -> None:
    """What was handed over without an answer blocks until a person settles it."""
    announce("send", "--limit", "1", CFP, cwd=project)
    key = leave_in_doubt(project)

    before = announce("send", CFP, cwd=project)
    settled = announce("settle", CFP, key, "--not-sent", cwd=project)
    after = announce("send", "--json", CFP, cwd=project)

    assert before.code == 1
    assert key in before.out
    assert settled.code == 0
    assert (after.code, after.json["run"]["sent"]) == (0, 1)
    assert mails(project) == 58


def test_all_doubts_of_a_campaign_are_settled_at_once(announce, project) -> None:
    """Without naming them; what to run next names the campaign's file, which `send` takes."""
    announce("send", "--limit", "1", CFP, cwd=project)
    key = leave_in_doubt(project)

    settled = announce("settle", "scifm-2025-cfp", "--all", "--not-sent", cwd=project)
    again = announce("settle", "scifm-2025-cfp", "--all", "--sent", cwd=project)
    neither = announce("settle", "scifm-2025-cfp", "--sent", cwd=project)

    assert (settled.code, f"{key} is now: planned." in settled.out) == (0, True)
    assert "`announce send campaigns/cfp.yaml`" in settled.out
    assert (again.code, again.out) == (0, "Nothing of it is in doubt.\n")
    assert (neither.code, "--all" in neither.err) == (2, True)


def test_settling_what_is_not_in_doubt_is_refused(announce, project) -> None:
    """A person's word is for doubts only."""
    announce("send", "--limit", "1", CFP, cwd=project)

    ended = announce("settle", CFP, "yumoyan@data.example.org", "--not-sent", cwd=project)

    assert ended.code == 3


def leave_in_doubt(project: Path) -> str:
    """Leave one delivery as a lost answer leaves it; its key."""
    ledger = open_ledger("sqlite:///.announce/sandbox/ledger.sqlite3", project, create=False)
    now = datetime.now(UTC)
    run = ledger.begin("scifm-2025-cfp", "once", now)
    [delivery] = run.claim(1, now, channel="email")
    run.handed_over(delivery.key, now, account="sandbox")
    run.record(delivery.key, Outcome(state=State.IN_DOUBT, reason="no answer"), now)
    run.finish("done", now)
    ledger.close()
    assert isinstance(delivery.key, DeliveryKey)
    return delivery.key.recipient


def test_run_held_by_another_is_refused(announce, project) -> None:
    """While a run is under way the second says who holds it: exit 3."""
    announce("send", "--limit", "1", CFP, cwd=project)
    ledger = open_ledger("sqlite:///.announce/sandbox/ledger.sqlite3", project, create=False)
    run = ledger.begin("scifm-2025-cfp", "once", datetime.now(UTC))

    ended = announce("send", CFP, cwd=project)
    run.finish("done", datetime.now(UTC))
    ledger.close()

    assert ended.code == 3
    assert mails(project) == 1


def test_only_and_limit_send_a_part(announce, project) -> None:
    """A hand-picked key, then two more, then the rest."""
    announce("send", "--only", "SCIFM-007", DECISIONS, cwd=project)
    one = mails(project)
    announce("send", "--limit", "2", DECISIONS, cwd=project)
    three = mails(project)
    announce("send", DECISIONS, cwd=project)

    assert (one, three, mails(project)) == (1, 3, 68)


def test_unknown_key_is_a_fault(announce, project) -> None:
    """A mistyped key must not pass as nothing to do."""
    ended = announce("send", "--only", "SCIFM-0007", DECISIONS, cwd=project)

    assert ended.code == 2
    assert "SCIFM-007" in ended.err


def test_dry_run_sends_nothing(announce, project) -> None:
    """The plan, and no trace of a send."""
    ended = announce("send", "--dry-run", CFP, cwd=project)

    assert ended.code == 0
    assert not (project / ".announce" / "sandbox").exists()


def test_rehearsal_of_a_schedule_tells_that_nothing_is_due(announce, project) -> None:
    """And goes on with the next one, or the last."""
    with (project / CFP).open("a", encoding="utf-8") as file:
        file.write("schedule:\n  - {at: 2025-01-06 09:00 Asia/Shanghai}\n")

    ended = announce("send", CFP, cwd=project)

    assert ended.code == 0
    assert "A real send would be refused: nothing of its schedule is due any more" in ended.err
