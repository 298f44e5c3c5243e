"""Real accounts: another SMTP server and another emulator of the API, both on loopback."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections import Counter
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import Envelope

CFP = "campaigns/cfp.yaml"
PEOPLE = 58


def test_needs_a_yes_where_nobody_can_be_asked(announce, live, servers) -> None:
    """Nothing real leaves unasked: exit 3, and nothing was sent."""
    ended = announce("send", CFP, cwd=live)

    assert ended.code == 3
    assert "--yes" in ended.err
    assert servers[0].store.mails() == []


def test_everyone_is_reached_once_on_other_servers(announce, live, servers) -> None:
    """The same campaign, the same result, on servers that are not ours; the first line says so."""
    ended = announce("send", "--yes", CFP, cwd=live)

    mail, account = servers
    people = Counter(to for one in mail.store.mails() for to in one.to)
    assert ended.code == 0, ended.err
    assert ended.err.startswith("For real: e-mail, official account.")
    assert (len(people), set(people.values())) == (PEOPLE, {1})
    assert len(account.drafts()) == 2


def test_plan_warns_of_a_secret_that_a_send_would_miss(announce, live, monkeypatch) -> None:
    """Days before, and not when everybody waits: with its name, and how to set it."""
    before = announce("plan", "--json", CFP, cwd=live)
    monkeypatch.delenv("TEST_APP_SECRET")

    after = announce("plan", CFP, cwd=live)
    ended = announce("send", "--yes", CFP, cwd=live)

    assert (before.code, before.json["problems"]) == (0, [])
    assert after.code == 0
    assert "the environment variable TEST_APP_SECRET is not set" in after.err
    assert "export TEST_APP_SECRET=" in after.err
    assert ended.code == 4


def test_what_is_shown_and_not_sent_says_so(announce, live) -> None:
    """Only a send begins with "For real"."""
    for command in (["plan"], ["send", "--dry-run"]):
        shown = announce(*command, CFP, cwd=live)

        assert shown.err.startswith("`announce send` is for real: e-mail, official account.")


def test_second_run_sends_nothing(announce, live, servers) -> None:
    """Run twice, it sends once; also with two channels on one ledger."""
    announce("send", "--yes", CFP, cwd=live)

    again = announce("send", "--yes", "--json", CFP, cwd=live)

    assert (again.code, again.json["run"]["sent"]) == (0, 0)
    assert len(servers[0].store.mails()) == PEOPLE
    assert len(servers[1].drafts()) == 2


def test_one_channel_at_a_time(announce, live, servers) -> None:
    """--channel leaves the other one due."""
    announce("send", "--yes", "--channel", "email", CFP, cwd=live)
    first = len(servers[1].drafts())

    rest = announce("send", "--yes", "--json", CFP, cwd=live)

    assert (first, rest.json["run"]["sent"], len(servers[1].drafts())) == (0, 2, 2)


def test_missing_secret_is_never_the_sandbox(announce, live, servers, monkeypatch) -> None:
    """An account whose secret is missing: exit 4, naming the variable, nothing sent."""
    monkeypatch.delenv("TEST_APP_SECRET")

    ended = announce("send", "--yes", CFP, cwd=live)

    assert ended.code == 4
    assert "TEST_APP_SECRET" in ended.err
    assert servers[0].store.mails() == []


def test_fresh_clone_is_stopped_by_the_receipts(announce, live, servers, tmp_path) -> None:
    """Without the ledger but with the receipts nothing is sent again: exit 4."""
    announce("send", "--yes", CFP, cwd=live)
    clone = tmp_path / "clone"
    shutil.copytree(live, clone, ignore=shutil.ignore_patterns(".announce"))

    ended = announce("send", "--yes", CFP, cwd=clone)

    assert ended.code == 4
    assert "announce ledger adopt" in ended.err
    assert len(servers[0].store.mails()) == PEOPLE


def test_second_machine_is_stopped_by_the_receipts(announce, live, tmp_path, monkeypatch) -> None:
    """Another user's state folder knows nothing; the receipts in git still do."""
    announce("send", "--yes", CFP, cwd=live)
    clone = tmp_path / "clone"
    shutil.copytree(live, clone, ignore=shutil.ignore_patterns(".announce"))
    monkeypatch.setenv("ANNOUNCE_STATE", str(tmp_path / "another-machine"))

    ended = announce("send", "--yes", CFP, cwd=clone)

    assert ended.code == 4


