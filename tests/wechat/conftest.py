"""Servers and accounts for the tests of the WeChat channel."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from wechat_support import (
    APP_ID,
    JPEG,
    NOON,
    PNG,
    SECRET,
    TOKEN,
    ScriptedApi,
    Steps,
    Uploads,
    Way,
    scripted_handler,
)

from announce.channels.wechat.api import OfficialAccount
from announce.channels.wechat.transport import ArticleTransport
from announce.model.delivery import Edits
from announce.model.message import Article, Blob
from announce.sandbox.wechat import Account, OfficialAccountServer


@pytest.fixture
def api() -> Iterator[ScriptedApi]:
    """A server that answers `stable_token`, and else what the test scripts."""
    scripted = ScriptedApi()
    scripted.defaults["stable_token"] = {"access_token": TOKEN, "expires_in": 7200}
    server = ThreadingHTTPServer(("127.0.0.1", 0), scripted_handler(scripted))
    server.daemon_threads = True
    scripted.base = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield scripted
    scripted.over.set()
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def open_account() -> Iterator[Callable[..., OfficialAccount]]:
    """Makes accounts that are closed after the test."""
    opened: list[OfficialAccount] = []

    def make(base: str, app_id: str = APP_ID, secret: str = SECRET, **more: Any) -> OfficialAccount:
        opened.append(OfficialAccount(app_id, secret, api_base=base, **more))
        return opened[-1]

    yield make
    for account in opened:
        account.close()


@pytest.fixture
def account(api: ScriptedApi, open_account: Callable[..., OfficialAccount]) -> OfficialAccount:
    """An account at the scripted server."""
    return open_account(api.base)


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[OfficialAccountServer]:
    """The emulator, playing a personal account."""
    played = Account(app_id=APP_ID, app_secret=SECRET)
    with OfficialAccountServer(tmp_path / "sandbox", now=lambda: NOON, account=played) as server:
        yield server


@pytest.fixture
def open_way(open_account: Callable[..., OfficialAccount]) -> Callable[..., Way]:
    """Makes transports whose waits are written down instead of waited."""

    def make(
        base: str,
        *,
        now: Callable[[], datetime] = lambda: NOON,
        edits: Edits = "refuse",
        sleep: Callable[[float], None] | None = None,
        **more: Any,
    ) -> Way:
        at, uploads, steps = open_account(base, **more), Uploads(), Steps(now)
        waits: list[float] = []

        def wait(seconds: float) -> None:
            waits.append(seconds)
            if sleep:
                sleep(seconds)

        transport = ArticleTransport(
            at,
            uploads,
            steps,
            paste=lambda article, key: f"pasted/{key.recipient}/{article.title}",
            now=now,
            edits=edits,
            sleep=wait,
        )
        return Way(transport, at, uploads, steps, waits, [])

    return make


@pytest.fixture
def way(sandbox: OfficialAccountServer, open_way: Callable[..., Way]) -> Way:
    """A transport into the emulator."""
    return open_way(sandbox.api_base)


@pytest.fixture
def article() -> Article:
    """An article with a picture, as composed."""
    return Article(
        language="zh",
        title="研讨会征稿：截稿 2 月 10 日",
        summary="欢迎投稿，截止日期为 AoE 2 月 10 日。",
        author="研讨会组委会",
        html=(
            '<section style="padding: 0 8px"><p style="color: #333333; margin: 0">各位同仁：</p>'
            "<p style=\"font-family: 'Songti SC', serif\">欢迎投稿 &amp; 转发。</p>"
            '<p><img src="picture:poster" style="width: 100%" alt="海报"></p></section>'
        ),
        original_url="https://example.org/cfp?year=2025&lang=zh",
        cover=Blob(name="cover.png", media_type="image/png", data=PNG),
        pictures=(Blob(name="poster", media_type="image/jpeg", data=JPEG),),
    )


@pytest.fixture
def bare(article: Article) -> Article:
    """The article without its picture."""
    return replace(article, html="<section><p>各位同仁：</p></section>", pictures=())
