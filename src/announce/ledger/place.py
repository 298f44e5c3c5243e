"""Where a ledger is, and whether it is there; without SQL, which is slow to import."""

from __future__ import annotations

from pathlib import Path

from announce.errors import MachineError
from announce.texts import say

_SCHEME = "sqlite:///"


def path_of(url: str, root: Path) -> Path:
    """The file that `url` names, relative to `root`. MachineError for another kind of ledger."""
    if not url.startswith(_SCHEME):
        raise MachineError(
            say("this version keeps its ledger in SQLite, not in {url}", url=url.partition(":")[0]),
            hint=say("write ledger: {url}", url=f"{_SCHEME}.announce/ledger.sqlite3"),
        )
    return root.absolute() / url.removeprefix(_SCHEME)


def is_there(path: Path) -> bool:
    """Whether there is a file with something in it."""
    return path.exists() and path.stat().st_size > 0
