"""Mails made ahead by a second process, forked before any connection: sealed, but not sent.

It has neither the ledger nor the wire, so nothing can go wrong twice: what does not come from it
in time is made here, and where it dies the run goes on alone. It begins as soon as it is forked,
and waits whenever it is a pipe ahead.
"""

from __future__ import annotations

import marshal
import os
import select
import signal
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import NamedTuple, Self

from announce.errors import AnnounceError
from announce.model.delivery import Delivery
from announce.model.message import SealedMail

PATIENCE = 0.2  # seconds that a mail is waited for, once
# Octets that it may be ahead: what Linux grants to everybody. Taken at one go, as each go wakes it.
_PIPE = 1 << 20
_TOGETHER = 1 << 16  # octets handed over at once
_LENGTH = 4  # octets that tell the length of a sheet


class Sheet(NamedTuple):
    """A sealed mail and whose it is: position, key and digest of its line of the plan."""

    position: int
    recipient: str
    digest: str
    to: tuple[str, ...]
    utf8: bool
    before: bytes
    after: bytes


class Press:
    """The first process's end. Leaving the context ends the second one."""

    def __init__(self, pid: int, pipe: int) -> None:
        self._pid, self._pipe = pid, pipe
        self._rest = b""
        self._sheets: Iterator[Sheet] = iter(())
        self._next: Sheet | None = None
        self._ended = self._late = False

    @classmethod
    def fork(cls, make: Callable[[], Iterable[tuple[Delivery, SealedMail]]]) -> Self:
        """A process that makes mails in the plan's order, with their deliveries."""
        import fcntl  # not everywhere; but a fork is not had there either (see `can_fork`)

        ours, theirs = os.pipe()
        with suppress(OSError):  # a system may grant less
            fcntl.fcntl(theirs, fcntl.F_SETPIPE_SZ, _PIPE)
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        pid = os.fork()
        if pid == 0:
            os.close(ours)
            _work(theirs, make)
        os.close(theirs)
        return cls(pid, ours)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._pipe)
        with suppress(ProcessLookupError):
            os.kill(self._pid, signal.SIGKILL)
        os.waitpid(self._pid, 0)

    def take(self, delivery: Delivery) -> SealedMail | None:
        """The mail of a delivery, to be asked for in the plan's order; None where it is not to
        be had, or not the one that was checked."""
        while (sheet := self._next or self._read()) is not None:
            if sheet.position > delivery.position:
                self._next = sheet
                return None
            self._next = None
            if sheet.position == delivery.position:
                whose = (sheet.recipient, sheet.digest)
                if whose != (delivery.key.recipient, delivery.digest):
                    return None
                return SealedMail(sheet.to, sheet.utf8, sheet.before, sheet.after)
        return None

    def _read(self) -> Sheet | None:
        """The next sheet. None where there is none any more, or not yet: one that lets us wait
        once is not waited for again until it has caught up."""
        while (sheet := next(self._sheets, None)) is None:
            if self._ended or not self._readable():
                return None
            octets = os.read(self._pipe, _PIPE)
            self._ended = not octets
            self._sheets = self._opened(self._rest + octets)
        return sheet

    def _readable(self) -> bool:
        waiting = 0 if self._late else PATIENCE
        found, _, _ = select.select([self._pipe], [], [], waiting)
        self._late = not found
        return bool(found)

    def _opened(self, octets: bytes) -> Iterator[Sheet]:
        view, at = memoryview(octets), 0
        self._rest = b""
        while True:
            begin = at + _LENGTH
            end = begin + int.from_bytes(view[at:begin], "big")
            if begin > len(octets) or end > len(octets):
                self._rest = octets[at:]
                return
            at = end
            yield Sheet._make(marshal.loads(view[begin:end]))


def _work(pipe: int, make: Callable[[], Iterable[tuple[Delivery, SealedMail]]]) -> None:
    """The life of the forked process; it never returns."""
    try:
        # Ctrl-C goes to both; the first process ends this one.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        for one in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(one, signal.SIG_DFL)
        with suppress(AnnounceError, OSError):
            # An error is met again, and told, where the mail is then made. Without a first
            # process the pipe is broken.
            _hand_over(pipe, make())
    finally:
        # Nothing of the first process's (buffers, handlers, temporary files) is ours to end.
        os._exit(0)


def _hand_over(pipe: int, made: Iterable[tuple[Delivery, SealedMail]]) -> None:
    held = bytearray()
    for delivery, mail in made:
        key, digest = delivery.key.recipient, delivery.digest
        octets = marshal.dumps((delivery.position, key, digest, *mail))
        held += len(octets).to_bytes(_LENGTH, "big")
        held += octets
        if len(held) > _TOGETHER:
            _write(pipe, held)
            held.clear()
    _write(pipe, held)


def _write(pipe: int, octets: bytearray) -> None:
    view = memoryview(bytes(octets))
    while view:
        view = view[os.write(pipe, view) :]
