"""Logging in without a browser on this machine: a code typed in elsewhere (RFC 8628)."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from announce.errors import MachineError, Unreachable
from announce.oauth.client import Client, Grant, granted, library, refused
from announce.oauth.endpoint import Refusal, ask, words_of
from announce.texts import say

_EXPIRES, _INTERVAL, _SLOWER = 900.0, 5.0, 5.0  # seconds: RFC 8628 §3.2 and §3.5
_PATIENCE, _LONGEST = 3600.0, 60.0  # what an answer may ask for at most


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceCode:
    """What a person needs to log in elsewhere: the page and the code to type in there."""

    address: str
    user_code: str
    device_code: str = field(repr=False)
    lifetime: float
    interval: float


def by_device(
    client: Client,
    show: Callable[[DeviceCode], None],
    *,
    pause: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> Grant:
    """The grant of a login that a person makes on another machine.

    `show` is given what to tell them. Raises LoginRefused where they do not allow it, Unreachable,
    and MachineError where the code expires first or the provider has no such login.
    """
    code = _begun(client)
    show(code)
    until, interval = clock() + code.lifetime, code.interval
    while clock() < until:
        pause(interval)
        try:
            return _polled(client, code)
        except Unreachable:
            interval = max(interval, 1.0) * 2  # RFC 8628 §3.5
        except Refusal as refusal:
            if refusal.code == "expired_token":
                break
            if refusal.code == "slow_down":
                interval += _SLOWER
            elif refusal.code != "authorization_pending":
                raise refused(client, refusal) from refusal
    raise MachineError(
        say("nobody logged in before the code expired"), hint=say("run announce login again")
    )


def _begun(client: Client) -> DeviceCode:
    if not client.endpoints.device_url:
        raise MachineError(
            say("this provider has no login without a browser for mail"),
            hint=say("use an app password, or log in without --device on a machine with a browser"),
        )
    form = {"client_id": client.id, "scope": " ".join(client.endpoints.scopes)}
    try:
        answer = ask(client.endpoints.device_url, urlencode(form), (client.secret,))
    except Refusal as refusal:
        raise refused(client, refusal) from refusal
    code = _code(answer)
    if code is None:
        raise MachineError(
            say("{host} gave no code to log in with", host=client.endpoints.token_host),
            hint=say("see to device_url below email.smtp.oauth2"),
        )
    return code


def _code(answer: dict[str, Any]) -> DeviceCode | None:
    # Google's older name of it: verification_url.
    address = answer.get("verification_uri") or answer.get("verification_url")
    device, user = answer.get("device_code"), answer.get("user_code")
    if not (isinstance(address, str) and isinstance(device, str) and isinstance(user, str)):
        return None
    return DeviceCode(
        address=words_of(address, (device,)),
        user_code=words_of(user, (device,)),
        device_code=device,
        lifetime=min(_seconds(answer.get("expires_in"), _EXPIRES), _PATIENCE),
        interval=min(_seconds(answer.get("interval"), _INTERVAL), _LONGEST),
    )


def _seconds(value: object, default: float) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool) and value >= 0:
        return float(value)
    return default


def _polled(client: Client, code: DeviceCode) -> Grant:
    body = (
        library()
        .DeviceClient(client.id)
        .prepare_request_body(
            code.device_code, include_client_id=True, client_secret=client.secret or None
        )
    )
    return granted(client, body, (code.device_code,))