def test_adopted_receipts_count_as_sent(announce, live, servers, tmp_path) -> None:
    """After `ledger adopt` the clone sends to nobody who was served."""
    announce("send", "--yes", "--limit", "20", CFP, cwd=live)
    clone = tmp_path / "clone"
    shutil.copytree(live, clone, ignore=shutil.ignore_patterns(".announce"))

    adopted = announce("ledger", "adopt", cwd=clone)
    status = announce("status", "--json", cwd=clone).json["campaigns"]
    ended = announce("send", "--yes", "--json", CFP, cwd=clone)

    people = Counter(to for one in servers[0].store.mails() for to in one.to)
    assert adopted.code == 0
    assert [(one["campaign"], one["adopted"]) for one in status] == [
        ("scifm-2025-cfp", {"sent": 20})
    ]
    assert ended.code == 0, ended.err
    assert (len(people), set(people.values())) == (PEOPLE, {1})


def test_restored_copy_is_stopped(announce, live, servers, tmp_path) -> None:
    """A ledger older than what this machine has seen is refused: exit 4."""
    announce("send", "--yes", "--limit", "5", CFP, cwd=live)
    ledger = live / ".announce" / "ledger.sqlite3"
    backup = tmp_path / "backup.sqlite3"
    shutil.copy(ledger, backup)
    announce("send", "--yes", CFP, cwd=live)
    for name in ("", "-wal", "-shm"):
        Path(f"{ledger}{name}").unlink(missing_ok=True)
    shutil.copy(backup, ledger)
    sent = len(servers[0].store.mails())

    ended = announce("send", "--yes", CFP, cwd=live)

    assert ended.code == 4
    assert len(servers[0].store.mails()) == sent


def test_receipts_hold_no_address(announce, live) -> None:
    """What goes into git names nobody."""
    announce("send", "--yes", CFP, cwd=live)

    receipts = list((live / "receipts").rglob("*.json"))
    text = "".join(path.read_text(encoding="utf-8") for path in receipts)
    assert receipts
    assert "@" not in text
    assert all(json.loads(path.read_text(encoding="utf-8")) for path in receipts)


def test_rehearsal_leaves_no_receipt(announce, project) -> None:
    """The sandbox never blocks the real send."""
    announce("send", CFP, cwd=project)

    assert not (project / "receipts").exists()


def test_real_send_of_a_past_season_says_so(announce, live) -> None:
    """With `as_of`, a real send says by which day it judges dates."""
    ended = announce("send", "--yes", "--limit", "1", CFP, cwd=live)

    assert "2025-01-06" in ended.err


def test_to_self_sends_marked_samples_and_touches_nothing(announce, live, servers) -> None:
    """One sample of each shape (with a name, without) and language to one's own address; the
    campaign is as before."""
    ended = announce("send", "--to-self", "me@example.org", CFP, cwd=live)

    mails = servers[0].store.mails()
    assert ended.code == 0, ended.err
    assert {to for one in mails for to in one.to} == {"me@example.org"}
    assert len(mails) == 4
    assert all("ample" in one.subject or "样例" in one.subject for one in mails)
    assert announce("status", "--json", cwd=live).json == {"campaigns": []}


