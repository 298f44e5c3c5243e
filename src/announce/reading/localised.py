"""Texts per language: complete in every promised language, and no language we do not know."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from announce.model.languages import LANGUAGES, Language
from announce.problems import Problem, did_you_mean
from announce.reading.places import Loc
from announce.reading.yamlfile import Loaded
from announce.texts import say


def localised_problems(
    loaded: Loaded, value: Any, loc: Loc, promised: Sequence[Language]
) -> Iterator[Problem]:
    """Faults of every {zh, en} mapping at or below a value: missing, empty, unknown languages."""
    if loaded.complained(loc):
        return
    if isinstance(value, list):
        for number, item in enumerate(value):
            yield from localised_problems(loaded, item, (*loc, number), promised)
    elif isinstance(value, Mapping):
        if set(value) & set(LANGUAGES):
            yield from _one(loaded, value, loc, promised)
        for key, item in value.items():
            yield from localised_problems(loaded, item, (*loc, key), promised)


def _one(
    loaded: Loaded, value: Mapping[str, Any], loc: Loc, promised: Sequence[Language]
) -> Iterator[Problem]:
    name = ".".join(str(step) for step in loc)
    for language in promised:
        if language not in value:
            yield Problem(
                code="language-missing",
                place=loaded.places.key(loc),
                message=say('{name} has no "{language}" text', name=name, language=language),
                hint=say("add `{language}: …` beside the other language", language=language),
            )
    for key, item in value.items():
        place = loaded.places.key((*loc, key))
        if key not in LANGUAGES and not loaded.complained((*loc, key)):
            yield Problem(
                code="language-unknown",
                place=place,
                message=say(
                    '{name} is a text per language, and "{key}" is no language', name=name, key=key
                ),
                hint=did_you_mean(key, LANGUAGES),
            )
        elif item is None or (isinstance(item, str) and not item.strip()):
            yield Problem(
                code="language-missing",
                place=place,
                message=say('the "{language}" text of {name} is empty', name=name, language=key),
                hint=say("write the text, or remove both languages"),
            )
