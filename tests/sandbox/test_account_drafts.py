"""The emulator's draft box."""

from __future__ import annotations

import json

import pytest

from announce.sandbox.wechat import STRICT_BYTES, Account


def test_added_draft_comes_back_as_stored(api):
    """draft/get answers the article as the box has it, as text without a charset."""
    media_id = api.add()["media_id"]

    answer = api.send("draft/get", json.dumps({"media_id": media_id}).encode())
    (article,) = json.loads(answer.content.decode())["news_item"]

    assert answer.headers["Content-Type"] == "text/plain"
    assert {name: article[name] for name in ("title", "author", "digest", "content")} == {
        "title": "征稿通知",
        "author": "组委会",
        "digest": "截止 2 月 10 日（AoE）",
        "content": "<section><p>正文</p></section>",
    }
    assert article["url"].startswith("http://mp.weixin.qq.com/s?")


def test_adding_twice_makes_two_drafts(api):
    """There is no idempotency key: the client must look."""
    article = api.article()
    ids = {api.json("draft/add", {"articles": [article]})["media_id"] for _ in range(2)}

    assert len(ids) == 2
    assert api.get("draft/count") == {"total_count": 2}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"title": "字" * 32}, None),
        ({"title": "字" * 33}, 45003),
        ({"title": " "}, 40035),
        ({"title": 1}, 47001),
        ({"author": "字" * 17}, 45110),
        ({"digest": "字" * 128}, None),
        ({"digest": "字" * 129}, 45004),
        ({"content": ""}, 45166),
        ({"content": "字" * 19_999}, None),
        ({"content": "x" * 20_000}, 45002),
        ({"content_source_url": "https://example.org/" + "x" * 1004}, None),
        ({"content_source_url": "https://example.org/" + "x" * 1005}, 45005),
        ({"content_source_url": "ftp://example.org/"}, 41039),
        ({"thumb_media_id": "none"}, 40007),
        ({"thumb_media_id": None}, 40007),
        ({"need_open_comment": 1}, None),
        ({"need_open_comment": "yes"}, 40035),
        ({"pic_crop_235_1": "0_0_1_0.5"}, None),
        ({"pic_crop_235_1": "wide"}, 53402),
        ({"pic_crop_235_1": "1_0_0_1"}, 53402),
        ({"pic_crop_1_1": "0_0_0.5_1.5"}, 53402),
        ({"need_open_comment": True}, 40035),
        ({"article_type": "poem"}, 40035),
        ({"article_type": "newspic"}, 40035),
    ],
)
def test_documented_limits(api, changes, code):
    """Each limit has its code; characters are counted, not bytes."""
    assert api.add(**changes).get("errcode") == code


@pytest.mark.parametrize(
    ("changes", "code"),
    [({"title": "字" * 21}, None), ({"title": "字" * 22}, 45003), ({"author": "字" * 9}, 45110)],
)
def test_strict_limits_count_bytes(account, changes, code):
    """The strict profile refuses what users saw refused."""
    api = account(profile=STRICT_BYTES)
    api.login()

    assert api.add(**changes).get("errcode") == code


@pytest.mark.parametrize(
    ("articles", "code"),
    [(None, 44003), ({}, 44003), ([], 44003), (["text"], 44003), ([{}] * 9, 45008)],
)
def test_articles_must_be_one_to_eight_objects(api, articles, code):
    """An article alone, without its list, is empty news."""
    assert api.json("draft/add", {"articles": articles})["errcode"] == code


def test_comments_need_the_right(account):
    """An account without comments refuses articles that open them."""
    mine = Account(app_id="wx1", app_secret="s", comments=False)
    api = account(account=mine)
    api.login()

    assert api.add(need_open_comment=1)["errcode"] == 88000


def test_escaped_characters_stay_escaped(api):
    """JSON escapes beyond ASCII are shown literally and counted as six characters each."""
    escaped = api.article(title="征稿", author="")
    too_long = api.article(title="征稿通知二〇", author="")

    added = api.send("draft/add", json.dumps({"articles": [escaped]}).encode()).json()
    refused = api.send("draft/add", json.dumps({"articles": [too_long]}).encode()).json()

    (draft,) = api.server.drafts()
    assert draft.media_id == added["media_id"]
    assert draft.articles[0].title == r"\u5f81\u7a3f"
    assert refused["errcode"] == 45003


def test_escaped_ascii_and_escaped_backslash_are_read(api):
    """Escapes that do no harm on the platform do none here."""
    body = json.dumps({"articles": [api.article(title="X")]}, ensure_ascii=False)
    body = body.replace('"X"', r'"\u003ca\u003e \\u5f81 \"q\""')
    api.send("draft/add", body.encode())

    assert api.server.drafts()[0].articles[0].title == r'<a> \u5f81 "q"'


def test_missing_digest_is_the_first_words(api):
    """The first 54 characters of the text stand in for a digest."""
    api.add(digest="", content="<p>" + "一二三四五六七八九十" * 6 + "</p>")

    assert api.server.drafts()[0].articles[0].digest == "一二三四五六七八九十" * 5 + "一二三四"


