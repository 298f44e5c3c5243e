"""What a person approved is what is sent, to the byte; anything else is refused, and told."""

from __future__ import annotations

import shutil
from email import message_from_bytes
from pathlib import Path

import pytest

CFP = "campaigns/cfp.yaml"
DECISIONS = "campaigns/decisions.yaml"
ROWS = "audiences/decisions.csv"

# What differs from the list of all submissions never comes so far as an approval.
pytestmark = pytest.mark.usefixtures("unlisted")


def edit(path: Path, old: str, new: str) -> None:
    """Change a file as a person would."""
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def ask_for(project: Path, rule: str, campaign: str = DECISIONS) -> None:
    """Have a campaign ask for approvals."""
    with (project / campaign).open("a", encoding="utf-8") as file:
        file.write(f"\nauthor: Wang Min\napproval: {rule}\n")


@pytest.fixture
def approved(announce, live: Path) -> Path:
    """A project with decisions that somebody approved."""
    ask_for(live, "required")
    assert announce("approve", DECISIONS, "--by", "李娜", cwd=live).code == 0
    return live


def test_unapproved_campaign_is_not_sent(announce, live, servers) -> None:
    """Without an approval nothing leaves."""
    ask_for(live, "required")

    ended = announce("send", "--yes", DECISIONS, cwd=live)

    assert ended.code == 3
    assert "needs an approval, and has none" in ended.err
    assert servers[0].store.mails() == []


def without_date(raw: bytes) -> bytes:
    """A mail but for its Date header."""
    lines = raw.split(b"\r\n")
    assert sum(line.startswith(b"Date: ") for line in lines) == 1
    return b"\r\n".join(line for line in lines if not line.startswith(b"Date: "))


def test_sent_bytes_are_those_that_were_approved(announce, approved, servers, tmp_path) -> None:
    """Each of the 68 files that the preview shows is what the server got, but for the date."""
    announce("preview", DECISIONS, "--out", str(tmp_path / "seen"), cwd=approved)
    ended = announce("send", "--yes", DECISIONS, cwd=approved)

    assert ended.code == 0, ended.err
    seen = sorted(without_date(one.read_bytes()) for one in (tmp_path / "seen/mail").glob("*.eml"))
    got = sorted(without_date(one.path.read_bytes()) for one in servers[0].store.mails())
    assert len(got) == 68
    assert got == seen


def test_approval_holds_for_what_is_left(announce, approved, servers) -> None:
    """A send in two parts is one approved plan."""
    announce("send", "--yes", "--limit", "10", DECISIONS, cwd=approved)
    ended = announce("send", "--yes", DECISIONS, cwd=approved)

    assert ended.code == 0, ended.err
    assert len(servers[0].store.mails()) == 68


def changed_template(project: Path) -> None:
    edit(
        project / "templates/en/decisions.oral.md.j2",
        "forward to your talk",
        "forward to hearing your talk",
    )


def moved_row(project: Path) -> None:
    edit(project / ROWS, ",en,poster,", ",en,oral,")
    edit(project / DECISIONS, "oral: 3, poster: 41", "oral: 4, poster: 40")


def row_gone(project: Path) -> None:
    lines = (project / ROWS).read_text("utf-8").splitlines(keepends=True)
    (project / ROWS).write_text("".join(lines[:1] + lines[2:]), encoding="utf-8")
    edit(project / DECISIONS, "poster: 41", "poster: 40")


def row_new(project: Path) -> None:
    with (project / ROWS).open("a", encoding="utf-8") as file:
        file.write("SCIFM-999,Late,Ada Example,ada@example.org,en,reject,\n")
    edit(project / DECISIONS, "reject: 24", "reject: 25")


def changed_fact(project: Path) -> None:
    edit(project / DECISIONS, "speaker: 2025-03-19", "speaker: 2025-03-18")


