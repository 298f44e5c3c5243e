"""The way to an official account's API: wechatpy's client, bounded, with failures of our own."""

from __future__ import annotations

import json
import logging
import re
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import requests
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError
from wechatpy.client import WeChatClient

from announce.channels.wechat import failures
from announce.channels.wechat.failures import ApiFailure, Kind
from announce.channels.wechat.memory import AccountMemory, Forgetful
from announce.model.hosts import is_loopback

API_BASE = "https://api.weixin.qq.com"
TIMEOUT = 15.0
# Seconds that a token lives: what the documents say.
_LIFETIME = 7200
# The platform renews a stable token five minutes before it ends, so that a minute is enough.
TOKEN_MARGIN = 60
# Codes that a fresh token may mend: refused before anything happened, so asking again is safe.
STALE_TOKEN = frozenset({40001, 40014, 42001})


class Client(WeChatClient):  # type: ignore[misc]
    """Calls with one account's login; `api.OfficialAccount` has the endpoints.

    Every call that does not succeed raises ApiFailure and nothing else. Tokens come from
    `stable_token` only: `token` would kill those of other programs. `memory` outlives this object
    and is shared with other processes; the default is as long as the process.
    """

    def __init__(
        self,
        app_id: str,
        secret: str,
        *,
        api_base: str = API_BASE,
        memory: AccountMemory | None = None,
        timeout: float = TIMEOUT,
        clock: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(app_id, secret, timeout=timeout, auto_retry=False)
        self.API_BASE_URL = f"{api_base.rstrip('/')}/cgi-bin/"
        self._clock = clock
        self._memory = Forgetful() if memory is None else memory
        if is_loopback(urlsplit(api_base).hostname or ""):
            # A proxy of the environment must not get to see the sandbox, nor hide it.
            self._http.trust_env = False

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.appid!r})"

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    # Token

    @property
    def access_token(self) -> str:
        """The token in force, fetched when there is none or it is about to end."""
        return self._valid() or self._fetched("")

    def fetch_access_token(self) -> dict[str, Any]:
        """Ask `stable_token`, which gives the same token as before while that is valid."""
        self._memory.called("stable_token")
        login = {"grant_type": "client_credential", "appid": self.appid, "secret": self.secret}
        try:
            answer = self._exchange("post", "stable_token", params={}, data=_encode(login))
        except ApiFailure as failure:
            failed = self._login_failure(failure)
        else:
            if isinstance(answer.get("access_token"), str):
                lifetime = _seconds(answer.get("expires_in"))
                self._memory.keep_token(answer["access_token"], self._clock() + lifetime)
                return answer
            failed = failures.not_the_api('HTTP 200, no "access_token"')
        raise failed

    def _valid(self) -> str:
        known = self._memory.token()
        return known[0] if known and known[1] - self._clock() > TOKEN_MARGIN else ""

    def _fetched(self, refused: str) -> str:
        """A token fetched anew, or by another process meanwhile; not the one that was refused."""
        with self._memory.fetching():
            known = self._valid()
            if known and known != refused:
                return known
            return str(self.fetch_access_token()["access_token"])

    @staticmethod
    def _login_failure(failure: ApiFailure) -> ApiFailure:
        if failure.code is not None:
            failure = failures.answered(
                failure.code, f"{failure.text} rid: {failure.rid}", at_login=True
            )
        if failure.kind is Kind.LOST:
            failure = failures.unreachable(failure.text)
        # Whatever happened at the login: the call that it was for was never made.
        failure.unsure = False
        return failure

    # Calls

    def _request(self, method: str, url_or_endpoint: str, **kwargs: Any) -> dict[str, Any]:
        """What wechatpy's `get` and `post` come down to. Raises ApiFailure."""
        params = dict(kwargs.pop("params", None) or {})
        if isinstance(kwargs.get("data"), dict):
            kwargs["data"] = _encode(kwargs["data"])
        token = self.access_token
        self._memory.called(url_or_endpoint)
        try:
            return self._exchange(
                method, url_or_endpoint, params={**params, "access_token": token}, **kwargs
            )
        except ApiFailure as failure:
            if failure.code not in STALE_TOKEN:
                raise
        fresh = self._fetched(token)
        self._memory.called(url_or_endpoint)
        return self._exchange(
            method, url_or_endpoint, params={**params, "access_token": fresh}, **kwargs
        )

    def _exchange(self, method: str, endpoint: str, **kwargs: Any) -> dict[str, Any]:
        url = f"{self.API_BASE_URL}{endpoint}"
        kwargs.setdefault("timeout", self.timeout)
        try:
            # A redirect would turn POST into GET and carry the token to another host.
            reply = self._http.request(method, url, allow_redirects=False, **kwargs)
        except OSError as error:  # requests' errors are of its kind; a missing CA file is bare
            failed = _network_failure(error)
        else:
            return self._read(reply)
        # Outside the handler: the caught error holds the address with the token, and even
        # `from None` would keep it as the context.
        raise failed

    def _read(self, reply: requests.Response) -> dict[str, Any]:
        if reply.status_code != HTTPStatus.OK:
            raise _http_failure(reply.status_code)
        answer = _decode(reply.content)
        if answer is None:
            raise failures.lost("HTTP 200, not JSON")
        if code := answer.get("errcode", 0):
            said = self._scrub(str(answer.get("errmsg", "")))
            raise failures.answered(int(code), said, answer=answer)
        return answer

    def _scrub(self, text: str) -> str:
        known = self._memory.token()
        for secret in (self.secret, known[0] if known else ""):
            text = text.replace(str(secret), "***") if secret else text
        return text


