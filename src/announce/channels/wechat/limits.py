"""What the platform would refuse or spoil in an article, found before anything is sent."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from announce.channels.wechat.figures import (
    SOURCE,
    doubt,
    fault,
    figures,
    picture_name,
    sources,
)
from announce.channels.wechat.kinds import media_type
from announce.channels.wechat.picture_limits import check_pictures
from announce.model.message import Article
from announce.problems import Place, Problem
from announce.rendering.survival import lost_properties, lost_tags
from announce.texts import say

__all__ = ["SOURCE", "check", "figures", "media_type", "picture_name", "sources"]

_LINK = re.compile(r"""<a\b[^>]*?\bhref\s*=\s*(?:"([^"]*)"|'([^']*)')""", re.IGNORECASE)


def check(article: Article, place: Place) -> list[Problem]:
    """Everything in this message that the platform would refuse (errors) or might (warnings).

    Each problem names the figure found and the limit; of several articles, which one it is of.
    """
    problems = [*_number(article, place), *_one(article, place, alone=not article.seconds)]
    for number, second in enumerate(article.seconds, 2):
        for problem in _one(second, place, alone=False):
            message = say(
                "article {n} ({language}): {message}",
                n=number,
                language=second.language,
                message=problem.message,
            )
            problems.append(replace(problem, message=message))
    return list(dict.fromkeys(problems))


def _one(article: Article, place: Place, *, alone: bool) -> Iterator[Problem]:
    yield from _title(article, place)
    yield from _author(article, place)
    if alone:  # the platform takes no digest for one of several
        yield from _summary(article, place)
    yield from _content(article, place)
    yield from _survival(article, place)
    yield from _original_url(article, place)
    yield from check_pictures(article, place)


def _number(article: Article, place: Place) -> Iterator[Problem]:
    found, limit = len(article.articles), figures()["articles"]
    if found > limit:
        yield fault(
            "wechat-articles-many",
            place,
            say("the message has {found} articles, WeChat takes {limit}", found=found, limit=limit),
            say("write fewer under `also`, or one message a language"),
        )


def _title(article: Article, place: Place) -> Iterator[Problem]:
    limits = figures()["title"]
    found, size = len(article.title), len(article.title.encode())
    hint = say("give the template a shorter title under article")
    if not article.title.strip():
        yield fault(
            "wechat-title-empty",
            place,
            say("the article has no title"),
            say("give the template a subject, or a title under article"),
        )
    elif found > limits["characters"]:
        yield fault(
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
        yield doubt(
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
        yield fault(
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
        yield doubt(
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
        yield fault(
            "wechat-digest-long",
            place,
            say(
                "the digest has {found} characters, WeChat takes {limit}", found=found, limit=limit
            ),
            say("give the template a shorter digest under article"),
        )


def _content(article: Article, place: Place) -> Iterator[Problem]:
    limits = figures()["content"]
    more = _coming(article, limits)
    found, size = len(article.html) + more, len(article.html.encode()) + more
    hint = say("shorten the article, or its theme's styles, and lead to a page with the rest")
    if not re.sub(r"<[^>]*>|\s", "", article.html) and not article.pictures:
        yield fault(
            "wechat-content-empty",
            place,
            say("the article has no content"),
            say("look at the template"),
        )
    if size >= limits["bytes"]:
        yield fault(
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
        yield doubt(
            "wechat-content-long",
            place,
            say(
                "the article has {found} characters of HTML, WeChat promises less than {limit}",
                found=found,
                limit=limits["characters"],
            ),
            hint,
        )


def _coming(article: Article, limits: Mapping[str, Any]) -> int:
    """How much longer the HTML gets on its way: addresses of pictures, and a mark."""
    named = [source for source in sources(article.html) if picture_name(source) is not None]
    longer: int = sum(max(0, limits["address"] - len(source)) for source in named)
    mark: int = limits["marker"]
    return longer + mark


def _survival(article: Article, place: Place) -> Iterator[Problem]:
    """What a theme or a layout of the project's own brings in, and no template."""
    if tags := lost_tags(article.html):
        yield fault(
            "wechat-tags",
            place,
            say("WeChat does not keep these tags: {names}", names=", ".join(tags)),
            say("use section, p and span in the layout of articles"),
        )
    if names := lost_properties(article.html):
        yield doubt(
            "wechat-styles",
            place,
            say("WeChat is not known to keep these styles: {names}", names=", ".join(names)),
            say("take them out of the theme, or look at the draft on a phone"),
        )
    hosts = figures()["link"]["hosts"]
    for match in _LINK.finditer(article.html):
        url = html.unescape(match[1] or match[2] or "")
        if urlsplit(url).hostname not in hosts:
            yield fault(
                "wechat-link",
                place,
                say("WeChat takes this link out and leaves its text: {url}", url=url[:120]),
                say("write links in templates, where they become notes"),
            )


def _original_url(article: Article, place: Place) -> Iterator[Problem]:
    if not (url := article.original_url):
        return
    limit, found = figures()["original_url"]["bytes"], len(url.encode())
    if not _is_address(url):
        yield fault(
            "wechat-original-url",
            place,
            say("“read original” cannot lead to “{url}”", url=url),
            say("set original_url to a whole http or https address"),
        )
    elif found > limit:
        yield fault(
            "wechat-original-url",
            place,
            say("original_url has {found} bytes, WeChat takes {limit}", found=found, limit=limit),
            say("shorten original_url"),
        )


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:  # as of `http://[`
        return False
    return parts.scheme in ("http", "https") and bool(parts.netloc) and not re.search(r"\s", url)
