"""Receipts and marks: a ledger that lacks what they know is refused, and can take it over."""

from __future__ import annotations

import json
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from ledger_support import (
    CAMPAIGN,
    NOW,
    OCCURRENCE,
    SENT,
    WORDS,
    begun,
    deliver,
    happened,
    key,
    later,
    lines,
    names,
    states,
)

from announce.errors import LedgerBehind, MachineError
from announce.ledger import open_ledger
from announce.ledger.base import Ledger
from announce.ledger.lineage import Adoption, adopt, verify
from announce.ledger.machine import Machine
from announce.ledger.marks import state_folder
from announce.ledger.receipts import path_of, read, safe_name
from announce.ledger.witnesses import REFRESH, Witness, refresh
from announce.model.delivery import Outcome, State

URL = "sqlite:///.announce/ledger.sqlite3"
IN_DOUBT = Outcome(state=State.IN_DOUBT, reason="no answer")


@dataclass(frozen=True)
class Place:
    """A project folder on a machine with a state folder."""

    root: Path
    state: Path

    @contextmanager
    def ledger(self, *, create: bool = True, machine: Machine | None = None) -> Iterator[Ledger]:
        """The project's ledger."""
        opened = open_ledger(URL, self.root, create=create, machine=machine)
        try:
            yield opened
        finally:
            opened.close()

    def send(self, *people: str, only: int | None = None, campaign: str = CAMPAIGN) -> list[str]:
        """A whole real send; who got it."""
        with self.ledger() as ledger:
            verify(ledger, self.root, self.state)
            run = begun(ledger, *people, campaign=campaign)
            witness = Witness(ledger, run, self.root, self.state)
            witness.open(NOW)
            claimed = run.claim(only or 99, NOW)
            deliver(run, claimed)
            run.finish("done", NOW)
            witness.close(NOW)
        return names(claimed)

    def die(self, *people: str) -> None:
        """A real send whose process dies after the first was sent and the second handed over."""
        machine = replace(Machine.this(), started="before")
        with self.ledger(machine=machine) as ledger:
            run = begun(ledger, *people)
            witness = Witness(ledger, run, self.root, self.state)
            witness.open(NOW)
            first, second = run.claim(2, NOW)
            deliver(run, [first])
            witness.note(NOW)
            run.handed_over(second.key, NOW)

    def verify(self) -> None:
        """Compare, as a send does before it makes anything."""
        with self.ledger(create=False) as ledger:
            verify(ledger, self.root, self.state)

    def adopt(self) -> Adoption:
        """Take over."""
        with self.ledger() as ledger:
            return adopt(ledger, self.root, self.state, NOW)

    def lose_ledger(self) -> None:
        """Somebody cleans up."""
        shutil.rmtree(self.root / ".announce")

    def clone(self, root: Path, state: Path) -> Place:
        """What git carries: receipts, no ledger."""
        shutil.copytree(self.root / "receipts", root / "receipts", dirs_exist_ok=True)
        return Place(root, state)

    def receipt(self) -> dict[str, object]:
        """The campaign's receipt as git has it."""
        text = path_of(self.root, CAMPAIGN, OCCURRENCE).read_text("utf-8")
        found: dict[str, object] = json.loads(text)
        return found


@pytest.fixture
def here(tmp_path: Path) -> Place:
    """A project on the first machine."""
    root = tmp_path / "here"
    root.mkdir()
    return Place(root, tmp_path / "state-here")


@pytest.fixture
def there(here: Place, tmp_path: Path) -> Place:
    """A clone on a second machine, taken after the first one sent to wei and ada."""
    here.send("wei", "ada")
    return here.clone(tmp_path / "there", tmp_path / "state-there")


