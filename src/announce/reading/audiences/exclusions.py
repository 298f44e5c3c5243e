"""Exclusion files: addresses or keys of those who are left out."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

from announce.model.audience import Row
from announce.model.campaign import AudienceSource
from announce.problems import Problem
from announce.reading.addresses import AddressFault, read_address, split_cell
from announce.reading.audiences.table import Row as Cells
from announce.reading.audiences.table import Table, Told, told
from announce.reading.audiences.tables import read_file
from announce.spool import Texts
from announce.texts import say


@dataclass(slots=True)
class Exclusions:
    """Identities of addresses, and keys, that are left out."""

    addresses: Texts = field(default_factory=Texts)
    keys: Texts = field(default_factory=Texts)

    @property
    def any(self) -> bool:
        """Whether anybody is left out at all."""
        return len(self.addresses) + len(self.keys) > 0

    def left(self, row: Row) -> Row | None:
        """The row with the addresses that remain; None where the whole row is left out."""
        if row.key in self.keys:
            return None
        left = tuple(one for one in row.addresses if one[0].casefold() not in self.addresses)
        if len(left) == len(row.addresses):
            return row
        return row._replace(addresses=left) if left else None


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
        faults = Told()
        for line, entry in _entries(table, source):
            if fault := _add(exclusions, table, line, entry):
                faults.add(fault)
        found = told([table.problems, faults], shown)
        # An empty list leaves nobody out, which is no fault.
        problems += [problem for problem in found if problem.code != "audience-empty"]
    return exclusions, problems


def _entries(table: Table, source: AudienceSource) -> Iterator[tuple[int, str]]:
    lowered = [name.lower() for name in table.columns]
    wanted = [name.lower() for name in (source.address, source.key, "address", "email", "key")]
    columns = [lowered.index(name) for name in dict.fromkeys(wanted) if name in lowered]
    rows: Iterable[Cells] = table.rows
    if len(lowered) > 1 and not columns:
        deque(rows, maxlen=0)
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
        return
    # Without a column's name the first line is an entry like the others.
    if lowered and not columns and table.header:
        rows = chain([(table.header, table.columns)], rows)
    for line, cells in rows:
        for column in columns or [0]:
            yield from ((line, part) for part in split_cell(cells[column]) if part)


def _add(exclusions: Exclusions, table: Table, line: int, entry: str) -> Problem | None:
    """Leave out one more; the fault of an entry that is no address."""
    if "@" not in entry and "＠" not in entry:
        exclusions.keys.add(entry)
        return None
    try:
        exclusions.addresses.add(read_address(entry)[0].identity)
    except AddressFault as fault:
        return table.problem(line, fault.code, str(fault), fault.hint)
    return None
