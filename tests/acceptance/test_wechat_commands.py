"""`announce wechat`: what is asked about an official account, and what is undone there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from announce.articles.desk import held_run, open_desk
from announce.articles.removing import remove, survey
from announce.articles.standing import pieces_of
from announce.gathering import open_project
from announce.ledger import open_ledger
from announce.ledger.base import Ledger
from announce.model.delivery import DeliveryKey, Outcome, State
from announce.remembering import TOKEN, RememberedAccount
from announce.sandbox.wechat import OfficialAccountServer
from announce.sandbox.wechat.account import Account, AccountKind

CFP = "campaigns/cfp.yaml"
ID = "scifm-2025-cfp"
SECRET = "e3b0c44298fc1c149afbf4c8996fb924"


def clock() -> datetime:
    """The clock of servers and ledgers."""
    return datetime.now(UTC)


@pytest.fixture
def campaign(project: Path) -> Path:
    """The example project with a call for papers of one Chinese article, and no mails."""
    path = project / CFP
    head, _, _ = path.read_text("utf-8").partition("\naudience:")
    path.write_text(
        f"{head}\nwechat:\n  - {{language: zh, deliver: draft, cover: assets/covers/cfp.zh.png}}\n",
        encoding="utf-8",
    )
    return project


def deliver(project: Path, way: str) -> None:
    """Let the article go so far from now on."""
    path = project / CFP
    text = path.read_text("utf-8")
    for old in ("draft", "publish", "mass", "paste"):
        text = text.replace(f"deliver: {old},", f"deliver: {way},")
    path.write_text(text, encoding="utf-8")


def rehearse_as(project: Path, kind: AccountKind) -> None:
    """Let the sandbox play such an account."""
    with (project / "announce.yaml").open("a", encoding="utf-8") as file:
        file.write(f"wechat: {{rehearse_as: {kind}}}\n")


Real = Callable[..., OfficialAccountServer]


@pytest.fixture
def real(campaign: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Real]:
    """Gives the project an account that is real to the tool; what it publishes is out at once."""
    with ExitStack() as stack:

        def begin(kind: AccountKind, allowed: frozenset[str] | None = None):
            account = Account(
                app_id="wx0123456789abcdef", app_secret=SECRET, kind=kind, allowed_ips=allowed
            )
            folder = tmp_path / "elsewhere"
            server = OfficialAccountServer(
                folder, now=clock, account=account, publish_delay=timedelta()
            )
            stack.enter_context(server)
            with (campaign / "announce.yaml").open("a", encoding="utf-8") as file:
                file.write(
                    f"wechat:\n  app_id: {server.app_id}\n"
                    f"  app_secret: {{env: TEST_APP_SECRET}}\n  api_base: {server.api_base}\n"
                )
            monkeypatch.setenv("TEST_APP_SECRET", SECRET)
            return server

        yield begin


def ledger_of(project: Path) -> Ledger:
    """The project's own ledger, where real articles are."""
    return open_ledger("sqlite:///.announce/ledger.sqlite3", project, create=False)


def called(server: OfficialAccountServer, path: str) -> int:
    """How often an endpoint was called."""
    return [request.path for request in server.journal()].count(path)


def taken_further(project: Path, event: str, state: State, **detail: str) -> DeliveryKey:
    """Let the drafted article stand as a run leaves it that took it a step further."""
    opened = open_project(str(project))
    with closing(ledger_of(project)) as ledger:
        (row,) = ledger.deliveries(ID)
        with held_run(opened, ledger, ID, clock) as run:
            run.go_on([row.key], clock(), "deliver")
            run.claim(1, clock())
            run.handed_over(row.key, clock())
            run.note(row.key, event, clock(), detail)
            run.record(row.key, Outcome(state=state, reason="under way", detail=detail), clock())
    return row.key


def submitted(project: Path) -> str:
    """Let the drafted article be submitted, by a run that did not wait; the publish_id."""
    with open_desk(open_project(str(project)), clock) as desk:
        (row,) = desk.ledger.deliveries(ID)
        drafted = next(one for one in desk.ledger.events(row.key) if one.event == "drafted")
        publish_id = desk.account.submit(drafted.detail["media_id"])
    taken_further(project, "submitted", State.WAITING, publish_id=publish_id)
    return publish_id


# Rights


