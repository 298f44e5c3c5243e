"""The emulator's freepublish: submissions, their ends, the list, deleting."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from announce.sandbox.wechat import AccountKind


def submit(api, **changes):
    """Add a draft and submit it: its media_id and the publish_id."""
    media_id = api.add(**changes)["media_id"]
    answer = api.json("freepublish/submit", {"media_id": media_id})
    return media_id, answer["publish_id"]


def status(api, publish_id):
    return api.json("freepublish/get", {"publish_id": publish_id})


def test_submission_is_accepted_and_not_yet_published(subscription):
    """The answer is a number to ask about; until the delay is over nothing is out."""
    media_id, publish_id = submit(subscription)

    assert publish_id.isdecimal()
    assert status(subscription, publish_id) == {
        "publish_id": publish_id,
        "publish_status": 1,
        "fail_idx": [],
    }
    assert subscription.server.readers() == []
    assert [draft.media_id for draft in subscription.server.drafts()] == [media_id]


def test_published_draft_leaves_the_box_and_has_an_address(subscription, clock):
    """After the delay the status is 0, with an id of 43 characters and a permanent address."""
    media_id, publish_id = submit(subscription)
    clock.forward(2)

    told = status(subscription, publish_id)

    assert (told["publish_status"], told["fail_idx"]) == (0, [])
    assert re.fullmatch(r"[\w-]{43}", told["article_id"])
    (item,) = told["article_detail"]["item"]
    assert item["idx"] == told["article_detail"]["count"] == 1
    assert item["article_url"].startswith("https://mp.weixin.qq.com/s/")
    assert subscription.json("draft/get", {"media_id": media_id})["errcode"] == 40007
    assert subscription.get("draft/count") == {"total_count": 0}


@pytest.mark.parametrize("later", [0, 2])
def test_draft_is_not_submitted_twice(subscription, clock, later):
    """On its way or out: the second submission meets 40007, and one publication comes."""
    media_id, _ = submit(subscription)
    clock.forward(later)

    assert subscription.json("freepublish/submit", {"media_id": media_id})["errcode"] == 40007
    clock.forward(10)
    assert len(subscription.server.readers()) == 1


@pytest.mark.parametrize(("scripted", "named"), [(2, [1]), (3, []), (4, [1])])
def test_failed_submission_leaves_the_draft(subscription, clock, scripted, named):
    """A refused submission tells its articles where it names any, and may be tried again."""
    subscription.server.publish_as(scripted, fail_idx=[1])
    media_id, publish_id = submit(subscription)
    clock.forward(2)

    assert status(subscription, publish_id) == {
        "publish_id": publish_id,
        "publish_status": scripted,
        "fail_idx": named,
    }
    assert subscription.server.readers() == []
    again = subscription.json("freepublish/submit", {"media_id": media_id})
    assert (again["errcode"], again["publish_id"] != publish_id) == (0, True)


def test_banned_publication_was_public(subscription, clock):
    """Status 6: out, and taken away by the platform; somebody may have read it."""
    subscription.server.publish_as(6)
    _, publish_id = submit(subscription)
    clock.forward(2)

    assert status(subscription, publish_id)["publish_status"] == 6
    assert len(subscription.server.readers()) == 1
    assert subscription.server.drafts() == []


def test_outcome_that_does_not_exist_is_refused(subscription):
    """A script for status 7 is a mistake of the test."""
    with pytest.raises(ValueError, match="publish_status 7"):
        subscription.server.publish_as(7)


def test_delay_is_the_test_s(account, clock):
    """A slow platform can be played."""
    api = account(kind=AccountKind.VERIFIED_SUB, publish_delay=timedelta(minutes=10))
    api.login()
    _, publish_id = submit(api)
    clock.forward(599)
    before = status(api, publish_id)["publish_status"]
    clock.forward(1)

    assert (before, status(api, publish_id)["publish_status"]) == (1, 0)


@pytest.mark.parametrize(
    ("path", "body", "code"),
    [
        ("freepublish/submit", {"media_id": "none"}, 40007),
        ("freepublish/submit", {}, 40007),
        ("freepublish/get", {"publish_id": "1"}, 53502),
        ("freepublish/getarticle", {"article_id": "none"}, 53600),
        ("freepublish/delete", {"article_id": "none"}, 53600),
        ("freepublish/batchget", {"offset": 0, "count": 21}, 40035),
        ("freepublish/batchget", {"offset": 0, "count": 1, "no_content": 2}, 40035),
    ],
)
def test_calls_about_nothing(subscription, path, body, code):
    """Each has its code for what is not there."""
    assert subscription.json(path, body)["errcode"] == code


@pytest.mark.parametrize("code", [53503, 53504, 53505])
def test_scripted_refusal_of_a_submission(subscription, code):
    """What a person must do in the console first comes as a code."""
    subscription.server.fail_next("freepublish/submit", code)
    media_id = subscription.add()["media_id"]

    assert subscription.json("freepublish/submit", {"media_id": media_id})["errcode"] == code
    assert subscription.json("freepublish/submit", {"media_id": media_id})["errcode"] == 0


def test_published_are_listed_newest_first(subscription, clock):
    """batchget gives what is out, with a temporary address; what is on its way is not there."""
    for title in ("一", "二", "三"):
        submit(subscription, title=title)
        clock.forward(1)
    listed = subscription.json("freepublish/batchget", {"offset": 0, "count": 20})
    bare = subscription.json("freepublish/batchget", {"offset": 0, "count": 1, "no_content": 1})

    assert (listed["total_count"], listed["item_count"]) == (2, 2)
    (newest,) = listed["item"][0]["content"]["news_item"]
    assert (newest["title"], newest["is_deleted"]) == ("二", False)
    assert newest["url"].startswith("http://mp.weixin.qq.com/s?")
    assert "link" not in newest
    assert set(bare["item"][0]) == {"article_id", "update_time"}
    got = subscription.json(
        "freepublish/getarticle", {"article_id": listed["item"][0]["article_id"]}
    )
    assert got == {"news_item": [newest]}


def two_articles(api, clock):
    articles = [api.article(title="首篇"), api.article(title="次篇")]
    media_id = api.json("draft/add", {"articles": articles})["media_id"]
    publish_id = api.json("freepublish/submit", {"media_id": media_id})["publish_id"]
    clock.forward(2)
    return publish_id, status(api, publish_id)["article_id"]


@pytest.mark.parametrize(
    ("index", "gone", "left"),
    [({"index": 2}, [False, True], 0), ({"index": 0}, [True, True], 5), ({}, [True, True], 5)],
)
def test_deleting_by_index_or_all(subscription, clock, index, gone, left):
    """The index counts from 1; 0 or none means all, and the status becomes 5."""
    publish_id, article_id = two_articles(subscription, clock)

    assert subscription.json("freepublish/delete", {"article_id": article_id, **index}) == {
        "errcode": 0,
        "errmsg": "ok",
    }
    news = subscription.json("freepublish/getarticle", {"article_id": article_id})["news_item"]
    assert [article["is_deleted"] for article in news] == gone
    assert status(subscription, publish_id)["publish_status"] == left


@pytest.mark.parametrize("index", [3, -1, "1"])
def test_deleting_an_article_that_there_is_not(subscription, clock, index):
    """An index beyond the articles deletes nothing."""
    publish_id, article_id = two_articles(subscription, clock)

    refused = subscription.json("freepublish/delete", {"article_id": article_id, "index": index})

    assert refused["errcode"] == 40114
    assert status(subscription, publish_id)["publish_status"] == 0


def test_folder_played_as_another_kind_keeps_what_happened(account, clock):
    """Rights change with the kind, the state stays."""
    first = account(kind=AccountKind.VERIFIED_SUB)
    first.login()
    submit(first)
    clock.forward(2)
    second = account(kind=AccountKind.PERSONAL_SUB)
    second.login()

    assert second.json("freepublish/batchget", {"offset": 0, "count": 1})["errcode"] == 48001
    assert len(second.server.readers()) == 1
    assert first.json("freepublish/batchget", {"offset": 0, "count": 1})["total_count"] == 1


def test_job_of_one_process_ends_in_another(account, clock):
    """The state is the folder's: whoever looks first ends the job, once."""
    first, second = (account(kind=AccountKind.VERIFIED_SUB) for _ in range(2))
    first.login()
    second.login()
    _, publish_id = submit(first)
    clock.forward(2)

    assert status(second, publish_id) == status(first, publish_id)
    assert len(first.server.events()) == 1
