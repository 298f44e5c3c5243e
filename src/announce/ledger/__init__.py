"""The ledger: the durable record of deliveries, and its witnesses outside itself.

`base` says what a ledger offers, without SQL; `open_ledger` opens one. Only this room knows SQL.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from announce.importing import importing

if TYPE_CHECKING:
    from announce.ledger.base import Ledger
    from announce.ledger.machine import Machine


def open_ledger(
    url: str, root: Path, *, create: bool, machine: Machine | None = None, patience: float = 30.0
) -> Ledger:
    """The ledger that `url` names, relative to `root`.

    Where there is none: made if `create`, else one that reads as empty and refuses writes.
    `patience` is how many seconds to wait for another process's write.
    MachineError for a ledger that is damaged, too new, not a ledger, or out of reach.
    """
    from announce.ledger.place import is_there, path_of

    path = path_of(url, root)
    if not create and not is_there(path):
        from announce.ledger.empty import EmptyLedger

        return EmptyLedger(path)
    # SQLAlchemy takes half a second to import: only those who open a ledger wait for it.
    with importing():
        from announce.ledger.opening import open_sqlite

    return open_sqlite(path, machine=machine, patience=patience)
