"""Long lists that take hardly any memory: values on a file without a name, found by number.

The file has mode 0600, is seen by nobody else and goes with the process. A process that forks
shares it: reading moves no offset, so both sides may read; only one may go on writing.
"""

from __future__ import annotations

import marshal
import os
import tempfile
import weakref
from array import array
from collections.abc import Callable, Iterable, Iterator
from io import RawIOBase
from itertools import accumulate, islice
from typing import Any, Generic, NamedTuple, TypeVar

from announce.errors import MachineError
from announce.texts import say

T = TypeVar("T")

_HELD = 1 << 17  # bytes kept in memory before they go to the file
_AHEAD = 1 << 14  # bytes read at once if nothing is said: neighbours are mostly asked for next
_MASK = 0xFFFFFFFF


class Packed(NamedTuple):
    """Values as a spool keeps them, to be taken over by another process's: see `pack`."""

    lengths: list[int]
    octets: bytes


def pack(values: Iterable[Any]) -> Packed:
    """Values ready for `Spool.extend`."""
    each = list(map(_octets, values))
    return Packed(list(map(len, each)), b"".join(each))


class Spool(Generic[T]):
    """Values in the order in which they were added: texts, numbers, None, and tuples and lists of
    them. Each comes back as a new object, a named tuple as a plain one.

    Eight bytes of memory a value. `ahead` are the bytes read at once. One whose file is `opened`
    may be filled by a process that is forked hereafter (see `written`).
    """

    def __init__(self, *, ahead: int = _AHEAD, opened: bool = False) -> None:
        self._ends = array("Q", [0])
        self._tail: list[bytes] = []
        self._held = 0  # bytes of the tail
        self._written = 0
        self._file: RawIOBase | None = None
        self._window = (0, b"")
        self._ahead = ahead
        if opened:
            self._tried(self._open)

    def __len__(self) -> int:
        return len(self._ends) - 1

    def append(self, value: T) -> None:
        """Add a value at the end. MachineError where the disk has no room."""
        self._hold(_octets(value))
        self._ends.append(self._written + self._held)
        if self._held > _HELD:
            self._flush()

    def extend(self, values: Packed) -> None:
        """Add several values at the end. MachineError where the disk has no room."""
        ends = accumulate(values.lengths, initial=self._ends[-1])
        self._hold(values.octets)
        self._ends.extend(islice(ends, 1, None))
        if self._held > _HELD:
            self._flush()

    def written(self) -> bytes:
        """Bring everything to the file: what `adopt` needs to know. MachineError as `append`."""
        self._flush()
        return self._ends.tobytes()

    def adopt(self, written: bytes) -> None:
        """Take over what another process has brought to the file of this spool, which is empty
        here and was opened before that one was forked."""
        self._ends = array("Q", written)
        self._written = self._ends[-1]

    def __getitem__(self, number: int) -> T:
        """The value of this number, from 0. IndexError where there is none."""
        if not 0 <= number < len(self):
            raise IndexError(number)
        begin, end = self._ends[number], self._ends[number + 1]
        start, window = self._window
        if not start <= begin <= end <= start + len(window):
            start, window = self._window = begin, self._bytes(begin, max(end, begin + self._ahead))
        value: T = marshal.loads(window[begin - start : end - start])
        return value

    def __iter__(self) -> Iterator[T]:
        ends, loads = self._ends, marshal.loads
        start, window = 0, b""
        for number in range(len(ends) - 1):
            begin, end = ends[number], ends[number + 1]
            if end > start + len(window):
                start, window = begin, self._bytes(begin, max(end, begin + self._ahead))
            yield loads(window[begin - start : end - start])

    def _bytes(self, begin: int, end: int) -> bytes:
        """These bytes, or as many of them as there are in one place: all of one value always."""
        if begin >= self._written:
            self._tail = [b"".join(self._tail)]
            return self._tail[0][begin - self._written : end - self._written]
        assert self._file is not None
        return _read_at(self._file.fileno(), min(end, self._written) - begin, begin)

    def _hold(self, octets: bytes) -> None:
        self._tail.append(octets)
        self._held += len(octets)

    def _flush(self) -> None:
        # One large write: for many small ones the system takes several times as long.
        self._tried(lambda: self._write(b"".join(self._tail)))
        self._written += self._held
        self._tail.clear()
        self._held = 0

    def _tried(self, step: Callable[[], None]) -> None:
        try:
            step()
        except OSError as error:
            raise MachineError(
                say("cannot keep the plan in a temporary file: {cause}", cause=error.strerror),
                hint=say("make room on the disk, or name another folder in TMPDIR"),
            ) from error

    def _write(self, data: bytes) -> None:
        if self._file is None:
            self._open()
        assert self._file is not None
        while data:
            data = data[self._file.write(data) or 0 :]

    def _open(self) -> None:
        self._file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 (closed with the spool)
        weakref.finalize(self, self._file.close)


def _octets(value: Any) -> bytes:
    return marshal.dumps(tuple(value) if isinstance(value, tuple) else value)


def _read_at(handle: int, size: int, place: int) -> bytes:
    if hasattr(os, "pread"):
        return os.pread(handle, size, place)
    os.lseek(handle, place, os.SEEK_SET)  # pragma: no cover (Windows, which does not fork)
    return os.read(handle, size)  # pragma: no cover


class Index:
    """Which number a text has, exactly, in twelve to twenty-four bytes of memory a text.

    `text_of` gives the text of a number back: it is asked where two texts look alike.
    """

    def __init__(self, text_of: Callable[[int], str]) -> None:
        self._text_of = text_of
        self._slots = array("Q", bytes(8 * 64))
        self._used = 0

    def find(self, text: str) -> int | None:
        """The text's number; None where it has none."""
        return self._look(text)[0]

    def find_or_add(self, text: str, number: int) -> int | None:
        """The text's number; where it has none, it gets this one, and None comes back."""
        found, slot = self._look(text)
        if found is None:
            self._slots[slot] = (hash(text) & _MASK) << 32 | number + 1
            self._used += 1
            if self._used * 3 > len(self._slots) * 2:
                self._grow()
        return found

    def _look(self, text: str) -> tuple[int | None, int]:
        """The text's number and None's place: the first free slot from where its hash leads."""
        slots, mask = self._slots, len(self._slots) - 1
        sign = hash(text) & _MASK
        slot = sign & mask
        while entry := slots[slot]:
            if entry >> 32 == sign:
                number = (entry & _MASK) - 1
                if self._text_of(number) == text:
                    return number, slot
            slot = (slot + 1) & mask
        return None, slot

    def _grow(self) -> None:
        old = self._slots
        self._slots = slots = array("Q", bytes(16 * len(old)))
        mask = len(slots) - 1
        for entry in old:
            if entry:
                slot = (entry >> 32) & mask
                while slots[slot]:
                    slot = (slot + 1) & mask
                slots[slot] = entry


class Texts:
    """A set of texts."""

    def __init__(self) -> None:
        self._texts: Spool[str] = Spool()
        self._index = Index(self._texts.__getitem__)

    def __len__(self) -> int:
        return len(self._texts)

    def __contains__(self, text: str) -> bool:
        return self._index.find(text) is not None

    def add(self, text: str) -> None:
        """Add a text, if it is not in the set."""
        if self._index.find_or_add(text, len(self._texts)) is None:
            self._texts.append(text)