@pytest.mark.parametrize(
    ("kind", "may", "mass", "publish"),
    [
        ("personal_sub", ["draft"], "draft", "draft"),
        ("ent_unverified", ["draft"], "draft", "draft"),
        ("verified_sub", ["draft", "publish", "mass"], "mass", "publish"),
        ("verified_service", ["draft", "publish", "mass", "template"], "mass", "publish"),
    ],
)
def test_account_tells_what_each_kind_may(
    announce, project: Path, kind: str, may: list[str], mass: str, publish: str
) -> None:
    """Rights, and how far each way comes with them."""
    rehearse_as(project, AccountKind(kind))

    told = announce("wechat", "account", "--json", cwd=project)

    rights = told.json["rights"]
    assert (told.code, told.json["sandbox"]) == (0, True)
    assert [name for name in rights if rights[name]["may"]] == may
    assert told.json["ways"] == {
        "mass": mass,
        "publish": publish,
        "draft": "draft",
        "paste": "paste",
    }


def test_account_keeps_what_it_learned(announce, project: Path) -> None:
    """What it may not do is not counted on by a later forecast, which asks nobody."""
    rehearse_as(project, AccountKind.PERSONAL_SUB)
    before = announce("wechat", "quota", "--json", cwd=project).json["forecast"]
    announce("wechat", "account", cwd=project)

    after = announce("wechat", "quota", "--json", cwd=project).json["forecast"]

    assert [(one["publications"], one["masses"]) for one in (before, after)] == [(25, 100), (0, 0)]


def test_account_whose_right_cannot_be_asked_is_told_as_it_was(announce, real: Real, campaign):
    """What was known stays known, and the trouble is named."""
    server = real(AccountKind.VERIFIED_SUB)
    before = announce("wechat", "account", "--json", cwd=campaign).json["rights"]["publish"]
    server.fail_next("freepublish/batchget", 45011)

    after = announce("wechat", "account", "--json", cwd=campaign).json["rights"]["publish"]

    assert (after["may"], after["at"]) == (True, before["at"])
    assert "45011" in after["answer"]


def test_account_from_an_address_not_allowed_names_it(announce, real: Real, campaign) -> None:
    """The mend tells which address to add, and where."""
    real(AccountKind.PERSONAL_SUB, frozenset({"203.0.113.9"}))

    refused = announce("wechat", "account", cwd=campaign)

    assert refused.code == 4
    assert "add 127.0.0.1 at mp.weixin.qq.com" in refused.err


def test_account_with_a_wrong_secret_is_told(announce, real: Real, campaign, monkeypatch) -> None:
    """The mend tells who can make a new one; the secret is nowhere."""
    real(AccountKind.PERSONAL_SUB)
    monkeypatch.setenv("TEST_APP_SECRET", "not-the-secret-of-it")

    refused = announce("wechat", "account", cwd=campaign)

    assert refused.code == 4
    assert "the AppSecret is wrong" in refused.err
    assert "not-the-secret-of-it" not in refused.out + refused.err


# Quotas


def test_quota_counts_as_the_platform_does(announce, real: Real, campaign) -> None:
    """After a send both know the same calls, and what is left of them."""
    server = real(AccountKind.VERIFIED_SUB)
    announce("send", "--yes", CFP, cwd=campaign)

    told = announce("wechat", "quota", "--ask", "--json", cwd=campaign).json

    ours = {name: use["called"] for name, use in told["endpoints"].items() if "platform" in use}
    assert ours == {name: server.calls_today(name) for name in ours}
    assert (ours["draft/add"], ours["draft/get"]) == (1, 1)
    assert told["endpoints"]["draft/add"]["platform"] == {"limit": 1000, "used": 1, "left": 999}
    assert told["forecast"] == {"drafts": 499, "publications": 25, "masses": 100, "polls": 100}


def test_quota_does_not_promise_what_the_account_may_not(announce, campaign) -> None:
    """Known rights are part of the forecast."""
    announce("wechat", "account", cwd=campaign)

    told = announce("wechat", "quota", "--json", cwd=campaign).json["forecast"]

    assert told == {"drafts": 500, "publications": 0, "masses": 0, "polls": 100}


# The draft box


