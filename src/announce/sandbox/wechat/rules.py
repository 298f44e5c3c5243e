"""What an article must be to enter the draft box.

https://developers.weixin.qq.com/doc/subscription/api/draftbox/draftmanage/api_draft_add
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from announce.sandbox.wechat.protocol import ApiError

MOST_ARTICLES = 8
MOST_PICTURES = 20
MIB = 1024 * 1024
_CROP = re.compile(r"(?:[01](?:\.\d{1,6})?)(?:_[01](?:\.\d{1,6})?){3}\Z")

_RATIOS = frozenset({"1_1", "16_9", "2.35_1"})
_MARKUP = re.compile(
    r"</?(?:a|b|br|div|h[1-6]|img|p|script|section|span|strong|style|table)\b", re.I
)

# Raises ApiError 40007 unless the id is a permanent picture of this account.
CoverCheck = Callable[[object], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """Limits of the texts: characters, and bytes of UTF-8 where they are counted too."""

    title: int = 32
    author: int = 16
    digest: int = 128
    content: int = 20_000
    content_bytes: int = MIB
    url_bytes: int = 1024
    title_bytes: int | None = None
    author_bytes: int | None = None


# As the documents have it since 2025-12-19.
DOCUMENTED = Profile()
# As users report it: a title beyond 64 bytes (21 Chinese characters) is refused with 45003.
STRICT_BYTES = Profile(title_bytes=64, author_bytes=24, digest=120)


def check_articles(
    value: object, profile: Profile, *, cover: CoverCheck, comments: bool
) -> list[dict[str, Any]]:
    """The articles of a draft/add body. Raises the first refusal as an ApiError."""
    if not isinstance(value, list) or not value or not all(isinstance(a, dict) for a in value):
        raise ApiError(44003, "empty news data")
    if len(value) > MOST_ARTICLES:
        raise ApiError(45008, "article size out of limit")
    for article in value:
        check_article(article, profile, cover=cover, comments=comments)
    return value


def check_article(
    article: object, profile: Profile, *, cover: CoverCheck, comments: bool
) -> dict[str, Any]:
    """One article, as draft/update takes it: an object, not a list of one (47001)."""
    if not isinstance(article, dict):
        raise ApiError(47001, "data format error")
    _check_texts(article, profile)
    _check_address(article, profile)
    _check_pictures(article, cover)
    flags = [article.get(name, 0) for name in ("need_open_comment", "only_fans_can_comment")]
    if any(type(flag) is not int or flag not in (0, 1) for flag in flags):
        raise ApiError(40035, "invalid parameter: comment flags")
    if any(flags) and not comments:
        raise ApiError(88000, "without comment privilege")
    return article


def _check_texts(article: dict[str, Any], profile: Profile) -> None:
    texts = {name: article.get(name, "") for name in ("title", "author", "digest", "content")}
    if not all(isinstance(text, str) for text in texts.values()):
        raise ApiError(47001, "data format error")
    if not texts["title"].strip():
        raise ApiError(40035, "invalid parameter: title")
    if not texts["content"].strip():
        raise ApiError(45166, "invalid content")
    _limit(texts["title"], profile.title, profile.title_bytes, 45003, "title")
    _limit(texts["author"], profile.author, profile.author_bytes, 45110, "author")
    _limit(texts["digest"], profile.digest, None, 45004, "description")
    # "fewer than 20 000 characters, less than 1 MB": the figures themselves are too much.
    _limit(texts["content"], profile.content - 1, profile.content_bytes - 1, 45002, "content")


def _limit(text: str, most: int, most_bytes: int | None, code: int, name: str) -> None:
    if len(text) > most or (most_bytes is not None and len(text.encode()) > most_bytes):
        raise ApiError(code, f"{name} size out of limit")


def _check_address(article: dict[str, Any], profile: Profile) -> None:
    url = article.get("content_source_url", "")
    if not url:
        return
    if not isinstance(url, str) or urlsplit(url).scheme not in ("http", "https"):
        raise ApiError(41039, "invalid content_source_url")
    if len(url.encode()) > profile.url_bytes:
        raise ApiError(45005, "url size out of limit")


def _check_pictures(article: dict[str, Any], cover: CoverCheck) -> None:
    kind = article.get("article_type", "news")
    if kind not in ("news", "newspic"):
        raise ApiError(40035, "invalid parameter: article_type")
    if kind == "newspic":
        for picture in _image_list(article):
            cover(picture)
        _check_newspic(article)
        return
    cover(article.get("thumb_media_id"))
    for name in ("pic_crop_235_1", "pic_crop_1_1"):
        if (crop := article.get(name)) and not _is_rectangle(str(crop)):
            raise ApiError(53402, "cover crop failed")


def _is_rectangle(crop: str) -> bool:
    if not _CROP.match(crop):
        return False
    x1, y1, x2, y2 = map(float, crop.split("_"))
    return x1 < x2 <= 1 and y1 < y2 <= 1


def first_picture(article: dict[str, Any]) -> object:
    """The cover of a picture post: the first of its pictures."""
    return _image_list(article)[0]


def _check_newspic(article: dict[str, Any]) -> None:
    if "<" in article["content"] and _MARKUP.search(article["content"]):
        raise ApiError(45166, "invalid content: a picture post takes plain text")
    info = article.get("cover_info", {})
    crops = info.get("crop_percent_list", []) if isinstance(info, dict) else None
    if not isinstance(crops, list) or not all(_is_crop(crop) for crop in crops):
        raise ApiError(53402, "cover crop failed")
    product = article.get("product_info")
    if product is not None:
        if not isinstance(product, dict):
            raise ApiError(53405, "invalid product info")
        raise ApiError(53406, "the account has no right to sell")


def _is_crop(crop: object) -> bool:
    if not isinstance(crop, dict) or crop.get("ratio") not in _RATIOS:
        return False
    try:
        x1, y1, x2, y2 = (float(crop[corner]) for corner in ("x1", "y1", "x2", "y2"))
    except (KeyError, TypeError, ValueError):
        return False
    return 0 <= x1 < x2 <= 1 and 0 <= y1 < y2 <= 1


def _image_list(article: dict[str, Any]) -> list[object]:
    info = article.get("image_info")
    listed = info.get("image_list") if isinstance(info, dict) else None
    if not isinstance(listed, list) or not 1 <= len(listed) <= MOST_PICTURES:
        raise ApiError(40035, "invalid parameter: image_info")
    return [item.get("image_media_id") if isinstance(item, dict) else None for item in listed]
