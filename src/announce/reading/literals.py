"""Secrets written out in hand-written files: found, and never repeated."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from announce.problems import Problem
from announce.reading.places import Loc
from announce.reading.secret_names import SECRET_KEY
from announce.reading.yamlfile import Loaded
from announce.texts import say

# By custom environment names are in capitals; a password or an AppSecret hardly ever is.
ENVIRONMENT_NAME = re.compile(r"[A-Z_][A-Z0-9_]*\Z")
_URL_LOGIN = re.compile(r"://[^/\s:@]*:[^/\s@]+@")
_REFERENCE = frozenset({"env", "keyring", "user"})


def secret_problems(loaded: Loaded, hint: str = "") -> tuple[list[Problem], frozenset[Loc]]:
    """Faults of literal secrets anywhere in a file, and the ways down to them.

    No message repeats a value; the ways down are for whoever would quote these values later.
    """
    found = dict(_search(loaded.value, (), secret=False))
    return [
        Problem(
            code="literal-secret",
            place=loaded.places.of(loc),
            message=message,
            hint=hint
            or say(
                "write {example} and set that variable; change the secret if this file"
                " was ever shared",
                example="{env: SMTP_PASSWORD}",
            ),
        )
        for loc, message in found.items()
    ], frozenset(found)


def _search(value: Any, loc: Loc, *, secret: bool) -> Iterator[tuple[Loc, str]]:
    if isinstance(value, Mapping):
        # Below a secret's key, {env: NAME} and {keyring: …, user: …} are references.
        reference = secret and bool(value) and set(value) <= _REFERENCE
        for key, item in value.items():
            way = (*loc, key)
            if reference:
                yield from _reference(key, item, way)
            else:
                yield from _search(item, way, secret=secret or bool(SECRET_KEY.search(key)))
    elif isinstance(value, list) and not secret:
        for number, item in enumerate(value):
            yield from _search(item, (*loc, number), secret=False)
    elif secret and value not in (None, "", []) and not isinstance(value, bool):
        yield loc, say("a secret is written out here")
    elif isinstance(value, str) and _URL_LOGIN.search(value):
        yield loc, say("this address holds a password")


def _reference(key: str, item: Any, loc: Loc) -> Iterator[tuple[Loc, str]]:
    if (
        key == "env"
        and item is not None
        and not (isinstance(item, str) and ENVIRONMENT_NAME.match(item))
    ):
        yield (
            loc,
            say(
                "env does not hold the name of an environment variable"
                " (capital letters, digits and _)"
            ),
        )
