"""The emulator as a server: which endpoint asks what, checked in the platform's order."""

from __future__ import annotations

import threading
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import unquote

from announce.sandbox.loopback import HttpReply, HttpRequest, LoopbackServer
from announce.sandbox.wechat.account import Account, AccountKind
from announce.sandbox.wechat.endpoints import Endpoint, Families
from announce.sandbox.wechat.events import Callback, events_after
from announce.sandbox.wechat.faults import AFTER, Fault
from announce.sandbox.wechat.journal import Refusal, Request
from announce.sandbox.wechat.protocol import (
    PREFIX,
    ApiError,
    Call,
    Clock,
    answer,
    new_rid,
    read_json,
    refusal,
)
from announce.sandbox.wechat.rules import DOCUMENTED, Profile
from announce.sandbox.wechat.scripting import Scripted
from announce.sandbox.wechat.state import State
from announce.sandbox.wechat.tokens import Tokens

DELAY = timedelta(seconds=2)
_ERROR_PAGE = "<html><body><h1>Service Unavailable</h1></body></html>"
_BUSY = frozenset({Fault.BUSY_BEFORE, Fault.BUSY_AFTER})
_LOST = frozenset({Fault.LOST_BEFORE, Fault.LOST_AFTER})
_STALLED = frozenset({Fault.STALL_BEFORE, Fault.STALL_AFTER})
_PAGES = {
    Fault.HTTP502: 502,
    Fault.HTTP502_AFTER: 502,
    Fault.HTML: 200,
    Fault.HTML_AFTER: 200,
}
_TICK = 0.5


