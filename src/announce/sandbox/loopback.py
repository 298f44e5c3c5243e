"""HTTP on loopback: the ground under the emulator and the web inbox.

Each server listens on 127.0.0.1 only, carries a random token in its path, refuses requests
whose Host or Origin is not its own (a web page elsewhere could name our port: DNS rebinding),
and ends without leaving threads or sockets behind.
"""

from __future__ import annotations

import secrets
import socket
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, ClassVar, Self
from urllib.parse import parse_qs, urlsplit

from announce.errors import MachineError
from announce.texts import say

HOST = "127.0.0.1"
LARGEST_BODY = 32 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpRequest:
    """A request that was let in: `path` without the token, `query` with the last value each."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes
    peer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpReply:
    """An answer; `dropped` closes the connection without one, `stalled` waits for its other end
    to give up."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    dropped: bool = False
    stalled: bool = False


Answer = Callable[[HttpRequest], HttpReply]


class LoopbackServer:
    """An HTTP server on 127.0.0.1 that answers with `answer`, in threads of its own.

    It listens from entering on, and `port` tells where; 0 takes a free one. Entering raises
    MachineError where the port is taken.
    """

    def __init__(self, answer: Answer, *, port: int = 0, token: str | None = None) -> None:
        self.port = port
        self.token = token or secrets.token_urlsafe(18)
        self._answer = answer
        self._running: tuple[_Listener, threading.Thread] | None = None

    @property
    def base(self) -> str:
        """Its address with the token, without a slash at the end."""
        return f"http://{HOST}:{self.port}/{self.token}"

    def __enter__(self) -> Self:
        try:
            listener = _Listener((HOST, self.port), self._answer, self.token)
        except OSError as error:
            raise port_taken(self.port, error) from error
        self.port = listener.server_port
        thread = threading.Thread(
            # The interval is how long stopping may take: the default is half a second.
            target=listener.serve_forever,
            kwargs={"poll_interval": 0.02},
            daemon=True,
        )
        thread.start()
        self._running = (listener, thread)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._running is None:
            return
        listener, thread = self._running
        self._running = None
        listener.shutdown()
        thread.join()
        listener.hang_up()
        listener.server_close()


def port_taken(port: int, error: OSError) -> MachineError:
    """What to raise where a port cannot be listened on."""
    return MachineError(
        say("cannot listen on {host}:{port}: {cause}", host=HOST, port=port, cause=error),
        hint=say("name another port, or 0 for a free one"),
    )


class _Listener(ThreadingHTTPServer):
    daemon_threads = False
    block_on_close = True
    request_queue_size = 64

    def __init__(self, address: tuple[str, int], answer: Answer, token: str) -> None:
        self.answer = answer
        self.token = token
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        super().__init__(address, _Handler)

    def server_bind(self) -> None:
        # Not HTTPServer's: it asks the name service for our name, which can take seconds.
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = HOST, self.server_address[1]

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def hang_up(self) -> None:
        """Wake the threads that wait for a next request on a kept connection."""
        with self._lock:
            waiting = list(self._open)
        for connection in waiting:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue  # the other side was quicker

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no news; anything else is a fault of ours, and traced."""
        if not isinstance(sys.exc_info()[1], ConnectionError | TimeoutError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    server: _Listener
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout: ClassVar[float] = 120
    server_version = "announce-sandbox"
    sys_version = ""

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def do_HEAD(self) -> None:
        self._serve()

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: what a server keeps of its requests is its own matter."""

    def _serve(self) -> None:
        request = self._read()
        if isinstance(request, HttpReply):
            self.close_connection = True
            self._write(request)
            return
        reply = self.server.answer(request)
        if reply.dropped or reply.stalled:
            self.close_connection = True
            # Nothing more is asked on a connection that waits: what comes is its end.
            if reply.stalled:
                self.connection.recv(1)
            return
        self._write(reply)

    def _read(self) -> HttpRequest | HttpReply:
        own = f"{HOST}:{self.server.server_port}"
        if self.headers.get("Host") != own:
            return _plain(421, "this server answers to its own address only")
        if self.headers.get("Origin", f"http://{own}") != f"http://{own}":
            return _plain(403, "requests from other pages are refused")
        address = urlsplit(self.path)
        token, _, path = address.path.removeprefix("/").partition("/")
        if not secrets.compare_digest(token.encode(), self.server.token.encode()):
            return _plain(404, "no such page")
        length = self.headers.get("Content-Length", "0")
        if not length.isdigit() or self.headers.get("Transfer-Encoding"):
            return _plain(411, "a body needs its length")
        if int(length) > LARGEST_BODY:
            return _plain(413, "too large")
        return HttpRequest(
            method=self.command,
            path="/" + path,
            query={k: v[-1] for k, v in parse_qs(address.query, keep_blank_values=True).items()},
            headers={name.lower(): value for name, value in self.headers.items()},
            body=self.rfile.read(int(length)),
            peer=str(self.client_address[0]),
        )

    def _write(self, reply: HttpReply) -> None:
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(reply.body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(reply.body)


def _plain(status: int, text: str) -> HttpReply:
    headers = {"Content-Type": "text/plain; charset=utf-8"}
    return HttpReply(status=status, headers=headers, body=text.encode())
