"""Third step, over the whole plan: every message is composed and checked before the first leaves,
so a fault in the last one stops the first.

Of each message a digest is kept, and of a mail that is to be sent all of it, out of memory: the
send hands over the very octets that were checked.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import islice
from typing import NamedTuple

from announce.channels.email.mime import sealed
from announce.composing import Composer, digest_of, subject_of
from announce.errors import InputError
from announce.forking import Aside, can_fork
from announce.model.delivery import State
from announce.model.message import Mail, Message, Notice
from announce.model.plan import BLOCK, Plan, Planned, Sums, packed
from announce.problems import Problem, errors_in
from announce.shelf import Shelf
from announce.spool import Packed, Spool, pack

# So many different faults are gathered before composing the rest is given up.
ENOUGH_FAULTS = 25
ENOUGH_LINES = 500  # messages spoilt, by however few faults
_OTHERWISE = 1500  # messages that could be composed while what a send needs is imported
WORTH_SHARING = 4000  # messages from which a second process pays
# The second process gets so many times the time that the first one would need for its part, and
# some seconds more: it may have been stopped by somebody.
_PATIENCE = 4
_MARGIN = 2.0
_PACE = 0.005  # seconds a message, where the first process has composed none to go by


def compose_all(
    plan: Plan,
    composer: Composer,
    shelf: Shelf | None = None,
    seen: Callable[[Planned, Message], None] | None = None,
    meanwhile: Callable[[], None] | None = None,
) -> Plan:
    """The plan with every message's subject and digest, and all problems found on the way; the
    shelf, if there is one, gets the mails.

    `seen` is shown each message, which is then dropped. Skipped lines have no message.
    `meanwhile` is what has to be done sooner or later: it is done while a second process composes,
    if there is one.
    """
    composer.hold_to(plan.content)
    first = _FirstPass(plan, composer, shelf, seen)
    if seen is None and _is_shared(plan, composer) and can_fork():
        first.shared(meanwhile)
    else:
        first.alone(iter(plan.lines))
    lines = plan.lines.composed(first.messages, first.sums)
    return replace(plan, lines=lines, problems=tuple(first.problems.all))


class _Parcel(NamedTuple):
    """What the second process made of some lines: their messages, and what is new to tell of
    them. The last one has the sums of all, and what the shelf needs to know of its mails."""

    messages: Packed
    told: list[Problem]
    sums: Sums | None = None
    filled: bytes = b""
    examples: Sequence[int] = ()
    forms: Sequence[Notice] = ()


class _FirstPass:
    """Composes and checks every line, and keeps little of it."""

    def __init__(
        self,
        plan: Plan,
        composer: Composer,
        shelf: Shelf | None,
        seen: Callable[[Planned, Message], None] | None,
    ) -> None:
        self.plan, self.composer, self.shelf, self.seen = plan, composer, shelf, seen
        self.problems = _Distinct(plan.problems)
        self.messages: Spool[tuple[str, bytes] | None] = Spool()
        self.sums = Sums()

    def alone(self, lines: Iterable[Planned]) -> None:
        """Compose these, one after the other."""
        for line in lines:
            skipped = line.delivery.state is State.SKIPPED or self.problems.enough
            message = None if skipped else self._made(line)
            self.messages.append(self._noted(line, message, self.sums, self.shelf))

    def shared(self, meanwhile: Callable[[], None] | None) -> None:
        """Compose the first lines here and the others in a second process meanwhile. Where that
        one meets a fault, its lines are composed here once more, so that faults are told alike."""
        lines = iter(self.plan.lines)
        here = _share(len(self.plan.lines), busy=meanwhile is not None)
        beside = self.shelf and self.shelf.beside()
        there = len(self.plan.lines) - here
        with Aside(partial(self._rest, here, beside)) as aside:
            if meanwhile is not None:
                meanwhile()
            began = time.monotonic()
            self.alone(islice(lines, here))
            pace = (time.monotonic() - began) / here if here else _PACE
            patience = _MARGIN + _PATIENCE * there * pace
            parcels = None if self.problems.enough else aside.values(patience)
            if parcels is not None:
                self._take_over(parcels, beside)
                return
        # Without the other process, which is gone now and takes nothing from this one.
        self.alone(lines)

    def _take_over(self, parcels: Iterable[_Parcel], beside: Shelf | None) -> None:
        for parcel in parcels:
            self.problems.add(parcel.told)
            self.messages.extend(parcel.messages)
            if parcel.sums is not None:
                self.sums.join(parcel.sums)
                self.problems.add(self.composer.met(parcel.examples, parcel.forms))
                if self.shelf and beside:
                    self.shelf.join(beside, parcel.filled)

    def _rest(self, begin: int, shelf: Shelf | None) -> Iterator[_Parcel]:
        """What is made of the lines from there on; an error ends it."""
        lines, sums = self.plan.lines, Sums()
        for start in range(begin, len(lines), BLOCK):
            problems, messages = _Distinct(()), []
            for at in range(start, min(start + BLOCK, len(lines))):
                line = lines[at]
                message = self._made_aside(line, problems)
                messages.append(self._noted(line, message, sums, shelf))
            yield _Parcel(pack(messages), problems.all)
        sums.end()
        filled, composer = shelf.filled() if shelf else b"", self.composer
        yield _Parcel(pack([]), [], sums, filled, composer.examples, [*composer.notice_forms])

    def _noted(
        self, line: Planned, message: Message | None, sums: Sums, shelf: Shelf | None
    ) -> tuple[str, bytes] | None:
        """What the plan remembers of a line's message, which is counted, and put on the shelf
        where it may still be sent."""
        if message is None:
            sums.add(line.delivery, "")
            if shelf:
                shelf.put(line.delivery.key.recipient, "", None)
            return None
        subject, digest = subject_of(message), digest_of(message)
        sums.add(line.delivery, digest)
        if shelf:
            mail = sealed(message) if _is_due(line) and isinstance(message, Mail) else None
            shelf.put(line.delivery.key.recipient, digest, mail)
        return packed(subject, digest)

    def _made(self, line: Planned) -> Message | None:
        """The message of a line; None where it cannot be made."""
        try:
            message = self.composer.compose(line)
        except InputError as error:
            self.problems.spoilt(error.problems)
            return None
        self.problems.add(self.composer.check(message, due=_is_due(line)))
        if self.seen:
            found = replace(line.delivery, subject=subject_of(message), digest=digest_of(message))
            self.seen(replace(line, delivery=found), message)
        return message

    def _made_aside(self, line: Planned, problems: _Distinct) -> Message | None:
        """The same in the second process, which gives up at the first error."""
        if line.delivery.state is State.SKIPPED:
            return None
        message = self.composer.compose(line)
        told = self.composer.check(message, due=_is_due(line))
        if errors_in(told):
            raise InputError("", problems=told)
        problems.add(told)
        return message


def _is_due(line: Planned) -> bool:
    """Whether a line may still be sent."""
    return line.delivery.state is not State.SENT


def _is_shared(plan: Plan, composer: Composer) -> bool:
    asked = composer.processes
    return len(plan.lines) >= WORTH_SHARING if asked is None else asked > 1


def _share(lines: int, *, busy: bool) -> int:
    """How many of the lines the first process composes: a little more than half, for it begins
    earlier than the other, and would wait for its end; fewer where it has something else to do."""
    if lines <= BLOCK:
        return 0
    return max(1, round((0.52 * lines - busy * _OTHERWISE) / BLOCK)) * BLOCK


class _Distinct:
    """Problems without repeats: one fault of a template shows up for every recipient."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.all: list[Problem] = []
        self._seen: set[tuple[str, str, str]] = set()
        self._faults = 0
        self._lines = 0
        self.add(problems)
        self._faults = 0

    @property
    def enough(self) -> bool:
        return self._faults >= ENOUGH_FAULTS or self._lines >= ENOUGH_LINES

    def spoilt(self, problems: Iterable[Problem]) -> None:
        """One more message that could not be made, with what is new about it."""
        self._lines += 1
        self.add(problems)

    def add(self, problems: Iterable[Problem]) -> None:
        for problem in problems:
            sign = (problem.code, str(problem.place), problem.message)
            if sign not in self._seen:
                self._seen.add(sign)
                self.all.append(problem)
                self._faults += problem.is_error
