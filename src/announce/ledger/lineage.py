"""Whether a ledger knows what its witnesses know; and taking over what it does not.

A ledger can be lost, put back from an old copy, or stand on another machine. Sending from it
then would send twice: `verify` refuses, `adopt` takes the witnesses' knowledge over.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from announce.errors import LedgerBehind
from announce.ledger import receipts
from announce.ledger.base import Ledger, TakenOver
from announce.ledger.hashes import hashed
from announce.ledger.marks import Mark, Marks
from announce.ledger.receipts import Receipt
from announce.model.delivery import BLOCKING, State
from announce.texts import say

_Found = dict[tuple[str, str], TakenOver]


@dataclass(frozen=True, slots=True, kw_only=True)
class Adoption:
    """What `adopt` took over. `listed` counts the deliveries that receipts name; `sent` and
    `in_doubt` the deliveries here that changed at once (others will when they are planned).
    Of the `unknown` among the `occurrences` more may have been sent than is listed: whoever is
    in no receipt is in doubt."""

    occurrences: tuple[tuple[str, str], ...]
    listed: int
    sent: int
    in_doubt: int
    unknown: tuple[tuple[str, str], ...]


def verify(ledger: Ledger, root: Path, state: Path) -> None:
    """LedgerBehind where a witness knows of deliveries that the ledger does not.

    `state` is the state folder. MachineError where a witness cannot be read.
    """
    found = receipts.read_all(root)
    for receipt in found:
        if gap := _gap(ledger, receipt):
            raise LedgerBehind(gap, hint=_mend())
    covered = _covered(found)
    for mark in _marks(ledger, found, Marks(state)):
        if covered.get((mark.campaign, mark.occurrence, mark.ledger), 0) < mark.sequence:
            raise LedgerBehind(_ahead(mark), hint=_mend())


def adopt(ledger: Ledger, root: Path, state: Path, now: datetime) -> Adoption:
    """Take over what the witnesses know and the ledger does not.

    What they list counts as sent; where a run was left open, or a mark is ahead of every
    receipt, everything else of that occurrence is in doubt. A copy whose original went on
    becomes a ledger of its own, with another id.
    """
    marks = Marks(state)
    every = receipts.read_all(root)
    behind = [receipt for receipt in every if _gap(ledger, receipt)]
    found: _Found = {(one.campaign, one.occurrence): _taken(one) for one in behind}
    covered = _covered(every)
    ahead = list(_marks(ledger, every, marks))
    for mark in ahead:
        if covered.get((mark.campaign, mark.occurrence, mark.ledger), 0) < mark.sequence:
            _add_unknown(found, mark)
    is_copy = any(_is_of_original(ledger, one) for one in behind) or ledger.id in {
        mark.ledger for mark in ahead
    }
    sent, in_doubt = ledger.adopt(found.values(), now, new_id=is_copy)
    marks.settle(ledger.id, ledger.location)
    return Adoption(
        occurrences=tuple(found),
        listed=sum(len(section.states) for one in found.values() for section in one.sections),
        sent=sent,
        in_doubt=in_doubt,
        unknown=tuple(place for place, one in found.items() if one.unknown),
    )


def _gap(ledger: Ledger, receipt: Receipt) -> str | None:
    """What a receipt knows and the ledger does not, in words; None where there is nothing."""
    place = {"campaign": receipt.campaign, "occurrence": receipt.occurrence}
    if receipt.ledger == ledger.id:
        if ledger.fingerprint(receipt.sequence) == receipt.tip:
            return None
        return say(
            "the receipt of {campaign} ({occurrence}) is ahead of this ledger, which is a copy: "
            "entry {theirs} there, {ours} here",
            **place,
            theirs=receipt.sequence,
            ours=ledger.sequence,
        )
    if missing := _missing(ledger, receipt):
        return say(
            "the receipt of {campaign} ({occurrence}) holds {listed} deliveries, and this ledger "
            "does not know {missing} of them",
            **place,
            listed=sum(receipt.counts.values()),
            missing=missing,
        )
    known = ledger.adopted(receipt.campaign, receipt.occurrence).ledgers
    if receipt.open and known.get(receipt.ledger, -1) < receipt.sequence:
        return say(
            "the receipt of {campaign} ({occurrence}) was left open by another ledger: its run "
            "is under way elsewhere, or died",
            **place,
        )
    return None


def _is_of_original(ledger: Ledger, receipt: Receipt) -> bool:
    """Whether this ledger is an older copy of one that the receipt tells of."""
    return receipt.ledger == ledger.id or receipt.ledgers.get(ledger.id, 0) > ledger.sequence


def _missing(ledger: Ledger, receipt: Receipt) -> int:
    known = ledger.adopted(receipt.campaign, receipt.occurrence).sections
    adopted = {section.key: section.states for section in known}
    missing = 0
    for section in receipt.sections:
        secret = bytes.fromhex(section.key)
        left = section.states.copy()
        for one in ledger.standings(receipt.campaign, receipt.occurrence):
            name = hashed(one.key, secret)
            # What was sent there must be known as served here; of the rest that it went out.
            served = one.state in BLOCKING or (one.handed and left.get(name) is not State.SENT)
            if served:
                left.pop(name, None)
        for name in adopted.get(section.key, ()):
            left.pop(name, None)
        missing += len(left)
    return missing


def _covered(found: Iterable[Receipt]) -> dict[tuple[str, str, str], int]:
    """How far the receipts tell of each ledger, by occurrence."""
    return {
        (receipt.campaign, receipt.occurrence, ledger): sequence
        for receipt in found
        for ledger, sequence in receipt.ledgers.items()
    }


def _marks(ledger: Ledger, found: Iterable[Receipt], marks: Marks) -> Iterator[Mark]:
    """The marks that concern this ledger and that it does not satisfy by itself."""
    former = marks.at(ledger.location)
    known = {name for receipt in found for name in receipt.ledgers}
    if former and former not in known and marks.lives_elsewhere(former, ledger.location):
        # Its project was moved, and another one begun in its place.
        former = ledger.id
    for name in sorted({ledger.id, former} | known):
        yield from (mark for mark in marks.of(name) if not _satisfies(ledger, mark))


def _satisfies(ledger: Ledger, mark: Mark) -> bool:
    if mark.ledger == ledger.id:
        return ledger.fingerprint(mark.sequence) == mark.tip
    known = ledger.adopted(mark.campaign, mark.occurrence).ledgers
    return known.get(mark.ledger, 0) >= mark.sequence


def _taken(receipt: Receipt) -> TakenOver:
    return TakenOver(
        campaign=receipt.campaign,
        occurrence=receipt.occurrence,
        sections=receipt.sections,
        ledgers=receipt.ledgers,
        unknown=receipt.open,
    )


def _add_unknown(found: _Found, mark: Mark) -> None:
    place = (mark.campaign, mark.occurrence)
    before = found.get(place, TakenOver(campaign=mark.campaign, occurrence=mark.occurrence))
    ledgers = {**before.ledgers, mark.ledger: mark.sequence}
    found[place] = replace(before, ledgers=ledgers, unknown=True)


def _ahead(mark: Mark) -> str:
    return say(
        "a ledger of this project was seen at entry {sequence} on this machine, after it sent "
        "{campaign} ({occurrence}); neither the ledger here nor a receipt goes that far",
        sequence=mark.sequence,
        campaign=mark.campaign,
        occurrence=mark.occurrence,
    )


def _mend() -> str:
    return say(
        "bring the ledger that sent it back, or, for a fresh clone, a second machine or a lost "
        "ledger, run `announce ledger adopt`: what the receipts hold counts as sent, what lies "
        "between as in doubt"
    )
