"""Exclusion files: addresses or keys of those who are left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from announce.model.audience import Address, Recipient
from announce.model.campaign import AudienceSource
from announce.problems import Problem
from announce.reading.addresses import AddressFault, read_address, split_cell
from announce.reading.audiences.table import Table
from announce.reading.audiences.tables import read_file
from announce.texts import say


@dataclass(slots=True)
class Exclusions:
    """Identities of addresses, and keys, that are left out."""

    addresses: set[str] = field(default_factory=set)
    keys: set[str] = field(default_factory=set)

    def left(self, recipient: Recipient) -> tuple[Address, ...]:
        """The recipient's addresses that remain; none where the whole row is left out."""
        if recipient.key in self.keys:
            return ()
        if not self.addresses:
            return recipient.addresses
        return tuple(a for a in recipient.addresses if a.identity not in self.addresses)


def read_exclusions(
    files: Sequence[tuple[Path, str]], source: AudienceSource
) -> tuple[Exclusions, list[Problem]]:
    """What the files leave out, with their faults: an exclusion mistyped is a mail too many.

    A file has one entry a line, or is a table with a column of addresses or keys.
    """
    exclusions = Exclusions()
    problems: list[Problem] = []
    for path, shown in files:
        table = read_file(path, shown)
        # An empty list leaves nobody out, which is no fault.
        problems += [problem for problem in table.problems if problem.code != "audience-empty"]
        table.problems.clear()
        for line, entry in _entries(table, source):
            _add(exclusions, table, line, entry)
        problems += table.problems
    return exclusions, problems


def _entries(table: Table, source: AudienceSource) -> list[tuple[int, str]]:
    lowered = [name.lower() for name in table.columns]
    wanted = [name.lower() for name in (source.address, source.key, "address", "email", "key")]
    columns = [lowered.index(name) for name in dict.fromkeys(wanted) if name in lowered]
    if len(lowered) > 1 and not columns:
        table.fault(
            table.header,
            "column-unknown",
            say("no column of addresses or keys is found here"),
            say(
                'name one of the columns "{address}" or "{key}"',
                address=source.address,
                key=source.key,
            ),
        )
        return []
    entries = [(row.line, row.cells[column]) for row in table.rows for column in columns or [0]]
    # Without a column's name the first line is an entry like the others.
    if lowered and not columns and table.header:
        entries.insert(0, (table.header, table.columns[0]))
    return [(line, part) for line, cell in entries for part in split_cell(cell) if part]


def _add(exclusions: Exclusions, table: Table, line: int, entry: str) -> None:
    if "@" not in entry and "＠" not in entry:
        exclusions.keys.add(entry)
        return
    try:
        exclusions.addresses.add(read_address(entry)[0].identity)
    except AddressFault as fault:
        table.fault(line, fault.code, str(fault), fault.hint)
