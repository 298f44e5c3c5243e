"""The plan: all deliveries of one occurrence, before any leaves."""

from __future__ import annotations

import hashlib
from abc import abstractmethod
from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from typing import Any, Self, overload

from announce.model.audience import Recipient
from announce.model.campaign import ArticlePlan
from announce.model.delivery import Channel, Delivery, DeliveryKey, State
from announce.model.languages import Language
from announce.problems import Problem
from announce.spool import Spool


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """One line of the plan: the delivery, and what its message is made from."""

    delivery: Delivery
    languages: tuple[Language, ...]
    recipient: Recipient | None = None
    article: ArticlePlan | None = None


BLOCK = 1000  # lines whose digest goes as one into that of all


class Sums:
    """What is counted of a plan's lines, in one walk over all of them.

    `counts` has the lines of each (channel, language, state), in the order in which these first
    appear; `addresses` the addresses of each (channel, state); `skipped` the lines that are
    skipped for each reason.
    """

    def __init__(self, deliveries: Iterable[Delivery] = ()) -> None:
        self._kinds: dict[tuple[Channel, State], int] = {}
        self._lines = bytearray()
        self.counts: Counter[tuple[Channel, str, State]] = Counter()
        self.addresses: Counter[tuple[Channel, State]] = Counter()
        self.skipped: Counter[str] = Counter()
        self._blocks = bytearray()  # digests
        self._block, self._in_block = hashlib.sha256(), 0
        for delivery in deliveries:
            self.add(delivery, delivery.digest)

    def add(self, delivery: Delivery, digest: str) -> None:
        """Count one more line, whose message has this digest ("" where it has none)."""
        channel, state = delivery.key.channel, delivery.state
        self._lines.append(self._kinds.setdefault((channel, state), len(self._kinds)))
        self.counts[channel, delivery.language, state] += 1
        self.addresses[channel, state] += len(delivery.to)
        if state is State.SKIPPED:
            self.skipped[delivery.reason] += 1
        self._block.update(f"{delivery.key}\0{delivery.language}\0{digest}\n".encode())
        self._in_block += 1
        if self._in_block == BLOCK:
            self._end_block()

    def join(self, rest: Self) -> None:
        """Count the lines behind these, which were counted apart: all that are left. ValueError
        where these are not whole blocks, or those not at their `end`."""
        if self._in_block or rest._in_block:
            raise ValueError("the lines so far are not whole blocks")
        numbers = [self._kinds.setdefault(kind, len(self._kinds)) for kind in rest._kinds]
        self._lines += rest._lines.translate(bytes(numbers).ljust(256, b"\0"))
        self.counts.update(rest.counts)
        self.addresses.update(rest.addresses)
        self.skipped.update(rest.skipped)
        self._blocks += rest._blocks

    def end(self) -> None:
        """No line is to follow: what is counted can go to another process from here on."""
        if self._in_block:
            self._end_block()

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_block": None}

    @property
    def digest(self) -> str:
        """Digest of who gets which bytes: moves when, and only when, any of it does."""
        rest = self._block.digest() if self._in_block else b""
        return hashlib.sha256(self._blocks + rest).hexdigest()[:32]

    def _end_block(self) -> None:
        self._blocks += self._block.digest()
        self._block, self._in_block = hashlib.sha256(), 0

    def positions(self, wanted: Callable[[Channel, State], bool]) -> Iterator[int]:
        """The positions of the lines whose channel and state are wanted, in order."""
        kinds = bytes(number for kind, number in self._kinds.items() if wanted(*kind))
        return (position for position, kind in enumerate(self._lines) if kind in kinds)


class Lines(Sequence[Planned]):
    """The lines of a plan in their order, each made when it is looked at; a slice is a list."""

    def __init__(self) -> None:
        self._messages: Spool[tuple[str, bytes] | None] | None = None
        self._sums: Sums | None = None

    @abstractmethod
    def make(self, position: int, subject: str, digest: str) -> Planned:
        """The line at a position, with what is known of its message ("" before it is composed)."""

    def deliveries(self) -> Iterator[Delivery]:
        """The deliveries of all lines, in order."""
        return (line.delivery for line in self)

    def find(self, key: DeliveryKey) -> int | None:
        """The position of the line with this key."""
        return next((at for at, line in enumerate(self) if line.delivery.key == key), None)

    @overload
    def __getitem__(self, position: int) -> Planned: ...

    @overload
    def __getitem__(self, position: slice) -> list[Planned]: ...

    def __getitem__(self, position: int | slice) -> Planned | list[Planned]:
        if isinstance(position, slice):
            return [self[at] for at in range(*position.indices(len(self)))]
        position = position if position >= 0 else position + len(self)
        if not 0 <= position < len(self):
            raise IndexError(position)
        message = self._messages[position] if self._messages else None
        return self.make(position, *unpacked(message))

    @property
    def sums(self) -> Sums:
        """What is counted of them, which is remembered."""
        if self._sums is None:
            self._sums = Sums(line.delivery for line in self)
        return self._sums

    def composed(self, messages: Spool[tuple[str, bytes] | None], sums: Sums) -> Self:
        """The same with the subject and digest of each message, in the lines' order, as `packed`
        gives them; and what is counted of them then."""
        made = copy(self)
        made._messages, made._sums = messages, sums
        return made


def packed(subject: str, digest: str) -> tuple[str, bytes]:
    """Subject and digest of a message as they are kept; ValueError for a digest that is no hex."""
    return subject, bytes.fromhex(digest)


def unpacked(message: tuple[str, bytes] | None) -> tuple[str, str]:
    """Subject and digest of a message; both "" where there is none."""
    return (message[0], message[1].hex()) if message else ("", "")


class Chosen(Lines):
    """Some of the lines of a plan, as they are in it."""

    def __init__(self, lines: Lines, positions: Iterable[int]) -> None:
        super().__init__()
        self._lines = lines
        self._positions = array("Q", positions)

    def __len__(self) -> int:
        return len(self._positions)

    def make(self, position: int, subject: str, digest: str) -> Planned:
        """The chosen line, which knows its message itself."""
        return self._lines[self._positions[position]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Who gets what in this occurrence; `content` names what shapes the messages.

    Each line's `delivery.position` is its number among `lines`. `content` maps every template,
    fact and setting to its text or digest, so that a later run can say what changed. `sandboxed`
    names the channels that are rehearsed.
    """

    campaign: str
    occurrence: str
    lines: Lines
    content: Mapping[str, str] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    sandboxed: frozenset[Channel] = frozenset()
    notes: tuple[str, ...] = ()

    @property
    def sums(self) -> Sums:
        """What is counted of the lines."""
        return self.lines.sums

    @property
    def digest(self) -> str:
        """Digest of who gets which bytes: moves when, and only when, any of it does."""
        return self.sums.digest

    @property
    def totals(self) -> dict[str, dict[str, int]]:
        """Count by channel and state."""
        totals: dict[str, dict[str, int]] = {}
        for (channel, _language, state), number in self.sums.counts.items():
            states = totals.setdefault(channel, {})
            states[state.value] = states.get(state.value, 0) + number
        return dict(sorted(totals.items()))
