"""An article as draft/add takes it: words, uploaded pictures, its marker."""

from __future__ import annotations

import hashlib
import html
import re
from collections.abc import Mapping
from typing import Any

from announce.channels.wechat import readback
from announce.channels.wechat.api import OfficialAccount
from announce.channels.wechat.limits import SOURCE, media_type, picture_name
from announce.channels.wechat.memory import UploadMemory
from announce.model.message import Article, Blob

_SUFFIXES = {"image/png": "png", "image/jpeg": "jpg", "image/gif": "gif", "image/bmp": "bmp"}
_FIRST_SECTION = re.compile(r"\s*<section\b", re.IGNORECASE)


class Payloads:
    """Makes payloads of articles, uploading what the account does not have yet."""

    def __init__(self, account: OfficialAccount, uploads: UploadMemory) -> None:
        self._account = account
        self._uploads = uploads
        # Covers uploaded by this object: the platform may not know them for some seconds.
        self.new_covers: set[str] = set()

    def ready(self, article: Article, message_id: str) -> list[dict[str, Any]]:
        """The payloads of a message's articles, with everything uploaded. Raises ApiFailure."""
        return [
            self._ready(one, marker, digest=not article.seconds)
            for one, marker in zip(article.articles, markers(article, message_id), strict=True)
        ]

    def _ready(self, article: Article, marker: str, *, digest: bool) -> dict[str, Any]:
        sources = {picture.name: self._picture(picture) for picture in article.pictures}
        content = marked(_filled(article.html, sources), marker)
        return payload_of(article, content, self.cover(article.cover), digest=digest)

    def _picture(self, picture: Blob) -> str:
        return self._uploaded("picture", picture, anew=False)

    def cover(self, cover: Blob, *, anew: bool = False) -> str:
        """The media_id of a cover; `anew` where the remembered one is gone from the library."""
        return self._uploaded("cover", cover, anew=anew)

    def _uploaded(self, kind: str, blob: Blob, *, anew: bool) -> str:
        sha = hashlib.sha256(blob.data).hexdigest()
        appid = self._account.appid
        if not anew and (known := self._uploads.get(appid, kind, sha)):
            return known
        found = media_type(blob.data) or blob.media_type
        # A name of our own: file names beyond ASCII break multipart bodies in several ways.
        name = f"{sha[:16]}.{_SUFFIXES.get(found, 'bin')}"
        account = self._account
        upload = account.upload_cover if kind == "cover" else account.upload_picture
        value = upload(name, found, blob.data)
        self._uploads.put(appid, kind, sha, value)
        if kind == "cover":
            self.new_covers.add(value)
        return value


def wanted(article: Article, message_id: str) -> dict[str, Any]:
    """The first article as it is looked for: without uploading anything."""
    return payload_of(article, marked(article.html, marker_of(message_id)), "", digest=True)


def payload_of(article: Article, content: str, cover: str, *, digest: bool) -> dict[str, Any]:
    """An article's fields. A digest is for messages of one article only: the platform's rule."""
    fields: dict[str, Any] = {
        "article_type": "news",
        "title": article.title,
        "author": article.author,
        "digest": article.summary if digest else "",
        "content": content,
        "content_source_url": article.original_url,
        "thumb_media_id": cover,
        **{f"pic_crop_{ratio}": crop for ratio, crop in article.crops},
    }
    if article.comments != "closed":
        fields["need_open_comment"] = 1
        fields["only_fans_can_comment"] = int(article.comments == "fans")
    return {name: value for name, value in fields.items() if value not in ("", None)}


def content_of(article: Article) -> str:
    """Digest of what is put into a draft, without the addresses that uploads get."""
    state = hashlib.sha256()
    for one in article.articles:
        words = (one.title, one.summary, one.author, one.html, one.original_url, one.comments)
        state.update("\0".join((*words, *(f"{a} {b}" for a, b in one.crops))).encode() + b"\0")
        for blob in (one.cover, *one.pictures):
            state.update(hashlib.sha256(blob.data).digest())
    return state.hexdigest()[:32]


def marker_of(message_id: str) -> str:
    """What tells a delivery's article from others with the same words: nothing readable."""
    return hashlib.sha256(f"announce:{message_id}".encode()).hexdigest()[:16]


def markers(article: Article, message_id: str) -> list[str]:
    """The marker of each article of a message."""
    first = marker_of(message_id)
    return [first, *(f"{first}-{number}" for number in range(2, len(article.articles) + 1))]


def marked(content: str, marker: str) -> str:
    """The content with the marker in an attribute, which the platform passes through."""
    if not marker:
        return content
    attribute = f'{readback.MARKER}="{marker}"'
    if match := _FIRST_SECTION.match(content):
        return f"{match[0]} {attribute}{content[match.end() :]}"
    return f"<section {attribute}>{content}</section>"


def _filled(content: str, sources: Mapping[str, str]) -> str:
    """The content with `picture:NAME` replaced by what the uploads were given."""

    def fill(match: re.Match[str]) -> str:
        name = picture_name(match[2] if match[2] is not None else match[3])
        if name is None or name not in sources:
            return match[0]
        return f'{match[1]}"{html.escape(sources[name])}"'

    return SOURCE.sub(fill, content)
