"""Receipts: what a real run did, in small files that git carries. No addresses.

    receipts/<campaign>/<occurrence>.json

A delivery stands there as a hash of its key, keyed with a random value that stands beside it:
the same person has another hash in another receipt. (Whoever has the file can still test a
guess, so a receipt tells no more than who is suspected already.)
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import groupby, islice
from pathlib import Path
from typing import Any

from announce.errors import MachineError
from announce.ledger.base import Section
from announce.ledger.files import write_whole
from announce.ledger.heaps import SIZE, Hashes
from announce.model.delivery import State
from announce.texts import say

FOLDER = "receipts"
FORMAT = 1
# The states that a receipt lists; every other one may be sent.
LISTED = (State.SENT, State.WAITING, State.IN_DOUBT)
# A line that holds a hash and nothing else, as they are written.
_HASH = re.compile(rb' *"[0-9a-f]{32}",?\r?\n')
# What stands for a list of hashes while the rest is written.
_STEAD = re.compile(r'(?P<indent> *)"\\u0000(?P<number>[0-9]+)"\n')
_PAGE = 4096  # lines read together
_UNSAFE = '<>:"/\\|?*%'


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """One occurrence as a ledger (`ledger`, at its `sequence`) left it.

    `tip` is the ledger's fingerprint of that entry. `open`: the run is under way, or died: more
    may have been sent than is listed. `adopted` maps the ledgers whose record was taken in to
    their sequences. The first section is by the ledger's own key; the others hold what it
    adopted and does not know by name. `whole`: nothing was left that was still to be sent.
    """

    campaign: str
    occurrence: str
    ledger: str
    sequence: int
    tip: str
    open: bool
    sections: tuple[Section, ...]
    adopted: Mapping[str, int] = field(default_factory=dict)
    whole: bool = False

    @property
    def ledgers(self) -> dict[str, int]:
        """Every ledger whose record this is, with its sequence."""
        return {**self.adopted, self.ledger: self.sequence}

    @property
    def counts(self) -> dict[str, int]:
        """How many in each listed state."""
        sections = [section.states for section in self.sections]
        return {state.value: sum(one.count(state) for one in sections) for state in LISTED}


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
        found, lists = _read(path)
        if found["format"] > FORMAT:
            raise MachineError(
                say("the receipt {path} was made by a newer announce", path=path),
                hint=say("install the newer announce that wrote it"),
            )
        return _receipt(found, lists)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise MachineError(
            say("the receipt {path} cannot be read: {cause}", path=path, cause=error),
            hint=say("take it from git again; after a merge conflict keep the side with more sent"),
        ) from error


def read_all(root: Path) -> list[Receipt]:
    """Every receipt of a project, by name."""
    return [read(path) for path in sorted((root / FOLDER).glob("*/*.json"))]


def is_whole(root: Path, campaign: str, occurrence: str) -> bool:
    """Whether the receipt of an occurrence says that it was sent to its end."""
    path = path_of(root, campaign, occurrence)
    return path.exists() and (found := read(path)).whole and not found.open


def _text(receipt: Receipt) -> Iterator[str]:
    """Sorted, a line a hash: git shows what was added, and merges what does not touch."""
    lists = [(one.states, state) for one in receipt.sections for state in LISTED]
    document = {
        "format": FORMAT,
        "campaign": receipt.campaign,
        "occurrence": receipt.occurrence,
        "ledger": receipt.ledger,
        "sequence": receipt.sequence,
        "tip": receipt.tip,
        "open": receipt.open,
        "whole": receipt.whole,
        "adopted": dict(receipt.adopted),
        "counts": receipt.counts,
        "deliveries": [
            _section(section, number) for number, section in enumerate(receipt.sections)
        ],
    }
    text = json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    for line in text.splitlines(keepends=True):
        if found := _STEAD.fullmatch(line):
            yield from _hashes(*lists[int(found["number"])], indent=found["indent"])
        else:
            yield line


def _section(section: Section, number: int) -> dict[str, Any]:
    """A section with the numbers of its lists in place of those that hold anything."""
    lists: dict[str, list[str]] = {}
    for at, state in enumerate(LISTED, start=number * len(LISTED)):
        lists[state.value] = [_stead(at)] if section.states.count(state) else []
    return {"key": section.key, **lists}


def _hashes(states: Hashes, state: State, *, indent: str) -> Iterator[str]:
    begin = indent + '"'
    for names in states.of(state):
        yield begin + names.hex("\n", SIZE).replace("\n", f'",\n{indent}"')
        begin = f'",\n{indent}"'
    yield '"\n'


def _stead(number: int) -> str:
    # No text of a receipt has a NUL in it.
    return f"\0{number}"


def _read(path: Path) -> tuple[dict[str, Any], list[bytearray]]:
    """The receipt as JSON, lists of hashes aside: in their place stands their number."""
    rest: list[str] = []
    lists: list[bytearray] = []
    with path.open("rb") as file:
        for is_hash, lines in groupby(file, lambda line: _HASH.fullmatch(line) is not None):
            if is_hash:
                rest.append(json.dumps(_stead(len(lists))) + "\n")
                lists.append(_gathered(lines))
            else:
                rest += [line.decode() for line in lines]
    return json.loads("".join(rest)), lists


def _gathered(lines: Iterator[bytes]) -> bytearray:
    """The hashes of lines, which commas must separate. ValueError where they do not."""
    names = bytearray()
    number = commas = 0
    last = b""
    while page := b"".join(islice(lines, _PAGE)):
        names += bytes.fromhex(page.translate(None, b' ",\r\n').decode())
        number, commas = number + page.count(b"\n"), commas + page.count(b",")
        last = page[-3:]
    if commas != number - 1 or b"," in last:
        raise ValueError(say("a list of hashes is not whole"))
    return names


def _receipt(found: dict[str, Any], lists: list[bytearray]) -> Receipt:
    return Receipt(
        campaign=str(found["campaign"]),
        occurrence=str(found["occurrence"]),
        ledger=str(found["ledger"]),
        sequence=int(found["sequence"]),
        tip=str(found["tip"]),
        open=bool(found["open"]),
        # Older ones do not say.
        whole=bool(found.get("whole", False)),
        adopted={str(name): int(number) for name, number in found["adopted"].items()},
        sections=tuple(_read_section(section, lists) for section in found["deliveries"]),
    )


def _read_section(found: dict[str, Any], lists: list[bytearray]) -> Section:
    bytes.fromhex(found["key"])
    states = Hashes()
    for state in LISTED:
        for text in found[state.value]:
            names = lists[int(text[1:])] if text.startswith("\0") else bytes.fromhex(text)
            states.put(state, names)
    return Section(key=found["key"], states=states)
