"""Sending over a long way: how many messages a round trip carries, by connections."""

from __future__ import annotations

import json
import shutil
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from suite.measure import Failed
from suite.peers import Ground, Peer
from suite.rounds import once
from suite.sinks import OpenSink
from suite.tools import Tools

CONNECTIONS = (1, 4, 16, 32)
_PROGRAM = Path(__file__).with_name("delay.py")


class LongWay:
    """The proxy of delay.py as a context, in a process of its own: `port` leads to `to_port`."""

    def __init__(self, to_port: int, milliseconds: float) -> None:
        self._command = [sys.executable, str(_PROGRAM), str(to_port), str(milliseconds)]
        self.port = 0

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.port = self._answer()["port"]
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.communicate()

    def seen(self) -> dict[str, Any]:
        """When the first and the last byte came from a client, and how many connections came."""
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Trip:
    """One run over a long way: `wire` are seconds from the first byte to the last."""

    name: str
    title: str
    connections: int
    messages: int
    seconds: float
    wire: float


def messages_for(connections: int, milliseconds: float, seconds: float, peer: Peer) -> int:
    """How many messages keep a peer busy for about so long."""
    return max(20, int(peer.a_trip * connections * seconds * 1000 / milliseconds))


def trips(
    tools: Tools,
    peers: Sequence[Peer],
    open_sink: OpenSink,
    *,
    folder: Path,
    milliseconds: float,
    seconds: float,
    size: int,
) -> Iterator[Trip | tuple[Peer, Failed]]:
    """Each peer with each number of connections it can use, as the runs end."""
    for connections in CONNECTIONS:
        for peer in peers:
            if connections > 1 and not peer.several:
                continue
            place = folder / f"{connections}-{peer.name}"
            place.mkdir(parents=True)
            people = messages_for(connections, milliseconds, seconds, peer)
            try:
                with open_sink() as sink, LongWay(sink.port, milliseconds) as way:
                    ground = Ground(
                        folder=place,
                        port=way.port,
                        people=people,
                        connections=connections,
                        size=size,
                    )
                    taken = once(tools, peer, ground)
                    seen, arrived = way.seen(), sink.mails()
                if arrived != people:
                    raise Failed(f"{arrived} of {people} messages arrived")
                yield Trip(
                    name=peer.name,
                    title=_without_connections(peer),
                    connections=connections,
                    messages=people,
                    seconds=taken.seconds,
                    wire=seen["last"] - seen["first"],
                )
            except Failed as failed:
                yield peer, failed
            finally:
                shutil.rmtree(place)


def _without_connections(peer: Peer) -> str:
    """Its title; how many connections it uses by itself says nothing here."""
    ours = peer.name.startswith("announce")
    return peer.title if ours else peer.title.partition(",")[0]


def accuracy(milliseconds: float, connections: int, turns: int = 12) -> tuple[float, float]:
    """A ping-pong through the proxy on so many connections at once: the median round trip and
    the one that nineteen of twenty stay below, in milliseconds."""
    measured: list[float] = []
    with _echo() as port, LongWay(port, milliseconds) as way:
        players = [
            threading.Thread(target=_play, args=(way.port, turns, measured))
            for _ in range(connections)
        ]
        for player in players:
            player.start()
        for player in players:
            player.join()
    return statistics.median(measured), statistics.quantiles(measured, n=20)[-1]


def _play(port: int, turns: int, measured: list[float]) -> None:
    with socket.create_connection(("127.0.0.1", port)) as link:
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        link.settimeout(30)
        for turn in range(turns + 1):
            began = time.monotonic()
            link.sendall(b"x" * 100)
            taken = 0
            while taken < 100:
                taken += len(link.recv(100))
            if turn:  # the first one holds the handshake
                measured.append(1000 * (time.monotonic() - began))


@contextmanager
def _echo() -> Iterator[int]:
    def answer(link: socket.socket) -> None:
        with link:
            while octets := link.recv(4096):
                link.sendall(octets)

    def welcome() -> None:
        while True:
            try:
                link, _ = door.accept()
            except OSError:
                return
            threading.Thread(target=answer, args=(link,), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0), backlog=256) as door:
        threading.Thread(target=welcome, daemon=True).start()
        yield door.getsockname()[1]
        door.shutdown(socket.SHUT_RDWR)
