"""The web inbox: what the sandbox took, to look at in a browser."""

from __future__ import annotations

import threading
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote, unquote

from announce.sandbox.inbox import open_mail, picture_type
from announce.sandbox.loopback import HttpReply, HttpRequest, LoopbackServer
from announce.sandbox.pages import Html, asset, drafts, frame, mails, nothing
from announce.sandbox.store import CaughtMail, MailStore
from announce.sandbox.wechat.drafts import drafts_in, empty_drafts
from announce.sandbox.wechat.state import State
from announce.texts import say

_SECURITY = {
    "Cache-Control": "no-store",
    # A mail's frame inherits this: its own styles and inlined pictures, and nothing else.
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self' 'unsafe-inline'; img-src 'self' data:;"
        " form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    # Not no-referrer: with it a browser calls the origin of our own forms null.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_MAIL_VIEWS = ("phone", "desktop", "text", "source", "headers")
_DRAFT_VIEWS = ("phone", "source")


class WebInbox:
    """The pages over a sandbox's folder, as a context; `url` is what to open.

    It looks at the folder anew for each page, whoever fills it. It changes things only by POST
    from its own pages. Entering raises MachineError for a taken port.
    """

    def __init__(self, folder: Path, *, port: int = 0, token: str | None = None) -> None:
        self._mails = MailStore(folder / "mail")
        self._state = State(folder / "wechat")
        self._server = LoopbackServer(self._answer, port=port, token=token)
        self._base = f"/{self._server.token}"

    @property
    def url(self) -> str:
        """Its address, the token included."""
        return f"{self._server.base}/"

    def wait(self, until: threading.Event | None = None) -> None:
        """Block until `until` is set or Ctrl-C is pressed: either is the ordinary end."""
        ended = until or threading.Event()
        with suppress(KeyboardInterrupt):
            ended.wait()

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

    def _answer(self, request: HttpRequest) -> HttpReply:
        parts = [unquote(part) for part in request.path.strip("/").split("/")]
        if request.method == "POST":
            return self._change(request, parts)
        match parts:
            case [""]:
                return self._mail_list(request)
            case ["mail", name, *rest]:
                return self._mail_or_missing(request, name, rest)
            case ["drafts"]:
                return _page(drafts.list_page(drafts_in(self._state), base=self._base))
            case ["draft", media_id]:
                return self._draft(request, media_id)
            case ["picture", name]:
                return self._picture(name)
            case ["style.css"]:
                return _reply(asset("style.css").encode(), "text/css; charset=utf-8")
            case _:
                return self._missing()

    def _change(self, request: HttpRequest, parts: list[str]) -> HttpReply:
        # A browser names the origin of each form; that it is ours, the server has checked.
        if "origin" not in request.headers:
            return HttpReply(status=403, headers=dict(_SECURITY))
        match parts:
            case ["empty", "mails"]:
                self._mails.empty()
                target = f"{self._base}/"
            case ["empty", "drafts"]:
                empty_drafts(self._state)
                target = f"{self._base}/drafts"
            case _:
                return self._missing()
        return HttpReply(status=303, headers={**_SECURITY, "Location": target})

    def _mail_list(self, request: HttpRequest) -> HttpReply:
        number = request.query.get("page", "1")
        return _page(
            mails.list_page(
                self._mails.mails(),
                base=self._base,
                query=request.query.get("q", "").strip(),
                number=max(1, int(number)) if number.isdecimal() else 1,
            )
        )

    def _mail_or_missing(self, request: HttpRequest, name: str, rest: list[str]) -> HttpReply:
        mail = self._mails.mail(name)
        if mail is None:
            return self._missing()
        try:
            return self._mail(request, mail, rest)
        except FileNotFoundError:  # emptied meanwhile, perhaps by another process
            return self._missing()

    def _mail(self, request: HttpRequest, mail: CaughtMail, rest: list[str]) -> HttpReply:
        match rest:
            case []:
                return self._mail_page(request, mail)
            case ["eml"]:
                return _download(mail.path.read_bytes(), mail.path.name)
            case ["attachment", number] if number.isdecimal():
                attachments = open_mail(mail).attachments
                if int(number) < len(attachments):
                    attachment = attachments[int(number)]
                    return _download(attachment.data, attachment.name)
        return self._missing()

    def _mail_page(self, request: HttpRequest, mail: CaughtMail) -> HttpReply:
        names = self._mails.names()
        older = [name for name in names if name < mail.name][-1:]
        newer = [name for name in names if name > mail.name][:1]
        return _page(
            mails.mail_page(
                open_mail(mail),
                base=self._base,
                shown_as=_choice(request, _MAIL_VIEWS),
                older=self._mails.mail(older[0]) if older else None,
                newer=self._mails.mail(newer[0]) if newer else None,
            )
        )

    def _draft(self, request: HttpRequest, media_id: str) -> HttpReply:
        number = request.query.get("article", "0")
        for draft in drafts_in(self._state):
            if draft.media_id == media_id and number in map(str, range(len(draft.articles))):
                return _page(
                    drafts.draft_page(
                        draft,
                        int(number),
                        base=self._base,
                        state=self._state,
                        shown_as=_choice(request, _DRAFT_VIEWS),
                    )
                )
        return self._missing()

    def _picture(self, name: str) -> HttpReply:
        known = {path.name: path for path in self._state.files.iterdir()}
        if name not in known:
            return self._missing()
        return _reply(known[name].read_bytes(), picture_type(known[name]))

    def _missing(self) -> HttpReply:
        main = nothing(say("There is no such page"), say("It may have been emptied meanwhile."))
        page = frame(base=self._base, title=say("There is no such page"), here="", main=main)
        return _page(page, status=404)


def _choice(request: HttpRequest, known: tuple[str, ...]) -> str:
    asked = request.query.get("view", known[0])
    return asked if asked in known else known[0]


def _page(page: Html, *, status: int = 200) -> HttpReply:
    return _reply(page.encode("utf-8", "replace"), "text/html; charset=utf-8", status=status)


def _reply(body: bytes, media_type: str, *, status: int = 200) -> HttpReply:
    headers = {**_SECURITY, "Content-Type": media_type}
    return HttpReply(status=status, headers=headers, body=body)


def _download(data: bytes, name: str) -> HttpReply:
    # Never shown in the browser, whatever a mail says it is.
    headers = {
        **_SECURITY,
        "Content-Type": "application/octet-stream",
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}",
    }
    return HttpReply(headers=headers, body=data)
