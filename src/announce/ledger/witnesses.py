"""Witnesses outside the ledger: written by real runs, kept beside it.

    receipts/                 in the project, for git: what was served (`receipts`)
    the user's state folder   how far each ledger was seen, and where (`marks`)

`lineage` compares a ledger with them and takes over what it lacks. Only real runs write them; a
sandbox's ledger has none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from functools import partial
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from threading import Lock

from announce.ledger import receipts
from announce.ledger.base import Ledger, Run, Section, Standing, TakenOver
from announce.ledger.hashes import hashed
from announce.ledger.heaps import Hashes
from announce.ledger.marks import Mark, Marks
from announce.ledger.receipts import LISTED, Receipt
from announce.model.delivery import CHANNELS, State

# How often the receipt of a run under way is brought up to date.
REFRESH = timedelta(seconds=30)
# States of what is still to be sent.
_OPEN = (State.PLANNED, State.SENDING, State.IN_DOUBT)


class Witness:
    """The witnesses of one real run: opened before its first hand-over, told of what it records,
    closed after its `finish`. `state` is the state folder.

    Its methods may be called from several threads; each raises MachineError where a file cannot
    be written.
    """

    def __init__(self, ledger: Ledger, run: Run, root: Path, state: Path) -> None:
        self._page = Page(ledger, root, state, run.campaign, run.occurrence)
        self._due: datetime | None = None
        self._lock = Lock()

    def open(self, now: datetime) -> None:
        """Write that a run is under way: after its plan was laid."""
        with self._lock:
            self._write(now)

    def note(self, now: datetime) -> None:
        """Hear that outcomes were recorded; the files follow at intervals, from the ledger."""
        with self._lock:
            if self._due is not None and now >= self._due:
                self._write(now)

    def close(self, now: datetime) -> None:
        """Write what the run came to, if it was opened."""
        with self._lock:
            if self._due is not None:
                self._write(now, is_open=False)

    def _write(self, now: datetime, *, is_open: bool = True) -> None:
        self._due = now + REFRESH
        self._page.write(is_open=is_open)


def refresh(ledger: Ledger, root: Path, state: Path, campaign: str, occurrence: str) -> None:
    """Bring an occurrence's witnesses up to date after a change outside a run (`settle`).

    Does nothing where no real run was, or one is under way and writes them itself.
    """
    written = receipts.path_of(root, campaign, occurrence).exists()
    if written and ledger.running(campaign) is None:
        Page(ledger, root, state, campaign, occurrence).write(is_open=False)


class Page:
    """What the witnesses say of one occurrence."""

    def __init__(
        self, ledger: Ledger, root: Path, state: Path, campaign: str, occurrence: str
    ) -> None:
        self._ledger = ledger
        self._root = root
        self._marks = Marks(state)
        self._place = (campaign, occurrence)
        self._key = ledger.receipt_key(campaign, occurrence)
        self._seen = 0
        self._states = Hashes()
        self._adopted: dict[str, int] = {}
        self._foreign: tuple[Section, ...] = ()

    def write(self, *, is_open: bool) -> None:
        """Write receipt and mark: the receipt first, so that a mark never runs ahead of it."""
        campaign, occurrence = self._place
        self._look_abroad()
        sequence = self._catch_up()
        # Whatever a receipt tells, the ledger must still know after the power was lost.
        self._ledger.sync()
        receipt = Receipt(
            campaign=campaign,
            occurrence=occurrence,
            ledger=self._ledger.id,
            sequence=sequence,
            tip=self._ledger.fingerprint(sequence),
            open=is_open,
            whole=not (is_open or self._is_anything_left()),
            sections=(Section(key=self._key, states=self._states), *self._foreign),
            adopted=self._adopted,
        )
        receipts.write(self._root, receipt)
        self._marks.put(
            Mark(
                ledger=receipt.ledger,
                campaign=campaign,
                occurrence=occurrence,
                sequence=sequence,
                tip=receipt.tip,
                location=self._ledger.location,
            )
        )

    def _is_anything_left(self) -> bool:
        totals = (self._ledger.totals(*self._place, channel) for channel in CHANNELS)
        return any(counts.get(state) for counts in totals for state in _OPEN)

    def _look_abroad(self) -> None:
        """Take in what was adopted: once, for the plan is laid already."""
        ledgers = self._ledger.adoptions(*self._place)
        if ledgers != self._adopted:
            known = self._ledger.adopted(*self._place)
            here = partial(self._ledger.standings, *self._place)
            self._adopted, self._foreign = ledgers, tuple(_not_here(known, here))

    def _catch_up(self) -> int:
        """Take in what changed since the last writing; the ledger's sequence before that."""
        sequence = self._ledger.sequence
        secret = bytes.fromhex(self._key)
        changed = self._ledger.changes(*self._place, since=self._seen)
        if not self._seen:
            for state, which in groupby(changed, key=itemgetter(1)):
                if state in LISTED:
                    self._states.add_new(state, (hashed(key, secret) for key, _ in which))
        for key, state in changed:
            name = hashed(key, secret)
            if state in LISTED:
                self._states[name] = state
            else:
                self._states.pop(name, None)
        self._seen = sequence
        return sequence


def _not_here(known: TakenOver, here: Callable[[], Iterable[Standing]]) -> Iterator[Section]:
    # Of adopted deliveries the plan may no longer hold, only the hashes are left: a receipt that
    # dropped them would let the next ledger send them again.
    for section in known.sections:
        secret = bytes.fromhex(section.key)
        left = section.states.copy()
        for standing in here():
            left.pop(hashed(standing.key, secret), None)
        if left:
            yield Section(key=section.key, states=left)
