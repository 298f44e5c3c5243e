"""What a campaign's model cannot see of its articles: repeats, texts a language, addresses."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from announce.model.languages import LANGUAGES, Language
from announce.problems import Problem, Severity
from announce.reading.localised import localised_problems
from announce.reading.places import Loc
from announce.reading.project import text_at
from announce.reading.schema import value_at
from announce.reading.web_addresses import web_address_problems
from announce.reading.yamlfile import Loaded
from announce.texts import say

# https://developers.weixin.qq.com/doc/subscription/guide/product/message/Batch_Sends.html
MOST_ARTICLES = 8


def article_problems(loaded: Loaded) -> Iterator[Problem]:
    """Faults of the messages for the official account, as they are written."""
    wechat = value_at(loaded.value, ("wechat",))
    seen: set[tuple[Any, ...]] = set()
    for n in range(len(wechat) if isinstance(wechat, list) else 0):
        languages = _languages(wechat[n])
        yield from _message(loaded, ("wechat", n), languages)
        loc: Loc = ("wechat", n, "language")
        if loaded.complained(loc):
            continue
        if languages in seen:
            message = say(
                'there is already an article in "{language}"', language="+".join(languages)
            )
            hint = say("list it under `also`, or use another campaign for a further one")
            yield _at(loaded, loc, "language-repeated", message, hint)
        seen.add(languages)


def mass_problems(loaded: Loaded) -> Iterator[Problem]:
    """A doubt about several mass messages: a subscription account may send one a day.

    https://developers.weixin.qq.com/doc/subscription/guide/product/message/Batch_Sends.html
    """
    wechat = value_at(loaded.value, ("wechat",))
    masses = [
        n
        for n in range(len(wechat) if isinstance(wechat, list) else 0)
        if text_at(loaded, ("wechat", n, "deliver")) == "mass"
    ]
    for n in masses[1:2]:
        yield Problem(
            code="mass-several",
            severity=Severity.WARNING,
            place=loaded.places.of(("wechat", n, "deliver")),
            message=say(
                "{n} mass messages: a subscription account may send one a day, and a service "
                "account's followers get four a month",
                n=len(masses),
            ),
            hint=say("one message can hold several articles: `language: [zh, en]`"),
        )


def _languages(written: Any) -> tuple[Language, ...]:
    language = value_at(written, ("language",))
    listed = language if isinstance(language, list) else [language]
    return tuple(one for one in listed if one in LANGUAGES)


def _message(loaded: Loaded, way: Loc, languages: tuple[Language, ...]) -> Iterator[Problem]:
    yield from _names_each_once(loaded, way)
    if text_at(loaded, (*way, "tag")) and text_at(loaded, (*way, "deliver")) != "mass":
        message = say("a tag is for mass messages, and this one is none")
        hint = say("write `deliver: mass`, or take the tag out")
        yield _at(loaded, (*way, "tag"), "tag", message, hint)
    theme = text_at(loaded, (*way, "theme"))
    if theme is not None and not theme.replace("-", "").replace("_", "").isalnum():
        message = say('"{theme}" is no name of a theme', theme=theme[:40])
        hint = say("write the file's name without folder and ending, such as plain")
        yield _at(loaded, (*way, "theme"), "theme", message, hint)
    also = value_at(loaded.value, (*way, "also"))
    further = len(also) if isinstance(also, list) else 0
    for loc in (way, *((*way, "also", n) for n in range(further))):
        yield from _texts(loaded, loc, languages)
    if (number := len(languages) * (1 + further)) > MOST_ARTICLES:
        yield _at(
            loaded,
            (*way, "also"),
            "articles-many",
            say("one message of {n} articles; WeChat takes {most}", n=number, most=MOST_ARTICLES),
            say("write fewer under `also`, or one message a language"),
        )


def _names_each_once(loaded: Loaded, way: Loc) -> Iterator[Problem]:
    loc: Loc = (*way, "language")
    language = value_at(loaded.value, loc)
    if not isinstance(language, list) or loaded.complained(loc):
        return
    hint = say("write zh, en or [zh, en]")
    if not language:
        yield _at(loaded, loc, "range", say("the list of languages is empty"), hint)
    elif len({str(one) for one in language}) < len(language):
        message = say("the list names a language twice")
        yield _at(loaded, loc, "language-repeated", message, hint)


def _texts(loaded: Loaded, way: Loc, languages: tuple[Language, ...]) -> Iterator[Problem]:
    for name in ("cover", "author", "original_url"):
        value = value_at(loaded.value, (*way, name))
        yield from localised_problems(loaded, value, (*way, name), languages)
    yield from web_address_problems(loaded, (*way, "original_url"))


def _at(loaded: Loaded, loc: Loc, code: str, message: str, hint: str) -> Problem:
    return Problem(code=code, place=loaded.places.of(loc), message=message, hint=hint)
