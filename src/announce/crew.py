"""Connections at work: each in a thread of its own, all handing over what they are given."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from announce.channels.base import Transport
from announce.errors import AnnounceError
from announce.model.delivery import Delivery, Outcome
from announce.model.message import Message


@dataclass(order=True, slots=True)
class Job:
    """One delivery on its way through a run; sorted by when it is due (monotonic seconds)."""

    due: float
    order: int
    delivery: Delivery = field(compare=False)
    message: Message | None = field(compare=False, default=None)
    tries: int = field(compare=False, default=0)


# What became of a job: an outcome, or the error that ended its connection before hand-over.
Result = tuple[Job, Outcome | BaseException]


class Crew:
    """Up to `size` connections; `deliver` is called in their threads, one job at a time each.

    A connection that fails ends its thread and tells the error with the job it held; its place
    is not filled again, for a server that takes fewer connections than we like is not to be
    asked for more. Decides nothing and records nothing: that is the engine's.
    """

    def __init__(
        self,
        open_transport: Callable[[], Transport],
        deliver: Callable[[Transport, Job], Outcome],
        size: int,
    ) -> None:
        self._open = open_transport
        self._deliver = deliver
        self._size = size
        self._jobs: queue.Queue[Job | None] = queue.Queue()
        self._results: queue.Queue[Result] = queue.Queue()
        self._threads: list[threading.Thread] = []
        self.alive = 0
        # Why a connection that had been open broke: it says more than one that never opened.
        self.broken: AnnounceError | None = None

    def start(self) -> None:
        """Open the first connection here and now, so that its error ends the run at once."""
        transport = self._open()
        transport.__enter__()
        self._hire(transport)

    def give(self, job: Job, flying: int) -> None:
        """Hand a job to whoever is free; one more connection where all are busy."""
        if flying > self.alive and self.alive < self._size:
            self._hire(None)
        self._jobs.put(job)

    def result(self, patience: float) -> Result | None:
        """The next result, or None after `patience` seconds."""
        try:
            return self._results.get(timeout=patience) if patience else self._results.get_nowait()
        except queue.Empty:
            return None

    def lost_one(self) -> None:
        """A connection's thread has ended with an error."""
        self.alive -= 1
        self._size = self.alive

    def dismiss(self, patience: float) -> None:
        """Say goodbye on every connection; after `patience` seconds those that hang are left."""
        for _ in self._threads:
            self._jobs.put(None)
        until = time.monotonic() + patience
        for thread in self._threads:
            thread.join(timeout=max(0.0, until - time.monotonic()))

    def _hire(self, transport: Transport | None) -> None:
        # A daemon: Ctrl-C twice must end the process even while a server does not answer.
        thread = threading.Thread(target=self._work, args=(transport,), daemon=True)
        self._threads.append(thread)
        self.alive += 1
        thread.start()

    def _work(self, transport: Transport | None) -> None:
        try:
            while (job := self._jobs.get()) is not None:
                try:
                    if transport is None:
                        opened = self._open()
                        opened.__enter__()
                        transport = opened
                    self._results.put((job, self._deliver(transport, job)))
                except BaseException as error:
                    # Told to the engine, which decides; the thread itself cannot go on.
                    if transport is not None and isinstance(error, AnnounceError):
                        self.broken = error
                    self._results.put((job, error))
                    return
        finally:
            if transport is not None:
                transport.__exit__(None, None, None)
