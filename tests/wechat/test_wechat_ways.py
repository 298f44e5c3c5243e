"""How far an article goes: draft, publication, mass message, page; each once, whatever is lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from wechat_support import APP_ID, KEY, NOON, SECRET, Way

from announce.errors import MachineError
from announce.model.delivery import State
from announce.model.message import Article
from announce.sandbox.wechat import Account, AccountKind, Fault, OfficialAccountServer

OpenWay = Callable[..., Way]
LOST = [
    45011, Fault.TOKEN, Fault.LOST_BEFORE, Fault.LOST_AFTER, Fault.BUSY_BEFORE, Fault.BUSY_AFTER,
    Fault.HTTP502, Fault.HTTP502_AFTER, Fault.HTML, Fault.HTML_AFTER,
]  # fmt: skip


# What every article needs, whatever its way.
EVERY_WAY = ["stable_token", "media/uploadimg", "material/add_material", "draft/add", "draft/get"]


class Clock:
    """A clock that stands still unless somebody waits."""

    def __init__(self) -> None:
        self.at = NOON

    def __call__(self) -> datetime:
        return self.at

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.at += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> Clock:
    """The platform's time and ours."""
    return Clock()


@pytest.fixture
def serve(tmp_path: Path, clock: Clock) -> Iterator[Callable[[AccountKind], OfficialAccountServer]]:
    """Starts the emulator with an account of some kind."""
    opened: list[OfficialAccountServer] = []

    def start(kind: AccountKind) -> OfficialAccountServer:
        played = Account(app_id=APP_ID, app_secret=SECRET, kind=kind)
        opened.append(OfficialAccountServer(tmp_path / "sandbox", now=clock, account=played))
        return opened[-1].__enter__()

    yield start
    for one in opened:
        one.__exit__(None, None, None)


@pytest.fixture
def service(serve: Callable[[AccountKind], OfficialAccountServer]) -> OfficialAccountServer:
    """A verified service account."""
    return serve(AccountKind.VERIFIED_SERVICE)


@pytest.fixture
def opened(service: OfficialAccountServer, open_way: OpenWay, clock: Clock) -> Way:
    """A transport to it."""
    return open_way(service.api_base, now=clock, sleep=clock.wait)


def going(article: Article, deliver: str, **more: object) -> Article:
    """The article, to go so far."""
    return replace(article, deliver=deliver, **more)  # type: ignore[arg-type]


def reached(server: OfficialAccountServer) -> list[str]:
    """How readers were reached, in order."""
    return [one.kind for one in server.readers()]


def calls(server: OfficialAccountServer, path: str) -> int:
    """How often an endpoint was asked."""
    return sum(request.path == path for request in server.journal())


@pytest.mark.parametrize(
    ("kind", "deliver", "way", "readers"),
    [
        (AccountKind.PERSONAL_SUB, "draft", "draft", []),
        (AccountKind.PERSONAL_SUB, "publish", "draft", []),
        (AccountKind.PERSONAL_SUB, "mass", "draft", []),
        (AccountKind.ENT_UNVERIFIED, "publish", "draft", []),
        (AccountKind.VERIFIED_SUB, "publish", "publish", ["publish"]),
        (AccountKind.VERIFIED_SUB, "mass", "mass", ["mass"]),
        (AccountKind.VERIFIED_SERVICE, "publish", "publish", ["publish"]),
        (AccountKind.VERIFIED_SERVICE, "mass", "mass", ["mass"]),
        (AccountKind.VERIFIED_SERVICE, "paste", "paste", []),
    ],
)
def test_article_goes_as_far_as_the_account_may(
    serve: Callable[[AccountKind], OfficialAccountServer],
    open_way: OpenWay,
    article: Article,
    clock: Clock,
    kind: AccountKind,
    deliver: str,
    way: str,
    readers: list[str],
) -> None:
    """What it may not do, it does the next lower way, and says so."""
    server = serve(kind)
    opened = open_way(server.api_base, now=clock, sleep=clock.wait)
    outcome = opened.deliver(going(article, deliver))
    assert (outcome.state, outcome.detail["way"], outcome.detail["wanted"]) == (
        State.SENT, way, deliver,
    )  # fmt: skip
    assert ("denied" in outcome.detail) == (way != deliver)
    assert reached(server) == readers