def test_a_receipt_counts_and_names_nobody(here: Place) -> None:
    """Git gets counts and hashes: no address, no key."""
    here.send("wei", "lin", "bo", only=2)

    receipt = here.receipt()
    text = path_of(here.root, CAMPAIGN, OCCURRENCE).read_text("utf-8")

    assert receipt["counts"] == {"sent": 2, "waiting": 0, "in_doubt": 0}
    assert receipt["open"] is False
    assert [name for name in ("wei", "lin", "bo", "example.org") if name in text] == []
    assert text == json.dumps(receipt, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def test_a_receipt_grows_by_lines(here: Place) -> None:
    """A later run adds lines, so that git shows a small difference."""
    here.send("wei", "ada", "bo", only=2)
    before = read(path_of(here.root, CAMPAIGN, OCCURRENCE))
    here.send("wei", "ada", "bo")
    after = read(path_of(here.root, CAMPAIGN, OCCURRENCE))

    assert after.sections[0].key == before.sections[0].key
    assert before.sections[0].states.items() < after.sections[0].states.items()
    assert after.sequence > before.sequence


def test_a_receipt_is_open_while_the_run_is(here: Place) -> None:
    """It is there before anything leaves, follows at intervals, and is closed at the end."""
    with here.ledger() as ledger:
        run = begun(ledger, "wei", "ada")
        witness = Witness(ledger, run, here.root, here.state)
        witness.open(NOW)
        told = [(here.receipt()["open"], here.receipt()["counts"])]
        deliver(run, run.claim(1, NOW))
        witness.note(later(1))
        told.append((here.receipt()["open"], here.receipt()["counts"]))
        witness.note(NOW + REFRESH)
        told.append((here.receipt()["open"], here.receipt()["counts"]))
        run.finish("done", NOW)
        witness.close(NOW)
        told.append((here.receipt()["open"], here.receipt()["counts"]))

    none = {"sent": 0, "waiting": 0, "in_doubt": 0}
    one = {"sent": 1, "waiting": 0, "in_doubt": 0}
    assert told == [(True, none), (True, none), (True, one), (False, one)]


def test_a_run_that_was_not_opened_leaves_no_receipt(here: Place) -> None:
    """A run that failed before its first hand-over has nothing to witness."""
    with here.ledger() as ledger:
        run = begun(ledger, "wei")
        witness = Witness(ledger, run, here.root, here.state)
        run.finish("failed", NOW)
        witness.close(NOW)

    assert not (here.root / "receipts").exists()


def test_marks_are_private(here: Place) -> None:
    """The state folder is the user's own."""
    here.send("wei")

    modes = {stat.S_IMODE(path.stat().st_mode) for path in here.state.rglob("*") if path.is_dir()}
    files = {stat.S_IMODE(path.stat().st_mode) for path in here.state.rglob("*.json")}

    assert (modes, files) == ({0o700}, {0o600})


def test_the_state_folder_can_be_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """ANNOUNCE_STATE wins over the system's place."""
    monkeypatch.setenv("ANNOUNCE_STATE", str(tmp_path))
    named = state_folder()
    monkeypatch.delenv("ANNOUNCE_STATE")

    assert named == tmp_path
    assert state_folder().name == "announce"


def test_the_same_ledger_is_never_behind(here: Place) -> None:
    """Sending, sending again, dying and settling leave ledger and witnesses in step."""
    here.send("wei", "ada", only=1)
    here.verify()
    here.send("wei", "ada")
    here.verify()
    here.die("wei", "ada", "bo", "cy")
    here.verify()
    with here.ledger() as ledger:
        ledger.settle(key("cy"), sent=False, now=NOW)
        refresh(ledger, here.root, here.state, CAMPAIGN, OCCURRENCE)

    here.verify()
    assert here.receipt()["open"] is False
    assert here.send("wei", "ada", "bo", "cy") == ["cy"]


def test_refresh_does_not_touch_a_campaign_without_receipt(here: Place) -> None:
    """What was only rehearsed gets no receipt."""
    with here.ledger() as ledger:
        begun(ledger, "wei").finish("done", NOW)
        refresh(ledger, here.root, here.state, CAMPAIGN, OCCURRENCE)

    assert not (here.root / "receipts").exists()


def test_a_fresh_clone_is_refused(there: Place) -> None:
    """No ledger, but receipts: the message names campaign, figures and the way out."""
    with pytest.raises(LedgerBehind) as refused:
        there.verify()

    assert refused.value.exit_code == 4
    assert refused.value.message == (
        "the receipt of cfp (once) holds 2 deliveries, and this ledger does not know 2 of them"
    )
    assert "announce ledger adopt" in refused.value.hint


def test_a_fresh_clone_adopts_and_sends_to_the_rest(there: Place) -> None:
    """What the receipt holds counts as sent, once it is planned here."""
    adopted = there.adopt()

    assert adopted == Adoption(
        occurrences=((CAMPAIGN, OCCURRENCE),), listed=2, sent=0, in_doubt=0, unknown=()
    )
    assert there.send("wei", "ada", "bo") == ["bo"]
    with there.ledger() as ledger:
        assert states(ledger) == {"wei": "sent", "ada": "sent", "bo": "sent"}
        assert happened(ledger, "wei") == ["planned", "adopted"]
        assert ledger.check() == []


def test_adopting_twice_takes_over_once(there: Place) -> None:
    """The second time there is nothing to take over."""
    there.adopt()

    assert there.adopt() == Adoption(occurrences=(), listed=0, sent=0, in_doubt=0, unknown=())


def test_the_first_machine_is_refused_after_the_second_went_on(here: Place, there: Place) -> None:
    """Receipts go back and forth by git, and each machine takes over what the other sent."""
    there.adopt()
    there.send("wei", "ada", "bo")
    shutil.copytree(there.root / "receipts", here.root / "receipts", dirs_exist_ok=True)

    with pytest.raises(LedgerBehind, match="holds 3 deliveries, and this ledger does not know 1"):
        here.verify()
    with here.ledger() as ledger:
        before = ledger.id
    here.adopt()

    assert here.send("wei", "ada", "bo", "cy") == ["cy"]
    with here.ledger() as ledger:
        assert ledger.id == before


def test_who_left_the_plan_stays_in_the_receipts(there: Place, tmp_path: Path) -> None:
    """A third machine learns from the second what only the first one did."""
    there.adopt()
    there.send("bo")
    third = there.clone(tmp_path / "third", tmp_path / "state-third")
    third.adopt()

    assert third.send("wei", "ada", "bo", "cy") == ["cy"]
    assert third.receipt()["counts"] == {"sent": 4, "waiting": 0, "in_doubt": 0}


def test_a_clone_after_a_crash_doubts_who_is_not_listed(here: Place, tmp_path: Path) -> None:
    """A receipt that was left open tells only who got it before it was written."""
    here.send("first", "wei", "ada", "bo", only=1)
    here.die("first", "wei", "ada", "bo")
    clone = here.clone(tmp_path / "clone", tmp_path / "state-clone")

    adopted = clone.adopt()
    sent = clone.send("first", "wei", "ada", "bo")

    assert adopted.unknown == ((CAMPAIGN, OCCURRENCE),)
    assert sent == []
    with clone.ledger() as ledger:
        assert states(ledger) == {
            "first": "sent",
            "wei": "in_doubt",
            "ada": "in_doubt",
            "bo": "in_doubt",
        }
        assert happened(ledger, "wei") == ["planned", "adopted_unknown"]
        ledger.settle(key("bo"), sent=False, now=NOW)
    assert clone.send("first", "wei", "ada", "bo") == ["bo"]


def test_an_open_receipt_of_another_ledger_is_refused_though_empty(
    here: Place, tmp_path: Path
) -> None:
    """A run that is under way elsewhere may have sent anything."""
    here.die("wei", "ada")
    clone = here.clone(tmp_path / "clone", tmp_path / "state-clone")

    with pytest.raises(LedgerBehind, match="left open by another ledger"):
        clone.verify()


def test_what_was_in_doubt_stays_in_doubt(here: Place, tmp_path: Path) -> None:
    """A doubt is not settled by moving to another machine."""
    with here.ledger() as ledger:
        run = begun(ledger, "wei", "ada")
        witness = Witness(ledger, run, here.root, here.state)
        witness.open(NOW)
        deliver(run, run.claim(1, NOW), IN_DOUBT)
        deliver(run, run.claim(1, NOW))
        run.finish("done", NOW)
        witness.close(NOW)
    clone = here.clone(tmp_path / "clone", tmp_path / "state-clone")
    clone.adopt()
    clone.send("wei", "ada")

    with clone.ledger() as ledger:
        assert states(ledger) == {"wei": "in_doubt", "ada": "sent"}


def test_a_restored_copy_is_refused_and_adopts(here: Place, tmp_path: Path) -> None:
    """A backup of before the last send does not know of it."""
    here.send("wei", "ada", "bo", only=1)
    backup = tmp_path / "backup"
    shutil.copytree(here.root / ".announce", backup)
    here.send("wei", "ada", "bo", only=1)
    here.lose_ledger()
    shutil.copytree(backup, here.root / ".announce")

    with pytest.raises(LedgerBehind, match="is ahead of this ledger, which is a copy"):
        here.verify()
    with here.ledger() as ledger:
        before = ledger.id
        assert states(ledger) == {"wei": "sent", "ada": "planned", "bo": "planned"}
    adopted = here.adopt()

    assert (adopted.sent, adopted.in_doubt) == (1, 0)
    here.verify()
    assert here.send("wei", "ada", "bo") == ["bo"]
    with here.ledger() as ledger:
        assert ledger.id != before


def test_a_copy_that_went_another_way_is_refused(here: Place, tmp_path: Path) -> None:
    """Two copies of one ledger, as far as each other, are told apart by what they hold."""
    here.send("wei", "ada", "bo", only=1)
    copy = here.clone(tmp_path / "copy", tmp_path / "state-copy")
    shutil.copytree(here.root / ".announce", copy.root / ".announce")
    here.send("wei", "ada", "bo", only=1)
    with copy.ledger() as ledger:
        run = ledger.begin(CAMPAIGN, OCCURRENCE, later(60))
        run.lay(lines("wei", "ada", "bo"), WORDS, later(60))
        for claimed in run.claim(2, later(60)):
            run.handed_over(claimed.key, later(60))
            run.record(claimed.key, SENT, later(60))
    here.clone(copy.root, copy.state)

    with pytest.raises(LedgerBehind, match="which is a copy"):
        copy.verify()


def test_a_deleted_ledger_is_missed_without_receipts(here: Place) -> None:
    """Where the receipts are gone too, the user's state folder still remembers."""
    here.send("wei", "ada")
    here.lose_ledger()
    shutil.rmtree(here.root / "receipts")

    with pytest.raises(LedgerBehind, match="was seen at entry 8 on this machine"):
        here.verify()
    adopted = here.adopt()

    assert adopted.unknown == ((CAMPAIGN, OCCURRENCE),)
    here.verify()
    assert here.send("wei", "ada") == []
    assert here.send("wei", campaign="awards") == ["wei"]


def test_an_old_receipt_is_completed_by_the_mark(here: Place, tmp_path: Path) -> None:
    """A receipt taken back from git does not make the later send forgotten."""
    here.send("wei", "ada", "bo", only=1)
    old = tmp_path / "old"
    shutil.copytree(here.root / "receipts", old)
    here.send("wei", "ada", "bo", only=1)
    here.lose_ledger()
    shutil.copytree(old, here.root / "receipts", dirs_exist_ok=True)

    adopted = here.adopt()

    assert adopted.unknown == ((CAMPAIGN, OCCURRENCE),)
    assert here.send("wei", "ada", "bo") == []
    with here.ledger() as ledger:
        assert states(ledger) == {"wei": "sent", "ada": "in_doubt", "bo": "in_doubt"}


def test_a_moved_project_leaves_its_old_place_free(here: Place, tmp_path: Path) -> None:
    """A new project in an old one's folder is not taken for a lost ledger."""
    here.send("wei")
    moved = Place(tmp_path / "moved", here.state)
    here.root.rename(moved.root)
    moved.send("wei", "ada")
    here.root.mkdir()

    here.verify()
    assert here.send("wei") == ["wei"]


def test_two_projects_of_one_user_do_not_meet(here: Place, tmp_path: Path) -> None:
    """Marks of one project say nothing of another."""
    here.send("wei")
    other = Place(tmp_path / "other", here.state)
    other.root.mkdir()

    assert other.send("wei") == ["wei"]
    here.verify()


def test_keyless_rows_of_an_adopted_receipt_are_found_under_new_keys(there: Place) -> None:
    """Of an adopted receipt, an address that was its own key is still recognised."""
    clone = there
    with clone.ledger() as ledger:
        found = ledger.moved_addresses(CAMPAIGN, OCCURRENCE, "email", lines("wei"))
        before = list(found)
    with clone.ledger() as ledger:
        adopt(ledger, clone.root, clone.state, NOW)
        renamed = replace(lines("17")[0], to=("wei",))
        found = ledger.moved_addresses(CAMPAIGN, OCCURRENCE, "email", [renamed])

    assert before == []
    assert found == [("wei", key("wei"), key("17"))]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("<<<<<<< HEAD\n", "cannot be read"),
        ('{"format": 1}', "cannot be read"),
        ("[]", "cannot be read"),
        ('{"format": 9}', "made by a newer announce"),
    ],
)
def test_a_damaged_receipt_is_told(here: Place, content: str, words: str) -> None:
    """A receipt that cannot be read is not taken for none."""
    path = path_of(here.root, CAMPAIGN, OCCURRENCE)
    path.parent.mkdir(parents=True)
    path.write_text(content)

    with pytest.raises(MachineError, match=words):
        here.verify()


def test_an_unwritable_receipt_stops_the_run_before_it_begins(here: Place) -> None:
    """Without its witness a send is not begun."""
    (here.root / "receipts").write_text("a file, not a folder")
    with here.ledger() as ledger:
        run = begun(ledger, "wei")

        with pytest.raises(MachineError, match="cannot write the receipt"):
            Witness(ledger, run, here.root, here.state).open(NOW)


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("once", "once"),
        ("每周-7d", "每周-7d"),
        ("weekly@2025-02-10T09:00", "weekly@2025-02-10T09%3a00"),
        ("..", "%2e."),
        ("a/b%2f", "a%2fb%252f"),
    ],
)
def test_names_of_receipts_suit_every_file_system(name: str, safe: str) -> None:
    """Different names give different files, inside the folder."""
    assert safe_name(name) == safe
