"""What the platform would refuse or spoil in an article, found before anything is sent."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any
from urllib.parse import unquote, urlsplit

import yaml

from announce.model.message import Article, Blob
from announce.problems import Place, Problem, Severity
from announce.texts import say

PICTURE_SCHEME = "picture:"
SOURCE = re.compile(r"""(<img\b[^>]*?\bsrc\s*=\s*)(?:"([^"]*)"|'([^']*)')""", re.IGNORECASE)

_MAGIC = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"BM", "image/bmp"),
)


@cache
def figures() -> Mapping[str, Any]:
    """The platform's figures, from `data/wechat_limits.yaml`."""
    text = (files("announce") / "data" / "wechat_limits.yaml").read_text(encoding="utf-8")
    loaded: dict[str, Any] = yaml.safe_load(text)
    return loaded


def check(article: Article, place: Place) -> list[Problem]:
    """Everything in this article that the platform would refuse (errors) or might (warnings).

    Each problem names the figure found and the limit.
    """
    parts = (_title, _author, _summary, _content, _original_url, _cover, _pictures, _sources)
    return [problem for part in parts for problem in part(article, place)]


def media_type(data: bytes) -> str:
    """The kind of picture by its first bytes, whatever its name says; "" if it is none known."""
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    return next((kind for magic, kind in _MAGIC if data.startswith(magic)), "")


def picture_name(source: str) -> str | None:
    """Which picture of the article an `src` names (`picture:NAME`), or None."""
    plain = html.unescape(source)
    return unquote(plain.removeprefix(PICTURE_SCHEME)) if plain.startswith(PICTURE_SCHEME) else None


def sources(text: str) -> Iterator[str]:
    """The `src` of every picture in the HTML."""
    for match in SOURCE.finditer(text):
        yield match[2] if match[2] is not None else match[3]


def _title(article: Article, place: Place) -> Iterator[Problem]:
    limits = figures()["title"]
    found, size = len(article.title), len(article.title.encode())
    hint = say("give the template a shorter title under article")
    if not article.title.strip():
        yield _fault(
            "wechat-title-empty",
            place,
            say("the article has no title"),
            say("give the template a subject, or a title under article"),
        )
    elif found > limits["characters"]:
        yield _fault(
            "wechat-title-long",
            place,
            say(
                "the title has {found} characters, WeChat takes {limit}: “{title}”",
                found=found,
                limit=limits["characters"],
                title=article.title,
            ),
            hint,
        )
    elif size > limits["bytes"]:
        yield _doubt(
            "wechat-title-bytes",
            place,
            say(
                "the title has {found} bytes, some accounts take only {limit}: “{title}”",
                found=size,
                limit=limits["bytes"],
                title=article.title,
            ),
            hint,
        )


def _author(article: Article, place: Place) -> Iterator[Problem]:
    limits = figures()["author"]
    found = len(article.author)
    hint = say("shorten author in the campaign or in announce.yaml")
    if found > limits["characters"]:
        yield _fault(
            "wechat-author-long",
            place,
            say(
                "the author has {found} characters, WeChat takes {limit}",
                found=found,
                limit=limits["characters"],
            ),
            hint,
        )
    elif (wide := sum(not letter.isascii() for letter in article.author)) > limits["doubtful"]:
        yield _doubt(
            "wechat-author-doubtful",
            place,
            say(
                "the author has {found} Chinese characters, some accounts take only {limit}",
                found=wide,
                limit=limits["doubtful"],
            ),
            hint,
        )


def _summary(article: Article, place: Place) -> Iterator[Problem]:
    limit, found = figures()["summary"]["characters"], len(article.summary)
    if found > limit:
        yield _fault(
            "wechat-digest-long",
            place,
            say(
                "the digest has {found} characters, WeChat takes {limit}", found=found, limit=limit
            ),
            say("give the template a shorter digest under article"),
        )


