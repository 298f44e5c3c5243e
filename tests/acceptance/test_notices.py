"""Decisions told to each author in WeChat, through the real command."""

from __future__ import annotations

import csv
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from announce.gathering import open_project
from announce.outlets import open_ledger_of
from announce.sandbox.wechat import Account, AccountKind, Fault, OfficialAccountServer

CAMPAIGN = "campaigns/decisions.yaml"
SANDBOX = Path(".announce") / "sandbox" / "wechat"
PEOPLE = 68
HEAD = """---
notice:
  thing1: "{{ recipient.title | cut(20) }}"
  character_string2: "{{ recipient.key }}"
  phrase3: RESULT
  time4: "2025-03-05 20:00"
"""


def clock() -> datetime:
    """The clock of the account."""
    return datetime.now(UTC)


def openid(number: int) -> str:
    """Of an invented reader."""
    return f"oReader{number:04}_of_an_example_x"


@pytest.fixture
def decisions(project: Path) -> Path:
    """The decisions of the example, told by notice and not by mail; one author has no openid."""
    for language in ("zh", "en"):
        for variant in ("oral", "poster", "reject"):
            path = project / "templates" / language / f"decisions.{variant}.md.j2"
            head = HEAD.replace("RESULT", "未录用" if variant == "reject" else "录用")
            rest = path.read_text("utf-8").removeprefix("---\n")
            path.write_text(head + rest, encoding="utf-8")
    with (project / "audiences" / "decisions.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    for number, row in enumerate(rows):
        row["openid"] = openid(number) if number else ""
    write(project, rows)
    change(project, "email:\n  languages: recipient\n", "notice: {template_id: T-decision}\n")
    settle(project, "wechat: {rehearse_as: verified_service}\n")
    return project


def write(project: Path, rows: list[dict[str, str]]) -> None:
    """Put these rows into the audience."""
    path = project / "audiences" / "decisions.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def rows_of(project: Path) -> list[dict[str, str]]:
    """The rows of the audience."""
    with (project / "audiences" / "decisions.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def change(project: Path, old: str, new: str, *, file: str = CAMPAIGN) -> None:
    """Change a text of a file, which must be there."""
    text = (project / file).read_text("utf-8")
    assert old in text
    (project / file).write_text(text.replace(old, new), encoding="utf-8")


def settle(project: Path, settings: str) -> None:
    """Add settings to the project's."""
    with (project / "announce.yaml").open("a", encoding="utf-8") as file:
        file.write(settings)


def told(folder: Path) -> list[str]:
    """Whom notices reached."""
    return [one.openid for one in OfficialAccountServer(folder, now=clock).notices()]


@pytest.fixture
def service(tmp_path: Path) -> Iterator[OfficialAccountServer]:
    """A verified service account that is not the sandbox's."""
    played = Account(
        app_id="wx0123456789abcdef", app_secret="0" * 32, kind=AccountKind.VERIFIED_SERVICE
    )
    with OfficialAccountServer(tmp_path / "elsewhere", now=clock, account=played) as server:
        server.add_followers([openid(number) for number in range(PEOPLE)])
        yield server


@pytest.fixture
def live(decisions: Path, service: OfficialAccountServer, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The decisions with that account."""
    template = next(one for one in service.templates if one.use == "template")
    change(decisions, "T-decision", template.template_id)
    change(decisions, "wechat: {rehearse_as: verified_service}\n", "", file="announce.yaml")
    settle(
        decisions,
        f"wechat:\n  app_id: {service.app_id}\n  app_secret: {{env: TEST_APP_SECRET}}\n"
        f"  api_base: {service.api_base}\n",
    )
    monkeypatch.setenv("TEST_APP_SECRET", service.app_secret)
    return decisions


def test_each_author_is_told_once(announce, decisions: Path) -> None:
    """Who has no openid and gets no mail is somebody's business: the exit code says so."""
    first = announce("--json", "send", CAMPAIGN, cwd=decisions)
    second = announce("--json", "send", CAMPAIGN, cwd=decisions)

    assert [ended.json["run"]["sent"] for ended in (first, second)] == [PEOPLE - 1, 0]
    assert [one["reason"] for one in first.json["attention"]] == ["unreachable: no openid"]
    assert (first.code, second.code) == (1, 1)
    assert sorted(told(decisions / SANDBOX)) == [openid(number) for number in range(1, PEOPLE)]


def test_who_gets_a_mail_needs_no_openid(announce, decisions: Path) -> None:
    """The skip is counted, and nobody has to do anything."""
    change(decisions, "notice: {", "email: {}\nnotice: {")

    ended = announce("--json", "send", CAMPAIGN, cwd=decisions)

    assert (ended.code, ended.json["attention"]) == (0, [])
    channels = ended.json["campaigns"][0]["channels"]
    assert (channels["email"]["sent"], channels["notice"]["sent"]) == (PEOPLE, PEOPLE - 1)
    assert channels["notice"]["skipped"] == 1


def test_broadcast_by_notice_is_refused(announce, decisions: Path) -> None:
    """An announcement to everybody is what the platform punishes."""
    change(decisions, "purpose: personal", "purpose: announcement")
    ended = announce("check", CAMPAIGN, cwd=decisions)
    assert (ended.code, "[notice-for-broadcast]" in ended.err + ended.out) == (2, True)


@pytest.mark.parametrize(
    ("value", "code"),
    [("not an openid", "openid-invalid"), (openid(2), "openid-repeated")],
)
def test_openid_at_fault_is_told_with_its_line(
    announce, decisions: Path, value: str, code: str
) -> None:
    """Two rows with one openid: one of the two would read the other's decision."""
    rows = rows_of(decisions)
    rows[5]["openid"] = value
    write(decisions, rows)
    ended = announce("check", CAMPAIGN, cwd=decisions)
    assert ended.code == 2
    assert "audiences/decisions.csv:7: error: " in ended.out + ended.err
    assert f"[{code}]" in ended.out + ended.err


def test_value_too_long_stops_everybody(announce, decisions: Path) -> None:
    """Nothing is half sent: the fault of one paper is told before the first notice leaves."""
    change(decisions, " | cut(20)", "", file="templates/en/decisions.oral.md.j2")
    ended = announce("send", CAMPAIGN, cwd=decisions)
    assert (ended.code, "[notice-field]" in ended.out + ended.err) == (2, True)
    assert "templates/en/decisions.oral.md.j2" in ended.out + ended.err
    assert not (decisions / SANDBOX).exists() or told(decisions / SANDBOX) == []


def test_template_given_other_fields_by_another_file_is_told(announce, decisions: Path) -> None:
    """Three of these would be sent and the fourth refused: nothing is sent."""
    change(decisions, "  phrase3: 录用\n", "", file="templates/zh/decisions.poster.md.j2")
    ended = announce("send", CAMPAIGN, cwd=decisions)
    assert (ended.code, "[notice-field]" in ended.out + ended.err) == (2, True)
    assert "decisions.poster.md.j2" in ended.out + ended.err


def test_template_of_the_account_with_other_fields_stops_the_first(
    announce, live: Path, service: OfficialAccountServer
) -> None:
    """Each language has a template of its own, and one of the two does not fit."""
    own = service.templates[0].template_id
    other = service.add_template("template", "另一种", "结果：{{phrase1.DATA}}").template_id
    change(live, own, f"{{zh: {other}, en: {own}}}")
    ended = announce("send", CAMPAIGN, "--yes", cwd=live)
    assert (ended.code, f"template {other} has the fields phrase1" in ended.err) == (2, True)
    assert service.notices() == []


@pytest.mark.skipif(sys.platform != "linux", reason="a second process is for Linux")
def test_template_that_only_the_second_process_met_stops_the_first(
    live: Path, service: OfficialAccountServer
) -> None:
    """In a process of its own: the tests' has threads, and does not fork."""
    own = service.templates[0].template_id
    other = service.add_template("template", "另一种", "结果：{{phrase1.DATA}}").template_id
    change(live, own, f"{{zh: {other}, en: {own}}}")
    settle(live, "email: {processes: 2}\n")
    ended = subprocess.run(
        [sys.executable, "-m", "announce", "--project", str(live), "send", str(live / CAMPAIGN),
         "--yes"],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert (ended.returncode, service.notices()) == (2, [])
    assert f"template {other} has the fields phrase1" in ended.stderr


def test_template_without_fields_is_told(announce, decisions: Path) -> None:
    """The file and the mend are named."""
    path = decisions / "templates/zh/decisions.poster.md.j2"
    head, rest = path.read_text("utf-8").split("subject:", 1)
    assert "notice:" in head
    path.write_text(f"---\nsubject:{rest}", encoding="utf-8")
    ended = announce("check", CAMPAIGN, cwd=decisions)
    assert ended.code == 2
    assert "templates/zh/decisions.poster.md.j2: error: the head of the template has no fields" in (
        ended.out + ended.err
    )


def test_account_of_another_kind_tells_nobody(announce, decisions: Path) -> None:
    """The notices stay due, and the mend is told."""
    change(decisions, "verified_service", "verified_sub", file="announce.yaml")
    ended = announce("--json", "send", CAMPAIGN, cwd=decisions)
    assert (ended.code, ended.json["run"]["sent"], told(decisions / SANDBOX)) == (4, 0, [])
    assert ended.json["campaigns"][0]["channels"]["notice"]["planned"] == PEOPLE - 1


def test_preview_shows_each_notice(announce, decisions: Path, tmp_path: Path) -> None:
    """The page of a notice has its fields."""
    announce("preview", CAMPAIGN, "--out", str(tmp_path / "out"), cwd=decisions)
    pages = sorted((tmp_path / "out" / "messages").glob("*.html"))
    assert len(pages) == PEOPLE - 1
    page = pages[0].read_text("utf-8")
    assert ("character_string2" in page, openid(1) in page) == (True, True)


def test_season_of_lost_answers_tells_each_author_once(
    announce, live: Path, service: OfficialAccountServer
) -> None:
    """Whatever answers are lost, after some runs everybody was told, and nobody twice."""
    for fault in (Fault.LOST_AFTER, Fault.BUSY_AFTER, Fault.HTTP502, Fault.HTML_AFTER):
        service.fail_next("message/template/send", fault, times=3)
    service.fail_next("template/get_all_private_template", Fault.BUSY_BEFORE)
    for _ in range(4):
        ended = announce("--json", "send", CAMPAIGN, "--yes", cwd=live)
        service.invalidate_tokens()
    assert ended.json["campaigns"][0]["channels"]["notice"]["sent"] == PEOPLE - 1
    assert sorted(one.openid for one in service.notices()) == [
        openid(number) for number in range(1, PEOPLE)
    ]


def test_secret_is_told_to_nobody(announce, live: Path, service: OfficialAccountServer) -> None:
    """Neither in a report nor in a failure."""
    service.fail_next("message/template/send", 43101)
    outputs = [
        announce("send", CAMPAIGN, "--yes", cwd=live),
        announce("--json", "log", CAMPAIGN, cwd=live),
    ]
    assert not [one for one in outputs if service.app_secret in one.out + one.err]


@pytest.mark.parametrize(("refuses", "code"), [(False, 0), (True, 1)])
def test_event_tells_whether_a_notice_arrived(
    announce, live: Path, service: OfficialAccountServer, tmp_path: Path, refuses: bool, code: int
) -> None:
    """Taken by the platform is not arrived: who was not told is named, and stands in the log."""
    service.change_follower(openid(1), refuses=refuses)
    announce("send", CAMPAIGN, "--yes", "--only", "SCIFM-002", cwd=live)
    event = tmp_path / "event.xml"
    event.write_text(service.events()[-1], encoding="utf-8")

    told = announce("wechat", "status", "--event", str(event), cwd=live)
    again = announce("--json", "wechat", "status", "--event", str(event), cwd=live)

    assert (told.code, again.code) == (code, code)
    assert ("SCIFM-002: not told (the reader has blocked the account)" in told.out) == refuses
    assert again.json["result"]["status"] == ("failed:user block" if refuses else "success")


def test_reader_who_was_not_reached_is_named_later(
    announce, live: Path, service: OfficialAccountServer, tmp_path: Path
) -> None:
    """Also where the event comes while a send is under way."""
    service.change_follower(openid(1), refuses=True)
    announce("send", CAMPAIGN, "--yes", cwd=live)
    event = tmp_path / "event.xml"
    event.write_text(
        next(one for one in service.events() if "failed:user block" in one), encoding="utf-8"
    )
    project = open_project(str(live))
    with closing(open_ledger_of(project, "notice")) as ledger:
        run = ledger.begin("scifm-2025-decisions", "once", datetime.now(UTC))
        told = announce("wechat", "status", "--event", str(event), cwd=live)
        run.finish("done", datetime.now(UTC))

    status, sent = announce("status", cwd=live), announce("send", CAMPAIGN, "--yes", cwd=live)

    assert told.code == 1
    for shown in (status, sent):
        line = "sent, not delivered: scifm-2025-decisions SCIFM-002: the reader has blocked"
        assert line in shown.out


def test_account_at_fault_leaves_readers_due(
    announce, live: Path, service: OfficialAccountServer
) -> None:
    """Nothing is wrong with them: the next run tells all."""
    service.fail_next("message/template/send", 43116)

    first = announce("--json", "send", CAMPAIGN, "--yes", cwd=live)
    second = announce("--json", "send", CAMPAIGN, "--yes", cwd=live)

    assert (first.code, first.json["run"]["failed"]) == (4, 0)
    assert (second.code, second.json["run"]["failed"]) == (1, 0)  # one has no openid
    assert len(service.notices()) == PEOPLE - 1
