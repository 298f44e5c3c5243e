"""A real SMTP server on loopback that keeps every mail and passes none on.

It asks for no login and offers PIPELINING, SIZE, 8BITMIME and SMTPUTF8. Lines longer than
RFC 5321 allows are refused, as a strict server does. It never delivers anything anywhere.
"""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from socket import create_server
from types import TracebackType
from typing import Any, Self

from aiosmtpd.smtp import SMTP

from announce.sandbox.loopback import HOST, port_taken
from announce.sandbox.store import Clock, MailStore

LARGEST_MAIL = 50 * 1024 * 1024


class MailCatcher:
    """The server, as a context: it listens from entering on, and `port` tells where.

    Every mail is in `store` before its 250 goes out. Entering raises MachineError for a taken
    port; `port` 0 takes a free one.
    """

    def __init__(self, folder: Path, *, now: Clock, port: int = 0) -> None:
        self.store = MailStore(folder)
        self._now = now
        self.port = port
        self._sessions: set[_Session] = set()
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ended = asyncio.Event()

    def __enter__(self) -> Self:
        try:
            self._socket = create_server((HOST, self.port), backlog=128)
        except OSError as error:
            raise port_taken(self.port, error) from error
        self.port = int(self._socket.getsockname()[1])
        ready = threading.Event()
        # Not aiosmtpd's Controller: it needs a fixed port, and stopping it while a client is
        # connected leaves transports unclosed (Python 3.11) or waits for the client (3.12).
        self._thread = threading.Thread(target=asyncio.run, args=(self._serve(ready),), daemon=True)
        self._thread.start()
        ready.wait()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._thread is not None and self._loop is not None:
            self._loop.call_soon_threadsafe(self._ended.set)
            self._thread.join()
        self._socket.close()

    async def _serve(self, ready: threading.Event) -> None:
        self._loop = asyncio.get_running_loop()
        server = await self._loop.create_server(self._session, sock=self._socket)
        ready.set()
        await self._ended.wait()
        server.close()
        for session in list(self._sessions):
            session.hang_up()
        while self._sessions:
            await asyncio.sleep(0)

    def _session(self) -> _Session:
        return _Session(self)


class _Session(SMTP):
    """One connection; leaves its catcher's set when it is closed for good."""

    def __init__(self, catcher: MailCatcher) -> None:
        super().__init__(
            _Handler(catcher.store, catcher._now),
            data_size_limit=LARGEST_MAIL,
            enable_SMTPUTF8=True,
            hostname="sandbox.localhost",
            ident="announce mail catcher",
            loop=asyncio.get_running_loop(),
        )
        self._sessions = catcher._sessions

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._sessions.add(self)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        super().connection_lost(error)
        self._sessions.discard(self)

    def hang_up(self) -> None:
        """Close at once; `connection_lost` follows within the loop."""
        if isinstance(self.transport, asyncio.Transport):
            self.transport.abort()


class _Handler:
    """aiosmtpd's hooks: what the catcher does differently from its defaults."""

    def __init__(self, store: MailStore, now: Clock) -> None:
        self._store = store
        self._now = now

    async def handle_EHLO(
        self, _server: Any, session: Any, _envelope: Any, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        # aiosmtpd reads commands from a buffer, so groups of them work; it only says nothing.
        return [*responses[:-1], "250-PIPELINING", responses[-1]]

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        try:
            path = self._store.save(
                envelope.original_content,
                sender=envelope.mail_from,
                to=envelope.rcpt_tos,
                at=self._now(),
            )
        except OSError as error:
            return f"452 4.3.1 cannot be kept: {error.strerror}"
        return f"250 OK: kept as {path.stem}"

    async def handle_exception(self, error: Exception) -> str:
        return f"451 4.3.0 the catcher failed: {type(error).__name__}"
