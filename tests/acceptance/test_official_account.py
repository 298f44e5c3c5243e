"""The call for papers to an official account of each kind: the best that it allows, once."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from announce.sandbox.wechat import OfficialAccountServer

CFP = "campaigns/cfp.yaml"
DRAFT = "publish was asked for; this account may not do that by API"


def prepare(project: Path, kind: str) -> None:
    """Let the articles be published, by such an account."""
    path = project / CFP
    path.write_text(
        path.read_text("utf-8").replace("deliver: draft", "deliver: publish"), encoding="utf-8"
    )
    settings = project / "announce.yaml"
    text = settings.read_text("utf-8")
    settings.write_text(f"{text}\nwechat: {{rehearse_as: {kind}}}\n", encoding="utf-8")


@pytest.mark.parametrize(
    ("kind", "way", "told"),
    [
        ("personal_sub", "draft", DRAFT),
        ("ent_unverified", "draft", DRAFT),
        ("verified_sub", "publish", "followers are not told of it"),
        ("verified_service", "publish", "followers are not told of it"),
    ],
)
def test_articles_come_as_far_as_the_kind_of_account_allows(
    announce, project: Path, kind: str, way: str, told: str
) -> None:
    """Nothing failed, what a person still has to do is said, and a second run changes nothing."""
    prepare(project, kind)

    first = announce("send", "--channel", "wechat", CFP, cwd=project)
    second = announce("--json", "send", "--channel", "wechat", CFP, cwd=project)

    assert (first.code, first.out.count(told)) == (0, 2)
    assert second.code == 0
    assert second.json["run"]["sent"] == 0
    assert [(one["way"], one["wanted"]) for one in second.json["articles"]] == [
        (way, "publish")
    ] * 2


def test_article_that_is_raised_goes_on_from_its_draft(announce, project: Path) -> None:
    """A draft of yesterday is published today, and no second one was added."""
    settings = project / "announce.yaml"
    text = settings.read_text("utf-8")
    settings.write_text(f"{text}\nwechat: {{rehearse_as: verified_sub}}\n", encoding="utf-8")
    announce("send", "--channel", "wechat", CFP, cwd=project)
    path = project / CFP
    path.write_text(
        path.read_text("utf-8").replace("deliver: draft", "deliver: publish"), encoding="utf-8"
    )

    ended = announce("--json", "send", "--channel", "wechat", CFP, cwd=project)

    assert (ended.code, ended.json["run"]["sent"]) == (0, 2)
    assert [one["way"] for one in ended.json["articles"]] == ["publish"] * 2
    platform = OfficialAccountServer(project / ".announce" / "sandbox" / "wechat", now=_now)
    paths = [request.path for request in platform.journal()]
    assert (paths.count("draft/add"), paths.count("freepublish/submit")) == (2, 2)


def _now() -> datetime:
    return datetime.now(UTC)


def test_retry_of_what_failed_publishes_nothing_that_was_not_planned(
    announce, project: Path
) -> None:
    """The account was verified since: somebody may have published by hand, so nothing is done."""
    prepare(project, "personal_sub")
    announce("send", "--channel", "wechat", CFP, cwd=project)
    settings = project / "announce.yaml"
    text = settings.read_text("utf-8")
    settings.write_text(text.replace("personal_sub", "verified_sub"), encoding="utf-8")

    still = announce("--json", "send", "--channel", "wechat", CFP, cwd=project)
    again = announce("--json", "send", "--channel", "wechat", "--retry-failed", CFP, cwd=project)

    assert [one["way"] for one in still.json["articles"]] == ["draft"] * 2
    assert (again.code, [one["way"] for one in again.json["articles"]]) == (0, ["draft"] * 2)
    assert again.json["run"]["sent"] == 0
    platform = OfficialAccountServer(project / ".announce" / "sandbox" / "wechat", now=_now)
    assert [request.path for request in platform.journal()].count("draft/add") == 2


def test_published_article_is_not_sent_to_followers_as_if_it_could_not(
    announce, project: Path
) -> None:
    """Its draft is used up: that is said, with the ways out, and nothing is counted as sent."""
    prepare(project, "verified_service")
    announce("send", "--channel", "wechat", CFP, cwd=project)
    path = project / CFP
    text = path.read_text("utf-8").replace("deliver: publish", "deliver: mass")
    path.write_text(text, encoding="utf-8")

    plan = announce("plan", CFP, cwd=project)
    ended = announce("--json", "send", "--channel", "wechat", CFP, cwd=project)

    assert "its draft is used up" in plan.out
    assert "[mass-several]" in plan.out + plan.err
    assert (ended.code, ended.json["run"]["sent"]) == (0, 0)
    assert [
        one["todo"].endswith("followers are not told of it") for one in (ended.json["articles"])
    ] == [True] * 2


def test_words_changed_after_publishing_are_said_to_stay_away(announce, project: Path) -> None:
    """Who reads that nothing was due must not believe that readers have the new words."""
    prepare(project, "verified_service")
    announce("send", "--channel", "wechat", CFP, cwd=project)
    before = announce("plan", CFP, cwd=project)
    path = project / "templates" / "zh" / "cfp.md.j2"
    path.write_text(path.read_text("utf-8") + "\n又及。\n", encoding="utf-8")

    plan = announce("plan", CFP, cwd=project)
    ended = announce("send", "--channel", "wechat", CFP, cwd=project)

    assert "stays as its readers have it" not in before.out
    assert plan.out.count("stays as its readers have it") == 2
    assert (ended.out + ended.err).count("stays as its readers have it") == 2


def test_preview_shows_every_article_of_a_message(announce, project: Path, tmp_path: Path) -> None:
    """Head and second, each with its card, its page and its exact file."""
    path = project / CFP
    campaign = yaml.safe_load(path.read_text("utf-8"))
    campaign["wechat"] = [{**campaign["wechat"][0], "language": ["zh", "en"]}]
    campaign["wechat"][0]["cover"] = "assets/covers/cfp.zh.png"
    path.write_text(yaml.safe_dump(campaign, allow_unicode=True), encoding="utf-8")

    out = tmp_path / "out"
    ended = announce("preview", CFP, "--out", str(out), cwd=project)

    assert ended.code == 0
    assert sorted(file.name for file in (out / "article").glob("*.html")) == [
        "zh+en-1.html",
        "zh+en-2.html",
    ]
    (page,) = (
        text
        for file in (out / "messages").glob("*.html")
        if "zh+en-1.html" in (text := file.read_text("utf-8"))
    )
    assert (page.count("class=card"), page.count("<iframe")) == (2, 2)


def test_article_that_a_receipt_tells_of_is_not_made_again(announce, live: Path, servers) -> None:
    """The receipt does not say how far it came: that is no reason to begin anew."""
    _, account = servers
    send = ("send", CFP, "--channel", "wechat", "--yes")
    first = announce(*send, cwd=live)
    assert first.code == 0, first.err
    for path in (live / ".announce").glob("ledger.sqlite3*"):
        path.unlink()
    assert announce("ledger", "adopt", cwd=live).code == 0

    for _ in range(3):
        assert announce(*send, "--changed", cwd=live).code == 0

    assert [request.path for request in account.journal()].count("draft/add") == 2
