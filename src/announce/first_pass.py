"""Third step, over the whole plan: every message is composed and checked before the first leaves,
so a fault in the last one stops the first.

Of each message a digest is kept, and the little that it has of its own: the send makes it again
of that, and refuses it where the digest is another one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial
from itertools import islice
from typing import NamedTuple

from announce.channels.email.skeleton import Kept
from announce.composing import Composer, digest_of, subject_of
from announce.errors import InputError
from announce.forking import Aside, can_fork
from announce.model.delivery import State
from announce.model.message import Message
from announce.model.plan import BLOCK, Plan, Planned, Sums, packed
from announce.problems import Problem, errors_in
from announce.shelf import Record, record_of
from announce.spool import Packed, Spool, pack

# So many different faults are gathered before composing the rest is given up.
ENOUGH_FAULTS = 25
ENOUGH_LINES = 500  # messages spoilt, by however few faults
WORTH_SHARING = 4000  # messages from which a second process pays


# Subject and digest of a message, and what makes it again.
_Made = tuple[str, str, Kept | None]
_NOTHING: _Made = ("", "", None)


def compose_all(
    plan: Plan, composer: Composer, seen: Callable[[Planned, Message], None] | None = None
) -> Plan:
    """The plan with every message's subject and digest, and all problems found on the way; the
    composer's shelf gets what makes them again.

    `seen` is shown each message, which is then dropped. Skipped lines have no message.
    """
    first = _FirstPass(plan, composer, seen)
    shared = seen is None and composer.may_share and len(plan.lines) >= WORTH_SHARING
    if shared and can_fork():
        first.shared()
    else:
        first.alone(iter(plan.lines))
    lines = plan.lines.composed(first.messages, first.sums)
    return replace(plan, lines=lines, problems=tuple(first.problems.all))


class _Parcel(NamedTuple):
    """What the second process made of some lines: their messages, what is kept of these, what is
    new to tell of them, and the positions of the first mails of skeletons that are new. The last
    one has the sums of all."""

    messages: Packed
    kept: Packed
    told: list[Problem]
    firsts: dict[int, int]
    sums: Sums | None


class _FirstPass:
    """Composes and checks every line, and keeps little of it."""

    def __init__(
        self, plan: Plan, composer: Composer, seen: Callable[[Planned, Message], None] | None
    ) -> None:
        self.plan, self.composer, self.seen = plan, composer, seen
        self.problems = _Distinct(plan.problems)
        self.messages: Spool[tuple[str, bytes] | None] = Spool()
        self.sums = Sums()

    def alone(self, lines: Iterable[Planned]) -> None:
        """Compose these, one after the other."""
        for line in lines:
            skipped = line.delivery.state is State.SKIPPED or self.problems.enough
            subject, digest, kept = _NOTHING if skipped else self._made(line)
            self.messages.append(packed(subject, digest) if digest else None)
            self.sums.add(line.delivery, digest)
            self.composer.shelf.put(_record(line, kept))

    def shared(self) -> None:
        """Compose the first lines here and the others in a second process meanwhile. Where that
        one meets a fault, its lines are composed here once more, so that faults are told alike."""
        lines, here = iter(self.plan.lines), len(self.plan.lines) // 2 // BLOCK * BLOCK
        with Aside(partial(self._rest, here)) as aside:
            self.alone(islice(lines, here))
            parcels = None if self.problems.enough else aside.values()
            if parcels is None:
                self.alone(lines)
            else:
                self._take(parcels)

    def _rest(self, begin: int) -> Iterator[_Parcel]:
        """What is made of the lines from there on; an error ends it."""
        lines, sums = self.plan.lines, Sums()
        firsts: dict[int, int] = {}
        for start in range(begin, len(lines), BLOCK):
            problems, known = _Distinct(()), set(firsts)
            messages, kept = [], []
            for at in range(start, min(start + BLOCK, len(lines))):
                line = lines[at]
                subject, digest, mine = self._made_aside(line, problems)
                messages.append(packed(subject, digest) if digest else None)
                kept.append(record := _record(line, mine))
                sums.add(line.delivery, digest)
                if mine is not None and record is not None:
                    firsts.setdefault(mine.number, at)
            new = {number: at for number, at in firsts.items() if number not in known}
            yield _Parcel(pack(messages), pack(kept), problems.all, new, None)
        sums.end()
        yield _Parcel(pack([]), pack([]), [], {}, sums)

    def _take(self, parcels: Iterable[_Parcel]) -> None:
        """Take over what the second process made."""
        numbers: dict[int, int] = {}
        self.composer.shelf.begin_theirs(numbers)
        for parcel in parcels:
            self.problems.add(parcel.told)
            self.messages.extend(parcel.messages)
            self.composer.shelf.put_theirs(parcel.kept)
            for number, at in parcel.firsts.items():
                self._learn(number, at, numbers)
            if parcel.sums is not None:
                self.sums.join(parcel.sums)

    def _learn(self, number: int, at: int, numbers: dict[int, int]) -> None:
        """The number here of a skeleton that the second process has under another one: that of
        the same mail, which comes to the same. Without a number its mails are composed anew."""
        line = self.plan.lines[at]
        try:
            message = self.composer.compose(line)
        except InputError:
            return  # a file has changed meanwhile: the send will say so
        if (own := self.composer.kept(message)) is None:
            return
        numbers[number] = own.number
        again = self.composer.again(line.delivery)
        if again is None or digest_of(again) != digest_of(message):
            del numbers[number]

    def _made(self, line: Planned) -> _Made:
        """The message of a line; nothing where it cannot be made."""
        try:
            message = self.composer.compose(line)
        except InputError as error:
            self.problems.spoilt(error.problems)
            return _NOTHING
        self.problems.add(self.composer.check(message))
        subject, digest = subject_of(message), digest_of(message)
        if self.seen:
            delivery = replace(line.delivery, subject=subject, digest=digest)
            self.seen(replace(line, delivery=delivery), message)
        return subject, digest, self.composer.kept(message)

    def _made_aside(self, line: Planned, problems: _Distinct) -> _Made:
        """The same in the second process, which gives up at the first error."""
        if line.delivery.state is State.SKIPPED:
            return _NOTHING
        message = self.composer.compose(line)
        told = self.composer.check(message)
        if errors_in(told):
            raise InputError("", problems=told)
        problems.add(told)
        return subject_of(message), digest_of(message), self.composer.kept(message)


def _record(line: Planned, kept: Kept | None) -> Record:
    """What the shelf keeps of a line: nothing of what was sent already."""
    due = line.delivery.state is not State.SENT
    return record_of(line.delivery.key.recipient, kept if due else None)


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
