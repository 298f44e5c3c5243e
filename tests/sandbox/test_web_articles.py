"""The web inbox's pages about what came out, over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape

import pytest
import requests
from sandbox_support import Client, Clock

from announce.sandbox.web import WebInbox
from announce.sandbox.wechat.population import invented_openid

ONE = invented_openid(1)


@dataclass
class Pages:
    """A service account that is played, and the pages over its folder."""

    api: Client
    clock: Clock
    url: str

    def get(self, path: str) -> requests.Response:
        return self.api.session.get(self.url + path, timeout=10)

    def text(self, path: str) -> str:
        return unescape(self.get(path).text)

    def post(self, path: str, *, own: bool = True) -> int:
        origin = "/".join(self.url.split("/")[:3]) if own else "http://example.com"
        answer = self.api.session.post(
            self.url + path, headers={"Origin": origin}, allow_redirects=False, timeout=10
        )
        return answer.status_code

    def send(self, *titles: str, **more: object) -> int:
        articles = [self.api.article(title=title) for title in titles]
        media_id = self.api.json("draft/add", {"articles": articles})["media_id"]
        message = {
            "filter": {"is_to_all": True},
            "msgtype": "mpnews",
            "mpnews": {"media_id": media_id},
            **more,
        }
        return self.api.json("message/mass/sendall", message).get("msg_id", 0)

    def publish(self, title: str) -> str:
        media_id = self.api.add(title=title)["media_id"]
        answer = self.api.json("freepublish/submit", {"media_id": media_id})
        return answer["publish_id"]

    def later(self) -> None:
        self.clock.forward(2)
        self.api.server.settle()


@pytest.fixture
def pages(service: Client, clock: Clock, tmp_path) -> Iterator[Pages]:
    # The inbox looks at a sandbox's folder: the account's is its `wechat`.
    with WebInbox(tmp_path, account=service.server) as inbox:
        yield Pages(service, clock, inbox.url)


def test_nothing_came_out_yet(pages):
    """Empty lists say what would stand there."""
    assert "Nothing was published or sent" in pages.text("outbox")
    assert "No message has come yet" in pages.text("reader")
    assert "Nothing is published" in pages.text("reader?shown=pages")


def test_list_tells_how_each_ended(pages):
    """Publications and messages with their states and readers."""
    pages.publish("发布中")
    pages.later()
    pages.publish("在途")
    pages.send("群发 <b>", filter={"is_to_all": False, "tag_id": 100})
    before = pages.text("outbox")
    pages.later()
    after = pages.text("outbox")

    assert ("being published" in before, "being sent" in before) == (True, True)
    assert "群发 <b>" in after and "群发 <b>" not in pages.get("outbox").text
    assert "followers tagged “中文” · 8 of 8" in after
    assert ("being published" in after, "being sent" in after) == (False, False)


def test_article_is_seen_as_its_reader_sees_it(pages):
    """The card, the facts, and the page in a frame without rights."""
    msg_id = pages.send("首篇", "次篇")
    pages.later()

    text = pages.text(f"outbox/mass/{msg_id}?article=1")

    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in text
    assert "12 of 12" in text and "https://mp.weixin.qq.com/s/" in text
    assert '<h1 class="rich_media_title">次篇</h1>' in text
    assert "Read original" in text
    assert "<p>正文</p>" in pages.text(f"outbox/mass/{msg_id}?view=source")


def test_deleted_article_is_gone_for_its_readers(pages):
    """The card stays, the page says that it was deleted."""
    msg_id = pages.send("通知")
    pages.later()
    pages.api.json("message/mass/delete", {"msg_id": msg_id})

    assert "This content was deleted by its publisher." in pages.text(f"outbox/mass/{msg_id}")
    assert "sent, then deleted" in pages.text("outbox")


def test_conversation_is_the_follower_s_own(pages):
    """Head and seconds, words, notices and previews, for those who got them."""
    template = pages.api.server.add_template("template", "结果", "编号：{{number1.DATA}}")
    pages.send("首篇", "次篇", filter={"is_to_all": False, "tag_id": 100})
    pages.api.json(
        "message/template/send",
        {
            "touser": ONE,
            "template_id": template.template_id,
            "data": {"number1": {"value": "17"}},
        },
    )
    pages.later()

    mine = pages.text(f"reader?as={ONE}")
    other = pages.text(f"reader?as={invented_openid(12)}")

    assert "2 messages reached this follower." in mine
    assert all(word in mine for word in ("首篇", "次篇", "编号", "17"))
    assert "0 messages reached this follower." in other


def test_published_pages_are_not_in_the_conversation(pages):
    """Publishing notifies nobody."""
    pages.publish("只发布")
    pages.later()

    assert "只发布" not in pages.text("reader")
    assert "只发布" in pages.text("reader?shown=pages")


def test_preview_by_name_can_be_looked_at(pages):
    """A name that is no follower's has a conversation too."""
    asked = {"towxname": "ada_lovelace", "msgtype": "text", "text": {"content": "请过目"}}
    pages.api.json("message/mass/preview", asked)

    assert "请过目" in pages.text("reader?as=ada_lovelace")