def _content(article: Article, place: Place) -> Iterator[Problem]:
    limits = figures()["content"]
    found, size = len(article.html), len(article.html.encode())
    hint = say("shorten the article, or its theme's styles, and lead to a page with the rest")
    if not re.sub(r"<[^>]*>|\s", "", article.html) and not article.pictures:
        yield _fault(
            "wechat-content-empty",
            place,
            say("the article has no content"),
            say("look at the template"),
        )
    if size >= limits["bytes"]:
        yield _fault(
            "wechat-content-large",
            place,
            say(
                "the article has {found} bytes of HTML, WeChat takes less than {limit}",
                found=size,
                limit=limits["bytes"],
            ),
            hint,
        )
    elif found >= limits["characters"]:
        yield _doubt(
            "wechat-content-long",
            place,
            say(
                "the article has {found} characters of HTML, WeChat promises less than {limit}",
                found=found,
                limit=limits["characters"],
            ),
            hint,
        )


def _original_url(article: Article, place: Place) -> Iterator[Problem]:
    if not (url := article.original_url):
        return
    limit, found = figures()["original_url"]["bytes"], len(url.encode())
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.netloc or re.search(r"\s", url):
        yield _fault(
            "wechat-original-url",
            place,
            say("“read original” cannot lead to “{url}”", url=url),
            say("set original_url to a whole http or https address"),
        )
    elif found > limit:
        yield _fault(
            "wechat-original-url",
            place,
            say("original_url has {found} bytes, WeChat takes {limit}", found=found, limit=limit),
            say("shorten original_url"),
        )


def _cover(article: Article, place: Place) -> Iterator[Problem]:
    limits = figures()["cover"]
    yield from _kind(article.cover, limits["kinds"], "wechat-cover-kind", place)
    found = len(article.cover.data)
    if found > limits["bytes"]:
        yield _fault(
            "wechat-cover-large",
            place,
            say(
                "the cover {name} has {found} bytes, WeChat takes {limit}",
                name=article.cover.name,
                found=found,
                limit=limits["bytes"],
            ),
            _smaller(),
        )


def _pictures(article: Article, place: Place) -> Iterator[Problem]:
    limits = figures()["picture"]
    for picture in article.pictures:
        yield from _kind(picture, limits["kinds"], "wechat-picture-kind", place)
        if len(picture.data) >= limits["bytes"]:
            yield _fault(
                "wechat-picture-large",
                place,
                say(
                    "the picture {name} has {found} bytes, WeChat takes less than {limit}",
                    name=picture.name,
                    found=len(picture.data),
                    limit=limits["bytes"],
                ),
                _smaller(),
            )


def _kind(blob: Blob, kinds: list[str], code: str, place: Place) -> Iterator[Problem]:
    found = media_type(blob.data)
    if found not in kinds:
        yield _fault(
            code,
            place,
            say(
                "{name} is {found}, WeChat takes {kinds}",
                name=blob.name,
                found=found or say("no picture"),
                kinds=", ".join(kinds),
            ),
            say("save the picture as PNG or JPEG"),
        )


def _sources(article: Article, place: Place) -> Iterator[Problem]:
    given = {picture.name for picture in article.pictures}
    hosts = figures()["picture"]["hosts"]
    for source in dict.fromkeys(sources(article.html)):
        name = picture_name(source)
        if name is not None and name not in given:
            yield _fault(
                "wechat-picture-missing",
                place,
                say("the article shows the picture “{name}”, which is not there", name=name),
                say("list it under pictures in the campaign"),
            )
        elif name is None and urlsplit(html.unescape(source)).hostname not in hosts:
            yield _fault(
                "wechat-picture-elsewhere",
                place,
                say(
                    "the article shows a picture from elsewhere, which WeChat takes out: {source}",
                    source=source[:120],
                ),
                say("put the file into the project and list it under pictures"),
            )


def _smaller() -> str:
    return say("make the picture smaller, in pixels or quality")


def _fault(code: str, place: Place, message: str, hint: str) -> Problem:
    return Problem(code=code, place=place, message=message, hint=hint)


def _doubt(code: str, place: Place, message: str, hint: str) -> Problem:
    return Problem(code=code, place=place, message=message, hint=hint, severity=Severity.WARNING)
