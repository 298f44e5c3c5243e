"""Faults of a login by OAuth2 in the settings, which the model alone cannot see."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from announce.problems import Problem, Severity
from announce.reading.oauth_endpoints import is_known, is_safe, wants_secret
from announce.reading.places import Loc
from announce.reading.schema import value_at
from announce.reading.yamlfile import Loaded
from announce.texts import say

_OAUTH2: Loc = ("email", "smtp", "oauth2")
_URLS = ("authorize_url", "device_url", "token_url")


def login_problems(loaded: Loaded, host: str) -> Iterator[Problem]:
    """Faults of `email.smtp.oauth2`, looked at as it is written."""
    written = value_at(loaded.value, _OAUTH2)
    if not isinstance(written, dict):
        return
    yield from _endpoints(loaded, host, written)
    for name in _URLS:
        yield from _url(loaded, (*_OAUTH2, name))
    yield from _scopes(loaded)
    if wants_secret(host) and "client_secret" not in written and "token_url" not in written:
        yield replace(
            _at(
                loaded,
                _OAUTH2,
                "oauth2-secret",
                say("a client registered with this provider has a secret, and none is named here"),
                say("add client_secret: {example}", example="{env: OAUTH_CLIENT_SECRET}"),
            ),
            severity=Severity.WARNING,
        )


def _endpoints(loaded: Loaded, host: str, written: dict[str, Any]) -> Iterator[Problem]:
    enough = "token_url" in written and "scopes" in written and set(written) & set(_URLS[:2])
    if not enough and not is_known(host):
        yield _at(
            loaded,
            _OAUTH2,
            "oauth2-endpoints",
            say("how to log in with OAuth2 at this host is not known"),
            say("add token_url, scopes, and authorize_url or device_url, as the provider says"),
        )


def _url(loaded: Loaded, loc: Loc) -> Iterator[Problem]:
    text = value_at(loaded.value, loc)
    if not isinstance(text, str) or loaded.complained(loc) or is_safe(text):
        return
    if re.match(r"http://[^/]", text):
        message = say("this address would send tokens readable to anyone on the way")
        yield _at(loaded, loc, "insecure", message, say("it begins with https://"))
    else:
        # Not repeated: somebody may have put a secret under the wrong key.
        yield _at(loaded, loc, "url", say("this is no web address"), say("it begins with https://"))


def _scopes(loaded: Loaded) -> Iterator[Problem]:
    scopes = value_at(loaded.value, (*_OAUTH2, "scopes"))
    for number, scope in enumerate(scopes if isinstance(scopes, list) else ()):
        if isinstance(scope, str) and (not scope or not scope.isascii() or len(scope.split()) > 1):
            yield _at(
                loaded,
                (*_OAUTH2, "scopes", number),
                "oauth2-scope",
                say("a scope is one word of plain ASCII"),
                say("write each scope as an entry of its own: [one, two]"),
            )


def _at(loaded: Loaded, loc: Loc, code: str, message: str, hint: str) -> Problem:
    return Problem(code=code, place=loaded.places.of(loc), message=message, hint=hint)