def test_drafts_are_told_apart_by_whose_they_are(announce, real: Real, campaign) -> None:
    """One is of the campaign, the other is somebody's."""
    real(AccountKind.PERSONAL_SUB)
    announce("send", "--yes", CFP, cwd=campaign)
    with open_desk(open_project(str(campaign)), clock) as desk:
        _, (ours,) = desk.account.list_drafts(0)
        (article,) = ours["content"]["news_item"]
        other = {"title": "Seminar", "content": "<p>Monday</p>"}
        cover = {"thumb_media_id": article["thumb_media_id"]}
        theirs = desk.account.add_draft([other | cover, other | cover])

    told = announce("wechat", "drafts", "--json", cwd=campaign).json["drafts"]

    found = {draft["media_id"]: (draft["articles"], draft["campaign"]) for draft in told}
    assert found == {ours["media_id"]: (1, ID), theirs: (2, None)}


def test_draft_of_another_ledger_is_not_taken_for_ours(announce, real: Real, campaign) -> None:
    """It was made by a program of this kind, and is known by its mark only."""
    real(AccountKind.PERSONAL_SUB)
    announce("send", "--yes", CFP, cwd=campaign)
    for path in (campaign / ".announce").glob("ledger.sqlite3*"):
        path.unlink()

    (draft,) = announce("wechat", "drafts", "--json", cwd=campaign).json["drafts"]

    assert (draft["campaign"], draft["marked"]) == (None, True)


# Preview


def test_preview_reaches_one_reader(announce, real: Real, campaign) -> None:
    """The draft that is there is shown, and none is made."""
    server = real(AccountKind.VERIFIED_SUB)
    announce("send", "--yes", CFP, cwd=campaign)

    shown = announce("wechat", "preview", CFP, "--to", "lin_xi", cwd=campaign)

    assert shown.code == 0
    assert [(one.kind, one.openid) for one in server.notices()] == [("preview", "lin_xi")]
    assert called(server, "draft/add") == 1


def test_preview_without_a_draft_says_to_send_first(announce, real: Real, campaign) -> None:
    """Nothing is made for it."""
    server = real(AccountKind.VERIFIED_SUB)

    refused = announce("wechat", "preview", CFP, "--to", "lin_xi", cwd=campaign)

    assert (refused.code, called(server, "draft/add")) == (3, 0)
    assert "`announce send` makes it" in refused.err


@pytest.mark.parametrize(
    ("kind", "reader", "code", "told"),
    [
        (AccountKind.PERSONAL_SUB, "lin_xi", 4, "`announce preview` shows the article"),
        (AccountKind.VERIFIED_SUB, "!", 2, "somebody who follows the account"),
    ],
)
def test_preview_that_is_refused_says_what_to_do(
    announce, real: Real, campaign, kind: AccountKind, reader: str, code: int, told: str
) -> None:
    """An account without the right, and a reader that there is not."""
    real(kind)
    announce("send", "--yes", CFP, cwd=campaign)

    refused = announce("wechat", "preview", CFP, "--to", reader, cwd=campaign)

    assert refused.code == code
    assert told in refused.err


# Undoing


def test_draft_is_deleted_once_and_only_when_asked(announce, real: Real, campaign) -> None:
    """Without --yes nothing is, afterwards it is gone and no send makes it anew."""
    server = real(AccountKind.PERSONAL_SUB)
    announce("send", "--yes", CFP, cwd=campaign)

    unasked = announce("wechat", "delete", CFP, cwd=campaign)
    left = len(server.drafts())
    first = announce("wechat", "delete", CFP, "--yes", "--json", cwd=campaign)
    second = announce("wechat", "delete", CFP, "--yes", cwd=campaign)
    sent = announce("send", "--yes", "--changed", CFP, cwd=campaign)

    assert (unasked.code, left) == (3, 1)
    assert [(one["what"], one["deleted"]) for one in first.json["articles"]] == [("draft", True)]
    assert (second.code, second.out.splitlines()[-1]) == (0, "There is nothing to delete.")
    assert (sent.code, server.drafts(), called(server, "draft/delete")) == (0, [], 1)


def test_article_deleted_to_be_made_again_is_made_by_the_next_send(
    announce, real: Real, campaign
) -> None:
    """Once, and not by the one after it."""
    server = real(AccountKind.PERSONAL_SUB)
    announce("send", "--yes", CFP, cwd=campaign)

    announce("wechat", "delete", CFP, "--yes", "--again", cwd=campaign)
    announce("send", "--yes", CFP, cwd=campaign)
    announce("send", "--yes", CFP, cwd=campaign)

    assert (len(server.drafts()), called(server, "draft/add")) == (1, 2)