def test_publication_has_its_address(
    opened: Way, service: OfficialAccountServer, article: Article
) -> None:
    """The permanent address of the article comes with the outcome."""
    outcome = opened.deliver(going(article, "publish"))
    [publication] = service.publications()
    assert outcome.detail["publish_id"] == publication.publish_id
    assert outcome.detail["urls"][0].startswith("https://mp.weixin.qq.com/s/")
    assert service.drafts() == []


@pytest.mark.parametrize("fault", LOST)
@pytest.mark.parametrize("path", [*EVERY_WAY, "freepublish/submit", "freepublish/get"])
def test_publication_happens_once_whatever_answer_is_lost(
    opened: Way,
    service: OfficialAccountServer,
    article: Article,
    clock: Clock,
    path: str,
    fault: Fault,
) -> None:
    """It may take several runs; in the end readers have it once, and one draft was added."""
    service.fail_next(path, fault)
    ended = brought_to_an_end(opened, going(article, "publish"), clock)
    assert ended == State.SENT
    assert reached(service) == ["publish"]
    assert service.drafts() == []


@pytest.mark.parametrize("fault", LOST)
@pytest.mark.parametrize("path", [*EVERY_WAY, "message/mass/sendall", "message/mass/get"])
def test_mass_message_is_sent_once_whatever_answer_is_lost(
    opened: Way,
    service: OfficialAccountServer,
    article: Article,
    clock: Clock,
    path: str,
    fault: Fault,
) -> None:
    """The platform knows it by its clientmsgid when it is asked for again."""
    service.fail_next(path, fault)
    ended = brought_to_an_end(opened, going(article, "mass"), clock)
    assert ended == State.SENT
    assert reached(service) == ["mass"]


@pytest.mark.parametrize("fault", [*LOST, 45009])
@pytest.mark.parametrize(
    ("path", "look"),
    [("draft/add", "draft/batchget"), ("freepublish/submit", "freepublish/batchget")],
)
def test_look_that_fails_is_no_proof_of_absence(
    opened: Way,
    service: OfficialAccountServer,
    article: Article,
    clock: Clock,
    path: str,
    look: str,
    fault: Fault | int,
) -> None:
    """An answer is lost, and so are those of the looks after it: a later run looks again."""
    service.fail_next(path, Fault.LOST_AFTER)
    service.fail_next(look, fault, times=4)
    ended = brought_to_an_end(opened, going(article, "publish"), clock)
    assert ended == State.SENT
    assert (reached(service), service.drafts()) == (["publish"], [])
    assert (calls(service, "draft/add"), calls(service, "freepublish/submit")) == (1, 1)


def brought_to_an_end(opened: Way, article: Article, clock: Clock, *, runs: int = 8) -> State:
    """Deliver and look again, as one run after the other would; the last state."""
    state = delivered(opened, article)
    for _ in range(runs):
        if state is State.SENT:
            break
        clock.wait(660)
        if state in (State.IN_DOUBT, State.WAITING):
            found = opened.settle(article)
            state = found.state if found else state
        if state in (State.FAILED, State.PLANNED):
            state = delivered(opened, article)
    return state


def delivered(opened: Way, article: Article) -> State:
    """Where a run leaves it; one that cannot log in leaves it due."""
    try:
        return opened.deliver(article).state
    except MachineError:
        return State.PLANNED


def test_slow_publication_waits_and_is_ended_by_looking(
    opened: Way, service: OfficialAccountServer, article: Article, clock: Clock
) -> None:
    """Not a second one is submitted, and the day's questions are spared."""
    service.publish_delay = timedelta(minutes=5)
    wanted = going(article, "publish")
    assert opened.deliver(wanted).state is State.WAITING
    assert opened.settle(wanted) is None
    clock.wait(300)
    found = opened.settle(wanted)
    assert found is not None
    assert found.state is State.SENT
    assert (calls(service, "freepublish/submit"), calls(service, "freepublish/get")) == (1, 6)