def changed_setting(project: Path) -> None:
    edit(project / "announce.yaml", "chairs@", "organisers@")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (changed_template, "to {+hearing +}your talk"),
        (moved_row, "SCIFM-001 moved from poster to oral"),
        (row_gone, "1 is gone: SCIFM-001"),
        (row_new, "1 is new: SCIFM-999"),
        (changed_fact, "facts.deadlines.speaker: 2025-03-19 23:59 AoE → 2025-03-18 23:59 AoE"),
        (changed_setting, "project.sender.address: "),
    ],
)
def test_change_after_the_approval_is_refused_and_told(
    announce, approved, servers, change, told
) -> None:
    """Template, row or setting: nothing leaves, and the difference is named."""
    change(approved)

    ended = announce("send", "--yes", DECISIONS, cwd=approved)

    assert ended.code == 3
    assert "this is not what 李娜 approved on" in ended.err
    assert told in ended.err
    assert servers[0].store.mails() == []


def test_other_machine_tells_numbers_and_names_of_settings(announce, approved) -> None:
    """Without the private folder no person can be named; classes and settings are."""
    shutil.rmtree(approved / ".announce")
    moved_row(approved)
    changed_fact(approved)

    ended = announce("send", "--yes", DECISIONS, cwd=approved)

    assert ended.code == 3
    assert "class oral: 3 were approved, 4 would be sent" in ended.err
    assert "facts.deadlines.speaker: changed" in ended.err
    assert "SCIFM-001" not in ended.err


def test_other_machine_sends_what_was_approved(announce, approved, servers) -> None:
    """The file in git is enough to go on with."""
    shutil.rmtree(approved / ".announce")

    ended = announce("send", "--yes", DECISIONS, cwd=approved)

    assert ended.code == 0, ended.err
    assert len(servers[0].store.mails()) == 68


def test_who_is_suppressed_since_does_not_stop_the_others(announce, live, servers) -> None:
    """Fewer people, each of them approved: nothing that was not looked at leaves."""
    ask_for(live, "required", CFP)
    announce("approve", CFP, "--by", "李娜", cwd=live)
    address = (live / "audiences/community.csv").read_text("utf-8").splitlines()[1].split(",")[0]
    announce("suppress", "add", address, cwd=live)

    ended = announce("send", "--yes", CFP, cwd=live)

    assert ended.code == 0, ended.err
    assert all(address not in one.to for one in servers[0].store.mails())


def test_two_people_but_not_the_author(announce, live) -> None:
    """The author's own yes and a repeated one do not count."""
    ask_for(live, "{by: 2, not: author}")
    refused = [announce("send", "--yes", DECISIONS, cwd=live)]
    for name in ("wang  min", "Li Na", "LI NA"):
        announce("approve", DECISIONS, "--by", name, cwd=live)
        refused.append(announce("send", "--yes", DECISIONS, cwd=live))
    announce("approve", DECISIONS, "--by", "Chen Bo", cwd=live)

    assert [one.code for one in refused] == [3, 3, 3, 3]
    assert "1 of 2 approvals are there" in refused[-1].err
    assert announce("send", "--yes", DECISIONS, cwd=live).code == 0


def test_author_must_be_named_to_be_excluded(announce, project) -> None:
    """`not: author` without an author would exclude nobody."""
    with (project / DECISIONS).open("a", encoding="utf-8") as file:
        file.write("approval: {by: 1, not: author}\n")

    ended = announce("check", DECISIONS, cwd=project)

    assert ended.code == 2
    assert "the campaign names no author" in ended.err


def test_content_is_approved_for_a_moving_audience(announce, live, servers) -> None:
    """Words, facts and settings are locked, and the number of people has a bound."""
    ask_for(live, "required")
    announce("approve", DECISIONS, "--by", "Li Na", "--content", "--max", "69", cwd=live)
    row_new(live)
    first = announce("send", "--dry-run", DECISIONS, cwd=live)
    with (live / ROWS).open("a", encoding="utf-8") as file:
        file.write("SCIFM-998,Later,Ben Example,ben@example.org,en,reject,\n")
    edit(live / DECISIONS, "reject: 25", "reject: 26")
    many = announce("send", "--yes", DECISIONS, cwd=live)

    assert "[gate]" not in first.err
    assert many.code == 3
    assert "70 messages, and at most 69 were approved" in many.err
    assert servers[0].store.mails() == []


