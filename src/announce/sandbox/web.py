"""The web inbox: what the sandbox took, to look at in a browser."""

from __future__ import annotations

import threading
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import unquote

from announce.sandbox.inbox import open_mail, picture_type
from announce.sandbox.loopback import HttpReply, HttpRequest, LoopbackServer
from announce.sandbox.pages import asset, mails
from announce.sandbox.replies import SECURITY, choice, download, missing, moved, page, reply
from announce.sandbox.store import CaughtMail, MailStore
from announce.sandbox.web_articles import Administrator, ArticlePages
from announce.sandbox.wechat.state import State

_MAIL_VIEWS = ("phone", "desktop", "text", "source", "headers")
_ARTICLES = frozenset({"drafts", "draft", "outbox", "reader"})


class WebInbox:
    """The pages over a sandbox's folder, as a context; `url` is what to open.

    It looks at the folder anew for each page, whoever fills it. It changes things only by POST
    from its own pages; mass messages that wait for the administrator are answered there where
    the `account` is played here. Entering raises MachineError for a taken port.
    """

    def __init__(
        self,
        folder: Path,
        *,
        port: int = 0,
        token: str | None = None,
        account: Administrator | None = None,
    ) -> None:
        self._mails = MailStore(folder / "mail")
        self._state = State(folder / "wechat")
        self._server = LoopbackServer(self._answer, port=port, token=token)
        self._base = f"/{self._server.token}"
        self._articles = ArticlePages(self._state, self._base, account)

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
            case [part, *_] if part in _ARTICLES:
                return self._articles.answer(request, parts)
            case ["picture", name]:
                return self._picture(name)
            case ["style.css"]:
                css = asset("style.css") + asset("reader.css")
                return reply(css.encode(), "text/css; charset=utf-8")
            case _:
                return missing(self._base)

    def _change(self, request: HttpRequest, parts: list[str]) -> HttpReply:
        # A browser names the origin of each form; that it is ours, the server has checked.
        if "origin" not in request.headers:
            return HttpReply(status=403, headers=dict(SECURITY))
        if parts == ["empty", "mails"]:
            self._mails.empty()
            return moved(f"{self._base}/")
        return self._articles.change(parts)

    def _mail_list(self, request: HttpRequest) -> HttpReply:
        number = request.query.get("page", "1")
        return page(
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
            return missing(self._base)
        try:
            return self._mail(request, mail, rest)
        except FileNotFoundError:  # emptied meanwhile, perhaps by another process
            return missing(self._base)

    def _mail(self, request: HttpRequest, mail: CaughtMail, rest: list[str]) -> HttpReply:
        match rest:
            case []:
                return self._mail_page(request, mail)
            case ["eml"]:
                return download(mail.path.read_bytes(), mail.path.name)
            case ["attachment", number] if number.isdecimal():
                attachments = open_mail(mail).attachments
                if int(number) < len(attachments):
                    attachment = attachments[int(number)]
                    return download(attachment.data, attachment.name)
        return missing(self._base)

    def _mail_page(self, request: HttpRequest, mail: CaughtMail) -> HttpReply:
        names = self._mails.names()
        older = [name for name in names if name < mail.name][-1:]
        newer = [name for name in names if name > mail.name][:1]
        return page(
            mails.mail_page(
                open_mail(mail),
                base=self._base,
                shown_as=choice(request, _MAIL_VIEWS),
                older=self._mails.mail(older[0]) if older else None,
                newer=self._mails.mail(newer[0]) if newer else None,
            )
        )

    def _picture(self, name: str) -> HttpReply:
        known = {path.name: path for path in self._state.files.iterdir()}
        if name not in known:
            return missing(self._base)
        return reply(known[name].read_bytes(), picture_type(known[name]))
