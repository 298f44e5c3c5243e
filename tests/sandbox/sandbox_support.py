"""A clock that is told to move, and a plain client of the official-account API."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import requests

from announce.sandbox.wechat import OfficialAccountServer

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))
JPEG = b"\xff\xd8\xff\xe0" + bytes(range(256))


class Clock:
    """A clock that moves when it is told to."""

    def __init__(self) -> None:
        self.at = datetime(2025, 1, 6, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at

    def forward(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


class Client:
    """What a program of the field sends: raw UTF-8 JSON, the token in the query."""

    def __init__(self, server: OfficialAccountServer, session: requests.Session) -> None:
        self.server = server
        self.session = session
        self.token = ""

    def login(self, **more: Any) -> dict[str, Any]:
        answer = self.json("stable_token", {**self.credentials, **more}, token=None)
        self.token = answer.get("access_token", "")
        return answer

    @property
    def credentials(self) -> dict[str, str]:
        return {
            "grant_type": "client_credential",
            "appid": self.server.app_id,
            "secret": self.server.app_secret,
        }

    def send(
        self, path: str, body: bytes | None = None, *, method: str = "POST", **query: str | None
    ) -> requests.Response:
        query.setdefault("access_token", self.token)
        return self.session.request(
            method, f"{self.server.api_base}/cgi-bin/{path}", params=query, data=body, timeout=10
        )

    def json(self, path: str, value: object, *, token: str | None = "") -> dict[str, Any]:
        body = json.dumps(value, ensure_ascii=False).encode()
        query = {"access_token": self.token if token == "" else token}
        return json.loads(self.send(path, body, **query).content)

    def get(self, path: str, **query: str) -> dict[str, Any]:
        return json.loads(self.send(path, method="GET", **query).content)

    def upload(self, path: str, data: bytes, *, name: str = "封面.png", **query: str) -> Any:
        response = self.session.post(
            f"{self.server.api_base}/cgi-bin/{path}",
            params={"access_token": self.token, **query},
            files={"media": (name, data, "application/octet-stream")},
            timeout=10,
        )
        return response.json()

    def cover(self) -> str:
        media_id = self.upload("material/add_material", PNG, type="image")["media_id"]
        assert isinstance(media_id, str)
        return media_id

    def article(self, **changes: Any) -> dict[str, Any]:
        article = {
            "title": "征稿通知",
            "author": "组委会",
            "digest": "截止 2 月 10 日（AoE）",
            "content": "<section><p>正文</p></section>",
            "content_source_url": "https://example.org/cfp",
            "thumb_media_id": self.cover(),
        }
        return {**article, **changes}

    def add(self, **changes: Any) -> dict[str, Any]:
        return self.json("draft/add", {"articles": [self.article(**changes)]})
