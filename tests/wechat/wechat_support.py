"""A scripted API server, and what the tests of the WeChat channel share."""

from __future__ import annotations

import json
import threading
from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, urlsplit

from announce.channels.wechat.api import OfficialAccount
from announce.channels.wechat.transport import ArticleTransport
from announce.model.delivery import DeliveryKey, Event, Outcome
from announce.model.message import Article

APP_ID = "wx0123456789abcdef"
SECRET = "a-secret-that-nobody-may-read"
TOKEN = "token-of-the-script"
NOON = datetime(2025, 1, 6, 12, 0, tzinfo=UTC)

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 200
JPEG = b"\xff\xd8\xff\xe0" + b"\0" * 200

Answer = dict[str, Any] | bytes | int | str


@dataclass(frozen=True)
class Asked:
    """A request as it arrived."""

    path: str
    query: dict[str, list[str]]
    content_type: str
    body: bytes


@dataclass
class ScriptedApi:
    """Answers each path by its script, then by its default; keeps what was asked.

    A dictionary is answered as JSON, bytes as they are, an integer as an HTTP status with an
    HTML page, "drop" closes the connection, "hang" never answers.
    """

    base: str = ""
    asked: list[Asked] = field(default_factory=list)
    script: defaultdict[str, deque[Answer]] = field(default_factory=lambda: defaultdict(deque))
    defaults: dict[str, Answer] = field(default_factory=dict)
    over: threading.Event = field(default_factory=threading.Event)

    def answer(self, path: str, *answers: Answer) -> None:
        """Answer the next calls of this path so."""
        self.script[path].extend(answers)

    def next_answer(self, path: str) -> Answer:
        """What this call is answered with."""
        coming = self.script[path]
        return coming.popleft() if coming else self.defaults[path]

    def paths(self) -> list[str]:
        """The paths asked for, in order."""
        return [asked.path for asked in self.asked]


def scripted_handler(api: ScriptedApi) -> type[BaseHTTPRequestHandler]:
    """The handler of a server that answers by the script."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            parts = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            path = parts.path.removeprefix("/cgi-bin/")
            query = parse_qs(parts.query)
            api.asked.append(Asked(path, query, self.headers.get("Content-Type", ""), body))
            self._reply(api.next_answer(path))

        do_GET = do_POST

        def _reply(self, answer: Answer) -> None:
            if answer == "hang":
                api.over.wait(30)
            if isinstance(answer, str):
                self.close_connection = True
                return
            status = answer if isinstance(answer, int) else 200
            body = b"<html>no</html>"
            if isinstance(answer, dict):
                body = json.dumps(answer, ensure_ascii=False).encode()
            elif isinstance(answer, bytes):
                body = answer
            self.send_response(status)
            self.send_header("Content-Type", "text/plain")
            if 300 <= status < 400:
                self.send_header("Location", "/elsewhere")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

    return Handler


class Uploads(dict[tuple[str, str, str], str]):
    """A memory of uploads."""

    def get(self, account: str, kind: str, sha: str) -> str | None:  # type: ignore[override]
        """What this content was given."""
        return super().get((account, kind, sha))

    def put(self, account: str, kind: str, sha: str, value: str) -> None:
        """Remember it."""
        self[(account, kind, sha)] = value


class Steps:
    """A memory of steps, with a clock of its own."""

    def __init__(self, now: Callable[[], datetime] = lambda: NOON) -> None:
        self.now = now
        self.told: dict[DeliveryKey, list[Event]] = {}

    def events(self, key: DeliveryKey) -> list[Event]:
        """What happened to a delivery."""
        return self.told.get(key, [])

    def note(self, key: DeliveryKey, event: str, detail: Mapping[str, Any]) -> None:
        """Write a step down."""
        happened = Event(at=self.now(), event=event, detail=dict(detail))
        self.told.setdefault(key, []).append(happened)

    def ended(self, key: DeliveryKey, outcome: Outcome) -> None:
        """Write down what a run records."""
        name = "absent" if outcome.state.value == "planned" else outcome.state.value
        self.note(key, name, outcome.detail)

    def names(self, key: DeliveryKey) -> list[str]:
        """What happened, by name."""
        return [event.event for event in self.events(key)]


@dataclass
class Way:
    """A transport into the emulator, with what it waited and when it handed over."""

    transport: ArticleTransport
    account: OfficialAccount
    uploads: Uploads
    steps: Steps
    waits: list[float]
    handed_over: list[str]

    def deliver(self, article: Article, message_id: str = "<1@example.org>") -> Outcome:
        """Deliver one article, and write down what came of it."""
        key = key_of(message_id)

        def handed_over() -> None:
            self.handed_over.append(message_id)
            self.steps.note(key, "handed_over", {})

        outcome = self.transport.deliver(article, key, message_id, handed_over)
        self.steps.ended(key, outcome)
        return outcome

    def settle(self, article: Article, message_id: str = "<1@example.org>") -> Outcome | None:
        """Look for one article, and write down what was found."""
        key = key_of(message_id)
        outcome = self.transport.settle(article, key, message_id)
        if outcome is not None:
            self.steps.ended(key, outcome)
        return outcome


def key_of(message_id: str) -> DeliveryKey:
    """The delivery that has this Message-ID."""
    number = message_id.strip("<>").partition("@")[0]
    return KEY if number == "1" else KEY._replace(campaign=f"cfp-{number}")


KEY = DeliveryKey("cfp", "once", "wechat", f"{APP_ID}:zh")
