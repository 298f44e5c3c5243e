"""CSV files as people save them: any delimiter, any encoding they are likely to have."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from announce.reading.audiences.encoding import TextFile, no_encoding, table_text
from announce.reading.audiences.table import Row, Table
from announce.texts import say

DELIMITERS = ",;\t|"
_SAMPLE = 50
MAX_CELL = 1_000_000


def read_csv(path: Path, shown: str) -> Table:
    """The table of a CSV file; its faults are in `problems`, and nothing is raised."""
    table = Table(shown=shown)
    text = table_text(path, table)
    if text is None:
        return table
    if text.blank:
        table.fault(
            None,
            "audience-empty",
            say("the file is empty"),
            say("write the column names in the first line and a row for each recipient below"),
        )
        return table
    delimiter, skipped = _announced(text)
    records = _told(table, _records(text, delimiter or sniff(text), table))
    for line, cells in records:
        if line > skipped:
            _header(table, line, cells)
            break
    table.rows = _rows(table, records)
    return table


def sniff(text: TextFile) -> str:
    """The delimiter with which the first rows agree best with their header.

    Semicolons inside cells, which separate addresses, do not outvote a header without any.
    """
    return max(DELIMITERS, key=lambda delimiter: _score(text, delimiter))


def _score(text: TextFile, delimiter: str) -> tuple[bool, float, int]:
    try:
        with text.open() as file:
            sample = islice(csv.reader(file, delimiter=delimiter), _SAMPLE)
            rows = [row for row in sample if any(cell.strip() for cell in row)]
    except (csv.Error, UnicodeDecodeError):
        rows = []
    if not rows:
        return False, 0.0, 0
    width = len(rows[0])
    same = sum(len(row) == width for row in rows) / len(rows)
    return width > 1, same, width


def _announced(text: TextFile) -> tuple[str | None, int]:
    """The delimiter of Excel's first line `sep=;`, and the number of lines it takes."""
    with text.open() as file:
        first = file.read(_SAMPLE).split("\n", 1)[0].rstrip("\r")
    if len(first) == 5 and first.lower().startswith("sep=") and first[4] in DELIMITERS:
        return first[4], 1
    return None, 0


def _records(text: TextFile, delimiter: str, table: Table) -> Iterator[Row]:
    """Records that are not blank, each with the line that it begins in."""
    csv.field_size_limit(MAX_CELL)
    line = 1
    with text.open() as file:
        reader = csv.reader(file, delimiter=delimiter, strict=True)
        try:
            for cells in reader:
                stripped = [cell.strip() for cell in cells]
                if any(stripped):
                    yield line, stripped if table.header else cells
                line = reader.line_num + 1
        except csv.Error as error:
            raise csv.Error(f"{line}\0{error}") from error


def _told(table: Table, records: Iterator[Row]) -> Iterator[Row]:
    """The records up to the one that cannot be read, which is told."""
    try:
        yield from records
    except csv.Error as error:
        _broken(table, str(error))
    except UnicodeDecodeError:
        # Somebody is writing to it just now: it was text a moment ago.
        no_encoding(table)


def _broken(table: Table, told: str) -> None:
    line, _nul, cause = told.partition("\0")
    if "field larger" in cause:
        message, hint = (
            say("a cell is longer than {n} characters", n=MAX_CELL),
            say("a quotation mark is probably never closed"),
        )
    elif "unexpected end" in cause:
        message, hint = (
            say("a quotation mark opens in this row and is never closed"),
            say('close it; a quotation mark inside a cell is written twice: ""'),
        )
    else:
        message, hint = (
            say("the quotation marks of this row do not match"),
            say(
                'a quoted cell ends at its second quotation mark; inside a cell write it twice: ""'
            ),
        )
    table.fault(int(line), "csv-quotes", message, hint)


def _header(table: Table, line: int, cells: Sequence[str]) -> None:
    names = [cell.strip() for cell in cells]
    while names and not names[-1]:
        names.pop()
    spaced = [name for name, cell in zip(names, cells, strict=False) if name != cell]
    if spaced:
        table.fault(
            line,
            "column-whitespace",
            say("column names have spaces around them: {names}", names=", ".join(spaced)),
            say("they are read without; remove them"),
            warning=True,
        )
    check_columns(table, names, line)
    if len(names) == 1 and "，" in names[0]:
        table.fault(
            line,
            "full-width-comma",
            say("the columns are separated by full-width commas"),
            say("use half-width commas (,)"),
        )
    table.columns, table.header = tuple(names), line


def check_columns(table: Table, names: list[str], line: int | None) -> None:
    """Add faults of column names that are empty or there twice."""
    for name in dict.fromkeys(name for name in names if names.count(name) > 1 and name):
        table.fault(
            line,
            "column-repeated",
            say('there are {n} columns "{name}"', n=names.count(name), name=name),
            say("give each column a name of its own"),
        )
    if "" in names:
        table.fault(
            line,
            "column-unnamed",
            say("column {n} has no name", n=names.index("") + 1),
            say("name it, or remove it"),
        )


def _rows(table: Table, records: Iterator[Row]) -> Iterator[Row]:
    """The records that have as many cells as there are columns."""
    width = len(table.columns)
    for line, cells in records:
        if len(cells) == width:
            yield line, cells
        # Excel leaves delimiters behind where cells once were.
        elif len(cells) > width and not any(cells[width:]):
            yield line, cells[:width]
        else:
            _ragged(table, line, len(cells), width)


def _ragged(table: Table, line: int, cells: int, width: int) -> None:
    table.fault(
        line,
        "row-ragged",
        say("this row has {n} cells, and there are {columns} columns", n=cells, columns=width),
        say('a cell that holds the separator needs quotation marks: "Li, Wei"')
        if cells > width
        else say("add the missing separators, also after empty cells at the end"),
    )
