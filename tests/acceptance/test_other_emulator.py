"""The call for papers against another account than the sandbox's, named by `wechat.api_base`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from other_emulator import APP_ID, APP_SECRET, EVERYTHING, OtherAccount

CFP = "campaigns/cfp.yaml"
SEND = ("--json", "send", "--channel", "wechat", "--yes", CFP)

Begin = Callable[..., OtherAccount]


def edit(path: Path, old: str, new: str) -> None:
    """Change a text that must be there."""
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


@pytest.fixture
def other(project: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Begin]:
    """Starts such an account, and makes it the project's."""
    with ExitStack() as stack:

        def begin(deliver: str, rights: frozenset[str] = EVERYTHING) -> OtherAccount:
            account = stack.enter_context(OtherAccount(rights))
            edit(project / CFP, "deliver: draft", f"deliver: {deliver}")
            with (project / "announce.yaml").open("a", encoding="utf-8") as file:
                file.write(
                    f"wechat:\n  app_id: {APP_ID}\n  app_secret: {{env: OTHER_SECRET}}\n"
                    f"  api_base: {account.base}\n"
                )
            monkeypatch.setenv("OTHER_SECRET", APP_SECRET)
            return account

        yield begin


@pytest.mark.parametrize("deliver", ["draft", "publish", "mass"])
def test_articles_go_as_far_as_they_are_to(
    announce, project: Path, other: Begin, deliver: str
) -> None:
    """Nothing is lost in the read-back, and a second run writes nothing."""
    account = other(deliver)

    first = announce(*SEND, cwd=project)
    writes = account.writes
    second = announce(*SEND, cwd=project)

    assert (first.code, second.code) == (0, 0)
    assert [one["way"] for one in first.json["articles"]] == [deliver] * 2
    assert [one["differences"] for one in first.json["articles"]] == [[], []]
    assert (second.json["run"]["sent"], account.writes) == (0, writes)
    kept = {"draft": account.boxed, "publish": account.published, "mass": account.sent}
    assert {way: len(found) for way, found in kept.items()} == {
        way: 2 * (way == deliver) for way in kept
    }


def test_account_without_the_right_keeps_drafts(announce, project: Path, other: Begin) -> None:
    """48001 is no failure: the next lower way is taken."""
    account = other("mass", EVERYTHING - {"freepublish", "mass", "tags"})
    ended = announce(*SEND, cwd=project)
    assert (ended.code, [one["way"] for one in ended.json["articles"]]) == (0, ["draft"] * 2)
    assert len(account.boxed) == 2


def test_changed_campaign_updates_its_drafts(announce, project: Path, other: Begin) -> None:
    """No second draft stands beside the first."""
    account = other("draft")
    announce(*SEND, cwd=project)
    edit(project / CFP, "submission: 2025-02-10", "submission: 2025-02-12")

    ended = announce(*SEND, "--changed", cwd=project)

    assert (ended.code, ended.json["run"]["sent"]) == (0, 2)
    assert (len(account.boxed), account.calls["draft/add"]) == (2, 2)
    assert account.calls["draft/update"] == 2


@pytest.mark.parametrize(
    ("deliver", "path", "kept"),
    [
        ("draft", "draft/add", "boxed"),
        ("publish", "draft/add", "published"),
        ("publish", "freepublish/submit", "published"),
    ],
)
def test_lost_answer_makes_no_second_one(
    announce, project: Path, other: Begin, deliver: str, path: str, kept: str
) -> None:
    """It is looked for, in this run or the next."""
    account = other(deliver)
    account.lose_next(path)

    announce(*SEND, cwd=project)
    ended = announce(*SEND, cwd=project)

    assert (ended.code, [one["way"] for one in ended.json["articles"]]) == (0, [deliver] * 2)
    assert (len(getattr(account, kept)), len(account.boxed)) == (2, 2 * (deliver == "draft"))


@pytest.mark.parametrize("deliver", ["draft", "publish", "mass"])
def test_commands_of_the_account_work(announce, project: Path, other: Begin, deliver: str) -> None:
    """Rights, box, standing and undoing."""
    account = other(deliver)
    announce(*SEND, cwd=project)

    rights = announce("--json", "wechat", "account", cwd=project)
    box = announce("--json", "wechat", "drafts", cwd=project)
    status = announce("--json", "wechat", "status", cwd=project)
    deleted = announce("--json", "wechat", "delete", CFP, "--yes", cwd=project)
    again = announce("--json", "wechat", "delete", CFP, "--yes", cwd=project)

    assert [one["may"] for one in rights.json["rights"].values()] == [True] * 4
    assert len(box.json["drafts"]) == len(account.boxed) + 2 * (deliver == "draft")
    assert [one["way"] for one in status.json["articles"]] == [deliver] * 2
    assert (deleted.code, again.code) == (0, 0)
    assert (account.boxed, account.published) == ({}, {})
    assert len(account.gone) == 2 * (deliver == "mass")