class OfficialAccountServer(Scripted):
    """An official account on loopback, as a context: `api_base` stands for the API's host.

    Without `account` it plays the folder's own, whose id and secret are made once; `kind` says
    with which rights, a personal subscription account's by default: a folder may be another
    kind at its next start, what happened stays. Jobs take `publish_delay` by the clock `now`.
    Events are posted to `callback`, an address on this machine and the token to sign with.
    With `ticks` jobs end on time by themselves, and not only when somebody asks or looks.

    Endpoints that it does not have answer 48001, whatever the rights. Entering raises
    MachineError for a taken port.
    """

    def __init__(
        self,
        folder: Path,
        *,
        now: Clock,
        account: Account | None = None,
        kind: AccountKind | None = None,
        profile: Profile = DOCUMENTED,
        publish_delay: timedelta = DELAY,
        callback: tuple[str, str] | None = None,
        ticks: bool = False,
        port: int = 0,
        token: str | None = None,
    ) -> None:
        state = State(folder)
        played = account or state.own_account(kind or AccountKind.PERSONAL_SUB)
        played = replace(played, kind=kind or played.kind)
        families = Families(state, played, profile, publish_delay)
        super().__init__(state, played, families, Tokens(state, played), now)
        self._endpoints: dict[str, tuple[str, Endpoint]] = families.endpoints()
        self._callback = Callback(*callback) if callback is not None else None
        self._ticks = ticks
        self._told = 0
        self._telling = threading.Lock()
        self._server = LoopbackServer(self._answer, port=port, token=token)
        self._stack = ExitStack()

    @property
    def port(self) -> int:
        """The port it listens on."""
        return self._server.port

    @property
    def api_base(self) -> str:
        """What to use in place of `https://api.weixin.qq.com`."""
        return self._server.base

    @property
    def app_id(self) -> str:
        """The account's AppID."""
        return self.account.app_id

    @property
    def app_secret(self) -> str:
        """The account's AppSecret."""
        return self.account.app_secret

    @property
    def kind(self) -> AccountKind:
        """The kind of account that it plays."""
        return self.account.kind

    @property
    def secret_file(self) -> Path:
        """Where the AppSecret of the folder's own account can be read."""
        return self._state.secret_file

    def __enter__(self) -> Self:
        self._families.population.seed(self._at())
        self._families.notices.seed()
        self._told = max(
            (number for number, _, _ in events_after(self._state, self.app_id, 0)), default=0
        )
        with ExitStack() as stack:
            stack.enter_context(self._state.held_open())
            if self._callback is not None:
                stack.enter_context(self._callback)
            stack.enter_context(self._server)
            if self._ticks:
                self._start_ticking(stack)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()

    def settle(self) -> None:
        """Let time have passed for jobs, and tell of those that ended."""
        super().settle()
        self._tell()

    def _start_ticking(self, stack: ExitStack) -> None:
        ended = threading.Event()

        def tick() -> None:
            while not ended.wait(_TICK):
                self.settle()

        thread = threading.Thread(target=tick, daemon=True)
        thread.start()
        stack.callback(thread.join)
        stack.callback(ended.set)

    def _tell(self) -> None:
        if self._callback is None:
            return
        with self._telling:
            for number, at, xml in events_after(self._state, self.app_id, self._told):
                self._callback.tell(xml, at)
                self._told = number

    def _answer(self, request: HttpRequest) -> HttpReply:
        path = unquote(request.path)
        if not path.startswith(PREFIX):
            return HttpReply(status=404, headers={"Content-Type": "text/plain"})
        path = path.removeprefix(PREFIX)
        self.settle()
        fault = self._script.take(path)
        refused: Refusal | None = None
        errcode: int | None = None
        try:
            reply = self._faulty(path, request, fault)
        except ApiError as error:
            rid = new_rid()
            errcode, reply = error.code, refusal(error, rid)
            refused = self._refused(rid, path, request, reply)
        self._journal.write(
            Request(
                at=self._now(),
                method=request.method,
                path=path,
                query=request.query,
                size=len(request.body),
                errcode=errcode,
                fault="" if fault is None else str(fault),
            ),
            refused,
        )
        self._tell()
        return reply

    def _refused(self, rid: str, path: str, request: HttpRequest, reply: HttpReply) -> Refusal:
        return Refusal(
            rid=rid,
            app_id=self.app_id,
            at=self._now(),
            path=path,
            query=request.query,
            peer=request.peer,
            reply=reply.body.decode(),
        )

    def _faulty(self, path: str, request: HttpRequest, fault: Fault | int | None) -> HttpReply:
        """The call, with the fault of this time before or after it."""
        if fault is None:
            return self._call(path, request)
        if not isinstance(fault, Fault):
            raise ApiError(fault, "scripted error")
        if fault is Fault.TOKEN:
            self.invalidate_tokens()
            return self._call(path, request)
        if fault in AFTER:
            self._call(path, request)
        if fault in _BUSY:
            raise ApiError(-1, "system error")
        if fault in _PAGES:
            return HttpReply(
                status=_PAGES[fault],
                headers={"Content-Type": "text/html"},
                body=_ERROR_PAGE.encode(),
            )
        return HttpReply(dropped=fault in _LOST, stalled=fault in _STALLED)

    def _call(self, path: str, request: HttpRequest) -> HttpReply:
        at = self._now()
        if path in ("token", "stable_token"):
            self._families.quotas.count(path, at.timestamp())
        if path == "token":
            _require(request, "GET")
            self._tokens.login(request.query, request.peer)
            return answer(self._tokens.plain(at.timestamp()))
        if path == "stable_token":
            _require(request, "POST")
            asked = read_json(request.body)
            self._tokens.login(asked, request.peer)
            force = asked.get("force_refresh") is True
            return answer(self._tokens.stable(at.timestamp(), force=force))
        self._tokens.check(request.query.get("access_token", ""), at.timestamp())
        endpoint = self._entitled(path)
        self._families.quotas.count(path, at.timestamp())
        _require(request, endpoint[0])
        call = Call(
            path=path,
            query=request.query,
            content_type=request.headers.get("content-type", ""),
            body=request.body,
            at=at,
            peer=request.peer,
        )
        return endpoint[1](call)

    def _entitled(self, path: str) -> tuple[str, Endpoint]:
        # Rights come before the body: a caller learns of 48001 whatever it sent.
        if not self.account.may(path):
            raise ApiError(48001, "api unauthorized")
        if path not in self._endpoints:
            raise ApiError(48001, f"api unauthorized: the sandbox does not emulate {path}")
        return self._endpoints[path]


def _require(request: HttpRequest, method: str) -> None:
    if request.method != method:
        raise (
            ApiError(43002, "require POST method")
            if method == "POST"
            else ApiError(43001, "require GET method")
        )
