"""Another official account, which shares nothing with the sandbox's: made from samples alone.

No public emulator that we found has drafts and publications, so this one answers with the shapes
that are documented, and that SDKs keep as samples, where they differ from the sandbox's: fields
nobody asked for, ids of other forms, chunked replies, content that an HTML parser wrote anew.

https://developers.weixin.qq.com/doc/subscription/api/draftbox/draftmanage/api_draft_add.html
https://developers.weixin.qq.com/doc/subscription/api/public/api_freepublish_submit.html
https://github.com/fudiwei/DotNetCore.SKIT.FlurlHttpClient.Wechat (models of the answers)
https://github.com/binarywang/WxJava (WxMpErrorMsgEnum)
"""

from __future__ import annotations

import json
import re
import threading
from collections import Counter
from collections.abc import Callable
from email.parser import BytesParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from lxml import html

APP_ID = "wxfedcba9876543210"
APP_SECRET = "other" * 6 + "xx"
EVERYTHING = frozenset({"draft", "freepublish", "mass", "tags", "template"})
WRITES = (
    "media/uploadimg", "material/add_material", "draft/add", "draft/update", "draft/delete",
    "freepublish/submit", "freepublish/delete", "message/mass/sendall", "message/mass/delete",
)  # fmt: skip
_HEX = re.compile(r"#([0-9a-fA-F]{2})([0-9a-fA-F]{2})([0-9a-fA-F]{2})\b")

Answer = dict[str, Any]


class Refused(Exception):
    """A code instead of an answer."""


