"""What a campaign's model cannot see: its texts, files, dates and what this version can do."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from announce.model.languages import LANGUAGES
from announce.model.moment import Deadline
from announce.model.project import Project
from announce.problems import Problem, did_you_mean
from announce.reading.article_checks import article_problems, mass_problems
from announce.reading.lines import line_problems
from announce.reading.localised import localised_problems
from announce.reading.named_files import named_file_problems
from announce.reading.notice_checks import notice_problems
from announce.reading.places import Loc
from announce.reading.project import address_problems, text_at
from announce.reading.promises import promised_as_written
from announce.reading.schedule_checks import dates_of, schedule_problems
from announce.reading.schema import value_at
from announce.reading.yamlfile import Loaded
from announce.texts import say

_SHARE = re.compile(r"[1-9][0-9]?%|100%")


def campaign_problems(project: Project, loaded: Loaded) -> Iterator[Problem]:
    """Faults of the values as they are written, whatever else is at fault."""
    value = loaded.value
    if loaded.complained(()) or not isinstance(value, dict):
        return
    promised = promised_as_written(project, value)
    yield from line_problems(
        loaded, {key: item for key, item in value.items() if key != "facts"}, ()
    )
    for key in ("title", "facts", "pictures", "email"):
        yield from localised_problems(loaded, value.get(key), (key,), promised)
    yield from _languages(project, loaded)
    yield from address_problems(loaded, ("email", "reply_to"))
    yield from named_file_problems(project.root, loaded)
    yield from _calendar(loaded)
    yield from article_problems(loaded)
    yield from mass_problems(loaded)
    yield from notice_problems(loaded, promised)
    yield from _expect(loaded)
    yield from _rollout(project, loaded)
    yield from schedule_problems(loaded)


def _at(loaded: Loaded, loc: Loc, code: str, message: str, hint: str = "") -> Problem:
    return Problem(code=code, place=loaded.places.of(loc), message=message, hint=hint)


def _rollout(project: Project, loaded: Loaded) -> Iterator[Problem]:
    """Steps that are none of those there are."""
    listed: Loc = ("rollout",)
    steps = value_at(loaded.value, listed)
    if isinstance(steps, Mapping):
        listed = ("rollout", "stages")
        steps = value_at(loaded.value, listed)
    for number, step in enumerate(steps if isinstance(steps, list) else ()):
        known = step == "rest" or step in project.settings.groups
        share = isinstance(step, str) and _SHARE.fullmatch(step)
        if not (known or share or (isinstance(step, int) and step > 0)):
            yield _at(
                loaded,
                (*listed, number),
                "rollout-step",
                say('"{step}" is no step of a rollout', step=step),
                say(
                    "write a number of people, a share such as 50%, rest, or a group of "
                    "announce.yaml ({groups})",
                    groups=say(", ").join(project.settings.groups) or "–",
                ),
            )


def _languages(project: Project, loaded: Loaded) -> Iterator[Problem]:
    listed = value_at(loaded.value, ("email", "languages"))
    ways: list[tuple[Loc, Any]] = [(("email", "languages"), listed)]
    if isinstance(listed, list):
        ways = [(("email", "languages", n), language) for n, language in enumerate(listed)]
        if not listed:
            yield _at(
                loaded,
                ("email", "languages"),
                "range",
                say("the list of languages is empty"),
                say("write recipient, zh, en or [zh, en]"),
            )
        for loc, language in ways:
            if language in listed[: int(loc[-1])]:
                yield _at(
                    loaded,
                    loc,
                    "language-repeated",
                    say('"{language}" is listed twice', language=language),
                    say("list it once"),
                )
    wechat = value_at(loaded.value, ("wechat",))
    for n in range(len(wechat) if isinstance(wechat, list) else 0):
        named = value_at(wechat, (n, "language"))
        if isinstance(named, list):
            ways += [(("wechat", n, "language", at), one) for at, one in enumerate(named)]
        else:
            ways.append((("wechat", n, "language"), named))
    for loc, language in ways:
        if language in LANGUAGES and language not in project.languages:
            yield _at(
                loaded,
                loc,
                "language-unknown",
                say('"{language}" is not a language of this project', language=language),
                say("add it to `languages` in announce.yaml, or choose another"),
            )


def _calendar(loaded: Loaded) -> Iterator[Problem]:
    entries = value_at(loaded.value, ("email", "calendar"))
    facts = value_at(loaded.value, ("facts",)) or {}
    for n in range(len(entries) if isinstance(entries, list) else 0):
        loc: Loc = ("email", "calendar", n, "fact")
        if (name := text_at(loaded, loc)) is None:
            continue
        way = tuple(name.removeprefix("facts.").split("."))
        found = value_at(facts, way)
        if isinstance(found, date | Deadline) or loaded.complained(("facts", *way)):
            continue
        code, message = (
            ("fact-unknown", say('there is no fact "{name}"', name=name))
            if found is None
            else ("fact-no-date", say('the fact "{name}" is no date', name=name))
        )
        yield _at(
            loaded,
            loc,
            code,
            message,
            did_you_mean(name, dates_of(facts))
            or say("a date is written without quotes: 2025-02-10, or 2025-02-10 23:59 AoE"),
        )


def _expect(loaded: Loaded) -> Iterator[Problem]:
    expect = value_at(loaded.value, ("expect",))
    if not isinstance(expect, dict) or not expect:
        return
    if "by" not in expect:
        yield Problem(
            code="missing-key",
            place=loaded.places.key(("expect",)),
            message=say('"{key}" is missing in {where}', key="by", where="expect"),
            hint=say("`by` names the column whose values are counted"),
        )
    if value_at(loaded.value, ("audience",)) is None:
        yield Problem(
            code="expect",
            place=loaded.places.key(("expect",)),
            message=say("expect counts recipients, and there is no audience"),
            hint=say("remove it, or add an audience"),
        )
    for key, item in expect.items():
        loc: Loc = ("expect", key)
        right = isinstance(item, str) if key == "by" else type(item) is int and item >= 0
        if not right and not loaded.complained(loc):
            yield _at(
                loaded,
                loc,
                "expect",
                say("expect.by needs the name of a column")
                if key == "by"
                else say("expect.{key} needs a number of messages", key=key),
                say("write for example: {example}", example="{by: decision, oral: 3, poster: 17}"),
            )
