"""Servers that do not behave at the door: what is told, and what they never get to hear."""

from __future__ import annotations

import contextlib
import socketserver
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from scripted import Authority, Script, self_signed_context, serving

from announce.channels.email.account import Account
from announce.channels.email.connect import connect, try_login
from announce.errors import LoginRefused, MachineError, PutOff, Unreachable

LOGIN = {"user": "li@example.org", "password": "s3cret-Pa55"}
EHLO_WITH_STARTTLS = b"250-mail.example.org\r\n250 STARTTLS\r\n"


class Saying(socketserver.ThreadingTCPServer):
    """Says the next chunk at the start and after each line it hears; at the end it is silent
    until the client goes, or hangs up. `context` wraps after a chunk that begins with 220 and
    was not the first."""

    daemon_threads = True

    def __init__(
        self, chunks: tuple[bytes, ...], context: ssl.SSLContext | None, *, hangs_up: bool
    ) -> None:
        super().__init__(("127.0.0.1", 0), Talk)
        self.chunks = chunks
        self.context = context
        self.hangs_up = hangs_up
        self.heard: list[bytes] = []

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients that walk away are what the tests are about."""


class Talk(socketserver.BaseRequestHandler):
    """One conversation."""

    server: Saying

    def handle(self) -> None:
        self.sock = self.request
        lines = self.sock.makefile("rb")
        first, *rest = self.server.chunks
        self.sock.sendall(first)
        in_tls = False
        for chunk in rest:
            # What comes in place of TLS has no lines.
            self.server.heard.append(self.sock.recv(4096) if in_tls else lines.readline())
            self.sock.sendall(chunk)
            if chunk.startswith(b"220") and self.server.context:
                self.sock = self.server.context.wrap_socket(self.sock, server_side=True)
                lines = self.sock.makefile("rb")
            elif chunk.startswith(b"220"):
                in_tls = True
        if not self.server.hangs_up:
            self.server.heard += iter(lines.readline, b"")

    def finish(self) -> None:
        self.sock.close()


@contextlib.contextmanager
def saying(
    *chunks: bytes, context: ssl.SSLContext | None = None, hangs_up: bool = False
) -> Iterator[Saying]:
    """The server on a free port of 127.0.0.1."""
    with Saying(chunks, context, hangs_up=hangs_up) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def _account(port: int, **settings: Any) -> Account:
    return Account(host="127.0.0.1", port=port, **{"timeout": 2.0, "security": "none", **settings})


def _refusal(server: Saying, **settings: Any) -> MachineError:
    with pytest.raises(MachineError) as caught:
        try_login(_account(server.server_address[1], **settings))
    return caught.value


def _said_no_login(heard: list[bytes]) -> bool:
    return not [line for line in heard if line.upper().startswith(b"AUTH") or b"s3cret" in line]


@pytest.mark.parametrize(
    ("greeting", "kind", "told"),
    [
        (b"421 4.7.0 too many connections\r\n", PutOff, "421 4.7.0 too many connections"),
        (b"450 busy\r\n", PutOff, "refuses connections: 450 busy"),
        (b"554 5.7.1 blocked\r\n", MachineError, "refuses connections: 554 5.7.1 blocked"),
        (b"554-5.7.1 blocked\r\n554 by list\r\n", MachineError, "554 5.7.1 blocked by list"),
        ("554 您的地址被拒绝\r\n".encode("gb18030"), MachineError, "554 您的地址被拒绝"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", MachineError, "does not speak SMTP"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", MachineError, "does not speak SMTP"),
        (b"\x16\x03\x01\x00\x01\r\n", MachineError, "does not speak SMTP"),
        (b"250 hello\r\n", Unreachable, "refuses connections: 250 hello"),
        (b"220" + b"x" * 9000 + b"\r\n", MachineError, "Line too long"),
    ],
)
def test_greeting_that_is_no_welcome_is_told(greeting: bytes, kind: type, told: str) -> None:
    """Not now, never, or something else than SMTP; and nothing of the login is said."""
    with saying(greeting) as server:
        error = _refusal(server, **LOGIN)

    assert type(error) is kind
    assert told in str(error)
    assert error.hint
    assert _said_no_login(server.heard)


@pytest.mark.parametrize("said", [b"", b"22", b"220-mail.example.org\r\n"])
@pytest.mark.parametrize("hangs_up", [True, False])
def test_greeting_that_never_ends_is_unreachable(said: bytes, hangs_up: bool) -> None:
    """Silence, half a line, half an answer: then it hangs up, or does nothing at all."""
    with saying(said, hangs_up=hangs_up) as server:
        error = _refusal(server, timeout=0.2)

    assert type(error) in (Unreachable, MachineError)
    assert "127.0.0.1" in str(error)


def test_server_that_refuses_ehlo_is_greeted_with_helo() -> None:
    """An old server is good enough where no login and no encryption are wanted."""
    with saying(
        b"220 old.example.org\r\n", b"502 what?\r\n", b"250 hello\r\n", b"221 bye\r\n"
    ) as server:
        try_login(_account(server.server_address[1]))

    assert [line[:4].upper() for line in server.heard] == [b"EHLO", b"HELO", b"QUIT"]


def test_server_that_refuses_every_greeting_is_told() -> None:
    """Neither EHLO nor HELO: its words."""
    with saying(b"220 mail.example.org\r\n", b"502 no\r\n", b"550 who are you\r\n") as server:
        error = _refusal(server)

    assert "refuses connections: 550 who are you" in str(error)


def test_old_server_hears_no_password() -> None:
    """HELO names no login: none is tried."""
    with saying(b"220 old.example.org\r\n", b"502 what?\r\n", b"250 hello\r\n") as server:
        error = _refusal(server, **LOGIN)

    assert type(error) is LoginRefused
    assert "offers no login by password" in str(error)
    assert _said_no_login(server.heard)


def test_old_server_has_no_starttls() -> None:
    """HELO names no extension: nothing is said in the clear."""
    with saying(b"220 old.example.org\r\n", b"502 what?\r\n", b"250 hello\r\n") as server:
        error = _refusal(server, security="starttls", **LOGIN)

    assert "offers no STARTTLS; nothing was sent" in str(error)
    assert _said_no_login(server.heard)


@pytest.mark.parametrize(
    ("answers", "told"),
    [
        ([b"454 4.7.0 TLS not available\r\n"], "454 4.7.0 TLS not available"),
        ([b"502 5.5.1 not implemented\r\n"], "502 5.5.1 not implemented"),
        ([b"250 fine\r\n"], "250 fine"),
        ([b"220 go on\r\n", b"250 no TLS here\r\n"], "no TLS connection"),
        ([b"220 go on\r\n", b"\x15\x03\x03\x00\x02\x02\x28"], "no TLS connection"),
        ([b"220 go on\r\n250 no TLS here\r\n"], "no connection"),
        ([b"220 go on\r\n"], "no connection"),
    ],
)
def test_starttls_that_is_offered_and_not_done_hears_no_login(
    answers: list[bytes], told: str
) -> None:
    """Stripped after it was offered, or answered with anything but TLS, or with nothing."""
    with saying(b"220 mail.example.org\r\n", EHLO_WITH_STARTTLS, *answers) as server:
        error = _refusal(server, security="starttls", timeout=0.5, **LOGIN)

    assert told in str(error)
    assert error.hint
    assert _said_no_login(server.heard)


def test_words_slipped_in_before_tls_are_not_believed(tmp_path: Path) -> None:
    """Somebody on the way adds clear text behind the 220: it is dropped, and what the server
    says inside TLS counts (https://www.kb.cert.org/vuls/id/555316)."""
    authority = Authority.make(tmp_path)
    chunks = (
        b"220 mail.example.org\r\n",
        EHLO_WITH_STARTTLS,
        b"220 go on\r\n250-mail.example.org\r\n250 AUTH PLAIN\r\n235 logged in\r\n",
        b"250-mail.example.org\r\n250 SIZE 1000\r\n",
        b"221 goodbye\r\n",
    )
    with saying(*chunks, context=authority.context(tmp_path)) as server:
        account = _account(server.server_address[1], security="starttls", ca=authority.path)
        smtp = connect(account)
        offered = dict(smtp.esmtp_features)
        smtp.quit()

    assert offered == {"size": "1000"}


def test_what_was_offered_before_tls_is_forgotten(tmp_path: Path) -> None:
    """A login that is named in the clear only is not taken: who named it is not known."""
    authority = Authority.make(tmp_path)
    script = Script(
        context=authority.context(tmp_path),
        features=("STARTTLS", "AUTH PLAIN LOGIN"),
        features_after_tls=("SIZE 1000",),
    )
    with serving(script) as (port, heard), pytest.raises(LoginRefused) as caught:
        try_login(_account(port, security="starttls", ca=authority.path, **LOGIN))

    assert "offers no login by password" in str(caught.value)
    assert heard.verbs == [["EHLO", "STARTTLS", "EHLO"]]


@pytest.mark.parametrize("fault", ["expired", "another host", "self-signed", "unknown authority"])
def test_bad_certificate_after_starttls_hears_no_login(tmp_path: Path, fault: str) -> None:
    """The same faults as with TLS from the first byte: told apart, before the login."""
    authority = Authority.make(tmp_path)
    contexts = {
        "expired": lambda: authority.context(tmp_path, days=-1),
        "another host": lambda: authority.context(tmp_path, host="mail.example.net"),
        "self-signed": lambda: self_signed_context(tmp_path),
        "unknown authority": lambda: authority.context(tmp_path),
    }
    told = {
        "expired": "is not valid today",
        "another host": "the certificate is not for 127.0.0.1",
        "self-signed": "is self-signed",
        "unknown authority": "is of an unknown authority",
    }
    script = Script(context=contexts[fault](), features=("STARTTLS", "AUTH PLAIN"))
    ca = authority.path if fault in ("expired", "another host") else None
    with serving(script) as (port, heard), pytest.raises(MachineError) as caught:
        try_login(_account(port, security="starttls", ca=ca, **LOGIN))

    assert type(caught.value) is MachineError
    assert told[fault] in str(caught.value)
    assert heard.verbs == [["EHLO", "STARTTLS"]]


@pytest.mark.parametrize("answer", ["535 5.7.8 no", "534 5.7.9 app password", "550 5.7.30 Basic"])
def test_refused_password_is_tried_once(answer: str) -> None:
    """One connection: an account that refuses is not knocked at again."""
    script = Script(features=("AUTH PLAIN",), answers={"AUTH": [answer]})
    with serving(script) as (port, heard), pytest.raises(LoginRefused) as caught:
        try_login(_account(port, **LOGIN))

    assert heard.verbs == [["EHLO", "AUTH"]]
    assert answer in str(caught.value)


def test_host_that_is_no_name_is_told() -> None:
    """A host name that cannot be looked up is a fault of the settings, not a traceback."""
    account = Account(host="smtp..example.org", port=465, security="tls")

    with pytest.raises(MachineError) as caught:
        connect(account)

    assert "email.smtp.host" in caught.value.hint


def test_test_of_a_login_says_nothing_but_the_login() -> None:
    """Hello, login, goodbye; a goodbye that is not answered does not matter."""
    with saying(
        b"220 mail.example.org\r\n",
        b"250-mail.example.org\r\n250 AUTH PLAIN\r\n",
        b"235 welcome\r\n",
        b"",
        hangs_up=True,
    ) as server:
        try_login(_account(server.server_address[1], **LOGIN))

    assert [line.split(b" ")[0].strip().upper() for line in server.heard] == [
        b"EHLO", b"AUTH", b"QUIT",
    ]  # fmt: skip
