"""A small OAuth2 provider on loopback: it checks what it is asked, answers as it is told, and
remembers what it heard."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlencode, urlsplit

Form = dict[str, str]


@dataclass(frozen=True)
class Reply:
    """An answer: a mapping goes out as JSON, text as it is; `dropped` is none at all."""

    body: object = ""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    dropped: bool = False


def error(code: str, description: str = "") -> Reply:
    """OAuth2's way to say no."""
    return Reply({"error": code, "error_description": description}, 400)


@dataclass
class Provider:
    """`scripted` holds answers by path, used up one by one before those made here; `denies` is
    what the authorisation page says instead of yes. Tokens are numbered: `access-1-…`."""

    scripted: dict[str, list[Reply]] = field(default_factory=dict)
    denies: str = ""
    rotates: bool = False
    lifetime: int | None = 3600
    lasting: bool = True
    base: str = ""
    heard: list[tuple[str, Form]] = field(default_factory=list)
    given: int = 0
    refresh: str = ""
    _begun: Form = field(default_factory=dict)

    def access(self, number: int) -> str:
        """The access token of this number."""
        return f"ya29.access-{number}-Zm9yIHRlc3Rz"

    def settings(self, **more: str) -> str:
        """The settings' `oauth2`, in one line."""
        keys = {
            "client_id": "announce-client",
            "authorize_url": f"{self.base}/authorize",
            "token_url": f"{self.base}/token",
            "device_url": f"{self.base}/device",
            "scopes": "[mail, offline_access]",
        }
        return "{" + ", ".join(f"{key}: {value}" for key, value in (keys | more).items()) + "}"

    def forms(self, path: str) -> list[Form]:
        """What was sent to a path."""
        return [form for where, form in self.heard if where == path]

    def answer(self, path: str, form: Form) -> Reply:
        """What goes out for a request."""
        self.heard.append((path, form))
        if waiting := self.scripted.get(path):
            return waiting.pop(0)
        if path == "/authorize":
            return self._authorize(form)
        if path == "/device":
            return Reply({
                "device_code": "device-code-of-the-tests", "user_code": "WDJB-MJHT",
                "verification_uri": f"{self.base}/verify", "expires_in": 900, "interval": 0,
            })  # fmt: skip
        return self._token(form)

    def _authorize(self, form: Form) -> Reply:
        self._begun = form
        back = {"state": form["state"], "code": "code-of-the-tests"}
        if self.denies:
            back = {"state": form["state"], "error": self.denies}
        return Reply(status=302, headers={"Location": f"{form['redirect_uri']}/?{urlencode(back)}"})

    def _token(self, form: Form) -> Reply:
        kind = form.get("grant_type", "")
        good = {
            "authorization_code": self._is_the_code(form),
            "refresh_token": form.get("refresh_token") == self.refresh != "",
            "urn:ietf:params:oauth:grant-type:device_code": (
                form.get("device_code") == "device-code-of-the-tests"
            ),
        }.get(kind, False)
        if not good or form.get("client_id") != "announce-client":
            return error("invalid_grant", "this is not what was given")
        self.given += 1
        tokens: dict[str, object] = {
            "access_token": self.access(self.given),
            "token_type": "Bearer",
            "scope": "mail",
        }
        if self.lifetime is not None:
            tokens["expires_in"] = self.lifetime
        if self.lasting and (kind != "refresh_token" or self.rotates):
            self.refresh = tokens["refresh_token"] = f"refresh-{self.given}-cmVmcmVzaA"
        return Reply(tokens)

    def _is_the_code(self, form: Form) -> bool:
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        return (
            form.get("code") == "code-of-the-tests"
            and form.get("redirect_uri") == self._begun.get("redirect_uri")
            and challenge == self._begun.get("code_challenge")
            and self._begun.get("code_challenge_method") == "S256"
        )


@contextlib.contextmanager
def providing(provider: Provider) -> Iterator[Provider]:
    """The provider on a free port of 127.0.0.1."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._reply(dict(parse_qsl(urlsplit(self.path).query)))

        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            self._reply(dict(parse_qsl(self.rfile.read(length).decode())))

        def _reply(self, form: Form) -> None:
            reply = provider.answer(urlsplit(self.path).path, form)
            if reply.dropped:
                return
            text = reply.body if isinstance(reply.body, str) else json.dumps(reply.body)
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(text.encode())))
            self.end_headers()
            with contextlib.suppress(OSError):
                self.wfile.write(text.encode())

        def log_message(self, format: str, *args: object) -> None:
            """Silent."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        provider.base = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield provider
        finally:
            server.shutdown()
            thread.join()