def test_article_deleted_earlier_can_be_asked_for_again(announce, real: Real, campaign) -> None:
    """A second call with --again makes it due, and deletes nothing."""
    server = real(AccountKind.PERSONAL_SUB)
    announce("send", "--yes", CFP, cwd=campaign)
    announce("wechat", "delete", CFP, "--yes", cwd=campaign)

    again = announce("wechat", "delete", CFP, "--again", "--json", cwd=campaign)
    announce("send", "--yes", CFP, cwd=campaign)

    assert [one["due"] for one in again.json["articles"]] == [True]
    assert (len(server.drafts()), called(server, "draft/delete")) == (1, 1)


@pytest.mark.parametrize("fault", ["lost-after", "busy-after", "http502-after", "html-after"])
def test_delete_without_an_answer_is_looked_at(announce, real: Real, campaign, fault: str) -> None:
    """It is gone: that is written down, and there is nothing to delete again."""
    server = real(AccountKind.PERSONAL_SUB)
    announce("send", "--yes", CFP, cwd=campaign)
    server.fail_next("draft/delete", fault)

    first = announce("wechat", "delete", CFP, "--yes", "--json", cwd=campaign)
    second = announce("wechat", "delete", CFP, "--yes", "--json", cwd=campaign)

    assert (first.code, [one["deleted"] for one in first.json["articles"]]) == (0, [True])
    assert [one["what"] for one in second.json["articles"]] == ["deleted"]
    assert called(server, "draft/delete") == 1


def test_delete_that_did_not_happen_is_not_written_down(announce, real: Real, campaign) -> None:
    """The next call deletes it."""
    server = real(AccountKind.PERSONAL_SUB)
    announce("send", "--yes", CFP, cwd=campaign)
    server.fail_next("draft/delete", "lost-before")

    first = announce("wechat", "delete", CFP, "--yes", "--json", cwd=campaign)
    left = len(server.drafts())
    second = announce("wechat", "delete", CFP, "--yes", cwd=campaign)

    assert (first.code, [one["deleted"] for one in first.json["articles"]]) == (1, [False])
    assert (left, second.code, server.drafts()) == (1, 0, [])


def test_draft_published_by_hand_is_deleted_as_what_it_became(
    announce, real: Real, campaign
) -> None:
    """It is found by its mark among what was published."""
    server = real(AccountKind.VERIFIED_SUB)
    announce("send", "--yes", CFP, cwd=campaign)
    with open_desk(open_project(str(campaign)), clock) as desk:
        _, (draft,) = desk.account.list_drafts(0)
        desk.account.submit(draft["media_id"])

    deleted = announce("wechat", "delete", CFP, "--yes", "--json", cwd=campaign)

    assert [one["what"] for one in deleted.json["articles"]] == ["publication"]
    assert [one.status for one in server.publications()] == [5]


def test_draft_that_somebody_took_away_is_told(announce, real: Real, campaign) -> None:
    """Nothing is deleted; with --again a new one is made."""
    server = real(AccountKind.PERSONAL_SUB)
    announce("send", "--yes", CFP, cwd=campaign)
    with open_desk(open_project(str(campaign)), clock) as desk:
        _, (draft,) = desk.account.list_drafts(0)
        desk.account.delete_draft(draft["media_id"])

    refused = announce("wechat", "delete", CFP, "--again", cwd=campaign)
    found = announce("wechat", "delete", CFP, "--again", "--yes", "--json", cwd=campaign)
    sent = announce("send", "--yes", CFP, cwd=campaign)

    assert (refused.code, "Readers may have these already" in refused.out) == (3, True)
    assert [(one["what"], one["due"]) for one in found.json["articles"]] == [("gone", True)]
    assert (sent.code, len(server.drafts()), called(server, "draft/delete")) == (0, 1, 1)


def test_publication_whose_deletion_has_no_answer_is_looked_at(
    announce, real: Real, campaign
) -> None:
    """One call of ten a day, and it is known to be gone."""
    server = real(AccountKind.VERIFIED_SUB)
    deliver(campaign, "publish")
    announce("send", "--yes", CFP, cwd=campaign)
    server.fail_next("freepublish/delete", "lost-after")

    first = announce("wechat", "delete", CFP, "--yes", cwd=campaign)
    second = announce("wechat", "delete", CFP, "--yes", cwd=campaign)

    assert (first.code, second.code, called(server, "freepublish/delete")) == (0, 0, 1)
    assert [one.status for one in server.publications()] == [5]


