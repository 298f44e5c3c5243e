"""One client at one provider: what it asks for tokens with, and what it is granted."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

from announce.errors import LoginRefused, MachineError
from announce.oauth.endpoint import Refusal, ask
from announce.reading.oauth_endpoints import Endpoints
from announce.texts import say

_GRANT_GONE = ("invalid_grant", "interaction_required", "invalid_scope", "consent_required")


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """The registered client, and the account whose mail it shall send."""

    id: str
    secret: str = field(default="", repr=False)
    user: str
    host: str
    endpoints: Endpoints


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What a token endpoint gave. `refresh` is "" where there is no (new) refresh token;
    `lifetime` is in seconds, None where it does not say."""

    access: str = field(repr=False)
    refresh: str = field(default="", repr=False)
    lifetime: float | None = None


def library() -> Any:
    """oauthlib's clients, imported now. MachineError where the extra is not installed."""
    try:
        import oauthlib.oauth2
    except ImportError as error:
        raise MachineError(
            say("logging in with OAuth2 needs the package oauthlib, which is not installed"),
            hint=say("install announce with its extra `oauth`"),
        ) from error
    return oauthlib.oauth2


def renewed(client: Client, refresh: str) -> Grant:
    """A new access token for a refresh token.

    Raises LoginRefused where the provider takes it no longer, Unreachable, MachineError.
    """
    protocol = library().WebApplicationClient(client.id)
    body = protocol.prepare_refresh_body(
        refresh_token=refresh,
        scope=list(client.endpoints.scopes),
        client_id=client.id,
        client_secret=client.secret or None,
    )
    try:
        return granted(client, body, (refresh,))
    except Refusal as refusal:
        raise refused(client, refusal) from refusal


def granted(client: Client, body: str, secrets: tuple[str, ...]) -> Grant:
    """What the token endpoint gives for this form. Raises Refusal, Unreachable, MachineError."""
    answer = ask(client.endpoints.token_url, body, (client.secret, *secrets))
    grant = _grant(answer)
    if grant is None:
        raise MachineError(
            say("{host} granted a login without a usable token", host=client.endpoints.token_host),
            hint=say("see to token_url and scopes below email.smtp.oauth2"),
        )
    return grant


def _grant(answer: dict[str, Any]) -> Grant | None:
    protocol = library()
    try:
        # Without scopes: a provider may grant them under other names, which is no fault here.
        tokens = protocol.WebApplicationClient("").parse_request_body_response(json.dumps(answer))
    except (protocol.OAuth2Error, ValueError, TypeError, AttributeError, OverflowError):
        return None
    access, refresh = tokens["access_token"], tokens.get("refresh_token") or ""
    if not (_is_token(access) and (refresh == "" or _is_token(refresh))):
        return None
    if str(tokens.get("token_type", "bearer")).lower() != "bearer":
        return None
    return Grant(access=access, refresh=refresh, lifetime=tokens.get("expires_in"))


def _is_token(value: object) -> bool:
    # RFC 6749, appendix A.12: visible characters; a space would end the header it goes into.
    return isinstance(value, str) and re.fullmatch(r"[!-~]+", value) is not None


def refused(client: Client, refusal: Refusal) -> MachineError:
    """What a person is told of a token endpoint's no, with the mend."""
    host = client.endpoints.token_host
    if refusal.code in _GRANT_GONE:
        return LoginRefused(
            say(
                "{host} refused the login of {user}: {answer}",
                host=host,
                user=client.user,
                answer=refusal.text,
            ),
            hint=say("log in again: announce login"),
        )
    if refusal.code == "access_denied":
        return LoginRefused(
            say(
                "the login of {user} was not allowed: {cause}", user=client.user, cause=refusal.text
            ),
            hint=say("log in again and allow it: announce login"),
        )
    return MachineError(
        say("{host} refuses this client: {cause}", host=host, cause=refusal.text),
        hint=say("see to client_id and client_secret below email.smtp.oauth2"),
    )
