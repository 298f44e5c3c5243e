"""A table from a file of any kind that tables come in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from announce.reading.audiences.csvfile import read_csv
from announce.reading.audiences.table import Row, Table
from announce.reading.audiences.yamlfile import read_yaml
from announce.texts import say


def read_file(path: Path, shown: str) -> Table:
    """The table of a CSV or YAML file; its faults are in `problems`, and nothing is raised."""
    is_yaml = path.suffix.lower() in (".yaml", ".yml")
    return read_yaml(path, shown) if is_yaml else read_csv(path, shown)


def read_table(path: Path, shown: str) -> Table:
    """As read_file; and a file without rows is a fault, told once its rows were asked for."""
    table = read_file(path, shown)
    table.rows = _at_least_one(table, table.rows)
    return table


def _at_least_one(table: Table, rows: Iterable[Row]) -> Iterator[Row]:
    row = None
    for row in rows:
        yield row
    if row is None and not table.problems.has_errors:
        hint = say("add the recipients; one row each below the column names")
        table.fault(None, "audience-empty", say("the file has no rows"), hint)
