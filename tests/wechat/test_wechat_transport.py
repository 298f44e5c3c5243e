"""Delivering drafts into the emulator: once, whatever is lost on the way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from wechat_support import APP_ID, JPEG, KEY, NOON, PNG, SECRET, ScriptedApi, Way

from announce.channels.wechat.payload import marker_of
from announce.errors import LoginRefused, MachineError
from announce.model.delivery import Outcome, State
from announce.model.message import Article, Blob
from announce.sandbox.wechat import Account, Fault, OfficialAccountServer

OpenWay = Callable[..., Way]
ID = "<1@example.org>"
TOKEN_CALL = "stable_token"


def calls(sandbox: OfficialAccountServer, path: str) -> int:
    """How often an endpoint was asked."""
    return sum(request.path == path for request in sandbox.journal())


def box(sandbox: OfficialAccountServer) -> list[str]:
    """The titles in the draft box."""
    return [article.title for draft in sandbox.drafts() for article in draft.articles]


def test_article_becomes_one_draft_without_differences(
    way: Way, sandbox: OfficialAccountServer, article: Article
) -> None:
    """Cover, picture and words arrive, and reading back finds nothing changed."""
    outcome = way.deliver(article)
    (draft,) = sandbox.drafts()
    assert outcome == Outcome(
        state=State.SENT,
        detail={
            "way": "draft",
            "wanted": "draft",
            "media_id": draft.media_id,
            "differences": [],
        },
    )
    (kept,) = draft.articles
    assert (kept.title, kept.author, kept.digest, kept.original_url) == (
        article.title,
        article.author,
        article.summary,
        article.original_url,
    )
    assert kept.cover is not None
    assert kept.cover.read_bytes() == PNG
    assert "picture:" not in kept.content
    assert f'data-announce="{marker_of(ID)}"' in kept.content
    assert way.handed_over == [ID]


def test_hand_over_is_told_after_the_uploads_and_before_the_draft(
    way: Way, sandbox: OfficialAccountServer, article: Article
) -> None:
    """Until then nothing of the article can have arrived."""
    seen: list[list[str]] = []
    way.transport.deliver(
        article, KEY, ID, lambda: seen.append([request.path for request in sandbox.journal()])
    )
    assert seen == [["stable_token", "media/uploadimg", "material/add_material"]]


def test_uploads_are_remembered_by_content(
    way: Way, sandbox: OfficialAccountServer, article: Article
) -> None:
    """The second article with the same pictures uploads none."""
    way.deliver(article)
    way.deliver(replace(article, title="第二篇"), "<2@example.org>")
    assert (calls(sandbox, "media/uploadimg"), calls(sandbox, "material/add_material")) == (1, 1)
    assert sorted((account, kind) for account, kind, _ in way.uploads) == [
        (APP_ID, "cover"),
        (APP_ID, "picture"),
    ]


@pytest.mark.parametrize("fault", [Fault.LOST_AFTER, Fault.BUSY_AFTER])
def test_lost_answer_to_an_added_draft_is_found_and_not_repeated(
    way: Way, sandbox: OfficialAccountServer, article: Article, fault: Fault
) -> None:
    """The draft is there: looking finds it by its marker."""
    sandbox.fail_next("draft/add", fault)
    outcome = way.deliver(article)
    (draft,) = sandbox.drafts()
    assert outcome == Outcome(
        state=State.SENT,
        detail={
            "way": "draft",
            "wanted": "draft",
            "media_id": draft.media_id,
            "differences": [],
        },
    )
    assert calls(sandbox, "draft/add") == 1


@pytest.mark.parametrize("fault", [Fault.LOST_BEFORE, Fault.BUSY_BEFORE, Fault.HTTP502, Fault.HTML])
def test_lost_request_is_proved_absent_and_may_be_repeated(
    way: Way, sandbox: OfficialAccountServer, article: Article, fault: Fault
) -> None:
    """Absence that lasts over three looks is a failure that may be tried again."""
    sandbox.fail_next("draft/add", fault)
    outcome = way.deliver(article)
    assert outcome.state is State.FAILED
    assert (outcome.detail["absent"], outcome.detail["transient"]) == (True, True)
    assert (box(sandbox), calls(sandbox, "draft/add")) == ([], 1)
    assert way.waits == [1.0, 3.0]
    assert way.deliver(article).state is State.SENT
    assert box(sandbox) == [article.title]


def test_request_that_takes_effect_late_is_found_before_adding_again(
    api: ScriptedApi, open_way: OpenWay, bare: Article
) -> None:
    """The platform may finish a call after three looks found nothing of it."""
    nothing = {"total_count": 0, "item_count": 0, "item": []}
    late = {"media_id": "d-1", "content": {"news_item": [_as_kept(bare, bare.html)]}}
    api.defaults["material/add_material"] = {"media_id": "m-1"}
    api.defaults["freepublish/batchget"] = {"errcode": 48001, "errmsg": "api unauthorized"}
    api.answer("draft/add", "drop")
    api.answer("draft/batchget", nothing, nothing, nothing)
    api.answer("draft/batchget", {"total_count": 1, "item_count": 1, "item": [late]})
    way = open_way(api.base)
    assert way.deliver(bare).detail["absent"] is True
    assert way.deliver(bare).detail["media_id"] == "d-1"
    assert api.paths().count("draft/add") == 1


def test_failed_look_before_adding_again_adds_nothing(
    way: Way, sandbox: OfficialAccountServer, article: Article
) -> None:
    """What was lost once is not repeated blindly, even after an absence."""
    sandbox.fail_next("draft/add", Fault.LOST_BEFORE)
    way.deliver(article)
    sandbox.fail_next("draft/batchget", Fault.HTTP502)
    assert way.deliver(article).state is State.IN_DOUBT
    assert calls(sandbox, "draft/add") == 1


@pytest.mark.parametrize("look", [Fault.LOST_BEFORE, Fault.HTTP502, Fault.HTML, 45009])
def test_failed_look_leaves_the_delivery_in_doubt(
    way: Way, sandbox: OfficialAccountServer, article: Article, look: Fault | int
) -> None:
    """Not having looked is not absence."""
    sandbox.fail_next("draft/add", Fault.LOST_AFTER)
    sandbox.fail_next("draft/batchget", look)
    outcome = way.deliver(article)
    assert (outcome.state, outcome.detail["class"]) == (State.IN_DOUBT, "lost")
    settled = way.settle(article, ID)
    assert settled is not None
    assert settled.state is State.SENT
    assert calls(sandbox, "draft/add") == 1


def test_settling_tells_same_words_of_other_deliveries_apart(
    way: Way, sandbox: OfficialAccountServer, article: Article
) -> None:
    """Another delivery's draft with the same words is not this one's."""
    way.deliver(article)
    other = way.settle(article, "<2@example.org>")
    assert other is not None
    assert other.state is State.PLANNED
    same = way.settle(article, ID)
    assert same is not None
    assert same.state is State.SENT
    assert len(sandbox.drafts()) == 1


def test_settling_looks_through_every_page(
    way: Way, sandbox: OfficialAccountServer, bare: Article
) -> None:
    """The draft may be the oldest of many."""
    for number in range(45):
        way.deliver(bare, f"<{number}@example.org>")
    found = way.settle(bare, "<0@example.org>")
    assert found is not None
    assert found.detail["media_id"] == sandbox.drafts()[-1].media_id
    assert calls(sandbox, "draft/batchget") == 3


def test_cover_unknown_for_some_seconds_is_waited_for(
    way: Way, sandbox: OfficialAccountServer, article: Article
) -> None:
    """Two refusals of a cover just uploaded are waited out."""
    sandbox.fail_next("draft/add", 40007, times=2)
    assert way.deliver(article).state is State.SENT
    assert way.waits == [2.5, 5.0]
    assert len(sandbox.drafts()) == 1


def test_cover_that_stays_unknown_is_a_failure(
    way: Way, sandbox: OfficialAccountServer, article: Article
) -> None:
    """The third refusal is the answer."""
    sandbox.fail_next("draft/add", 40007, times=3)
    outcome = way.deliver(article)
    assert (outcome.state, outcome.detail["code"]) == (State.FAILED, 40007)
    assert calls(sandbox, "draft/add") == 3


def test_remembered_cover_that_is_gone_is_uploaded_anew(
    way: Way, sandbox: OfficialAccountServer, article: Article
) -> None:
    """A cover deleted in the console does not stop the article."""
    way.deliver(article)
    for key in way.uploads:
        if key[1] == "cover":
            way.uploads[key] = "gone"
    assert way.deliver(article, "<2@example.org>").state is State.SENT
    assert calls(sandbox, "material/add_material") == 2
    assert way.waits == []


@pytest.mark.parametrize(
    ("code", "kind", "transient"),
    [
        (45009, "quota", False),
        (45003, "refused", False),
        (45166, "refused", False),
        (45011, "throttled", True),
        (40001, None, None),
        (77777, "refused", False),
    ],
)
def test_definite_refusal_fails_with_its_mend_and_is_not_looked_for(
    way: Way,
    sandbox: OfficialAccountServer,
    article: Article,
    code: int,
    kind: str | None,
    transient: bool | None,
) -> None:
    """A no of the platform leaves no doubt; a stale token is renewed within the call."""
    sandbox.fail_next("draft/add", code)
    outcome = way.deliver(article)
    if kind is None:
        assert outcome.state is State.SENT
    else:
        assert outcome.state is State.FAILED
        told = {name: outcome.detail[name] for name in ("code", "class", "transient")}
        assert told == {"code": code, "class": kind, "transient": transient}
        assert outcome.detail["mend"] != ""
    assert calls(sandbox, "draft/batchget") == 0


@pytest.mark.parametrize("path", ["media/uploadimg", "material/add_material"])
@pytest.mark.parametrize("fault", [Fault.LOST_AFTER, Fault.BUSY_AFTER, Fault.HTTP502])
def test_upload_that_fails_leaves_no_doubt_about_the_article(
    way: Way, sandbox: OfficialAccountServer, article: Article, path: str, fault: Fault
) -> None:
    """Before the hand-over any failure means the draft was not added."""
    sandbox.fail_next(path, fault)
    outcome = way.deliver(article)
    assert (outcome.state, outcome.detail["transient"]) == (State.FAILED, True)
    assert (way.handed_over, sandbox.drafts()) == ([], [])


def test_refused_token_before_the_hand_over_ends_the_run(
    way: Way, sandbox: OfficialAccountServer, article: Article
) -> None:
    """Nothing more can be delivered with a login that is refused."""
    sandbox.fail_next("media/uploadimg", 40001, times=2)
    with pytest.raises(LoginRefused):
        way.deliver(article)
    assert way.handed_over == []


def test_refused_token_after_the_hand_over_is_a_failure(
    way: Way, sandbox: OfficialAccountServer, article: Article
) -> None:
    """Raising then would leave a doubt that there is not."""
    sandbox.fail_next("draft/add", 40001, times=2)
    assert way.deliver(article).state is State.FAILED
    assert sandbox.drafts() == []


def test_draft_that_cannot_be_read_back_is_sent_all_the_same(
    way: Way, sandbox: OfficialAccountServer, article: Article
) -> None:
    """The missing comparison is told."""
    sandbox.fail_next("draft/get", 45009)
    outcome = way.deliver(article)
    assert outcome.state is State.SENT
    assert outcome.detail["not_compared"] == (
        "WeChat answered 45009: the calls of this day are used up"
    )


def test_what_the_platform_takes_out_is_told(
    way: Way, sandbox: OfficialAccountServer, bare: Article
) -> None:
    """The differences come as sentences with the outcome."""
    spoilt = replace(
        bare,
        html='<section><p style="position: absolute; margin: 0">a</p>'
        '<p><a href="https://example.org/">b</a></p></section>',
    )
    outcome = way.deliver(spoilt)
    assert outcome.detail["differences"] == [
        "<a>: 0 instead of 1",
        "style properties were taken out: position",
    ]
    assert len(sandbox.drafts()) == 1


def test_content_without_a_section_gets_one_for_its_marker(
    way: Way, sandbox: OfficialAccountServer, bare: Article
) -> None:
    """The marker never depends on how the layout begins."""
    outcome = way.deliver(replace(bare, html="<p>各位</p><section>同仁</section>"))
    assert outcome.detail["differences"] == []
    content = sandbox.drafts()[0].articles[0].content
    assert content.startswith(f'<section data-announce="{marker_of(ID)}"><p>各位')


@pytest.mark.parametrize(
    ("played", "error"),
    [
        (Account(app_id="wx-other", app_secret=SECRET), LoginRefused),
        (Account(app_id=APP_ID, app_secret="another"), LoginRefused),
        (Account(app_id=APP_ID, app_secret=SECRET, frozen_secret=True), LoginRefused),
        (
            Account(app_id=APP_ID, app_secret=SECRET, allowed_ips=frozenset({"192.0.2.1"})),
            MachineError,
        ),
    ],
)
def test_login_that_is_refused_ends_the_run_on_entering(
    tmp_path: Path, open_way: OpenWay, played: Account, error: type[Exception]
) -> None:
    """AppID, AppSecret and allow-list are judged before anything is uploaded."""
    with OfficialAccountServer(tmp_path, now=_noon, account=played) as server:
        way = open_way(server.api_base)
        with pytest.raises(error) as caught, way.transport:
            pass
    assert isinstance(caught.value, MachineError)
    assert isinstance(caught.value, LoginRefused) == (error is LoginRefused)
    assert caught.value.hint != ""


def test_refused_address_is_named_on_entering(tmp_path: Path, open_way: OpenWay) -> None:
    """The mend says which address to allow, and where."""
    played = Account(app_id=APP_ID, app_secret=SECRET, allowed_ips=frozenset({"192.0.2.1"}))
    with OfficialAccountServer(tmp_path, now=_noon, account=played) as server:
        way = open_way(server.api_base)
        with pytest.raises(MachineError) as caught, way.transport:
            pass
    assert caught.value.hint.startswith("add 127.0.0.1 at mp.weixin.qq.com")


def _noon() -> datetime:
    return NOON


def test_list_that_changes_while_it_is_read_proves_nothing(
    api: ScriptedApi, open_way: OpenWay, bare: Article
) -> None:
    """A draft deleted between two pages may hide another."""
    other = {"media_id": "x", "content": {"news_item": [{"title": "另一篇", "content": ""}]}}
    api.answer(
        "draft/batchget",
        {"total_count": 22, "item_count": 20, "item": [other] * 20},
        {"total_count": 21, "item_count": 1, "item": [other]},
    )
    way = open_way(api.base)
    assert way.settle(bare, ID) is None


def test_short_page_of_the_list_proves_nothing(
    api: ScriptedApi, open_way: OpenWay, bare: Article
) -> None:
    """An empty page before the end of the list is not the end."""
    api.answer("draft/batchget", {"total_count": 3, "item_count": 0, "item": []})
    way = open_way(api.base)
    assert way.settle(bare, ID) is None


def test_article_that_a_person_published_since_is_found(
    api: ScriptedApi, open_way: OpenWay, bare: Article
) -> None:
    """A published draft has left the box; the list of what was published has it."""
    marked = f'<section data-announce="{marker_of(ID)}"><p>各位同仁：</p></section>'
    api.defaults["draft/batchget"] = {"total_count": 0, "item_count": 0, "item": []}
    api.answer(
        "freepublish/batchget",
        {
            "total_count": 1,
            "item_count": 1,
            "item": [
                {
                    "article_id": "a-1",
                    "content": {"news_item": [_as_kept(bare, marked)]},
                }
            ],
        },
    )
    found = open_way(api.base).settle(bare, ID)
    assert found == Outcome(
        state=State.SENT,
        detail={
            "way": "publish",
            "wanted": "draft",
            "media_id": "",
            "article_id": "a-1",
            "found": "published",
        },
    )


def _as_kept(article: Article, content: str) -> dict[str, Any]:
    return {
        "title": article.title,
        "author": article.author,
        "digest": article.summary,
        "content": content,
        "content_source_url": article.original_url,
    }


def test_draft_without_its_marker_is_found_by_its_words(
    api: ScriptedApi, open_way: OpenWay, bare: Article
) -> None:
    """A person who saved the draft in the editor may have lost the marker."""
    kept = {"media_id": "d-1", "content": {"news_item": [_as_kept(bare, bare.html)]}}
    api.answer("draft/batchget", {"total_count": 1, "item_count": 1, "item": [kept]})
    found = open_way(api.base).settle(bare, ID)
    assert found is not None
    assert found.detail["media_id"] == "d-1"


def test_mail_is_not_taken(api: ScriptedApi, open_way: OpenWay) -> None:
    """Handing over another channel's message is a slip of the program."""
    with pytest.raises(TypeError):
        open_way(api.base).settle(object())  # type: ignore[arg-type]


def test_picture_names_may_be_escaped_in_the_html(
    way: Way, sandbox: OfficialAccountServer, bare: Article
) -> None:
    """Percent and entity escapes name the same picture."""
    shown = replace(
        bare,
        html='<section><p><img src="picture:%E6%B5%B7%E6%8A%A5&amp;1"></p></section>',
        pictures=(Blob(name="海报&1", media_type="image/jpeg", data=JPEG),),
    )
    assert way.deliver(shown).detail["differences"] == []
    assert sandbox.drafts()[0].articles[0].content.count("data-src") == 1
