"""Logging in with a browser: authorisation code, PKCE, a way back to this machine (RFC 8252)."""

from __future__ import annotations

import html
import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from secrets import token_urlsafe
from socketserver import TCPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from announce.errors import LoginRefused, MachineError
from announce.oauth.client import Client, Grant, granted, library, refused
from announce.oauth.endpoint import Refusal, words_of
from announce.reading.oauth_endpoints import is_safe
from announce.texts import say, spoken

_HOST = "127.0.0.1"
PATIENCE = 600.0  # seconds for a person to log in


def by_browser(client: Client, show: Callable[[str], None], *, patience: float = PATIENCE) -> Grant:
    """The grant of a login in a browser on this machine.

    `show` is given the address to open. Raises LoginRefused where the person does not allow it,
    Unreachable, and MachineError where nobody comes back in time.
    """
    if not is_safe(client.endpoints.authorize_url):
        raise MachineError(
            say("this provider has no login with a browser"),
            hint=say("add authorize_url (https://) below email.smtp.oauth2, or use --device"),
        )
    protocol = library().WebApplicationClient(client.id)
    state, verifier = token_urlsafe(32), protocol.create_code_verifier(64)
    with _listening(state) as (port, answers):
        redirect = f"http://{client.endpoints.redirect}:{port}"
        show(_address(client, protocol, redirect, state, verifier))
        code = _code(client, answers, patience)
    body = protocol.prepare_request_body(
        code=code,
        redirect_uri=redirect,
        code_verifier=verifier,
        client_secret=client.secret or None,
    )
    try:
        return granted(client, body, (code, verifier))
    except Refusal as refusal:
        raise refused(client, refusal) from refusal


def _address(client: Client, protocol: Any, redirect: str, state: str, verifier: str) -> str:
    scheme, colon, rest = client.endpoints.authorize_url.partition(":")
    # oauthlib wants https here even for this machine itself.
    address: str = protocol.prepare_request_uri(
        f"https:{rest}",
        redirect_uri=redirect,
        scope=list(client.endpoints.scopes),
        state=state,
        code_challenge=protocol.create_code_challenge(verifier, "S256"),
        code_challenge_method="S256",
        login_hint=client.user,
        **dict(client.endpoints.extra),
    )
    return f"{scheme}{colon}{address.removeprefix('https:')}"


def _code(client: Client, answers: queue.Queue[dict[str, str]], patience: float) -> str:
    try:
        answer = answers.get(timeout=patience)
    except queue.Empty as error:
        raise MachineError(
            say(
                "nobody came back from the browser in {minutes} minutes",
                minutes=f"{patience / 60:g}",
            ),
            hint=say(
                "run it again; on a machine without a browser: announce login --device, or forward "
                "the port of the address's redirect_uri to it (ssh -L)"
            ),
        ) from error
    if "error" in answer:
        words = [answer["error"], answer.get("error_description", "")]
        text = words_of(": ".join(word for word in words if word))
        raise refused(client, Refusal(answer["error"], text))
    if not answer.get("code"):
        raise LoginRefused(
            say("the browser came back without a code"), hint=say("log in again: announce login")
        )
    return answer["code"]


@contextmanager
def _listening(state: str) -> Iterator[tuple[int, queue.Queue[dict[str, str]]]]:
    answers: queue.Queue[dict[str, str]] = queue.Queue()
    with _Listener(state, answers) as listener:
        thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield listener.server_address[1], answers
        finally:
            listener.shutdown()
            thread.join()


class _Listener(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, state: str, answers: queue.Queue[dict[str, str]]) -> None:
        super().__init__((_HOST, 0), _Handler)
        self.state = state
        self.answers = answers

    def server_bind(self) -> None:
        # The base class asks the resolver for this machine's name, which may take long.
        TCPServer.server_bind(self)
        self.server_name, self.server_port = _HOST, self.server_address[1]

    def handle_error(self, request: object, client_address: object) -> None:
        """A browser that walks away is no matter."""


class _Handler(BaseHTTPRequestHandler):
    server: _Listener
    timeout = 5.0  # browsers open connections ahead and say nothing on them
    server_version, sys_version = "announce", ""

    def do_GET(self) -> None:
        answer = {name: values[-1] for name, values in parse_qs(urlsplit(self.path).query).items()}
        if answer.get("state") != self.server.state:
            # A page elsewhere may call this port; what is not our login's is left alone.
            self._page(HTTPStatus.BAD_REQUEST, say("This is not the login that was begun."))
            return
        ended = "error" in answer
        self._page(
            HTTPStatus.OK,
            say("The login was not allowed. You can close this page.")
            if ended
            else say("Logged in. You can close this page and go back to the terminal."),
        )
        self.server.answers.put(answer)

    def log_message(self, format: str, *args: object) -> None:
        """The address holds the code: it is not logged."""

    def _page(self, status: HTTPStatus, text: str) -> None:
        language = "zh-Hans" if spoken() == "zh" else "en"
        page = (
            f'<!doctype html><html lang="{language}"><meta charset="utf-8">'
            f"<title>announce</title><p>{html.escape(text)}</p></html>"
        ).encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(page)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("Referrer-Policy", "no-referrer")
        self.send_header("Content-Security-Policy", "default-src 'none'")
        self.end_headers()
        self.wfile.write(page)
