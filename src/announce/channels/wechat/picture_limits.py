"""What the platform would refuse of an article's cover and pictures."""

from __future__ import annotations

import html
from collections.abc import Iterator
from urllib.parse import urlsplit

from announce.channels.wechat.figures import doubt, fault, figures, picture_name, sources
from announce.channels.wechat.kinds import is_animated, media_type, pixels
from announce.model.message import Article, Blob
from announce.problems import Place, Problem
from announce.texts import say


def check_pictures(article: Article, place: Place) -> Iterator[Problem]:
    """Faults and doubts of cover and pictures, each with the figure found and the limit."""
    yield from _cover(article, place)
    for picture in article.pictures:
        yield from _picture(picture, place)
    yield from _sources(article, place)


def _cover(article: Article, place: Place) -> Iterator[Problem]:
    limits, cover = figures()["cover"], article.cover
    yield from _kind(cover, limits["kinds"], "wechat-cover-kind", place)
    found, size = len(cover.data), pixels(cover.data)
    if found > limits["bytes"]:
        yield fault(
            "wechat-cover-large",
            place,
            say(
                "the cover {name} has {found} bytes, WeChat takes {limit}",
                name=cover.name,
                found=found,
                limit=limits["bytes"],
            ),
            _smaller(),
        )
    width, height = limits["best"]
    if size and (size[0] < width or size[1] < height):
        yield doubt(
            "wechat-cover-small",
            place,
            say(
                "the cover {name} has {width} × {height} pixels and will look blurred",
                name=cover.name,
                width=size[0],
                height=size[1],
            ),
            say("{width} × {height} pixels look best", width=width, height=height),
        )


def _picture(picture: Blob, place: Place) -> Iterator[Problem]:
    limits = figures()["picture"]
    yield from _kind(picture, limits["kinds"], "wechat-picture-kind", place)
    size = pixels(picture.data)
    if len(picture.data) >= limits["bytes"]:
        yield fault(
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
    if size and size[1] > limits["height"]:
        yield fault(
            "wechat-picture-high",
            place,
            say(
                "the picture {name} is {found} pixels high, WeChat takes {limit}",
                name=picture.name,
                found=size[1],
                limit=limits["height"],
            ),
            say("cut it into several pictures"),
        )


def _kind(blob: Blob, kinds: list[str], code: str, place: Place) -> Iterator[Problem]:
    found = media_type(blob.data)
    if found in kinds:
        return
    if is_animated(blob.data):
        yield fault(
            code,
            place,
            say(
                "{name} is an animated GIF, which WeChat does not take in the text of an article",
                name=blob.name,
            ),
            say("save one of its pictures as PNG or JPEG"),
        )
        return
    yield fault(
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
            yield fault(
                "wechat-picture-missing",
                place,
                say("the article shows the picture “{name}”, which is not there", name=name),
                say("list it under pictures in the campaign"),
            )
        elif name is None and urlsplit(html.unescape(source)).hostname not in hosts:
            yield fault(
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