def test_lost_answer_of_the_api_makes_no_second_draft(announce, live, servers) -> None:
    """The draft was added and the answer lost: looking finds it, and nothing is added again."""
    servers[1].fail_next("/cgi-bin/draft/add", "lost-after")

    ended = announce("send", "--yes", "--channel", "wechat", CFP, cwd=live)

    assert ended.code == 0, ended.err
    assert len(servers[1].drafts()) == 2


def test_refused_draft_is_tried_again_on_request_only(announce, live, servers) -> None:
    """A definite refusal is failed, exit 1, named with its mend; --retry-failed goes on."""
    servers[1].fail_next("/cgi-bin/draft/add", 45166)

    first = announce("send", "--yes", "--channel", "wechat", CFP, cwd=live)
    second = announce("send", "--yes", "--channel", "wechat", CFP, cwd=live)
    third = announce("send", "--yes", "--channel", "wechat", "--retry-failed", CFP, cwd=live)

    assert (first.code, second.code, third.code) == (1, 1, 0)
    assert "45166" in first.out
    assert len(servers[1].drafts()) == 2


def test_limit_of_a_day_stops_the_run_and_the_rest_stays_due(announce, live) -> None:
    """At the account's limit the run ends with 5 and says when there is room; nothing is lost."""
    with (live / "announce.yaml").open(encoding="utf-8") as file:
        text = file.read()
    limited = text.replace("email:\n  smtp", "email:\n  limits: {per_day: 20}\n  smtp")
    (live / "announce.yaml").write_text(limited, encoding="utf-8")
    first = announce("send", "--yes", "--json", "--channel", "email", CFP, cwd=live)
    second = announce("send", "--yes", "--json", "--channel", "email", CFP, cwd=live)
    (live / "announce.yaml").write_text(text, encoding="utf-8")
    third = announce("send", "--yes", "--json", "--channel", "email", CFP, cwd=live)

    assert [one.code for one in (first, second, third)] == [5, 5, 0]
    assert [one.json["run"]["sent"] for one in (first, second, third)] == [20, 0, PEOPLE - 20]
    assert "room again at" in first.err


class KillsTheSender:
    """An SMTP handler that kills the sending process when it takes its tenth mail."""

    def __init__(self) -> None:
        self.pid: int | None = None
        self.taken: list[str] = []

    async def handle_DATA(self, server: object, session: object, envelope: Envelope) -> str:
        """Take a mail; the tenth is the sender's last."""
        self.taken += envelope.rcpt_tos
        if len(self.taken) == 10 and self.pid is not None:
            os.kill(self.pid, signal.SIGKILL)
            self.pid = None
        return "250 taken"


def test_killed_run_goes_on_and_nobody_gets_it_twice(announce, project) -> None:
    """After SIGKILL the next run serves the rest; what nobody can know is in doubt, and named."""
    handler = KillsTheSender()
    controller = Controller(handler, hostname="127.0.0.1", port=free_port())
    controller.start()
    with (project / "announce.yaml").open("a", encoding="utf-8") as file:
        file.write(
            f"email:\n  smtp: {{host: 127.0.0.1, port: {controller.port}, security: none}}\n"
            "  connections: 4\n"
        )
    command = [sys.executable, "-m", "announce", "send", "--yes", "--channel", "email", CFP]

    with subprocess.Popen(command, cwd=project, stderr=subprocess.PIPE) as process:
        handler.pid = process.pid
        process.communicate()
    again = announce("send", "--yes", "--channel", "email", "--json", CFP, cwd=project)
    controller.stop()

    doubtful = (
        again.json["run"]["in_doubt"] or again.json["campaigns"][0]["channels"]["email"]["in_doubt"]
    )
    counts = Counter(handler.taken)
    assert process.returncode == -signal.SIGKILL
    assert again.code == 1
    assert set(counts.values()) == {1}
    assert 1 <= doubtful <= 4
    assert len(counts) >= PEOPLE - doubtful


def free_port() -> int:
    """A port that is free now: aiosmtpd's controller cannot find one by itself."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
