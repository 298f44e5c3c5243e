"""Finished mails, from the moment they are checked to that at which they are sent.

What was checked is what leaves: the same octets, sealed but for Date and Message-ID.
"""

from __future__ import annotations

import shutil
import tempfile
from typing import Self

from announce.errors import MachineError
from announce.model.delivery import Delivery
from announce.model.message import SealedMail
from announce.spool import Spool

# Larger mails are not kept, but composed once more: nearly all of them is a file that everybody
# gets.
LARGEST = 1 << 16
# Octets of mails that are kept at most, and which part of the room on the disk they may take.
_MOST = 1 << 31
_PART = 4
_AHEAD = 1 << 17

# Whose it is: recipient and digest; then the mail. None where none is kept.
_Record = tuple[str, str, tuple[str, ...], bool, bytes, bytes] | None


class Shelf:
    """Mails by the position of their line in the plan, kept out of memory: `room` octets of them.

    A mail that is not to be had has to be composed once more; so have all, where the disk takes
    none: that is no reason not to send.
    """

    def __init__(self, room: int | None = None, *, opened: bool = False) -> None:
        self._room = _free() if room is None else room
        self._mails: Spool[_Record] | None = Spool(ahead=_AHEAD, opened=opened)
        self._lines = 0
        self._behind: Self | None = None

    def put(self, recipient: str, digest: str, mail: SealedMail | None) -> None:
        """Keep the next line's mail, if it has one."""
        self._lines += 1
        if self._mails is None:
            return
        record: _Record = None
        if mail is not None:
            size = len(mail.before) + len(mail.after)
            if size <= LARGEST and size <= self._room:
                self._room -= size
                record = (recipient, digest, *mail)
        try:
            self._mails.append(record)
        except MachineError:
            self._mails = None

    def beside(self) -> Self | None:
        """A shelf with half the room, for a process that is forked hereafter to fill; None where
        the disk has none."""
        self._room //= 2
        try:
            return type(self)(self._room, opened=True)
        except MachineError:
            return None

    def filled(self) -> bytes:
        """What `join` needs to know of a shelf that another process has filled."""
        try:
            return self._mails.written() if self._mails is not None else b""
        except MachineError:
            return b""

    def join(self, other: Self, filled: bytes) -> None:
        """The lines that follow are those of the other shelf."""
        if filled and other._mails is not None:
            other._mails.adopt(filled)
            other._lines = len(other._mails)
            self._behind = other

    def take(self, delivery: Delivery) -> SealedMail | None:
        """The mail of a delivery, the one that was checked; None where it is not kept."""
        return self._take(delivery, delivery.position)

    def _take(self, delivery: Delivery, place: int) -> SealedMail | None:
        if place >= self._lines:
            behind = self._behind
            return None if behind is None else behind._take(delivery, place - self._lines)
        record = self._mails[place] if self._mails is not None else None
        if record is None:
            return None
        recipient, digest, *mail = record
        if (recipient, digest) != (delivery.key.recipient, delivery.digest):
            return None
        return SealedMail._make(mail)


def _free() -> int:
    try:
        return min(_MOST, shutil.disk_usage(tempfile.gettempdir()).free // _PART)
    except OSError:
        return 0  # no folder for it: the first list that needs one says so