@pytest.mark.parametrize(("status", "word"), [(2, "original"), (3, "failed"), (4, "review")])
def test_publication_that_is_refused_fails_with_its_reason(
    opened: Way, service: OfficialAccountServer, article: Article, status: int, word: str
) -> None:
    """The platform's review is a person's business."""
    service.publish_as(status, fail_idx=[1])
    outcome = opened.deliver(going(article, "publish"))
    assert outcome.state is State.FAILED
    assert word in outcome.reason
    assert reached(service) == []


@pytest.mark.parametrize("code", [53503, 53504, 53505])
def test_draft_that_must_be_mended_in_the_console_fails_with_its_mend(
    opened: Way, service: OfficialAccountServer, article: Article, code: int
) -> None:
    """It is a definite no, and the draft stays."""
    service.fail_next("freepublish/submit", code)
    outcome = opened.deliver(going(article, "publish"))
    assert (outcome.state, outcome.detail["code"]) == (State.FAILED, code)
    assert outcome.detail["mend"] != ""
    assert len(service.drafts()) == 1


def test_draft_goes_on_to_be_published(
    opened: Way, service: OfficialAccountServer, article: Article
) -> None:
    """What was a draft yesterday is published today, and not added again."""
    opened.deliver(article)
    outcome = opened.deliver(going(article, "publish"))
    assert (outcome.state, outcome.detail["way"]) == (State.SENT, "publish")
    assert calls(service, "draft/add") == 1
    assert reached(service) == ["publish"]


def test_mass_message_to_a_tag(
    opened: Way, service: OfficialAccountServer, article: Article
) -> None:
    """Only its followers get it."""
    service.add_follower("oTagged0001", tags=["作者"])
    outcome = opened.deliver(going(article, "mass", tag="作者"))
    assert outcome.state is State.SENT
    [mass] = service.masses()
    assert (mass.audience, mass.counts["SentCount"]) == ({"tag": "作者"}, 1)


def test_unknown_tag_fails_and_names_those_there_are(
    opened: Way, service: OfficialAccountServer, article: Article
) -> None:
    """Nothing is sent to anybody."""
    service.add_follower("oTagged0001", tags=["作者"])
    outcome = opened.deliver(going(article, "mass", tag="作家"))
    assert (outcome.state, "作者" in outcome.reason) == (State.FAILED, True)
    assert service.drafts() == []
    assert reached(service) == []


def test_mass_message_waits_for_the_administrator(
    opened: Way, service: OfficialAccountServer, article: Article, clock: Clock
) -> None:
    """It is not sent again, and ends when the administrator has said yes."""
    service.admin_confirms()
    wanted = going(article, "mass")
    assert opened.deliver(wanted).state is State.WAITING
    service.admin_answers(yes=True)
    clock.wait(120)
    for _ in range(3):
        if (found := opened.settle(wanted)) and found.state is not State.PLANNED:
            break
        found = opened.deliver(wanted)
        clock.wait(120)
    assert found is not None
    assert found.state is State.SENT
    assert reached(service) == ["mass"]


def test_edited_draft_is_not_overwritten_without_a_word(
    opened: Way, service: OfficialAccountServer, article: Article
) -> None:
    """A changed campaign does not put its words over a person's."""
    media_id = opened.deliver(article).detail["media_id"]
    edit(opened, media_id, "各位同仁：改过了")
    outcome = opened.deliver(replace(article, title="改期"))
    assert (outcome.state, outcome.detail["class"]) == (State.FAILED, "edited")
    assert "改过了" in service.drafts()[0].articles[0].content


@pytest.mark.parametrize(("edits", "kept"), [("keep", True), ("overwrite", False)])
def test_edited_draft_is_kept_or_overwritten_when_told(
    service: OfficialAccountServer,
    open_way: OpenWay,
    article: Article,
    clock: Clock,
    edits: str,
    kept: bool,
) -> None:
    """A person decides which words are published."""
    way = open_way(service.api_base, now=clock, sleep=clock.wait, edits=edits)
    media_id = way.deliver(article).detail["media_id"]
    edit(way, media_id, "各位同仁：改过了")
    outcome = way.deliver(going(article, "publish"))
    assert (outcome.state, outcome.detail["way"]) == (State.SENT, "publish")
    [read] = service.readers()
    content = way.account.list_published(0)[1][0]["content"]["news_item"][0]["content"]
    assert ("改过了" in content) == kept
    assert read.kind == "publish"


