"""Transports at work side by side: each in a thread of its own, driven in turns as one carrier."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from types import TracebackType
from typing import Self

from announce.channels.base import Transport, Turn
from announce.errors import AnnounceError, LoginRefused
from announce.model.delivery import DeliveryKey, Outcome, State
from announce.model.message import Sendable

FAREWELL = 3.0  # seconds that connections get to say goodbye


class _Abandoned(Exception):
    """The run was left while a message stood at the brink."""


@dataclass(slots=True, eq=False)
class _Load:
    """One message that a thread carries; `may_go` is set when its hand-over is written down."""

    message: Sendable
    key: DeliveryKey
    message_id: str
    last: bool
    may_go: threading.Event = field(default_factory=threading.Event)
    gone: bool = False


# At the brink (None), at its end, or the error that ended the thread which carried it.
_News = tuple[_Load, Outcome | BaseException | None]


class Crew:
    """A carrier made of up to `size` transports (see `channels.base.Carrier`).

    A transport that fails ends its thread; its place is not filled again, for a server that
    takes fewer connections than we like is not to be asked for more. What it held and had not
    handed over goes to another one.
    """

    def __init__(self, open_transport: Callable[[], Transport], size: int) -> None:
        self._open = open_transport
        self._size = size
        self._loads: queue.Queue[_Load | None] = queue.Queue()
        self._news: queue.Queue[_News] = queue.Queue()
        self._threads: list[threading.Thread] = []
        self._busy: dict[DeliveryKey, _Load] = {}
        self._alive = 0
        self._over = False
        self._fatal: BaseException | None = None
        # Why a connection that had been open broke: it says more than one that never opened.
        self._broken: AnnounceError | None = None

    def __enter__(self) -> Self:
        transport = self._open()
        transport.__enter__()
        self._hire(transport)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over = True
        for load in self._busy.values():
            load.may_go.set()
        for _ in self._threads:
            self._loads.put(None)
        until = time.monotonic() + FAREWELL
        for thread in self._threads:
            thread.join(timeout=max(0.0, until - time.monotonic()))

    @property
    def room(self) -> int:
        """See `Carrier`."""
        return 0 if self._fatal else self._size - len(self._busy)

    def take(self, message: Sendable, key: DeliveryKey, message_id: str, *, last: bool) -> None:
        """See `Carrier`."""
        load = _Load(message, key, message_id, last)
        self._busy[key] = load
        if len(self._busy) > self._alive and self._alive < self._size:
            self._hire(None)
        self._loads.put(load)

    def turn(self, patience: float) -> Turn:
        """See `Carrier`."""
        turn = Turn()
        news = self._next(patience)
        while news is not None:
            self._hear(turn, *news)
            news = self._next(0)
        if self._fatal is not None:
            turn.ready.clear()  # nothing more is let go of
            if not turn.landed:
                fatal, self._fatal = self._fatal, None
                raise fatal
        return turn

    def go(self, keys: Iterable[DeliveryKey]) -> None:
        """See `Carrier`."""
        for key in keys:
            self._busy[key].gone = True
            self._busy[key].may_go.set()

    def _next(self, patience: float) -> _News | None:
        if self._fatal is not None:
            patience = 0
        try:
            return self._news.get(timeout=patience) if patience else self._news.get_nowait()
        except queue.Empty:
            return None

    def _hear(self, turn: Turn, load: _Load, what: Outcome | BaseException | None) -> None:
        if what is None:
            turn.ready.append(load.key)
        elif isinstance(what, BaseException):
            self._lost(turn, load, what)
        else:
            del self._busy[load.key]
            turn.landed.append((load.key, what))

    def _lost(self, turn: Turn, load: _Load, error: BaseException) -> None:
        """A connection is gone, with what it held."""
        self._alive -= 1
        self._size = self._alive
        if load.gone:
            del self._busy[load.key]
            turn.landed.append((load.key, Outcome(state=State.IN_DOUBT, reason=str(error))))
        else:
            self._loads.put(load)
        if not isinstance(error, AnnounceError) or isinstance(error, LoginRefused):
            self._fatal = error
        elif self._alive == 0:
            self._fatal = self._fatal or self._broken or error

    def _hire(self, transport: Transport | None) -> None:
        # A daemon: Ctrl-C twice must end the process even while a server does not answer.
        thread = threading.Thread(target=self._work, args=(transport,), daemon=True)
        self._threads.append(thread)
        self._alive += 1
        thread.start()

    def _work(self, transport: Transport | None) -> None:
        try:
            while (load := self._loads.get()) is not None:
                try:
                    if transport is None:
                        opened = self._open()
                        opened.__enter__()
                        transport = opened
                    self._news.put((load, self._deliver(transport, load)))
                except BaseException as error:
                    # Told to whoever drives; the thread itself cannot go on.
                    if transport is not None and isinstance(error, AnnounceError):
                        self._broken = error
                    self._news.put((load, error))
                    return
        finally:
            if transport is not None:
                transport.__exit__(None, None, None)

    def _deliver(self, transport: Transport, load: _Load) -> Outcome:
        brink = partial(self._at_brink, load)
        return transport.deliver(load.message, load.key, load.message_id, brink, last=load.last)

    def _at_brink(self, load: _Load) -> None:
        """Wait until the hand-over is written down."""
        self._news.put((load, None))
        load.may_go.wait()
        if not load.gone:
            raise _Abandoned
