"""Mails made ahead by a second process, forked before any connection: sealed, but not sent.

It has neither the ledger nor the wire, so nothing can go wrong twice: what does not come from it
in time is made here, and where it dies the run goes on alone. It begins as soon as it is forked,
and waits whenever it is a pipe ahead.
"""

from __future__ import annotations

import marshal
import os
import select
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from functools import partial
from typing import NamedTuple, Self

from announce.errors import AnnounceError
from announce.forking import ended_well, forked
from announce.model.delivery import Delivery
from announce.model.message import SealedMail

PATIENCE = 0.2  # seconds that a mail is waited for
# Larger mails are not made ahead, nor those behind them: with a file for everybody in each, the
# way here costs more than the making.
LARGEST = 1 << 16
# Octets that it may be ahead: what Linux grants to everybody. Taken at one go, as each go wakes it.
_PIPE = 1 << 20
_TOGETHER = 1 << 16  # octets handed over at once
_LENGTH = 4  # octets that tell the length of a sheet

# The mails that are due with their deliveries, in the plan's order.
Make = Callable[[], Iterable[tuple[Delivery, SealedMail]]]


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
    def fork(cls, make: Make) -> Self | None:
        """A process that makes mails; None where the system grants none."""
        import fcntl  # not everywhere; but a fork is not had there either (see `can_fork`)

        ours, theirs = os.pipe()
        with suppress(OSError):  # a system may grant less
            fcntl.fcntl(theirs, fcntl.F_SETPIPE_SZ, _PIPE)
        pid = forked(partial(_work, ours, theirs, make))
        os.close(theirs)
        if pid is None:
            os.close(ours)
            return None
        return cls(pid, ours)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._pipe)
        ended_well(self._pid, kill=True)

    def take(self, delivery: Delivery) -> SealedMail | None:
        """The mail of a delivery, to be asked for in the plan's order; None where it is not to
        be had in time, or not the one that was checked.

        It is waited for once: as long as the press lags behind, nothing is.
        """
        sheet = self._reach(delivery.position)
        self._late = sheet is None
        if sheet is None or sheet.position > delivery.position:
            self._next = sheet
            return None
        self._next = None
        if (sheet.recipient, sheet.digest) != (delivery.key.recipient, delivery.digest):
            return None
        return SealedMail(sheet.to, sheet.utf8, sheet.before, sheet.after)

    def _reach(self, position: int) -> Sheet | None:
        """The first sheet from that position on; None where it does not come in time, whatever
        comes meanwhile."""
        until = time.monotonic() + PATIENCE
        while (left := until - time.monotonic()) > 0:
            sheet = self._next or self._read(0 if self._late else left)
            if sheet is None or sheet.position >= position:
                return sheet
            self._next = None
        return None

    def _read(self, patience: float) -> Sheet | None:
        """The next sheet; None where there is none any more, or none for so many seconds."""
        while (sheet := next(self._sheets, None)) is None:
            if self._ended or not select.select([self._pipe], [], [], patience)[0]:
                return None
            octets = os.read(self._pipe, _PIPE)
            self._ended = not octets
            self._sheets = self._opened(self._rest + octets)
        return sheet

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


def _work(ours: int, pipe: int, make: Make) -> None:
    os.close(ours)
    with suppress(AnnounceError, OSError):
        # An error is met again, and told, where the mail is then made. Without a first process
        # the pipe is broken.
        _hand_over(pipe, make())


def _hand_over(pipe: int, made: Iterable[tuple[Delivery, SealedMail]]) -> None:
    held = bytearray()
    for delivery, mail in made:
        if len(mail.after) > LARGEST:
            break
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
