"""The ledger in SQLite: the contract, and what is its own."""

from __future__ import annotations

import csv
import json
import sqlite3
import stat
from datetime import datetime
from pathlib import Path

import pytest
from ledger_contract import LedgerContract
from ledger_groups_contract import GroupsContract
from ledger_support import (
    CAMPAIGN,
    HERE,
    NOW,
    OCCURRENCE,
    WORDS,
    begun,
    deliver,
    key,
    line,
    states,
)

from announce.errors import MachineError
from announce.ledger import open_ledger
from announce.ledger.base import Ledger
from announce.ledger.machine import Machine

URL = "sqlite:///.announce/ledger.sqlite3"


def file_of(root: Path) -> Path:
    """Where the ledger of a folder is."""
    return root / ".announce" / "ledger.sqlite3"


class TestSqliteLedger(LedgerContract, GroupsContract):
    """SQLite keeps the contract."""

    def open(self, root: Path, machine: Machine = HERE) -> Ledger:
        """The ledger in the folder's usual place."""
        return open_ledger(URL, root, create=True, machine=machine)


def test_a_new_ledger_is_private(tmp_path: Path) -> None:
    """Addresses are for the owner only, in the log beside the file too."""
    ledger = open_ledger(URL, tmp_path, create=True)
    begun(ledger, "wei")

    modes = {
        path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / ".announce").iterdir()
    }

    assert modes == {
        "ledger.sqlite3": 0o600,
        "ledger.sqlite3-wal": 0o600,
        "ledger.sqlite3-shm": 0o600,
    }
    assert stat.S_IMODE((tmp_path / ".announce").stat().st_mode) == 0o700
    ledger.close()


def test_an_absent_ledger_reads_as_empty(tmp_path: Path) -> None:
    """Looking makes nothing."""
    ledger = open_ledger(URL, tmp_path, create=False)

    assert (ledger.id, ledger.sequence, ledger.counts(), ledger.campaigns()) == ("", 0, {}, [])
    assert list(ledger.deliveries(CAMPAIGN)) == []
    assert ledger.suppressions.all() == []
    assert ledger.check() == []
    assert not (tmp_path / ".announce").exists()


def test_an_absent_ledger_refuses_writes(tmp_path: Path) -> None:
    """The refusal says where it would be, and what makes it."""
    ledger = open_ledger(URL, tmp_path, create=False)

    with pytest.raises(MachineError) as refused:
        ledger.begin(CAMPAIGN, OCCURRENCE, NOW)

    assert refused.value.message == f"there is no ledger at {file_of(tmp_path)} yet"
    assert refused.value.hint == "`announce send` makes it"


def test_an_absent_ledger_has_stand_in_message_ids(tmp_path: Path) -> None:
    """A preview shows the same id each time, though not the one that will be sent."""
    ids = {
        open_ledger(URL, tmp_path, create=False).message_id(key("wei"), "example.org")
        for _ in range(2)
    }

    assert len(ids) == 1
    assert ids.pop().startswith("<preview-")


def test_an_empty_file_is_no_ledger_yet(tmp_path: Path) -> None:
    """A file that a crash left empty is made anew."""
    file_of(tmp_path).parent.mkdir()
    file_of(tmp_path).touch()

    ledger = open_ledger(URL, tmp_path, create=True)

    assert len(ledger.id) == 32
    assert [path.name for path in file_of(tmp_path).parent.iterdir() if "new" in path.name] == []
    ledger.close()


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"not a database at all" * 200, "is damaged"), (None, "is not a ledger")],
)
def test_a_foreign_file_is_refused(tmp_path: Path, content: bytes | None, words: str) -> None:
    """What is no ledger is left alone, with the mend."""
    path = file_of(tmp_path)
    path.parent.mkdir()
    if content is None:
        other = sqlite3.connect(path)
        other.execute("CREATE TABLE people (name)")
        other.commit()
        other.close()
    else:
        path.write_bytes(content)

    with pytest.raises(MachineError, match=words) as refused:
        open_ledger(URL, tmp_path, create=True)

    assert refused.value.exit_code == 4
    assert refused.value.hint


def test_a_damaged_page_is_found(tmp_path: Path) -> None:
    """A ledger whose middle was overwritten is damaged, not empty."""
    ledger = open_ledger(URL, tmp_path, create=True)
    run = begun(ledger, *(f"p{n}" for n in range(500)))
    run.finish("done", NOW)
    ledger.close()
    content = bytearray(file_of(tmp_path).read_bytes())
    for start in range(28 * 4096, len(content), 1024):
        content[start : start + 64] = b"\xff" * 64
    file_of(tmp_path).write_bytes(content)

    opened = open_ledger(URL, tmp_path, create=True)

    with pytest.raises(MachineError, match="is damaged"):
        opened.begin("awards", OCCURRENCE, NOW).lay([line("a", campaign="awards")], WORDS, NOW)
    opened.close()


def test_a_newer_schema_is_refused(tmp_path: Path) -> None:
    """An old program does not touch what it cannot understand."""
    open_ledger(URL, tmp_path, create=True).close()
    tamper(tmp_path, "UPDATE meta SET value = '99' WHERE name = 'schema'")

    with pytest.raises(MachineError, match="made by a newer announce"):
        open_ledger(URL, tmp_path, create=True)


