"""A copy of the ledger in plain files, and the check of its inside."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Table, func, select

from announce.cells import defused
from announce.errors import MachineError
from announce.ledger.base import EVENTS
from announce.ledger.files import make_folder
from announce.ledger.moves import key_of
from announce.ledger.schema import decisions, deliveries, events, packed, runs, suppressions
from announce.model.delivery import State
from announce.texts import say

_EXPORTED = (deliveries, events, decisions, suppressions)


def write(connection: Connection, folder: Path) -> list[Path]:
    """Write each table as CSV and JSON, readable by the owner only; the files."""
    try:
        make_folder(folder, 0o700)
        return [path for table in _EXPORTED for path in _write_table(connection, table, folder)]
    except OSError as error:
        raise MachineError(
            say("cannot write to {folder}: {cause}", folder=folder, cause=error.strerror),
            hint=say("name a folder that you may write to"),
        ) from error


def faults(connection: Connection) -> list[str]:
    """What is wrong inside: the file's structure, links between rows, states against events."""
    structure = connection.exec_driver_sql("PRAGMA integrity_check").scalars().all()
    found = [say("the file is damaged: {cause}", cause=line) for line in structure if line != "ok"]
    links = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
    found += [
        say("row {row} of {table} points to nothing", row=row, table=table)
        for table, row, *_ in links
    ]
    return found + _untold(connection) + _stranded(connection)


def _write_table(connection: Connection, table: Table, folder: Path) -> Iterator[Path]:
    rows = _plain(connection, table)
    as_csv, as_json = folder / f"{table.name}.csv", folder / f"{table.name}.json"
    _write_csv(as_csv, [column.name for column in table.columns], rows)
    yield as_csv
    _write_json(as_json, rows)
    yield as_json


def _plain(connection: Connection, table: Table) -> list[dict[str, Any]]:
    ordered = select(table).order_by(*table.primary_key.columns)
    rows = [dict(row) for row in connection.execute(ordered).mappings()]
    for row in rows:
        row.update({name: value.isoformat() for name, value in row.items() if _is_time(value)})
    return rows


def _is_time(value: object) -> bool:
    return hasattr(value, "isoformat")


def _write_csv(path: Path, names: list[str], rows: Iterable[Mapping[str, Any]]) -> None:
    with open(_private(path), "w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, names)
        writer.writeheader()
        for row in rows:
            flat = {n: packed(v) if isinstance(v, list | dict) else v for n, v in row.items()}
            writer.writerow({n: v if v is None else defused(v) for n, v in flat.items()})


def _write_json(path: Path, rows: list[dict[str, Any]]) -> None:
    with open(_private(path), "w", encoding="utf-8") as file:
        json.dump(rows, file, ensure_ascii=False, indent=1)
        file.write("\n")


def _private(path: Path) -> int:
    path.unlink(missing_ok=True)
    return os.open(path, os.O_CREAT | os.O_WRONLY | os.O_EXCL, 0o600)


def _untold(connection: Connection) -> list[str]:
    telling = [event for event, state in EVENTS.items() if state is not None]
    of_each = select(func.max(events.c.id)).where(events.c.event.in_(telling))
    last = select(events.c.delivery, events.c.event).where(
        events.c.id.in_(of_each.group_by(events.c.delivery))
    )
    told = last.subquery()
    joined = select(deliveries, told.c.event.label("told")).outerjoin(
        told, told.c.delivery == deliveries.c.id
    )
    found = []
    for row in connection.execute(joined.order_by(deliveries.c.id)):
        state = EVENTS.get(row.told)
        if state != State(row.state):
            found.append(
                say(
                    "delivery {key} is {state}, but its events say {told}",
                    key=key_of(row),
                    state=row.state,
                    told=state.value if state else "-",
                )
            )
    return found


def _stranded(connection: Connection) -> list[str]:
    ended = select(runs.c.id).where(runs.c.ended_at.is_not(None))
    lost = deliveries.c.run.is_(None) | deliveries.c.run.in_(ended)
    claimed = select(deliveries).where(deliveries.c.state == State.SENDING.value, lost)
    return [
        say("delivery {key} is claimed by a run that has ended", key=key_of(row))
        for row in connection.execute(claimed)
    ]
