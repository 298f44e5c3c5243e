"""Very many hashes of deliveries, each with a state, in little memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, MutableMapping
from itertools import groupby
from typing import Self

from announce.model.delivery import State

SIZE = 16  # bytes of a hash


class Hashes(MutableMapping[bytes, State]):
    """Hashes of deliveries, each with a state, in the order of the hashes.

    Some twenty bytes of memory each: those of one state that begin alike stand in one piece of
    memory, one behind the other and in no order.
    """

    def __init__(self) -> None:
        self._heaps: dict[State, dict[int, bytearray]] = {}
        self._counts: dict[State, int] = {}

    def __len__(self) -> int:
        return sum(self._counts.values())

    def __getitem__(self, name: bytes) -> State:
        found = self._look(name)
        if found is None:
            raise KeyError(name)
        return found[0]

    def __setitem__(self, name: bytes, state: State) -> None:
        found = self._look(name)
        if found is None or found[0] is not state:
            if found is not None:
                self._remove(*found)
            self.add_new(state, [name])

    def __delitem__(self, name: bytes) -> None:
        found = self._look(name)
        if found is None:
            raise KeyError(name)
        self._remove(*found)

    def __iter__(self) -> Iterator[bytes]:
        beginnings = {begin for heaps in self._heaps.values() for begin in heaps}
        for begin in sorted(beginnings):
            heaps = (heaps.get(begin, b"") for heaps in self._heaps.values())
            yield from sorted(name for heap in heaps for name in _parts(heap))

    def put(self, state: State, names: bytes | bytearray) -> None:
        """Give a state to hashes that stand one behind the other. ValueError for a part of one."""
        if len(names) % SIZE:
            raise ValueError(f"{len(names)} bytes")
        if self:
            for name in _parts(names):
                self[name] = state
        else:
            self.add_new(state, (name for name, _ in groupby(_parts(names))))

    def add_new(self, state: State, names: Iterable[bytes]) -> None:
        """Add hashes that are surely not there yet, which is not looked up."""
        heaps = self._heaps.setdefault(state, {})
        number = 0
        for name in names:
            begin = name[0] << 2 | name[1] >> 6
            heap = heaps.get(begin)
            if heap is None:
                heap = heaps[begin] = bytearray()
            heap += name
            number += 1
        self._counts[state] = self.count(state) + number

    def count(self, state: State) -> int:
        """How many have this state."""
        return self._counts.get(state, 0)

    def of(self, state: State) -> Iterator[bytes]:
        """The hashes of a state in order, many together: each sixteen bytes behind the last."""
        heaps = self._heaps.get(state, {})
        for begin in sorted(heaps):
            if heaps[begin]:
                yield b"".join(sorted(_parts(heaps[begin])))

    def copy(self) -> Self:
        """Another one with the same hashes."""
        made = type(self)()
        made._counts = dict(self._counts)
        made._heaps = {
            state: {begin: bytearray(heap) for begin, heap in heaps.items()}
            for state, heaps in self._heaps.items()
        }
        return made

    def _look(self, name: bytes) -> tuple[State, bytearray, int] | None:
        """The state of a hash, and where it stands."""
        begin = name[0] << 2 | name[1] >> 6
        for state, heaps in self._heaps.items():
            heap = heaps.get(begin)
            at = -1 if heap is None else heap.find(name)
            while heap is not None and at >= 0:
                if not at % SIZE:
                    return state, heap, at
                at = heap.find(name, at + 1)
        return None

    def _remove(self, state: State, heap: bytearray, at: int) -> None:
        heap[at : at + SIZE] = heap[-SIZE:]
        del heap[-SIZE:]
        self._counts[state] -= 1


def _parts(heap: bytes | bytearray) -> Iterator[bytes]:
    return (bytes(heap[at : at + SIZE]) for at in range(0, len(heap), SIZE))