def test_article_that_goes_further_than_approved_is_refused(announce, live) -> None:
    """How far an article goes is no part of its bytes, and is approved all the same."""
    ask_for(live, "required", CFP)
    announce("approve", CFP, "--by", "Li Na", cwd=live)
    edit(live / CFP, "deliver: draft", "deliver: publish")

    ended = announce("send", "--yes", CFP, cwd=live)

    assert ended.code == 3
    assert "article zh: draft → publish" in ended.err


def test_file_for_git_names_nobody(approved: Path) -> None:
    """Counts, texts and keyed hashes; no address, no name, no key of a row, no title."""
    text = next((approved / "approvals").rglob("*.yaml")).read_text("utf-8")

    rows = (approved / ROWS).read_text("utf-8").splitlines()[1:]
    assert "@lab.example.org" not in text
    assert not [row for row in rows if row.split(",")[0] in text]
    assert "沈砚秋" not in text
    assert "Ledgerline" not in text
    assert "Decision on ⟨key⟩" in text


def test_approvals_are_listed_with_whether_they_hold(announce, approved) -> None:
    """One list for the committee; a change shows in it, and undoing it too."""
    before = announce("approvals", DECISIONS, cwd=approved)
    changed_fact(approved)
    after = announce("--json", "approvals", DECISIONS, cwd=approved)
    withdrawn = announce("approve", DECISIONS, "--by", "李娜", "--withdraw", cwd=approved)

    assert "李娜" in before.out
    assert "yes" in before.out
    assert [one["holds"] for one in after.json["approvals"]] == [False]
    assert withdrawn.code == 0
    assert announce("--json", "approvals", cwd=approved).json["approvals"] == []


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('covers: "plan"', 'covers: "all"', "plan"),
        ("digest: ", "diggest: ", "diggest"),
        ("at: ", "at: 2#", "edited by hand"),
    ],
)
def test_damaged_approval_is_told_and_never_passes(announce, approved, old, new, told) -> None:
    """A file that cannot be read is no approval, and no absence of one."""
    path = next((approved / "approvals").rglob("*.yaml"))
    edit(path, old, new)

    ended = announce("send", "--yes", DECISIONS, cwd=approved)

    assert ended.code == 2
    assert "approvals/scifm-2025-decisions/once.李娜.yaml" in ended.err
    assert told in ended.err


@pytest.mark.parametrize(
    "arguments", [("--content", "--by", "A"), ("--max", "3", "--by", "A"), ("--by", "  ")]
)
def test_approve_refuses_what_says_nothing(announce, project, arguments) -> None:
    """Half of a pair, or no name."""
    ended = announce("approve", CFP, *arguments, cwd=project)

    assert ended.code == 2
    assert not (project / "approvals").exists()


def test_rehearsal_tells_and_goes_on(announce, project) -> None:
    """The sandbox is no place to be refused."""
    ask_for(project, "required", CFP)

    ended = announce("send", CFP, cwd=project)

    assert ended.code == 0
    assert "A real send would be refused: this campaign needs an approval" in ended.err


def test_message_ids_of_the_preview_are_those_of_the_send(announce, project, tmp_path) -> None:
    """Even in a folder without a ledger: the preview makes it."""
    announce("preview", DECISIONS, "--out", str(tmp_path / "seen"), cwd=project)
    announce("send", DECISIONS, cwd=project)

    seen = {message_from_bytes(one.read_bytes())["Message-ID"] for one in tmp_path.rglob("*.eml")
            if "seen" in one.parts}  # fmt: skip
    got = {
        message_from_bytes(one.read_bytes())["Message-ID"]
        for one in (project / ".announce/sandbox/mail").glob("*.eml")
    }
    assert got
    assert got == seen
