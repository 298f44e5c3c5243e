"""The emulator as a server: which endpoint asks what, checked in the platform's order."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import unquote

from announce.sandbox.loopback import HttpReply, HttpRequest, LoopbackServer
from announce.sandbox.wechat.account import Account
from announce.sandbox.wechat.drafts import Draft, Drafts
from announce.sandbox.wechat.journal import AFTER, Fault, Journal, Request, Script
from announce.sandbox.wechat.materials import Materials
from announce.sandbox.wechat.protocol import (
    ApiError,
    Call,
    Clock,
    answer,
    read_json,
    refusal,
)
from announce.sandbox.wechat.rules import DOCUMENTED, Profile
from announce.sandbox.wechat.state import State
from announce.sandbox.wechat.tokens import Tokens

_PREFIX = "/cgi-bin/"
_ERROR_PAGE = "<html><body><h1>Service Unavailable</h1></body></html>"

Endpoint = Callable[[Call], HttpReply]


class OfficialAccountServer:
    """An official account on loopback, as a context: `api_base` stands for the API's host.

    Without `account` it plays the folder's own, a personal subscription account whose id and
    secret are made once. Endpoints that it does not have answer 48001, whatever the rights.
    Entering raises MachineError for a taken port.
    """

    def __init__(
        self,
        folder: Path,
        *,
        now: Clock,
        account: Account | None = None,
        profile: Profile = DOCUMENTED,
        port: int = 0,
        token: str | None = None,
    ) -> None:
        self._now = now
        self._state = State(folder)
        self.account = account or self._state.own_account()
        self._tokens = Tokens(self._state, self.account)
        self._materials = Materials(self._state, self.account)
        self._drafts = Drafts(self._state, self.account, profile, self._materials)
        self._journal = Journal(self._state)
        self._script = Script()
        self._endpoints = self._all_endpoints()
        self._server = LoopbackServer(self._answer, port=port, token=token)

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

    def __enter__(self) -> Self:
        self._server.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.__exit__(kind, error, trace)

    def fail_next(self, path: str, kind: Fault | int | str, *, times: int = 1) -> None:
        """Make the next calls of an endpoint (`draft/add`) go wrong, once each.

        An integer is an error code, answered before anything happened. Raises ValueError for
        a kind that does not exist.
        """
        fault = kind if isinstance(kind, int) else Fault(kind)
        self._script.add(path.removeprefix(_PREFIX), fault, times)

    def journal(self) -> list[Request]:
        """Every request so far, without secrets."""
        return self._journal.read()

    def drafts(self) -> list[Draft]:
        """The draft box, the newest first."""
        return self._drafts.all()

    def _all_endpoints(self) -> dict[str, tuple[str, Endpoint]]:
        materials, drafts = self._materials, self._drafts
        return {
            "media/uploadimg": ("POST", materials.upload_body_picture),
            "media/upload": ("POST", materials.add_temporary),
            "material/add_material": ("POST", materials.add),
            "material/get_material": ("POST", materials.get),
            "material/batchget_material": ("POST", materials.page),
            "material/get_materialcount": ("GET", materials.count),
            "material/del_material": ("POST", materials.delete),
            "draft/add": ("POST", drafts.add),
            "draft/update": ("POST", drafts.update),
            "draft/get": ("POST", drafts.get),
            "draft/batchget": ("POST", drafts.page),
            "draft/count": ("GET", drafts.count),
            "draft/delete": ("POST", drafts.delete),
        }

    def _answer(self, request: HttpRequest) -> HttpReply:
        path = unquote(request.path)
        if not path.startswith(_PREFIX):
            return HttpReply(status=404, headers={"Content-Type": "text/plain"})
        path = path.removeprefix(_PREFIX)
        fault = self._script.take(path)
        errcode: int | None = None
        try:
            reply = self._faulty(path, request, fault)
        except ApiError as error:
            errcode, reply = error.code, refusal(error)
        self._journal.write(
            Request(
                at=self._now(),
                method=request.method,
                path=path,
                query=request.query,
                size=len(request.body),
                errcode=errcode,
                fault="" if fault is None else str(fault),
            )
        )
        return reply

    def _faulty(self, path: str, request: HttpRequest, fault: Fault | int | None) -> HttpReply:
        """The call, with the scripted fault before or after it."""
        if type(fault) is int:
            raise ApiError(fault, "scripted error")
        if fault is None or fault in AFTER:
            reply = self._call(path, request)
        if fault in (Fault.BUSY_BEFORE, Fault.BUSY_AFTER):
            raise ApiError(-1, "system error")
        if fault in (Fault.LOST_BEFORE, Fault.LOST_AFTER):
            return HttpReply(dropped=True)
        if fault in (Fault.HTTP502, Fault.HTML):
            return HttpReply(
                status=502 if fault is Fault.HTTP502 else 200,
                headers={"Content-Type": "text/html"},
                body=_ERROR_PAGE.encode(),
            )
        return reply

    def _call(self, path: str, request: HttpRequest) -> HttpReply:
        at = self._now()
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
        _require(request, endpoint[0])
        call = Call(
            path=path,
            query=request.query,
            content_type=request.headers.get("content-type", ""),
            body=request.body,
            at=at,
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
