"""What reached people, and what the platform told of it."""

from __future__ import annotations

import hashlib
import queue
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree

import pytest
from wechatpy import parse_message

from announce.sandbox.wechat import AccountKind

MARKED = '<section data-announce="{}"><p>正文</p></section>'


def publish(api, content):
    media_id = api.add(content=content)["media_id"]
    return api.json("freepublish/submit", {"media_id": media_id})


def send(api, **more):
    message = {"filter": {"is_to_all": True}, "msgtype": "mpnews", **more}
    return api.json("message/mass/sendall", message)


def test_readers_are_told_in_order_with_markers(service, clock):
    """Publications, mass messages and notices, each with what marks its articles."""
    publish(service, MARKED.format("k-1"))
    clock.forward(2)
    articles = [service.article(content=MARKED.format(mark)) for mark in ("k-2", "k-3")]
    media_id = service.json("draft/add", {"articles": articles})["media_id"]
    send(service, mpnews={"media_id": media_id})
    clock.forward(2)

    found = [(one.kind, one.markers, len(one.people)) for one in service.server.readers()]

    assert found == [("publish", ("k-1",), 0), ("mass", ("k-2", "k-3"), 12)]


def test_text_message_is_told_by_its_words(service, clock):
    """A message without articles has none to mark."""
    send(service, msgtype="text", text={"content": "通知"})
    clock.forward(2)

    (reached,) = service.server.readers()
    assert (reached.titles, reached.markers, reached.words) == ((), (), "通知")


def test_deleted_message_was_read_all_the_same(service, clock):
    """Deleting takes nothing back from those who have it."""
    publish(service, MARKED.format("k-1"))
    clock.forward(2)
    listed = service.json("freepublish/batchget", {"offset": 0, "count": 1, "no_content": 1})
    service.json("freepublish/delete", {"article_id": listed["item"][0]["article_id"]})

    assert [one.markers for one in service.server.readers()] == [("k-1",)]


def test_publication_tells_its_end(service, clock):
    """PUBLISHJOBFINISH, as a client library reads it."""
    publish(service, MARKED.format("k"))
    service.server.publish_as(2, fail_idx=[1, 2])
    publish(service, MARKED.format("l"))
    clock.forward(2)

    good, bad = (ElementTree.fromstring(xml) for xml in service.server.events())

    assert good.findtext("Event") == "PUBLISHJOBFINISH"
    assert good.findtext("FromUserName") == "mphelper"
    assert good.findtext("PublishEventInfo/publish_status") == "0"
    assert str(good.findtext("PublishEventInfo/article_detail/item/article_url")).startswith(
        "https"
    )
    assert len(str(good.findtext("PublishEventInfo/article_id"))) == 43
    assert [one.text for one in bad.findall("PublishEventInfo/fail_idx")] == ["1", "2"]
    assert bad.find("PublishEventInfo/article_id") is None


def test_mass_message_tells_its_end(service, clock):
    """MASSSENDJOBFINISH, with counts, copyright and addresses; wechatpy can read it."""
    service.server.mass_as(reprint=True)
    send(service, mpnews={"media_id": service.add()["media_id"]}, send_ignore_reprint=1)
    clock.forward(2)

    (xml,) = service.server.events()
    found = ElementTree.fromstring(xml)

    names = ("Event", "Status", "TotalCount", "FilterCount", "SentCount", "ErrorCount")
    assert [found.findtext(name) for name in names] == [
        "MASSSENDJOBFINISH", "send success", "12", "12", "12", "0",
    ]  # fmt: skip
    assert found.findtext("CopyrightCheckResult/CheckState") == "2"
    assert found.findtext("CopyrightCheckResult/ResultList/item/CanReprint") == "1"
    assert found.findtext("ArticleUrlResult/Count") == "1"
    assert parse_message(xml).event == "masssendjobfinish"


class Listener:
    """A callback address of a program: what was posted there."""

    def __init__(self, answers: list[int]) -> None:
        self.posts: queue.Queue[tuple[dict[str, Any], str]] = queue.Queue()
        posts = self.posts

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                posts.put((parse_qs(urlsplit(self.path).query), body))
                self.send_response(answers.pop(0) if answers else 200)
                self.end_headers()

            def log_message(self, *args: object) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}/callback?from=sandbox"


@pytest.fixture
def listener() -> Iterator[Listener]:
    listening = Listener([500])
    thread = threading.Thread(target=listening.server.serve_forever, args=(0.02,))
    thread.start()
    yield listening
    listening.server.shutdown()
    thread.join()
    listening.server.server_close()


def test_events_are_posted_signed_until_they_are_taken(account, clock, listener):
    """The first answer is 500: the same event comes again, and no other."""
    api = account(kind=AccountKind.VERIFIED_SERVICE, callback=(listener.address, "secret-word"))
    api.login()
    publish(api, MARKED.format("k"))
    clock.forward(2)
    api.server.settle()

    posts = [listener.posts.get(timeout=10) for _ in range(2)]

    assert {body for _, body in posts} == set(api.server.events())
    for query, _ in posts:
        assert query["from"] == ["sandbox"]
        parts = ["secret-word", query["timestamp"][0], query["nonce"][0]]
        told = hashlib.sha1("".join(sorted(parts)).encode()).hexdigest()
        assert query["signature"] == [told]
    assert listener.posts.empty()


@pytest.mark.parametrize("address", ["http://example.org/", "https://127.0.0.1/", "file:///x"])
def test_events_stay_on_this_machine(account, address):
    """An address elsewhere is refused."""
    with pytest.raises(ValueError, match="this machine only"):
        account(callback=(address, "word"))


def test_ticking_account_ends_its_jobs_by_itself(account, clock, listener):
    """Nobody asks, and the event comes all the same."""
    api = account(
        kind=AccountKind.VERIFIED_SERVICE, callback=(listener.address, "word"), ticks=True
    )
    api.login()
    publish(api, MARKED.format("k"))
    clock.forward(2)

    assert "PUBLISHJOBFINISH" in listener.posts.get(timeout=10)[1]