def edit(way: Way, media_id: str, words: str) -> None:
    """What a person does in the console."""
    [kept] = way.account.get_draft(media_id)
    content = kept["content"].replace("各位同仁：", words)
    way.account.update_draft(media_id, 0, {**_plain(kept), "content": content})


def _plain(kept: dict[str, object]) -> dict[str, object]:
    names = ("title", "author", "digest", "content_source_url", "thumb_media_id")
    return {name: kept[name] for name in names}


def test_changed_campaign_updates_its_draft(
    opened: Way, service: OfficialAccountServer, article: Article
) -> None:
    """The same draft has the new words; nothing is added."""
    before = opened.deliver(article).detail["media_id"]
    outcome = opened.deliver(replace(article, title="截稿延期至 2 月 17 日"))
    [draft] = service.drafts()
    assert (outcome.detail["media_id"], draft.media_id) == (before, before)
    assert draft.articles[0].title == "截稿延期至 2 月 17 日"
    assert outcome.detail["differences"] == []
    assert calls(service, "draft/add") == 1


@pytest.mark.parametrize("fault", [fault for fault in LOST if fault != 45011])
def test_update_whose_answer_is_lost_is_made_once_more(
    opened: Way, service: OfficialAccountServer, article: Article, fault: Fault
) -> None:
    """The same words in the same place are the same."""
    opened.deliver(article)
    service.fail_next("draft/update", fault)
    changed = replace(article, title="截稿延期")
    assert opened.deliver(changed).state is State.SENT
    assert [draft.articles[0].title for draft in service.drafts()] == ["截稿延期"]


def test_draft_that_somebody_deleted_is_told_and_made_anew_on_request(
    opened: Way, service: OfficialAccountServer, article: Article
) -> None:
    """The first time it is a failure that names the cause; a retry adds it again."""
    opened.account.delete_draft(opened.deliver(article).detail["media_id"])
    wanted = going(article, "publish")
    assert opened.deliver(wanted).detail["class"] == "gone"
    assert opened.deliver(wanted).detail["way"] == "publish"
    assert reached(service) == ["publish"]


def test_several_articles_go_out_as_one_message(
    opened: Way, service: OfficialAccountServer, article: Article
) -> None:
    """Head and seconds, each with its own words and picture, compared one by one."""
    second = replace(article, language="en", title="Call for papers", summary="")
    outcome = opened.deliver(replace(article, seconds=(second,), deliver="publish"))
    assert outcome.state is State.SENT
    assert outcome.detail["differences"] == []
    assert len(outcome.detail["urls"]) == 2
    assert reached(service) == ["publish"]


def test_another_number_of_articles_makes_the_draft_anew(
    opened: Way, service: OfficialAccountServer, article: Article
) -> None:
    """One draft stays, with all of them."""
    opened.deliver(article)
    second = replace(article, language="en", title="Call for papers", summary="")
    assert opened.deliver(replace(article, seconds=(second,))).state is State.SENT
    [draft] = service.drafts()
    assert [one.title for one in draft.articles] == [article.title, "Call for papers"]


def test_closed_comments_are_done_without(
    tmp_path: Path, open_way: OpenWay, article: Article
) -> None:
    """An account without comments takes the article without them."""
    played = Account(app_id=APP_ID, app_secret=SECRET, comments=False)
    with OfficialAccountServer(tmp_path / "box", now=lambda: NOON, account=played) as server:
        way = open_way(server.api_base)
        assert way.deliver(replace(article, comments="fans")).state is State.SENT
        assert len(server.drafts()) == 1


def test_account_without_drafts_gets_a_page(
    opened: Way, service: OfficialAccountServer, article: Article
) -> None:
    """At the bottom stands a page to copy from."""
    service.fail_next("draft/add", 48001)
    outcome = opened.deliver(article)
    assert (outcome.state, outcome.detail["way"]) == (State.SENT, "paste")
    assert outcome.detail["page"] == f"pasted/{KEY.recipient}/{article.title}"