def test_mass_message_deleted_and_sent_anew_is_another_one(announce, real: Real, campaign) -> None:
    """The platform must not answer for the new one with the old one's id."""
    server = real(AccountKind.VERIFIED_SERVICE)
    deliver(campaign, "mass")
    announce("send", "--yes", CFP, cwd=campaign)

    deleted = announce("wechat", "delete", CFP, "--yes", "--again", "--json", cwd=campaign)
    announce("send", "--yes", CFP, cwd=campaign)

    assert [one["what"] for one in deleted.json["articles"]] == ["mass"]
    assert [one.state for one in server.masses()] == ["sent", "deleted"]


def test_article_under_way_is_not_deleted(announce, real: Real, campaign) -> None:
    """How it ended must be known first."""
    server = real(AccountKind.VERIFIED_SUB)
    announce("send", "--yes", CFP, cwd=campaign)
    submitted(campaign)

    refused = announce("wechat", "delete", CFP, "--yes", "--json", cwd=campaign)

    assert (refused.code, refused.json["articles"][0]["what"]) == (1, "under_way")
    assert called(server, "freepublish/delete") == 0


def test_delete_beside_a_run_is_refused(announce, real: Real, campaign) -> None:
    """Two that change the same articles do not at once."""
    server = real(AccountKind.PERSONAL_SUB)
    announce("send", "--yes", CFP, cwd=campaign)

    with (
        closing(ledger_of(campaign)) as ledger,
        held_run(open_project(str(campaign)), ledger, ID, clock),
    ):
        refused = announce("wechat", "delete", CFP, "--yes", cwd=campaign)

    assert (refused.code, len(server.drafts())) == (3, 1)


# How far


def test_status_ends_what_was_waiting(announce, real: Real, campaign) -> None:
    """The ledger learns of the publication, and a send has nothing to do."""
    server = real(AccountKind.VERIFIED_SUB)
    announce("send", "--yes", CFP, cwd=campaign)
    submitted(campaign)

    (article,) = announce("wechat", "status", "--json", cwd=campaign).json["articles"]
    sent = announce("send", "--yes", CFP, "--json", cwd=campaign)

    assert (article["state"], article["way"]) == ("sent", "publish")
    assert article["urls"] == [server.publications()[0].articles[0].link]
    assert (sent.json["run"]["sent"], called(server, "freepublish/submit")) == (0, 1)


def test_status_beside_a_run_is_refused(announce, real: Real, campaign) -> None:
    """What the run is about to write down is its own."""
    real(AccountKind.VERIFIED_SUB)
    announce("send", "--yes", CFP, cwd=campaign)
    submitted(campaign)

    with (
        closing(ledger_of(campaign)) as ledger,
        held_run(open_project(str(campaign)), ledger, ID, clock),
    ):
        refused = announce("wechat", "status", "--json", cwd=campaign)

    assert refused.code == 3
    assert [one["state"] for one in refused.json["articles"]] == ["waiting"]


def test_status_without_the_account_tells_what_the_ledger_knows(
    announce, real: Real, campaign
) -> None:
    """And that nobody looked."""
    server = real(AccountKind.VERIFIED_SUB)
    announce("send", "--yes", CFP, cwd=campaign)
    submitted(campaign)
    server.invalidate_tokens()
    server.fail_next("stable_token", 40125)
    server.fail_next("freepublish/get", 40001)

    told = announce("wechat", "status", "--json", cwd=campaign)

    assert [one["state"] for one in told.json["articles"]] == ["waiting"]


def event_of(server: OfficialAccountServer, tmp_path: Path) -> str:
    """The last event that the platform posted, in a file."""
    path = tmp_path / "event.xml"
    path.write_text(server.events()[-1], encoding="utf-8")
    return str(path)


def test_event_of_a_mass_message_is_noted_with_its_article(
    announce, real: Real, campaign, tmp_path: Path
) -> None:
    """Its counts are shown from then on; the same event again is no second one."""
    server = real(AccountKind.VERIFIED_SUB)
    deliver(campaign, "mass")
    announce("send", "--yes", CFP, cwd=campaign)
    path = event_of(server, tmp_path)

    first = announce("wechat", "status", "--event", path, cwd=campaign)
    second = announce("wechat", "status", "--event", path, cwd=campaign)
    (article,) = announce("wechat", "status", "--json", cwd=campaign).json["articles"]

    counts = server.masses()[0].counts
    assert (first.code, second.code) == (0, 0)
    assert "Noted with" in first.err
    assert "Noted before" in second.err
    assert article["result"]["sent"] == counts["SentCount"] > 0
    assert f"{counts['SentCount']} of {counts['TotalCount']} got it" in second.out


