"""Audiences in YAML: a list of mappings, alone or under `recipients`; every value a text."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from announce.reading.audiences.csvfile import check_columns
from announce.reading.audiences.table import Row, Table, Told
from announce.reading.places import Loc
from announce.reading.yamlfile import Loaded, load_yaml
from announce.texts import say

MAX_BYTES = 20 * 1024 * 1024
MAX_NODES = 2_000_000


def read_yaml(path: Path, shown: str) -> Table:
    """The table of a YAML file; its faults are in `problems`, and nothing is raised.

    Columns are the keys of all rows; what a row lacks is empty.
    """
    loaded = load_yaml(path, shown, as_text=True, max_bytes=MAX_BYTES, max_nodes=MAX_NODES)
    table = Table(shown=shown, problems=Told(loaded.problems))
    if loaded.complained(()):
        return table
    items, loc = _list_of(loaded)
    if items is None:
        code = "type" if loaded.value else "audience-empty"
        table.fault(
            1,
            code,
            say("a list of recipients is needed here")
            if loaded.value
            else say("the file is empty"),
            say('begin each recipient with "- " and write `address: …` below'),
        )
        return table
    columns: dict[str, None] = {}
    for item in items:
        if isinstance(item, Mapping):
            columns.update(dict.fromkeys(item))
    table.columns = tuple(columns)
    check_columns(table, list(columns), 1)
    read = (_row(table, loaded, (*loc, number), item) for number, item in enumerate(items))
    table.rows = [row for row in read if row is not None]
    if not items:
        table.fault(None, "audience-empty", say("the file has no rows"), say("add the recipients"))
    return table


def _list_of(loaded: Loaded) -> tuple[list[Any] | None, Loc]:
    value = loaded.value
    if isinstance(value, Mapping) and set(value) == {"recipients"}:
        value = value["recipients"]
        return (value, ("recipients",)) if isinstance(value, list) else (None, ())
    return (value, ()) if isinstance(value, list) else (None, ())


def _row(table: Table, loaded: Loaded, loc: Loc, item: Any) -> Row | None:
    if loaded.complained(loc):
        return None
    line = loaded.places.of(loc).line or 1
    if not isinstance(item, Mapping):
        table.fault(
            line,
            "type",
            say("a recipient is a mapping of columns"),
            say("write `- address: someone@example.org` and further columns below it"),
        )
        return None
    cells = []
    for column in table.columns:
        value = item.get(column, "")
        # Several addresses or names may also be written as a list.
        if isinstance(value, list) and all(isinstance(part, str) for part in value):
            value = "; ".join(value)
        if not isinstance(value, str):
            table.fault(
                loaded.places.of((*loc, column)).line,
                "type",
                say('"{column}" must be a text', column=column),
                say("write it in one line"),
            )
            value = ""
        cells.append(value.strip())
    return line, cells
