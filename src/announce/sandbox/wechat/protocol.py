"""The shape of questions and answers: errors in HTTP 200, raw UTF-8, multipart uploads."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from email.message import Message
from typing import Any

from announce.sandbox.loopback import HttpReply

PREFIX = "/cgi-bin/"
Clock = Callable[[], datetime]
OK: dict[str, Any] = {"errcode": 0, "errmsg": "ok"}

# An escape of a character beyond ASCII, not itself escaped: `\u4f5c`, but not `\\u4f5c`.
_ESCAPED = re.compile(rb"(?<!\\)((?:\\\\)*)\\(u(?!00[0-7])[0-9a-fA-F]{4})")


class ApiError(Exception):
    """A refusal, answered as `{"errcode": …, "errmsg": …}` with HTTP 200.

    `more` stands beside the code, as the msg_id does in 45065.
    """

    def __init__(self, code: int, text: str, **more: Any) -> None:
        super().__init__(f"{code} {text}")
        self.code = code
        self.text = text
        self.more = more


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A file of a multipart body."""

    name: str
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call of the API that passed its checks: `body` the raw bytes of a POST."""

    path: str
    query: dict[str, str]
    content_type: str
    body: bytes
    at: datetime
    peer: str = "127.0.0.1"

    def json(self) -> dict[str, Any]:
        """The body as an object: 44002 for none, 47001 for another."""
        return read_json(self.body)

    def form(self) -> tuple[Upload, dict[str, str]]:
        """The file in field `media`, and the other fields' texts; 41005 without a file."""
        uploads, fields = _split_form(self.body, self.content_type)
        if "media" not in uploads:
            raise ApiError(41005, "media data missing")
        return uploads["media"], fields


def read_json(body: bytes) -> dict[str, Any]:
    """Read a body the way the platform does.

    A character beyond ASCII that arrives as `\\uXXXX` stays those six characters and is
    counted so: editors show it literally, and titles seem too long. (The documents of draft/add
    warn of it; users of clients that escape report both.)
    """
    if not body.strip():
        raise ApiError(44002, "empty post data")
    try:
        value = json.loads(_ESCAPED.sub(rb"\1\\\\\2", body).decode("utf-8"))
    except ValueError as error:
        raise ApiError(47001, "data format error") from error
    if not isinstance(value, dict):
        raise ApiError(47001, "data format error")
    return value


def answer(
    value: dict[str, Any], *, media_type: str = "application/json; encoding=utf-8"
) -> HttpReply:
    """A result as raw UTF-8 JSON."""
    body = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    return HttpReply(headers={"Content-Type": media_type}, body=body)


def refusal(error: ApiError, rid: str) -> HttpReply:
    """An error as the platform words it: the end of `errmsg` differs each time."""
    said = {"errcode": error.code, "errmsg": f"{error.text} rid: {rid}"}
    return answer({**said, **error.more})


def new_rid() -> str:
    """The number under which a refusal can be asked about."""
    return "-".join(secrets.token_hex(4) for _ in range(3))


def permanent_link() -> str:
    """The address of an article that is out."""
    return f"https://mp.weixin.qq.com/s/{secrets.token_urlsafe(16)}"


def no_content(asked: dict[str, Any]) -> bool:
    """The `no_content` of a list call; 40035 for anything but 0 and 1."""
    bare = asked.get("no_content", 0)
    if type(bare) is not int or bare not in (0, 1):
        raise ApiError(40035, "invalid parameter: no_content")
    return bool(bare)


def _split_form(body: bytes, content_type: str) -> tuple[dict[str, Upload], dict[str, str]]:
    # Not the standard library's mail parser: it may change line ends inside a picture.
    boundary = _parameter("Content-Type", content_type, "boundary")
    uploads: dict[str, Upload] = {}
    fields: dict[str, str] = {}
    if not boundary:
        return uploads, fields
    for part in (b"\r\n" + body).split(b"\r\n--" + boundary.encode())[1:-1]:
        head, _, data = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        disposition = _header(head.decode("utf-8", "replace"), "content-disposition")
        name = _parameter("Content-Disposition", disposition, "name")
        file_name = _parameter("Content-Disposition", disposition, "filename")
        if file_name:
            uploads[name] = Upload(name=file_name, data=data)
        else:
            fields[name] = data.decode("utf-8", "replace")
    return uploads, fields


def _header(head: str, wanted: str) -> str:
    for line in head.split("\r\n"):
        name, _, value = line.partition(":")
        if name.strip().lower() == wanted:
            return value.strip()
    return ""


def _parameter(header: str, value: str, name: str) -> str:
    message = Message()
    message[header] = value
    found = message.get_param(name, header=header)
    if isinstance(found, tuple):  # RFC 2231: (charset, language, text)
        return found[2]
    return found or ""
