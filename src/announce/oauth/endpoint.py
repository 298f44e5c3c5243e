"""Asking an OAuth2 endpoint over HTTP: bounded in time and size, and no secret in any error."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

import requests

from announce.errors import MachineError, Unreachable
from announce.masking import masked
from announce.reading.oauth_endpoints import is_safe
from announce.texts import say

_CONNECT, _READ, _WHOLE = 10.0, 30.0, 60.0  # seconds
_LARGEST = 256 * 1024
_LIMIT = 300  # characters
_HEADERS = {
    "Accept": "application/json",
    "Content-Type": "application/x-www-form-urlencoded",
}


class Refusal(Exception):
    """An endpoint said no: `code` is OAuth2's (`invalid_grant`), `text` its words, masked."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text


def ask(url: str, form: str, secrets: Iterable[str] = ()) -> dict[str, Any]:
    """Post a form (already encoded) and return the JSON object that comes back.

    Raises Refusal where it holds an `error`; Unreachable where nobody answers, or not now;
    MachineError for an unsafe address and for whatever is no OAuth2 answer. `secrets` are those
    of the form, which no error shows.
    """
    if not is_safe(url):
        raise MachineError(
            say("{host}: tokens are fetched over https:// only", host=_host(url)),
            hint=say("see to the addresses below email.smtp.oauth2"),
        )
    status, body = _posted(url, form)
    answer = _object(body)
    if answer is not None and isinstance(answer.get("error"), str):
        words = [answer["error"], str(answer.get("error_description", ""))]
        text = words_of(": ".join(word for word in words if word), secrets)
        raise Refusal(answer["error"], text)
    if status == 429 or status >= 500:
        raise Unreachable(
            say(
                "{host} gives no tokens at the moment (HTTP {status})",
                host=_host(url),
                status=status,
            ),
            hint=say("wait, and run again"),
        )
    if answer is None or status != 200:
        raise MachineError(
            say("{host} gave no OAuth2 answer (HTTP {status})", host=_host(url), status=status),
            hint=say(
                "see to the addresses below email.smtp.oauth2, and whether a proxy or a network's "
                "login page stands in between"
            ),
        )
    return answer


def words_of(text: str, secrets: Iterable[str] = ()) -> str:
    """A server's words fit for a screen: one line, not endless, none of these secrets."""
    clean = masked(text, secrets)
    return " ".join("".join(sign if sign.isprintable() else " " for sign in clean).split())[:_LIMIT]


def _posted(url: str, form: str) -> tuple[int, bytes]:
    try:
        with requests.post(
            url,
            data=form.encode(),
            headers=_HEADERS,
            timeout=(_CONNECT, _READ),
            allow_redirects=False,  # a form with secrets goes nowhere else
            stream=True,
            auth=_as_it_is,
            verify=os.environ.get("SSL_CERT_FILE") or True,
        ) as reply:
            return reply.status_code, _bounded(reply)
    except (requests.RequestException, OSError) as error:
        failure = _no_answer(_host(url), error)
    # Outside the handler: the original carries the request, and with it the form.
    raise failure


def _no_answer(host: str, error: Exception) -> MachineError:
    if isinstance(error, requests.exceptions.SSLError) and "CERTIFICATE" in str(error):
        return MachineError(
            say("no safe connection to {host}: its certificate does not verify", host=host),
            hint=say("check this machine's clock and network; SSL_CERT_FILE names authorities"),
        )
    return Unreachable(
        say("no connection to {host} ({kind})", host=host, kind=type(error).__name__),
        hint=say("check the network (HTTPS_PROXY is honoured), and run again"),
    )


def _bounded(reply: requests.Response) -> bytes:
    until = time.monotonic() + _WHOLE
    body = b""
    for part in reply.iter_content(8192):
        body += part
        if len(body) > _LARGEST or time.monotonic() > until:
            return b""
    return body


def _as_it_is(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """No login of ~/.netrc is added."""
    return request


def _object(body: bytes) -> dict[str, Any] | None:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or "?"
    except ValueError:
        return "?"