def _seconds(told: object) -> int:
    """How long a token lives; two hours, as documented, where that cannot be read."""
    return told if type(told) is int and told > 0 else _LIFETIME


def _encode(payload: Mapping[str, Any]) -> bytes:
    # Escaped as \uXXXX, Chinese would be stored and counted as those six characters.
    return json.dumps(payload, ensure_ascii=False).encode()


def _decode(body: bytes) -> dict[str, Any] | None:
    # draft/get answers text/plain without a charset: what the header says is of no use.
    try:
        answer = json.loads(body.decode("utf-8-sig"), strict=False)
    except ValueError:
        return None
    if not isinstance(answer, dict):
        return None
    code = answer.get("errcode", 0)
    return answer if isinstance(code, int) or re.fullmatch(r"-?\d+", str(code)) else None


def _http_failure(status: int) -> ApiFailure:
    what = f"HTTP {status}"
    # A gateway's 5xx may come after the platform took the call; a 408 or a 429 says little.
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.REQUEST_TIMEOUT:
        return failures.lost(what)
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return failures.unreachable(what)
    return failures.not_the_api(what)


def _network_failure(error: OSError) -> ApiFailure:
    """Turn an error of requests into ours. Its text is left behind: it holds the token."""
    causes = list(_causes(error))
    what = type(causes[-1]).__name__
    unsent = any(isinstance(cause, _CERTAINLY_UNSENT) for cause in causes)
    if unsent or not isinstance(error, requests.RequestException):
        return failures.unreachable(what)
    return failures.lost(what)


_CERTAINLY_UNSENT = (
    requests.exceptions.ConnectTimeout,
    requests.exceptions.ProxyError,
    requests.exceptions.InvalidURL,
    requests.exceptions.InvalidSchema,
    requests.exceptions.MissingSchema,
    ConnectTimeoutError,
    NewConnectionError,
    ssl.SSLCertVerificationError,
)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and what it wraps: requests and urllib3 keep theirs in `args` or `reason`."""
    seen: BaseException | None = error
    while isinstance(seen, BaseException):
        yield seen
        wrapped = [*seen.args, getattr(seen, "reason", None)]
        seen = next((item for item in wrapped if isinstance(item, BaseException)), None)


class _HideToken(logging.Filter):
    """urllib3 writes whole addresses into its debug log."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg = _TOKEN.sub("access_token=***", record.getMessage())
        record.args = None
        return True


_TOKEN = re.compile(r"access_token=[^&\s\"']+")
logging.getLogger("urllib3.connectionpool").addFilter(_HideToken())
