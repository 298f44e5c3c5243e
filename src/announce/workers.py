"""A second process of the same send: forked before any connection, told its run, heard of.

Both claim from one ledger under one run, so nobody is served twice whichever of them dies. The
worker gets a stop by a byte of shared memory, and tells what it did through a pipe. Should the
first process die, the worker stops by itself.
"""

from __future__ import annotations

import mmap
import os
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from announce.errors import AnnounceError, LoginRefused, MachineError, StoppedError
from announce.model.delivery import Delivery, Outcome, State
from announce.tally import Tally, Watcher
from announce.texts import say

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

_EVERY = 0.1  # seconds between two words of what was sent
_ERRORS = (LoginRefused, MachineError, StoppedError)


@dataclass(frozen=True, slots=True)
class Order:
    """What a worker is to do: join this run, over so many connections."""

    run: int
    connections: int


class Line:
    """The worker's end: whether to stop, and whom to tell (see `Watcher`)."""

    def __init__(self, pipe: Connection, stop: mmap.mmap, parent: int) -> None:
        self._pipe, self._stop, self._parent = pipe, stop, parent
        self._sent = 0
        self._told = time.monotonic()

    def is_set(self) -> bool:
        """Whether to stop: the first process says so, or is gone."""
        return self._stop[0] != 0 or os.getppid() != self._parent

    def order(self) -> Order | None:
        """Wait for the order; None where there will be none."""
        try:
            received: Order | None = self._pipe.recv()
        except EOFError:
            return None
        return received

    def delivered(self, delivery: Delivery, outcome: Outcome) -> None:
        """See `Watcher`; what went well is only counted."""
        if outcome.state is State.SENT and not outcome.reason:
            self._sent += 1
            if time.monotonic() - self._told > _EVERY:
                self._tell_sent()
        else:
            self._tell("delivered", (delivery, outcome))

    def paused(self, reason: str, seconds: float) -> None:
        """See `Watcher`."""
        self._tell("paused", (reason, seconds))

    def sent_elsewhere(self, number: int) -> None:
        """See `Watcher`: a worker has no worker."""

    def end(self, tally: Tally) -> None:
        """The last word."""
        self._tell_sent()
        error = tally.error and (type(tally.error).__name__, tally.error.message, tally.error.hint)
        facts = (dict(tally.counts), tally.in_part, tally.stopped, error)
        self._tell("end", facts)

    def _tell_sent(self) -> None:
        self._told = time.monotonic()
        if self._sent:
            self._tell("sent_elsewhere", (self._sent,))
            self._sent = 0

    def _tell(self, what: str, facts: tuple[Any, ...]) -> None:
        try:
            self._pipe.send((what, facts))
        except OSError:
            # Nobody listens any more: the ledger has it all the same.
            self._stop[0] = 1


class Worker:
    """The first process's end. Leaving the context before an order sends the worker away."""

    def __init__(self, pid: int, pipe: Connection, stop: mmap.mmap) -> None:
        self._pid, self._pipe, self._stop = pid, pipe, stop
        self._ended = False
        self._busy = False

    @classmethod
    def fork(cls, work: Callable[[Order, Line], None]) -> Self:
        """A process that waits for its order, then does `work` and ends."""
        from multiprocessing import Pipe  # few runs have a second process

        ours, theirs = Pipe()
        stop = mmap.mmap(-1, 1)
        parent = os.getpid()
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        pid = os.fork()
        if pid == 0:
            ours.close()
            _be_a_worker(Line(theirs, stop, parent), stop, work)
        theirs.close()
        return cls(pid, ours, stop)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._stop[0] = 1
        self._pipe.close()
        if kind is not None and not issubclass(kind, Exception):
            os.kill(self._pid, signal.SIGKILL)  # Ctrl-C twice: at once
        os.waitpid(self._pid, 0)
        self._stop.close()

    def begin(self, order: Order) -> None:
        """Give the order."""
        self._busy = True
        with suppress(OSError):  # it died: listening tells
            self._pipe.send(order)

    def stop(self) -> None:
        """Have it finish what is in flight and end."""
        self._stop[0] = 1

    def listen(self, watcher: Watcher, tally: Tally, patience: float = 0.0) -> None:
        """Take in what it tells: to the watcher as it comes, into the tally at its end."""
        while self._busy and not self._ended and self._pipe.poll(patience):
            try:
                what, facts = self._pipe.recv()
            except (EOFError, OSError):
                self._lost(tally)
                return
            if what == "end":
                self._ended = True
                _add(tally, *facts)
            else:
                getattr(watcher, what)(*facts)

    @property
    def is_busy(self) -> bool:
        """Whether it was given an order and has not ended."""
        return self._busy and not self._ended

    def _lost(self, tally: Tally) -> None:
        """It died: what it had claimed is let go of when the run ends."""
        self._ended = True
        tally.stopped = tally.stopped or say("the second process died")


def _be_a_worker(line: Line, stop: mmap.mmap, work: Callable[[Order, Line], None]) -> None:
    """The life of the forked process; it never returns."""

    asked = False

    def interrupted(_signal: int, _frame: Any) -> None:
        # Not by the byte: the first process may have heard of the same Ctrl-C before.
        nonlocal asked
        if asked:
            raise KeyboardInterrupt
        asked, stop[0] = True, 1

    code = 1
    try:
        for one in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(one, interrupted)
        if (order := line.order()) is not None:
            work(order, line)
        code = 0
    finally:
        # Nothing of the first process's (buffers, handlers, temporary files) is ours to end.
        os._exit(code)


def _add(
    tally: Tally,
    counts: dict[State, int],
    in_part: int,
    stopped: str,
    error: tuple[str, str, str] | None,
) -> None:
    tally.counts.update(Counter(counts))
    tally.in_part += in_part
    tally.stopped = tally.stopped or stopped
    if error is not None and tally.error is None:
        tally.error = _error(*error)


def _error(name: str, message: str, hint: str) -> AnnounceError:
    known = {kind.__name__: kind for kind in _ERRORS}
    return known.get(name, MachineError)(message, hint=hint)
