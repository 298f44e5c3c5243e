"""Second processes, forked: where they may be had, and work done in one on the side."""

from __future__ import annotations

import os
import pickle
import select
import signal
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import IO, Generic, Self, TypeVar

T = TypeVar("T")


def can_fork() -> bool:
    """Whether a second process may be had here: several cores, and no thread that a fork would
    leave behind in the middle of something. Elsewhere than on Linux system libraries forbid it;
    and where SIGCHLD is ignored, nobody could tell how it ended."""
    if sys.platform != "linux" or signal.getsignal(signal.SIGCHLD) is signal.SIG_IGN:
        return False
    return len(os.sched_getaffinity(0)) > 1 and threading.active_count() == 1


def forked(work: Callable[[], None]) -> int | None:
    """Begin a process that does this work and ends; its number, None where the system grants no
    more. Ctrl-C is none of its business: the first process ends it (see `ended_well`)."""
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    # Until its own handlers are set, a signal would run the first process's in it.
    asking = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = signal.pthread_sigmask(signal.SIG_BLOCK, asking)
    try:
        pid = os.fork()
        if pid == 0:
            _live(work, before)
    except OSError:
        return None
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    return pid


def ended_well(pid: int, *, kill: bool = False) -> bool:
    """Wait for the end of a process that was forked, killed or not; whether its work was done."""
    if kill:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    _, status = os.waitpid(pid, 0)
    return status == 0


def _live(work: Callable[[], None], mask: set[int | signal.Signals]) -> None:
    """The life of the forked process; it never returns."""
    code = 1
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        for one in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(one, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        work()
        code = 0
    finally:
        # Nothing of the first process's (buffers, handlers, temporary files) is ours to end, and
        # an error here is met again, and told, where the work is done anew.
        os._exit(code)


class Aside(Generic[T]):
    """Values made in a process of their own, while this one goes on with something else.

    `make` yields them there, few and large. They come back in their order, through a file without
    a name, when they are asked for. Leaving the context ends the process, done or not.
    """

    def __init__(self, make: Callable[[], Iterator[T]]) -> None:
        self._make = make
        self._file: IO[bytes] | None = None
        self._pid: int | None = None
        self._end = -1
        with suppress(OSError):  # no room for it, or no descriptor: then there are no values
            self._file = tempfile.TemporaryFile()  # noqa: SIM115 (closed on leaving)
            # Nothing is said through it: its other end closes when the process ends.
            self._end, theirs = os.pipe()
            try:
                self._pid = forked(self._work)
            finally:
                os.close(theirs)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._pid is not None:
            ended_well(self._pid, kill=True)
        if self._file is not None:
            self._file.close()
        if self._end >= 0:
            os.close(self._end)

    def values(self, patience: float) -> Iterator[T] | None:
        """Wait up to so many seconds for its end: the values, or None where they did not all come
        about."""
        if self._pid is None or self._file is None:
            return None
        if not select.select([self._end], [], [], patience)[0]:
            return None
        pid, self._pid = self._pid, None
        if not ended_well(pid):
            return None
        self._file.seek(0)
        return _read(self._file)

    def _work(self) -> None:
        assert self._file is not None
        for value in self._make():
            pickle.dump(value, self._file)
        self._file.flush()


def _read(file: IO[bytes]) -> Iterator[T]:
    while True:
        try:
            value: T = pickle.load(file)
        except EOFError:
            return
        yield value
