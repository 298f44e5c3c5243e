"""Pictures and other materials: what may be uploaded, and what comes back.

https://developers.weixin.qq.com/doc/subscription/api/material/permanent
"""

from __future__ import annotations

import secrets
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from announce.sandbox.loopback import HttpReply
from announce.sandbox.wechat.account import Account
from announce.sandbox.wechat.protocol import ApiError, Call, Upload, answer
from announce.sandbox.wechat.state import State

MIB = 1024 * 1024
TEMPORARY = 3 * 86400
_MAGIC = {
    b"\xff\xd8\xff": "jpeg",
    b"\x89PNG\r\n\x1a\n": "png",
    b"GIF87a": "gif",
    b"GIF89a": "gif",
    b"BM": "bmp",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Limit:
    largest: int
    too_large: int
    formats: frozenset[str] = frozenset()  # none: not looked at
    bad_format: int = 40005


_LIMITS = {
    "image": _Limit(
        largest=10 * MIB,
        too_large=40009,
        formats=frozenset({"jpeg", "png", "gif", "bmp"}),
        bad_format=40137,
    ),
    "thumb": _Limit(largest=64 * 1024, too_large=40012, formats=frozenset({"jpeg"})),
    "voice": _Limit(largest=2 * MIB, too_large=40010),
    "video": _Limit(largest=10 * MIB, too_large=40011),
}
# "smaller than 1 MB", unlike the others' "at most".
_BODY = _Limit(largest=MIB - 1, too_large=40009, formats=frozenset({"jpeg", "png"}))


class Materials:
    """The uploads of one account."""

    def __init__(self, state: State, account: Account) -> None:
        self._state = state
        self._account = account

    def upload_body_picture(self, call: Call) -> HttpReply:
        """media/uploadimg: a picture for an article's body; not counted in the library."""
        upload, _ = call.form()
        form = _check(upload, _BODY)
        url = _address(form)
        with self._state.changing() as base:
            file = self._state.keep_file(upload.data, form)
            base.execute("INSERT INTO pictures VALUES (?, ?)", (_name(url), file))
        return answer({"url": url})

    def add(self, call: Call) -> HttpReply:
        """material/add_material: kept for good."""
        kind, media_id, url = self._keep(call, lasting=True)
        if kind == "image":
            return answer({"media_id": media_id, "url": url, "item": []})
        return answer({"media_id": media_id, "item": []})

    def add_temporary(self, call: Call) -> HttpReply:
        """media/upload: kept for three days, and no cover for an article."""
        kind, media_id, _ = self._keep(call, lasting=False)
        return answer({"type": kind, "media_id": media_id, "created_at": int(call.at.timestamp())})

    def get(self, call: Call) -> HttpReply:
        """material/get_material: the file itself."""
        row = self._find(call.json().get("media_id"))
        data = (self._state.files / row["file"]).read_bytes()
        return HttpReply(
            headers={
                "Content-Type": "application/octet-stream",
                "Content-Disposition": f'attachment; filename="{row["file"]}"',
            },
            body=data,
        )

    def page(self, call: Call) -> HttpReply:
        """material/batchget_material: by kind, the newest first."""
        asked = call.json()
        offset, count = paging(asked)
        if asked.get("type") not in ("image", "voice", "video", "news"):
            raise ApiError(40004, "invalid media type")
        with self._state.reading() as base:
            rows = base.execute(
                "SELECT * FROM materials WHERE app_id = ? AND kind = ? AND lasting"
                " ORDER BY number DESC",
                (self._account.app_id, asked["type"]),
            ).fetchall()
        items = [_item(row) for row in rows[offset : offset + count]]
        return answer({"item": items, "total_count": len(rows), "item_count": len(items)})

    def count(self, _call: Call) -> HttpReply:
        """material/get_materialcount: by kind."""
        with self._state.reading() as base:
            found = base.execute(
                "SELECT kind, COUNT(*) FROM materials WHERE app_id = ? AND lasting GROUP BY kind",
                (self._account.app_id,),
            ).fetchall()
        numbers = dict(found)
        return answer(
            {f"{kind}_count": numbers.get(kind, 0) for kind in ("voice", "video", "image", "news")}
        )

    def delete(self, call: Call) -> HttpReply:
        """material/del_material: final."""
        row = self._find(call.json().get("media_id"))
        with self._state.changing() as base:
            base.execute("DELETE FROM materials WHERE number = ?", (row["number"],))
        return answer({"errcode": 0, "errmsg": "ok"})

    def settle_after(self, calls: int) -> None:
        """Refuse each new material so many times (40007) before it may be used.

        As users report of the platform, where it takes seconds.
        """
        self._state.keep_setting(self._account.app_id, "settles after", str(calls))

    def use(self, media_id: object) -> str:
        """As `cover`, and counted: a material that has yet to settle is refused (40007)."""
        url = self.cover(media_id)
        with self._state.changing() as base:
            waiting = base.execute(
                "UPDATE settling SET calls = calls - 1 WHERE media_id = ? AND calls > 0",
                (media_id,),
            ).rowcount
        if waiting:
            raise _no_such()
        return url

    def cover(self, media_id: object) -> str:
        """The address of a permanent picture of this account; 40007 for anything else."""
        row = self._find(media_id)
        if row["kind"] not in ("image", "thumb"):
            raise _no_such()
        return str(row["url"])

    def check_for_message(self, kind: str, media_id: object, at: float) -> None:
        """Raise 40007 unless this is a material of the kind that a message may carry now.

        Messages take temporary ones too.
        """
        with self._state.reading() as base:
            found = base.execute(
                "SELECT 1 FROM materials WHERE app_id = ? AND media_id = ? AND kind = ?"
                " AND (lasting OR at > ?)",
                (
                    self._account.app_id, media_id if isinstance(media_id, str) else "",
                    kind, at - TEMPORARY,
                ),
            ).fetchone()  # fmt: skip
        if found is None:
            raise _no_such()

    def _keep(self, call: Call, *, lasting: bool) -> tuple[str, str, str]:
        kind = call.query.get("type", "")
        if kind not in _LIMITS:
            raise ApiError(40004, "invalid media type")
        upload, fields = call.form()
        form = _check(upload, _LIMITS[kind])
        if kind == "video" and lasting and "description" not in fields:
            raise ApiError(40035, "invalid parameter: description")
        media_id, url = secrets.token_urlsafe(48), _address(form)
        settles = self._state.setting(self._account.app_id, "settles after")
        with self._state.changing() as base:
            file = self._state.keep_file(upload.data, form)
            base.execute(
                "INSERT INTO materials (media_id, app_id, kind, name, url, file, at, lasting)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    media_id, self._account.app_id, kind, upload.name, url, file,
                    call.at.timestamp(), lasting,
                ),
            )  # fmt: skip
            base.execute("INSERT INTO pictures VALUES (?, ?)", (_name(url), file))
            if settles:
                base.execute("INSERT INTO settling VALUES (?, ?)", (media_id, int(settles)))
        return kind, media_id, url

    def _find(self, media_id: object) -> sqlite3.Row:
        with self._state.reading() as base:
            row = base.execute(
                "SELECT * FROM materials WHERE app_id = ? AND media_id = ? AND lasting",
                (self._account.app_id, media_id if isinstance(media_id, str) else ""),
            ).fetchone()
        if row is None:
            raise _no_such()
        return row  # type: ignore[no-any-return]


