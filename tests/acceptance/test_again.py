"""Sending again what was sent to its end: nothing is composed for it, and nothing is overlooked."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from announce.channels.wechat.fonts import FontTrouble, find_fonts
from announce.ledger import open_ledger

CFP = "campaigns/cfp.yaml"
AWARDS = "campaigns/awards.yaml"
UNCHANGED = "it was not composed again"


def edit(path: Path, old: str, new: str) -> None:
    """Change a file as a person would."""
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def timeless(document: dict[str, Any]) -> dict[str, Any]:
    """The document of a send without how long it took."""
    return document | {"run": document["run"] | {"seconds": 0}}


def test_report_is_that_of_a_send_with_nothing_due(announce, project) -> None:
    """Figures, problems and exit code are those of a send that composes everything."""
    with (project / "audiences" / "community.csv").open("a", encoding="utf-8") as file:
        file.write("A Typo,a.typo@qq.con,en,Nowhere\n")
    announce("suppress", "add", "yumoyan@data.example.org", cwd=project)
    announce("send", CFP, cwd=project)

    quick = announce("send", "--json", CFP, cwd=project)
    whole = announce("send", "--json", "--changed", CFP, cwd=project)

    assert (UNCHANGED in quick.err, UNCHANGED in whole.err) == (True, False)
    assert quick.code == whole.code == 0
    assert timeless(quick.json) == timeless(whole.json)
    assert "address-typo" in [one["code"] for one in quick.json["problems"]]
    assert quick.json["run"]["skipped"] == 1


def test_any_change_is_looked_at(announce, project) -> None:
    """Whatever a send reads: one changed character, and everything is composed again."""
    changes = [
        ("announce.yaml", "languages:", "# about languages\nlanguages:"),
        (CFP, "title:", "# about the title\ntitle:"),
        ("audiences/community.csv", "Nordwall", "Nordvall"),
        ("templates/layouts/mail.css", "{", "{ "),
    ]
    announce("send", CFP, cwd=project)
    told = [UNCHANGED in announce("send", CFP, cwd=project).err]
    for name, old, new in changes:
        edit(project / name, old, new)
        told += [UNCHANGED in announce("send", CFP, cwd=project).err for _ in range(2)]

    # A rehearsal of other words says each time what a real send would be refused for.
    assert told == [True, *[False, True] * 3, False, False]


def test_suppression_is_looked_at(announce, project) -> None:
    """Who may be written to again, is."""
    announce("suppress", "add", "yumoyan@data.example.org", cwd=project)
    announce("send", CFP, cwd=project)
    announce("suppress", "remove", "yumoyan@data.example.org", cwd=project)

    again = announce("send", "--json", CFP, cwd=project)

    assert (again.code, again.json["run"]["sent"]) == (0, 1)


def test_part_of_a_campaign_is_not_the_whole(announce, project) -> None:
    """What was sent on one channel, or to some, leaves the rest due."""
    announce("send", "--channel", "email", CFP, cwd=project)

    rest = announce("send", "--json", CFP, cwd=project)

    assert rest.json["run"]["sent"] == 2


def test_files_that_rows_name_are_looked_at(announce, project) -> None:
    """A campaign with attachments of each one's own is composed each time."""
    announce("send", AWARDS, cwd=project)
    again = announce("send", AWARDS, cwd=project)
    next((project / "assets").rglob("*.pdf")).unlink()

    missing = announce("send", AWARDS, cwd=project)

    assert (again.code, UNCHANGED in again.err) == (0, False)
    assert (missing.code, "file-missing" in missing.err) == (2, True)


def test_missing_secret_is_told(announce, live, monkeypatch) -> None:
    """An account without its secret is exit 4, whether anything is due or not."""
    announce("send", "--yes", CFP, cwd=live)
    monkeypatch.delenv("TEST_APP_SECRET")

    again = announce("send", "--yes", CFP, cwd=live)

    assert (again.code, "TEST_APP_SECRET" in again.err) == (4, True)


def test_ledger_behind_its_receipt_is_told(announce, live) -> None:
    """What a witness knows and the ledger does not is exit 4, whether anything is due or not."""
    announce("send", "--yes", CFP, cwd=live)
    unchanged = announce("send", "--yes", CFP, cwd=live)
    [receipt] = (live / "receipts").rglob("*.json")
    sequence = json.loads(receipt.read_text(encoding="utf-8"))["sequence"]
    edit(receipt, f'"sequence": {sequence}', f'"sequence": {sequence + 1}')

    behind = announce("send", "--yes", CFP, cwd=live)

    assert (unchanged.code, UNCHANGED in unchanged.err) == (0, True)
    assert (behind.code, "announce ledger adopt" in behind.err) == (4, True)


def test_run_of_another_process_is_told(announce, project) -> None:
    """While somebody else holds the campaign, the answer is that."""
    announce("send", CFP, cwd=project)
    ledger = open_ledger("sqlite:///.announce/sandbox/ledger.sqlite3", project, create=False)
    run = ledger.begin("scifm-2025-cfp", "once", datetime.now(UTC))

    ended = announce("send", CFP, cwd=project)
    run.finish("done", datetime.now(UTC))
    ledger.close()

    assert ended.code == 3


def test_other_interface_gets_its_own_words(announce, project, monkeypatch) -> None:
    """What is told of the files was told in the language of that time."""
    announce("send", CFP, cwd=project)
    monkeypatch.setenv("ANNOUNCE_UI", "zh")

    again = announce("send", CFP, cwd=project)

    assert again.code == 0


def test_font_of_covers_counts_like_any_file(announce, project) -> None:
    """A cover is made with it: another font is another article."""
    try:
        font = Path(find_fonts(None).bold.path)
    except FontTrouble:
        pytest.skip("no font with Chinese characters")
    own = project / "assets" / f"own{font.suffix}"
    own.write_bytes(font.read_bytes())
    with (project / "announce.yaml").open("a", encoding="utf-8") as file:
        file.write(f"wechat: {{font: assets/{own.name}}}\n")
    announce("send", CFP, cwd=project)
    again = announce("send", CFP, cwd=project)
    with own.open("ab") as file:
        file.write(b"\0")

    changed = announce("send", CFP, cwd=project)

    assert (UNCHANGED in again.err, UNCHANGED in changed.err) == (True, False)
