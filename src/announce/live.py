"""`preview --serve`: the preview on loopback, made anew whenever a file changes, with a form to
approve exactly what it shows."""

from __future__ import annotations

import json
import mimetypes
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import parse_qs, unquote
from zoneinfo import ZoneInfo

from announce.approving import draw_up, record
from announce.checks.figures import unmet
from announce.errors import AnnounceError, GateError, InputError
from announce.gathering import Opened
from announce.preparing import prepare_opened
from announce.preview.folder import ASSETS, remove_preview, replace_folder
from announce.preview.html import asset
from announce.preview.served import fault_page, refusal_page, with_form
from announce.sandbox.loopback import HttpReply, HttpRequest, LoopbackServer
from announce.sandbox.replies import SECURITY, moved, reply
from announce.showing import Shown, sign_of, write_preview
from announce.texts import say
from announce.watching import Watch

_INTERVAL = 1.0  # seconds between looks at the files
_HELD = 20.0  # seconds that a page's question is held
_HEADERS = SECURITY | {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src data:;"
        " frame-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none';"
        " frame-ancestors 'self'"
    ),
    "X-Frame-Options": "SAMEORIGIN",  # articles stand in a frame of the first page
}


class PreviewServer:
    """A campaign's preview as a context; `url` is what to open, `reopen` reads its file anew.

    Entering writes it; from then on it is written anew about a second after any file of the
    project changes. Faults stand in place of the page, and never end it. It changes nothing but by
    POST from its own pages: an approval. Suppressions, which lie in no file, are not watched.
    """

    def __init__(
        self,
        reopen: Callable[[], Opened],
        folder: Path,
        *,
        now: Callable[[], datetime],
        token: str | None = None,
        interval: float = _INTERVAL,
    ) -> None:
        self._reopen, self._now = reopen, now
        self._folder, self._interval = folder, interval
        self._fresh = folder.with_name(f"{folder.name}.next")
        self._server = LoopbackServer(self._answer, token=token)
        self._turn = threading.Condition()  # guards the four below
        self._version = 0
        self._shown: Shown | None = None
        self._fault: AnnounceError | None = None
        self._ended = False
        self._writing = threading.Lock()
        self._watch: Watch | None = None
        self._watcher = threading.Thread(target=self._follow, daemon=True)

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
        root = self._reopen().project.root
        self._watch = Watch(root, without=(self._folder, self._fresh))
        self._write()
        self._server.__enter__()
        self._watcher.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._turn:
            self._ended = True
            self._turn.notify_all()
        self._watcher.join()
        self._server.__exit__(kind, error, trace)
        remove_preview(self._fresh)  # of a fault that was found half way

    # -- following the files ---------------------------------------------------------------

    def _follow(self) -> None:
        assert self._watch is not None
        while not self._ended:
            with self._turn:
                self._turn.wait_for(lambda: self._ended, timeout=self._interval)
            if not self._ended and self._watch.changed():
                self._write()

    def _write(self) -> None:
        """Write the preview anew beside the old one, which takes its place when it is whole."""
        with self._writing:
            shown, fault = None, None
            try:
                # Read anew each time: the campaign's file may be what changed.
                opened = self._reopen()
                shown = write_preview(opened, self._fresh, self._now())
                with self._turn:
                    replace_folder(self._fresh, self._folder)
            except AnnounceError as error:
                fault = error
            except OSError as error:  # a file was taken away while it was read
                fault = InputError(say("a file cannot be read: {cause}", cause=error))
            with self._turn:
                self._version, self._shown, self._fault = self._version + 1, shown, fault
                self._turn.notify_all()

    # -- answering -------------------------------------------------------------------------

    def _answer(self, request: HttpRequest) -> HttpReply:
        path = unquote(request.path)
        if request.method == "POST":
            return self._change(request, path)
        if path in ("/", "/index.html"):
            return self._first_page()
        if path == "/wait":
            return self._held(request.query.get("version", ""))
        return self._file(path)

    def _first_page(self) -> HttpReply:
        with self._turn:
            if self._shown is None:
                return _html(fault_page(self._version, self._fault))
            text = (self._folder / "index.html").read_text(encoding="utf-8")
            return _html(with_form(text, self._version, self._shown.sign))

    def _held(self, version: str) -> HttpReply:
        """Whether there is another version than the page's: at once if so, else after a while."""
        with self._turn:
            self._turn.wait_for(lambda: self._ended or str(self._version) != version, timeout=_HELD)
            document = {"changed": not self._ended and str(self._version) != version}
        return _reply(json.dumps(document).encode(), "application/json")

    def _file(self, path: str) -> HttpReply:
        page, _, name = path.lstrip("/").partition("/")
        if page == "page" and name in ASSETS:  # also where no preview was ever written
            return _reply(asset(name).encode(), _type(Path(name)))
        wanted = (self._folder / path.lstrip("/")).resolve()
        try:
            if not wanted.is_relative_to(self._folder.resolve()):
                return _missing()
            with self._turn:
                return _reply(wanted.read_bytes(), _type(wanted))
        except (OSError, ValueError):
            return _missing()

    # -- approving -------------------------------------------------------------------------

    def _change(self, request: HttpRequest, path: str) -> HttpReply:
        # A browser names the origin of each form; that it is ours, the server has checked.
        if "origin" not in request.headers or path != "/approve":
            return HttpReply(status=403, headers=dict(_HEADERS))
        given = {
            name: _one_line(values[-1])
            for name, values in parse_qs(request.body.decode("utf-8", "replace")).items()
        }
        try:
            self._approve(given.get("by", ""), given.get("note", ""), given.get("sign", ""))
        except AnnounceError as error:
            return _html(refusal_page(error), status=409)
        if self._watch is not None:
            self._watch.changed()  # the approval's own file is no news
        self._write()
        return moved(f"/{self._server.token}/#approval")

    def _approve(self, by: str, note: str, sign: str) -> None:
        """Approve what the files say now, if it is what the page with this sign showed."""
        if not by:
            raise InputError(say("who approves?"), hint=say("write your name into the form"))
        with self._writing:
            now = self._now()
            prepared = prepare_opened(self._reopen(), now)
            if sign_of(prepared) != sign:
                raise GateError(
                    say("it changed since this page was loaded; nothing was approved"),
                    hint=say("look at it again, then approve"),
                )
            for problem in unmet(
                prepared.gathered.campaign, prepared.gathered.audience, prepared.place
            ):
                raise GateError(problem.message, hint=problem.hint)
            project = prepared.gathered.project
            at = now.astimezone(ZoneInfo(project.settings.timezone))
            drawn = draw_up(prepared, by=by, at=at, note=note)
            record(project, drawn)


def _one_line(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _type(path: Path) -> str:
    known = {".eml": "message/rfc822", ".js": "text/javascript; charset=utf-8"}
    if path.suffix in (".html", ".css"):
        return f"text/{path.suffix[1:]}; charset=utf-8"
    guessed = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return known.get(path.suffix, guessed)


def _html(text: str, *, status: int = 200) -> HttpReply:
    return _reply(text.encode("utf-8", "replace"), "text/html; charset=utf-8", status=status)


def _missing() -> HttpReply:
    return _reply(b"", "text/plain", status=404)


def _reply(body: bytes, media_type: str, *, status: int = 200) -> HttpReply:
    answer = reply(body, media_type, status=status)
    return HttpReply(status=status, headers=answer.headers | _HEADERS, body=answer.body)