def test_event_of_a_publication_is_noted_with_its_article(
    announce, real: Real, campaign, tmp_path: Path
) -> None:
    """By its publish_id; the status is then looked up by itself."""
    server = real(AccountKind.VERIFIED_SUB)
    announce("send", "--yes", CFP, cwd=campaign)
    publish_id = submitted(campaign)

    told = announce(
        "wechat", "status", ID, "--event", event_of(server, tmp_path), "--json", cwd=campaign
    )

    (article,) = told.json["articles"]
    assert (article["state"], article["result"]["publish_id"]) == ("sent", publish_id)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("not XML", "the event cannot be read"),
        (
            '<!DOCTYPE xml [<!ENTITY a SYSTEM "file:///etc/hostname">]>'
            "<xml><Event>MASSSENDJOBFINISH</Event><MsgID>&a;</MsgID></xml>",
            "it has a DOCTYPE",
        ),
        ("<xml><Event>subscribe</Event></xml>", '"subscribe" is no end'),
        ("<xml><Encrypt>AAAA</Encrypt></xml>", "the event is encrypted"),
        ("<xml><Event>PUBLISHJOBFINISH</Event></xml>", "the event has no publish_id"),
        (
            "<xml><Event>PUBLISHJOBFINISH</Event><PublishEventInfo><publish_id>7</publish_id>"
            "<publish_status>0</publish_status></PublishEventInfo></xml>",
            "the ledger knows nothing with publish_id 7",
        ),
        (
            "<xml><Event>PUBLISHJOBFINISH</Event><PublishEventInfo><publish_id>7</publish_id>"
            "<publish_status>done</publish_status></PublishEventInfo></xml>",
            "not a number",
        ),
    ],
)
def test_event_that_is_none_of_ours_is_refused(
    announce, campaign, tmp_path: Path, text: str, told: str
) -> None:
    """With the reason, and nothing is noted."""
    path = tmp_path / "event.xml"
    path.write_text(text, encoding="utf-8")

    refused = announce("wechat", "status", "--event", str(path), cwd=campaign)

    assert refused.code == 2
    assert told in refused.err


# The token


def test_token_is_told_of_and_never_told(announce, real: Real, campaign) -> None:
    """There is none, then one is fetched, once; only its times are printed."""
    server = real(AccountKind.PERSONAL_SUB)

    none = announce("wechat", "token", "--json", cwd=campaign)
    fetched = announce("wechat", "token", "--fetch", cwd=campaign)
    kept = announce("wechat", "token", "--fetch", "--json", cwd=campaign)

    with closing(ledger_of(campaign)) as ledger:
        assert ledger.accounts.fact(server.app_id, TOKEN) is not None
        known = RememberedAccount(ledger.accounts, server.app_id, SECRET, clock).token()
    assert known is not None
    printed = "".join(one.out + one.err for one in (none, fetched, kept))
    assert (none.json["kept"], kept.json["kept"], kept.json["valid"]) == (False, True, True)
    assert called(server, "stable_token") == 1
    assert (known[0] in printed, SECRET in printed) == (False, False)


def test_draft_published_meanwhile_is_not_deleted(announce, real: Real, campaign) -> None:
    """Between the look and the call a person published it: nothing is written down as deleted."""
    real(AccountKind.VERIFIED_SUB)
    announce("send", CFP, "--yes", cwd=campaign)
    project = open_project(str(campaign))
    with open_desk(project, clock) as desk:
        (found,) = survey(desk, list(pieces_of(desk.ledger, ID)))
        desk.account.submit(found.id)
        with held_run(project, desk.ledger, ID, clock) as run:
            removed = remove(desk, run, found, again=True)

    assert (removed.moved, removed.deleted, removed.due) == (True, False, False)


@pytest.mark.parametrize("digits", [19, 5000])
def test_event_with_an_endless_number_is_refused(
    announce, campaign, tmp_path: Path, digits: int
) -> None:
    """It is no number of the platform's."""
    event = tmp_path / "event.xml"
    event.write_text(
        "<xml><Event>PUBLISHJOBFINISH</Event><publish_id>1</publish_id>"
        f"<publish_status>{'9' * digits}</publish_status></xml>"
    )
    told = announce("wechat", "status", "--event", str(event), cwd=campaign)
    assert told.code == 2
    assert "not a number" in told.err