def test_a_lock_held_too_long_is_told(tmp_path: Path) -> None:
    """Somebody else's lock ends in a message, not in a wait without end."""
    ledger = open_ledger(URL, tmp_path, create=True, patience=0.01)
    other = sqlite3.connect(file_of(tmp_path), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    with pytest.raises(MachineError, match="locked by another process"):
        ledger.begin(CAMPAIGN, OCCURRENCE, NOW)

    other.close()
    ledger.close()


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    """A path that cannot be is the machine's fault."""
    (tmp_path / ".announce").write_text("a file, not a folder")

    with pytest.raises(MachineError) as refused:
        open_ledger(URL, tmp_path, create=True)

    assert refused.value.hint == "check that the folder exists and that you may write to it"


def test_another_database_is_refused_without_its_secrets(tmp_path: Path) -> None:
    """A URL with a password is not repeated."""
    with pytest.raises(MachineError) as refused:
        open_ledger("postgresql://announce:hunter2@db.example.org/a", tmp_path, create=True)

    assert "hunter2" not in refused.value.message + refused.value.hint


def test_odd_characters_in_the_path_are_no_syntax(tmp_path: Path) -> None:
    """Folders are called what people call them."""
    root = tmp_path / "征稿 50%?#&mode=ro"
    root.mkdir()

    ledger = open_ledger(URL, root, create=True)
    begun(ledger, "wei")

    assert file_of(root).exists()
    assert ledger.location == str(file_of(root))
    ledger.close()


def test_naive_times_are_refused(tmp_path: Path) -> None:
    """A time without a zone is a guess."""
    ledger = open_ledger(URL, tmp_path, create=True)

    with pytest.raises(Exception, match="has no time zone"):
        ledger.begin(CAMPAIGN, OCCURRENCE, datetime(2025, 1, 6))  # noqa: DTZ001
    ledger.close()


def tamper(root: Path, statement: str) -> None:
    """Change the file behind the ledger's back."""
    file = sqlite3.connect(file_of(root))
    file.execute(statement)
    file.commit()
    file.close()


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        (
            "UPDATE deliveries SET state = 'planned' WHERE recipient = 'wei'",
            ["delivery cfp|once|email|wei is planned, but its events say sent"],
        ),
        (
            "DELETE FROM events WHERE event IN ('sent', 'handed_over', 'claimed')",
            ["delivery cfp|once|email|wei is sent, but its events say planned"],
        ),
        ("UPDATE events SET delivery = 77 WHERE id = 2", ["row 2 of events points to nothing"]),
    ],
)
def test_check_finds_what_was_changed_behind(
    tmp_path: Path, statement: str, told: list[str]
) -> None:
    """States and events tell the same story, or the check says so."""
    ledger = open_ledger(URL, tmp_path, create=True)
    run = begun(ledger, "wei")
    deliver(run, run.claim(9, NOW))
    assert ledger.check() == []

    tamper(tmp_path, statement)

    assert ledger.check() == told
    ledger.close()


def test_export_writes_private_plain_files(tmp_path: Path) -> None:
    """Everything about deliveries is there, for the owner only, as CSV and JSON."""
    ledger = open_ledger(URL, tmp_path, create=True)
    run = begun(ledger, "wei")
    deliver(run, run.claim(9, NOW))
    ledger.suppressions.add("bo@example.org", "manual", "all", NOW, "搬走了")

    files = ledger.export(tmp_path / "out")

    assert [path.name for path in files] == [
        "deliveries.csv",
        "deliveries.json",
        "events.csv",
        "events.json",
        "decisions.csv",
        "decisions.json",
        "suppressions.csv",
        "suppressions.json",
    ]
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    with files[0].open(encoding="utf-8-sig", newline="") as file:
        [row] = csv.DictReader(file)
    assert (row["recipient"], row["addresses"], row["state"]) == (
        "wei",
        '["wei@example.org"]',
        "sent",
    )
    told = json.loads(files[3].read_text("utf-8"))
    assert [one["event"] for one in told] == ["planned", "claimed", "handed_over", "sent"]
    assert json.loads(files[7].read_text("utf-8"))[0]["note"] == "搬走了"
    ledger.close()


def test_export_again_replaces_the_files(tmp_path: Path) -> None:
    """An older copy does not keep its mode or its end."""
    ledger = open_ledger(URL, tmp_path, create=True)
    ledger.export(tmp_path / "out")
    (tmp_path / "out" / "events.csv").chmod(0o644)

    files = ledger.export(tmp_path / "out")

    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    ledger.close()


def test_two_programs_with_the_ledger_open_see_each_other(tmp_path: Path) -> None:
    """Status beside a send shows how far it is."""
    sending = open_ledger(URL, tmp_path, create=True)
    looking = open_ledger(URL, tmp_path, create=False)
    run = begun(sending, "wei", "ada")
    deliver(run, run.claim(1, NOW))

    assert states(looking) == {"wei": "sent", "ada": "planned"}
    sending.close()
    looking.close()
