"""The mail server at the other end: it counts and drops. Postfix's smtp-sink, else our own."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from announce.sandbox.counting import CountingSink

_PLACES = ("/usr/sbin", "/usr/lib/postfix/sbin", "/usr/local/sbin")
_SETTLED = 5.0  # seconds that the last counts may take to arrive


class Sink(Protocol):
    """A running sink: its port on 127.0.0.1, and how many mails it has taken."""

    port: int

    def mails(self) -> int: ...


OpenSink = Callable[[], AbstractContextManager[Sink]]


class OwnSink:
    """`announce`'s counting sink."""

    name = "the counting sink of announce (PIPELINING offered)"

    def __init__(self) -> None:
        self._sink = CountingSink()
        self.port = 0

    def __enter__(self) -> Self:
        self.port = self._sink.__enter__().port
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._sink.__exit__(kind, error, trace)

    def mails(self) -> int:
        """How many it has taken."""
        return self._sink.counted().mails


class PostfixSink:
    """smtp-sink, its running count (`-c`) read as it goes."""

    name = "smtp-sink of Postfix (PIPELINING offered)"

    def __init__(self, program: Path) -> None:
        self._program = program
        self._seen = b""
        self.port = 0

    def __enter__(self) -> Self:
        self.port = _free_port()
        # As root it wants somebody else to become.
        user = ["-u", "nobody"] if os.geteuid() == 0 else []
        self._process = subprocess.Popen(
            [str(self._program), "-c", *user, f"127.0.0.1:{self.port}", "1024"],
            env=with_libraries(self._program),
            stdout=subprocess.PIPE,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        _until_open(self.port)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.terminate()
        self._process.wait()
        self._reader.join()
        assert self._process.stdout is not None
        self._process.stdout.close()

    def mails(self) -> int:
        """How many it has taken, once the count stands still."""
        before, until = b"?", time.monotonic() + _SETTLED
        while before != self._seen and time.monotonic() < until:
            before = self._seen
            time.sleep(0.2)
        counts = [part for part in self._seen.split(b"\r") if b"mesg=" in part]
        return int(counts[-1].rpartition(b"mesg=")[2].split()[0]) if counts else 0

    def _read(self) -> None:
        assert self._process.stdout is not None
        while octets := os.read(self._process.stdout.fileno(), 65536):
            # The last count may be cut in two: the one before it is whole.
            self._seen = (self._seen + octets)[-200:]


def find(name: str, postfix: Path | None) -> Path | None:
    """A program of Postfix: in the folder that was named, on PATH, or where Debian has it."""
    if postfix is not None:
        return postfix / name if (postfix / name).is_file() else None
    found = shutil.which(name, path=os.pathsep.join([os.environ.get("PATH", ""), *_PLACES]))
    return Path(found) if found else None


def with_libraries(program: Path) -> dict[str, str]:
    """The environment for a program of a package that was only unpacked (`dpkg -x`)."""
    libraries = program.parent.parent / "lib" / "postfix"
    more = {"LD_LIBRARY_PATH": str(libraries)} if libraries.is_dir() else {}
    return {**os.environ, **more}


def choose(postfix: Path | None) -> tuple[str, OpenSink]:
    """The sink's name, and how to open a fresh one."""
    program = find("smtp-sink", postfix)
    if program is None:
        return OwnSink.name, OwnSink
    return PostfixSink.name, lambda: PostfixSink(program)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _until_open(port: int) -> None:
    until = time.monotonic() + 10
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except ConnectionError:
            if time.monotonic() > until:
                raise
            time.sleep(0.05)