class OtherAccount:
    """The account, in memory: `rights` are the families it may call; `calls` counts by path."""

    def __init__(self, rights: frozenset[str] = EVERYTHING) -> None:
        self.rights = rights
        self.calls: Counter[str] = Counter()
        self.boxed: dict[str, list[Answer]] = {}
        self.published: dict[str, list[Answer]] = {}
        self.jobs: dict[str, str] = {}
        self.sent: dict[str, int] = {}
        self.gone: set[int] = set()
        self._number = 0
        self._losing: Counter[str] = Counter()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def base(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def writes(self) -> int:
        """How many calls meant to change something."""
        return sum(self.calls[path] for path in WRITES)

    def lose_next(self, path: str) -> None:
        """Let the next call take effect and its answer be lost."""
        self._losing[path] += 1

    def answer(self, path: str, asked: Answer) -> tuple[Answer, bool]:
        """The answer to a call, and whether it is lost."""
        self.calls[path] += 1
        family = "mass" if path.startswith("message/mass") else path.split("/")[0]
        if family in EVERYTHING - self.rights:
            raise Refused(48001, "api unauthorized")
        done: Callable[[Answer], Answer] = getattr(self, "on_" + path.replace("/", "_"))
        found = done(asked)
        lost = self._losing[path] > 0
        self._losing[path] -= lost
        return found, lost

    # Pictures

    def on_media_uploadimg(self, _asked: Answer) -> Answer:
        """An address of the picture host, with its parameters."""
        return {"url": f"http://mmbiz.qpic.cn/sz_mmbiz_png/{self._id(40)}/0?wx_fmt=png&from=appmsg"}

    def on_material_add_material(self, asked: Answer) -> Answer:
        """A picture of the library."""
        assert asked["type"] == "image"
        url = f"http://mmbiz.qpic.cn/mmbiz_png/{self._id(30)}/0?wx_fmt=png"
        return {"media_id": self._id(64), "url": url, "item": []}

    # Drafts

    def on_draft_add(self, asked: Answer) -> Answer:
        """A new draft."""
        media_id = self._id(64)
        self.boxed[media_id] = [_stored(one) for one in asked["articles"]]
        return {"media_id": media_id, "item": [{"index": 0, "ad_count": 0}]}

    def on_draft_update(self, asked: Answer) -> Answer:
        """One article of a draft anew."""
        if not isinstance(asked["articles"], dict):
            raise Refused(47001, "data format error")
        self._box(asked)[asked["index"]] = _stored(asked["articles"])
        return {"errcode": 0, "errmsg": "ok"}

    def on_draft_get(self, asked: Answer) -> Answer:
        """A draft, with fields that nobody sent."""
        return {"news_item": [_shown(one) for one in self._box(asked)]}

    def on_draft_batchget(self, asked: Answer) -> Answer:
        """A page of the box, the newest first."""
        return _page(asked, [("media_id", one, self.boxed[one]) for one in reversed(self.boxed)])

    def on_draft_count(self, _asked: Answer) -> Answer:
        """How many there are."""
        return {"total_count": len(self.boxed)}

    def on_draft_delete(self, asked: Answer) -> Answer:
        """A draft is gone."""
        self._box(asked)
        del self.boxed[asked["media_id"]]
        return {"errcode": 0, "errmsg": "ok"}

    # Publications

    def on_freepublish_submit(self, asked: Answer) -> Answer:
        """A publication, ready at the first question."""
        articles = self._box(asked)
        del self.boxed[asked["media_id"]]
        job, article_id = str(self._next(2247483900)), self._id(43)
        self.jobs[job], self.published[article_id] = article_id, articles
        return {"errcode": 0, "errmsg": "ok", "publish_id": job, "msg_data_id": int(job) + 7}

    def on_freepublish_get(self, asked: Answer) -> Answer:
        """It is out."""
        article_id = self.jobs[asked["publish_id"]]
        articles = self.published[article_id]
        items = [{"idx": n, "article_url": _url(one)} for n, one in enumerate(articles, 1)]
        return {
            "publish_id": asked["publish_id"],
            "publish_status": 0,
            "article_id": article_id,
            "article_detail": {"count": len(items), "item": items},
            "fail_idx": [],
        }

    def on_freepublish_batchget(self, asked: Answer) -> Answer:
        """A page of what is out."""
        return _page(asked, [("article_id", one, self.published[one]) for one in self.published])

    def on_freepublish_getarticle(self, asked: Answer) -> Answer:
        """The articles of a publication."""
        if asked["article_id"] not in self.published:
            raise Refused(53600, "invalid article_id")
        return {"news_item": [_shown(one) for one in self.published[asked["article_id"]]]}

    def on_freepublish_delete(self, asked: Answer) -> Answer:
        """A publication is gone."""
        self.published.pop(asked["article_id"])
        return {"errcode": 0, "errmsg": "ok"}

    # Mass messages

    def on_message_mass_sendall(self, asked: Answer) -> Answer:
        """A mass message, once for each id of the client's."""
        known = self.sent.get(asked["clientmsgid"])
        if known is not None:
            raise Refused(45065, "clientmsgid exist", {"msg_id": known})
        self._box({"media_id": asked["mpnews"]["media_id"]})
        del self.boxed[asked["mpnews"]["media_id"]]
        number = self._next(3147494276)
        self.sent[asked["clientmsgid"]] = number
        told = {"errcode": 0, "errmsg": "send job submission success"}
        return {**told, "msg_id": number, "msg_data_id": 2455891298}

    def on_message_mass_get(self, asked: Answer) -> Answer:
        """It was sent."""
        number = int(asked["msg_id"])
        status = "DELETE" if number in self.gone else "SEND_SUCCESS"
        return {"msg_id": number, "msg_status": status}

    def on_message_mass_delete(self, asked: Answer) -> Answer:
        """It is gone."""
        self.gone.add(int(asked["msg_id"]))
        return {"errcode": 0, "errmsg": "ok"}

    # The account

    def on_tags_get(self, _asked: Answer) -> Answer:
        """The tags."""
        return {"tags": [{"id": 2, "name": "星标组", "count": 0}]}

    def on_template_get_all_private_template(self, _asked: Answer) -> Answer:
        """No template."""
        return {"template_list": []}

    def _box(self, asked: Answer) -> list[Answer]:
        if asked["media_id"] not in self.boxed:
            raise Refused(40007, "invalid media_id")
        return self.boxed[asked["media_id"]]

    def _next(self, begin: int) -> int:
        self._number += 1
        return begin + self._number

    def _id(self, length: int) -> str:
        return f"-_{self._next(0)}".rjust(length, "k")


def _stored(article: Answer) -> Answer:
    """The article as the platform keeps it: an HTML parser wrote its content anew."""
    tree = html.fromstring(f"<div>{article['content']}</div>")
    for element in tree.iter():
        if source := element.attrib.pop("src", None):
            element.set("data-src", source.replace("/0?", "/640?"))
        if style := element.get("style"):
            element.set("style", _HEX.sub(_rgb, style).replace(": ", ":"))
    inside = (tree.text or "") + "".join(html.tostring(one, encoding="unicode") for one in tree)
    return {**article, "content": inside}


def _rgb(match: re.Match[str]) -> str:
    return f"rgb({', '.join(str(int(part, 16)) for part in match.groups())})"


def _shown(article: Answer) -> Answer:
    return {
        **article,
        "url": "http://mp.weixin.qq.com/s?__biz=MzA=&tempkey=x#rd",
        "thumb_url": "http://mmbiz.qpic.cn/mmbiz_png/x/0?wx_fmt=png",
        "show_cover_pic": 0,
        "is_deleted": False,
        "article_type": "news",
    }


def _url(article: Answer) -> str:
    return f"http://mp.weixin.qq.com/s?__biz=MzA=&mid=22&idx=1&sn={hash(article['title']):x}#rd"


def _page(asked: Answer, found: list[tuple[str, str, list[Answer]]]) -> Answer:
    part = found[asked["offset"] : asked["offset"] + asked["count"]]
    items = []
    for name, number, articles in part:
        shown = [_shown(one) for one in articles]
        if asked.get("no_content"):
            shown = [{**one, "content": ""} for one in shown]
        times = {"create_time": 1763856000, "update_time": 1763856000}
        items.append({name: number, "content": {"news_item": shown, **times}, **times})
    return {"item": items, "total_count": len(found), "item_count": len(items)}


def _handler(account: OtherAccount) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._do(b"")

        def do_POST(self) -> None:
            self._do(self.rfile.read(int(self.headers["Content-Length"])))

        def _do(self, body: bytes) -> None:
            parts = urlsplit(self.path)
            path, query = parts.path.removeprefix("/cgi-bin/"), parse_qs(parts.query)
            asked = {**{name: values[0] for name, values in query.items()}, **self._sent(body)}
            try:
                if path == "stable_token":
                    account.calls[path] += 1
                    assert (asked["appid"], asked["secret"]) == (APP_ID, APP_SECRET)
                    found, lost = {"access_token": "86_token", "expires_in": 7200}, False
                elif asked.get("access_token") != "86_token":
                    raise Refused(40001, "invalid credential")
                else:
                    found, lost = account.answer(path, asked)
            except Refused as refused:
                code, text, *more = refused.args
                told = f"{text} rid: 69239f2c-0c0ffee0-12345678"
                found, lost = {"errcode": code, "errmsg": told, **(more[0] if more else {})}, False
            if lost:
                self.close_connection = True
                return
            self._tell(path, found)

        def _sent(self, body: bytes) -> Answer:
            kind = self.headers.get("Content-Type", "")
            if kind.startswith("multipart/form-data"):
                head = f"Content-Type: {kind}\r\n\r\n".encode()
                (part,) = BytesParser().parsebytes(head + body).get_payload()
                assert part.get_param("name", header="Content-Disposition") == "media"
                return {}
            assert rb"\u" not in body, "escaped as \\uXXXX"
            return json.loads(body) if body else {}

        def _tell(self, path: str, found: Answer) -> None:
            text = json.dumps(found, ensure_ascii=False, indent=1).encode()
            self.send_response(200)
            plain = path == "draft/get"
            self.send_header("Content-Type", "text/plain" if plain else "application/json")
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            half = len(text) // 2
            for chunk in (text[:half], text[half:], b""):
                if chunk or half:
                    self.wfile.write(b"%x\r\n%s\r\n" % (len(chunk), chunk))

        def log_message(self, *_: object) -> None:
            """Nothing is told."""

    return Handler