@pytest.mark.parametrize(("said", "reached"), [("yes", 12), ("no", 0)])
def test_administrator_answers_on_the_page(pages, said, reached):
    """The buttons stand where a message waits, and do what they say."""
    pages.api.server.admin_confirms()
    pages.send("要紧", clientmsgid="once")
    (waiting,) = pages.api.server.masses()
    page = pages.text("outbox")
    foreign = pages.post(f"admin/{waiting.msg_id}/{said}", own=False)
    answered = pages.post(f"admin/{waiting.msg_id}/{said}")
    pages.later()

    assert "may it go out?" in page
    assert (foreign, answered) == (403, 303)
    assert sum(len(one.people) for one in pages.api.server.readers()) == reached
    assert "may it go out?" not in pages.text("outbox")


def test_nobody_answers_for_an_account_played_elsewhere(pages, tmp_path):
    """Without the account there are no buttons, and no such address."""
    pages.api.server.admin_confirms()
    pages.send("要紧")
    with WebInbox(tmp_path) as inbox:
        pages.url = inbox.url

        assert "may it go out?" not in pages.text("outbox")
        assert pages.post("admin/3147483649/yes") == 404


def test_outbox_is_forgotten_by_its_form(pages):
    """What came out goes, drafts stay."""
    pages.send("通知")
    pages.later()
    pages.api.add()

    assert pages.post("empty/outbox") == 303
    assert (pages.api.server.readers(), len(pages.api.server.drafts())) == ([], 1)


@pytest.mark.parametrize(
    "path",
    ["outbox/mass/1", "outbox/mass/none", "outbox/x/1", "reader/x", "drafts/x"],
)
def test_page_that_there_is_not(pages, path):
    """Each is told as a page."""
    assert pages.get(path).status_code == 404


def test_article_number_that_there_is_not(pages):
    """Neither is there a second article of one."""
    publish_id = pages.publish("一篇")

    assert pages.get(f"outbox/publish/{publish_id}").status_code == 200
    assert pages.get(f"outbox/publish/{publish_id}?article=1").status_code == 404


def test_picture_post_shows_its_pictures(pages):
    """Pictures first, then title and words."""
    cover = pages.api.cover()
    post = {
        "article_type": "newspic",
        "title": "掠影",
        "content": "会场",
        "image_info": {"image_list": [{"image_media_id": cover}, {"image_media_id": cover}]},
    }
    media_id = pages.api.json("draft/add", {"articles": [post]})["media_id"]

    text = pages.text(f"draft/{media_id}")

    assert unescape(text).count('<img src="data:image/png;base64,') == 2
    assert '<p class="words">会场</p>' in text
