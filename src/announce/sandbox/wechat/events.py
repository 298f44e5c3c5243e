"""What the platform tells a callback address: the ends of jobs, as XML.

https://developers.weixin.qq.com/doc/offiaccount/Publish/Callback_on_finish.html
A post carries `signature`, `timestamp` and `nonce` in its address; the body is plain.
"""

from __future__ import annotations

import hashlib
import http.client
import json
import queue
import secrets
import sqlite3
import threading
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlencode, urlsplit
from xml.sax.saxutils import escape

from announce.sandbox.loopback import HOST
from announce.sandbox.wechat.mass_jobs import msg_id
from announce.sandbox.wechat.publishing import PUBLISHED, article_detail, failed, publish_id
from announce.sandbox.wechat.state import State

ACCOUNT_NAME = "gh_sandbox00000"
HELPER = "mphelper"
PATIENCE = 5.0  # seconds until the platform gives up on an answer
TRIES = 3
_LOOPBACK = frozenset({HOST, "localhost", "::1"})

Field = tuple[str, object]


def keep(base: sqlite3.Connection, app_id: str, at: float, fields: list[Field]) -> str:
    """Write an event down; its XML, with the time at which it happened."""
    sender = next((value for name, value in fields if name == "FromUserName"), HELPER)
    head: list[Field] = [
        ("ToUserName", ACCOUNT_NAME),
        ("FromUserName", sender),
        ("CreateTime", int(at)),
        ("MsgType", "event"),
    ]
    rest = [field for field in fields if field[0] != "FromUserName"]
    xml = f"<xml>{_written([*head, *rest])}</xml>"
    base.execute("INSERT INTO events (app_id, at, xml) VALUES (?, ?, ?)", (app_id, at, xml))
    return xml


def published(row: sqlite3.Row) -> list[Field]:
    """PUBLISHJOBFINISH: the end of a submission."""
    info: list[Field] = [
        ("publish_id", int(publish_id(row["number"]))),
        ("publish_status", row["status"]),
    ]
    if row["status"] == PUBLISHED:
        detail = article_detail(row)
        items: list[Field] = [("item", list(item.items())) for item in detail["item"]]
        info += [
            ("article_id", row["article_id"]),
            ("article_detail", [("count", detail["count"]), *items]),
        ]
    info += [("fail_idx", index) for index in failed(row)]
    return [("Event", "PUBLISHJOBFINISH"), ("PublishEventInfo", info)]


def mass_sent(row: sqlite3.Row) -> list[Field]:
    """MASSSENDJOBFINISH: the end of a mass message."""
    counts: dict[str, int] = json.loads(row["counts"])
    links = [article["link"] for article in json.loads(row["articles"]) if "link" in article]
    urls: list[Field] = [
        ("item", [("ArticleIdx", number), ("ArticleUrl", link)])
        for number, link in enumerate(links, 1)
    ]
    return [
        ("Event", "MASSSENDJOBFINISH"),
        ("MsgID", msg_id(row["number"])),
        ("Status", row["outcome"]),
        *counts.items(),
        ("CopyrightCheckResult", _copyright(row)),
        ("ArticleUrlResult", [("Count", len(urls)), ("ResultList", urls)]),
    ]


def notice_sent(openid: str, number: int, status: str) -> list[Field]:
    """TEMPLATESENDJOBFINISH: whether a template message arrived."""
    return [
        ("FromUserName", openid),
        ("Event", "TEMPLATESENDJOBFINISH"),
        ("MsgID", number),
        ("Status", status),
    ]


def kept_events(state: State, app_id: str) -> list[str]:
    """Every event of an account, the first first."""
    with state.reading() as base:
        rows = base.execute("SELECT xml FROM events WHERE app_id = ? ORDER BY number", (app_id,))
        return [row["xml"] for row in rows]


def events_after(state: State, app_id: str, number: int) -> list[tuple[int, int, str]]:
    """The events of an account after one: number, second, XML."""
    with state.reading() as base:
        rows = base.execute(
            "SELECT * FROM events WHERE app_id = ? AND number > ? ORDER BY number",
            (app_id, number),
        )
        return [(row["number"], int(row["at"]), row["xml"]) for row in rows]


def signature(token: str, timestamp: str, nonce: str) -> str:
    """How the platform signs a post in plain mode."""
    return hashlib.sha1("".join(sorted((token, timestamp, nonce))).encode()).hexdigest()


class Callback:
    """Posts events to one address on this machine, in order, from a thread of its own.

    As the platform does: five seconds, three tries, and then it is forgotten; kept_events has
    it all the same. Raises ValueError for an address elsewhere.
    """

    def __init__(self, address: str, token: str) -> None:
        parts = urlsplit(address)
        if parts.scheme != "http" or parts.hostname not in _LOOPBACK:
            raise ValueError(f"events are posted to this machine only, not to {address}")
        self._host, self._port = str(parts.hostname), parts.port or 80
        self._path = parts.path or "/"
        self._query = parts.query
        self._token = token
        self._waiting: queue.Queue[tuple[str, int] | None] = queue.Queue()
        self._thread: threading.Thread | None = None

    def tell(self, xml: str, at: int) -> None:
        """Post an event soon."""
        self._waiting.put((xml, at))

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._waiting.put(None)
        if self._thread is not None:
            self._thread.join()

    def _work(self) -> None:
        while (event := self._waiting.get()) is not None:
            for _ in range(TRIES):
                if self._posted(*event):
                    break

    def _posted(self, xml: str, at: int) -> bool:
        timestamp, nonce = str(at), str(secrets.randbelow(10**10))
        signed = {
            "signature": signature(self._token, timestamp, nonce),
            "timestamp": timestamp,
            "nonce": nonce,
        }
        query = "&".join(part for part in (self._query, urlencode(signed)) if part)
        connection = http.client.HTTPConnection(self._host, self._port, timeout=PATIENCE)
        try:
            connection.request(
                "POST", f"{self._path}?{query}", xml.encode(), {"Content-Type": "text/xml"}
            )
            return connection.getresponse().status == http.client.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()


def _copyright(row: sqlite3.Row) -> list[Field]:
    found = row["reprint"]
    item: list[Field] = [
        ("ArticleIdx", 1),
        ("UserDeclareState", 0),
        ("AuditState", found),
        ("OriginalArticleUrl", ""),
        ("OriginalArticleType", 0),
        ("CanReprint", int(found == 2)),
        ("NeedReplaceContent", int(found == 2)),
        ("NeedShowReprintSource", int(found == 2)),
    ]
    items: list[Field] = [("item", item)] if found > 1 else []
    return [("Count", len(items)), ("ResultList", items), ("CheckState", found)]


def _written(fields: list[Any]) -> str:
    return "".join(f"<{name}>{_value(value)}</{name}>" for name, value in fields)


def _value(value: object) -> str:
    if isinstance(value, list):
        return _written(value)
    if isinstance(value, int):
        return str(value)
    text = str(value)
    return f"<![CDATA[{text}]]>" if "]]>" not in text else escape(text)
