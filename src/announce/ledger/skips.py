"""Occurrences that a person left out, in files that git carries: what an old ledger has forgotten
stays left out.

    receipts/<campaign>/<occurrence>.skipped
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from announce.errors import MachineError
from announce.ledger.files import write_whole
from announce.ledger.receipts import path_of
from announce.texts import say


def skipped(root: Path, campaign: str) -> dict[str, datetime]:
    """The occurrences of a campaign that were left out, and when. MachineError where a file cannot
    be read."""
    return dict(_read(path) for path in sorted(_path(root, campaign, "").parent.glob("*.skipped")))


def keep(root: Path, campaign: str, occurrence: str, now: datetime) -> None:
    """Write down that one is left out. MachineError where that cannot be done."""
    path = _path(root, campaign, occurrence)
    try:
        write_whole(path, f"{occurrence} {now.isoformat(timespec='seconds')}\n")
    except OSError as error:
        raise _unwritten(path, error) from error


def forget(root: Path, campaign: str, occurrence: str) -> None:
    """Take that back. MachineError where that cannot be done."""
    path = _path(root, campaign, occurrence)
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise _unwritten(path, error) from error


def _path(root: Path, campaign: str, occurrence: str) -> Path:
    # An id may have dots.
    path = path_of(root, campaign, occurrence)
    return path.with_name(f"{path.name.removesuffix('.json')}.skipped")


def _read(path: Path) -> tuple[str, datetime]:
    try:
        name, _, text = path.read_text("utf-8").strip().rpartition(" ")
        at = datetime.fromisoformat(text)
        if not name or at.tzinfo is None:
            raise ValueError(say("it is not an occurrence and a moment"))
        return name, at
    except (OSError, ValueError) as error:
        raise MachineError(
            say("{path} cannot be read: {cause}", path=path, cause=error),
            hint=say("take it from git again, or remove it and give `announce schedule skip` anew"),
        ) from error


def _unwritten(path: Path, error: OSError) -> MachineError:
    return MachineError(
        say("{path} cannot be written: {cause}", path=path, cause=error.strerror or error),
        hint=say("make the project's folders writable"),
    )
