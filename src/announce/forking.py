"""Second processes, forked: where they may be had, and work done in one on the side."""

from __future__ import annotations

import os
import pickle
import signal
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from typing import IO, Generic, Self, TypeVar

T = TypeVar("T")


def can_fork() -> bool:
    """Whether a second process may be had here: several cores, and no thread that a fork would
    leave behind in the middle of something. Elsewhere than on Linux system libraries forbid it."""
    if sys.platform != "linux":
        return False
    return len(os.sched_getaffinity(0)) > 1 and threading.active_count() == 1


class Aside(Generic[T]):
    """Values made in a process of their own, while this one goes on with something else.

    `make` yields them there, few and large. They come back in their order, through a file without
    a name, when they are asked for. Leaving the context ends the process, done or not.
    """

    def __init__(self, make: Callable[[], Iterator[T]]) -> None:
        self._file: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 (closed on leaving)
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        self._pid = os.fork()
        if self._pid == 0:
            self._work(make)
        self._ended = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if not self._ended:
            os.kill(self._pid, signal.SIGKILL)
            os.waitpid(self._pid, 0)
        self._file.close()

    def values(self) -> Iterator[T] | None:
        """Wait for its end: the values, or None where they did not all come about."""
        _, status = os.waitpid(self._pid, 0)
        self._ended = True
        if status != 0:
            return None
        self._file.seek(0)
        return self._read()

    def _read(self) -> Iterator[T]:
        while True:
            try:
                value: T = pickle.load(self._file)
            except EOFError:
                return
            yield value

    def _work(self, make: Callable[[], Iterator[T]]) -> None:
        """The life of the forked process; it never returns."""
        code = 1
        try:
            # Ctrl-C goes to both; the first process ends this one.
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            for value in make():
                pickle.dump(value, self._file)
            self._file.flush()
            code = 0
        finally:
            # Nothing of the first process's (buffers, handlers, temporary files) is ours to end,
            # and an error here is met again, and told, where the work is done anew.
            os._exit(code)
