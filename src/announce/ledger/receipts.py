"""Receipts: what a real run did, in small files that git carries. No addresses.

    receipts/<campaign>/<occurrence>.json

A delivery stands there as a hash of its key, keyed with a random value that stands beside it:
the same person has another hash in another receipt. (Whoever has the file can still test a
guess, so a receipt tells no more than who is suspected already.)
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from announce.errors import MachineError
from announce.ledger.base import Section
from announce.ledger.files import write_whole
from announce.model.delivery import State
from announce.texts import say

FOLDER = "receipts"
FORMAT = 1
# The states that a receipt lists; every other one may be sent.
LISTED = (State.SENT, State.WAITING, State.IN_DOUBT)
_UNSAFE = '<>:"/\\|?*%'


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """One occurrence as a ledger (`ledger`, at its `sequence`) left it.

    `tip` is the ledger's fingerprint of that entry. `open`: the run is under way, or died: more
    may have been sent than is listed. `adopted` maps the ledgers whose record was taken in to
    their sequences. The first section is by the ledger's own key; the others hold what it
    adopted and does not know by name.
    """

    campaign: str
    occurrence: str
    ledger: str
    sequence: int
    tip: str
    open: bool
    sections: tuple[Section, ...]
    adopted: Mapping[str, int] = field(default_factory=dict)

    @property
    def ledgers(self) -> dict[str, int]:
        """Every ledger whose record this is, with its sequence."""
        return {**self.adopted, self.ledger: self.sequence}

    @property
    def counts(self) -> dict[str, int]:
        """How many in each listed state."""
        states = [state for section in self.sections for state in section.states.values()]
        return {state.value: states.count(state) for state in LISTED}


def path_of(root: Path, campaign: str, occurrence: str) -> Path:
    """Where the receipt of an occurrence is."""
    return root / FOLDER / safe_name(campaign) / f"{safe_name(occurrence)}.json"


def safe_name(name: str) -> str:
    """A name as every file system takes it; different names stay different."""
    kept = "".join(f"%{ord(c):02x}" if c in _UNSAFE or ord(c) < 32 else c for c in name)
    return f"%2e{kept[1:]}" if kept.startswith(".") else kept


def write(root: Path, receipt: Receipt) -> None:
    """Write a receipt in one step. MachineError where that cannot be done."""
    path = path_of(root, receipt.campaign, receipt.occurrence)
    try:
        write_whole(path, _text(receipt))
    except OSError as error:
        raise MachineError(
            say("cannot write the receipt {path}: {cause}", path=path, cause=error.strerror),
            hint=say("make the folder writable: without its receipt a send is not begun"),
        ) from error


def read(path: Path) -> Receipt:
    """Read a receipt. MachineError where it is damaged or too new."""
    try:
        found = json.loads(path.read_text("utf-8"))
        if found["format"] > FORMAT:
            raise MachineError(
                say("the receipt {path} was made by a newer announce", path=path),
                hint=say("install the newer announce that wrote it"),
            )
        return _receipt(found)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise MachineError(
            say("the receipt {path} cannot be read: {cause}", path=path, cause=error),
            hint=say("take it from git again; after a merge conflict keep the side with more sent"),
        ) from error


def read_all(root: Path) -> list[Receipt]:
    """Every receipt of a project, by name."""
    return [read(path) for path in sorted((root / FOLDER).glob("*/*.json"))]


def _text(receipt: Receipt) -> str:
    document = {
        "format": FORMAT,
        "campaign": receipt.campaign,
        "occurrence": receipt.occurrence,
        "ledger": receipt.ledger,
        "sequence": receipt.sequence,
        "tip": receipt.tip,
        "open": receipt.open,
        "adopted": dict(receipt.adopted),
        "counts": receipt.counts,
        "deliveries": [_section(section) for section in receipt.sections],
    }
    # Sorted, a line a hash: git shows what was added, and merges what does not touch.
    return json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def _section(section: Section) -> dict[str, Any]:
    lists: dict[str, list[str]] = {state.value: [] for state in LISTED}
    for name in sorted(section.states):
        lists[section.states[name].value].append(name)
    return {"key": section.key, **lists}


def _receipt(found: dict[str, Any]) -> Receipt:
    return Receipt(
        campaign=str(found["campaign"]),
        occurrence=str(found["occurrence"]),
        ledger=str(found["ledger"]),
        sequence=int(found["sequence"]),
        tip=str(found["tip"]),
        open=bool(found["open"]),
        adopted={str(name): int(number) for name, number in found["adopted"].items()},
        sections=tuple(_read_section(section) for section in found["deliveries"]),
    )


def _read_section(found: dict[str, Any]) -> Section:
    bytes.fromhex(found["key"])
    states = {str(name): state for state in LISTED for name in found[state.value]}
    return Section(key=found["key"], states=states)