def picture_file(state: State, url: str) -> Path | None:
    """The file behind a picture's address; its size (`/0`, `/640`) does not matter."""
    with state.reading() as base:
        row = base.execute("SELECT file FROM pictures WHERE name = ?", (_name(url),)).fetchone()
    return state.files / row["file"] if row is not None else None


def paging(asked: dict[str, Any]) -> tuple[int, int]:
    """`offset` and `count` of a list call; 40035 outside 1..20."""
    offset, count = asked.get("offset", 0), asked.get("count")
    if type(offset) is not int or type(count) is not int or offset < 0 or not 1 <= count <= 20:
        raise ApiError(40035, "invalid parameter: offset or count")
    return offset, count


def _check(upload: Upload, limit: _Limit) -> str:
    form = next((name for magic, name in _MAGIC.items() if upload.data.startswith(magic)), "bin")
    if limit.formats and form not in limit.formats:
        raise ApiError(limit.bad_format, "invalid file type")
    if not upload.data or len(upload.data) > limit.largest:
        raise ApiError(limit.too_large, "invalid media size")
    return form


def _address(form: str) -> str:
    name = secrets.token_urlsafe(64)
    return f"http://mmbiz.qpic.cn/mmbiz_{form}/{name}/0?wx_fmt={form}"


def _name(url: str) -> str:
    parts = url.partition("?")[0].split("/")
    return parts[-2] if len(parts) > 2 else "-"


def _item(row: sqlite3.Row) -> dict[str, Any]:
    return {
        "media_id": row["media_id"],
        "name": row["name"],
        "update_time": int(row["at"]),
        "url": row["url"],
        "tags": [],
    }


def _no_such() -> ApiError:
    return ApiError(40007, "invalid media_id")
