"""A long way to the server: a proxy on loopback that keeps every byte back for a while.

    python delay.py TO_PORT MILLISECONDS

Half of the milliseconds each way, in order, and as much at once as comes: a way that is long
and broad. A new connection takes what its handshake would (a round trip and a half) before the
server hears of it. The first line of output holds the port; each line of input is answered by
one of JSON: when the first and the last byte came from a client, by the monotonic clock, and
how many connections there were. At the end of its input it ends.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections import deque
from contextlib import suppress

_FULL = 4 << 20  # octets on their way before the sender must wait
_EARLY = 0.0007  # seconds: timers come up to a millisecond late, never early


class Seen:
    """When clients spoke, and how many came."""

    def __init__(self) -> None:
        self.first = self.last = 0.0
        self.connections = 0

    def spoke(self) -> None:
        """A client said something now."""
        self.last = time.monotonic()
        self.first = self.first or self.last


class Way(asyncio.Protocol):
    """One end of a connection: what it gets comes out at the other end later."""

    def __init__(self, delay: float, seen: Seen | None) -> None:
        self._delay = delay
        self._seen = seen
        self._loop = asyncio.get_running_loop()
        # None: the connection is gone; no bytes: its sender has said all.
        self._queue: deque[tuple[float, bytes | None]] = deque()
        self._heard_all = self._said_all = False
        self._octets = 0
        self._timer: asyncio.TimerHandle | None = None
        self.transport: asyncio.Transport | None = None
        self.other: Way | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        if self._seen:
            self._seen.spoke()
        self._put(data)

    def eof_received(self) -> bool:
        self._heard_all = True
        self._put(b"")
        return not self._said_all  # the other direction may have something under way still

    def connection_lost(self, error: Exception | None) -> None:
        self._put(None)

    def say(self, octets: bytes | None) -> None:
        """What comes from the other end now."""
        if self.transport is None or self.transport.is_closing():
            return
        if octets:
            self.transport.write(octets)
        elif octets is None or self._heard_all:
            self.transport.close()
        else:
            self._said_all = True
            with suppress(OSError):  # the other end has hung up without a word
                self.transport.write_eof()

    def flow(self) -> None:
        """Let what is due go on to the other end, and wake again for the rest."""
        self._timer = None
        if self.other is None:
            return  # still on its way there; then it is called again
        now = self._loop.time() + _EARLY
        while self._queue and self._queue[0][0] <= now:
            _, octets = self._queue.popleft()
            self._octets -= len(octets or b"")
            self.other.say(octets)
        if self._queue:
            self._timer = self._loop.call_at(self._queue[0][0] - _EARLY, self.flow)
        if self.transport and self._octets < _FULL // 2:
            self.transport.resume_reading()

    def _put(self, octets: bytes | None) -> None:
        self._queue.append((self._loop.time() + self._delay, octets))
        self._octets += len(octets or b"")
        if self._octets > _FULL and self.transport:
            self.transport.pause_reading()
        if self._timer is None:
            self._timer = self._loop.call_at(self._queue[0][0] - _EARLY, self.flow)


async def serve(to_port: int, delay: float) -> None:
    """Listen and pass on until the input ends; `delay` is one way, in seconds."""
    loop, seen, going = asyncio.get_running_loop(), Seen(), set()

    async def onward(near: Way) -> None:
        await asyncio.sleep(3 * delay)
        _, far = await loop.create_connection(lambda: Way(delay, None), "127.0.0.1", to_port)
        near.other, far.other = far, near
        near.flow()

    def accept() -> Way:
        near = Way(delay, seen)
        seen.connections += 1
        task = loop.create_task(onward(near))
        going.add(task)
        task.add_done_callback(going.discard)
        return near

    server = await loop.create_server(accept, "127.0.0.1", 0, backlog=256)
    print(json.dumps({"port": server.sockets[0].getsockname()[1]}), flush=True)
    while await loop.run_in_executor(None, sys.stdin.readline):
        print(json.dumps(vars(seen)), flush=True)
    server.close()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), float(sys.argv[2]) / 2000))