def test_message_of_several_articles_has_no_digests(api):
    """Only a single article keeps one, as the documents say."""
    articles = [api.article(digest="一"), api.article(digest="二")]
    api.json("draft/add", {"articles": articles})

    assert [article.digest for article in api.server.drafts()[0].articles] == ["", ""]


def test_update_replaces_one_article(api, clock):
    """The article of the index is replaced whole, and the draft comes first in the box."""
    media_id = api.json("draft/add", {"articles": [api.article(), api.article()]})["media_id"]
    api.add()
    clock.forward(1)
    changed = {"media_id": media_id, "index": 1, "articles": api.article(title="改")}

    assert api.json("draft/update", changed) == {"errcode": 0, "errmsg": "ok"}
    assert [article.title for article in api.server.drafts()[0].articles] == ["征稿通知", "改"]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"index": 1}, 40114),
        ({"index": -1}, 40114),
        ({"index": None}, 40114),
        ({"index": "0"}, 40114),
        ({"articles": []}, 47001),
        ({"media_id": "none"}, 40007),
    ],
)
def test_update_refuses(api, changes, code):
    """The index is from 0, and the article an object, not a list."""
    media_id = api.add()["media_id"]
    body = {"media_id": media_id, "index": 0, "articles": api.article(), **changes}

    assert api.json("draft/update", body)["errcode"] == code


def test_box_is_paged_newest_first(api, clock):
    """batchget gives the latest change first, with or without contents."""
    ids = []
    for _ in range(3):
        ids.append(api.add()["media_id"])
        clock.forward(1)

    page = api.json("draft/batchget", {"offset": 0, "count": 2, "no_content": 1})
    rest = api.json("draft/batchget", {"offset": 2, "count": 20, "no_content": 0})

    assert page == {
        "item": [
            {"media_id": ids[2], "update_time": 1736154002},
            {"media_id": ids[1], "update_time": 1736154001},
        ],
        "total_count": 3,
        "item_count": 2,
    }
    assert rest["item"][0]["content"]["news_item"][0]["title"] == "征稿通知"


@pytest.mark.parametrize("count", [0, 21, None, "5"])
def test_box_page_is_one_to_twenty(api, count):
    """A page beyond the limits is a parameter error."""
    assert api.json("draft/batchget", {"offset": 0, "count": count})["errcode"] == 40035


def test_deleted_draft_is_gone_for_good(api):
    """A second delete and any later use meet 40007."""
    media_id = api.add()["media_id"]

    codes = [api.json("draft/delete", {"media_id": media_id})["errcode"] for _ in range(2)]

    assert codes == [0, 40007]
    assert api.json("draft/get", {"media_id": media_id})["errcode"] == 40007


def test_picture_post_needs_permanent_pictures(api):
    """A newspic article has a list of pictures and plain text."""
    article = {
        "article_type": "newspic",
        "title": "奖项揭晓",
        "content": "获奖名单 <见图>",
        "image_info": {"image_list": [{"image_media_id": api.cover()}]},
    }
    media_id = api.json("draft/add", {"articles": [article]})["media_id"]

    (stored,) = api.json("draft/get", {"media_id": media_id})["news_item"]
    assert (stored["content"], stored["image_info"]) == (article["content"], article["image_info"])
    article["image_info"] = {"image_list": [{"image_media_id": "none"}]}
    assert api.json("draft/add", {"articles": [article]})["errcode"] == 40007


def picture_post(api, **changes):
    pictures = [{"image_media_id": api.cover()} for _ in range(2)]
    post = {
        "article_type": "newspic",
        "title": "奖项揭晓",
        "content": "获奖名单",
        "image_info": {"image_list": pictures},
        **changes,
    }
    return api.json("draft/add", {"articles": [post]})


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"image_info": {"image_list": []}}, 40035),
        ({"image_info": {"image_list": [{"image_media_id": "x"}] * 21}}, 40035),
        ({"content": "<p>获奖名单</p>"}, 45166),
        ({"product_info": {"footer_product_info": {"product_key": "x"}}}, 53406),
        ({"cover_info": {"crop_percent_list": [{"ratio": "4_3"}]}}, 53402),
        (
            {
                "cover_info": {
                    "crop_percent_list": [
                        {"ratio": "1_1", "x1": "0.166454", "y1": "0", "x2": "0.833545", "y2": "1"}
                    ]
                }
            },
            None,
        ),
        ({}, None),
    ],
)
def test_picture_post_with_a_fault_gets_its_code(api, changes, code):
    """One to twenty pictures, plain text, no shop, and crops of known shapes."""
    assert picture_post(api, **changes).get("errcode") == code


def test_picture_post_shows_its_first_picture(api):
    """The cover is the first of the pictures."""
    picture_post(api)

    (article,) = api.server.drafts()[0].articles
    assert (article.kind, len(article.pictures)) == ("newspic", 2)
    assert article.cover == article.pictures[0]
