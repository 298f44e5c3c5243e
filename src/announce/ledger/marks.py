"""High-water marks in the user's state folder: how far a ledger was seen, and where.

    ledgers/<ledger id>/<campaign>/<occurrence>.json    its sequence at the end of a real run
    places/<hash of the location>.json                  which ledger is there

They tell that a ledger was deleted or put back from a copy, even where no receipt was kept.
A file for each occurrence: two campaigns sent at once do not overwrite each other's.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from announce.errors import MachineError
from announce.ledger.files import write_whole
from announce.ledger.receipts import safe_name
from announce.texts import say


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """How far a ledger was seen when a real run of this occurrence wrote it."""

    ledger: str
    campaign: str
    occurrence: str
    sequence: int
    tip: str
    location: str


def state_folder() -> Path:
    """Where the user's programs keep what is neither settings nor cache."""
    chosen = os.environ.get("ANNOUNCE_STATE")
    if chosen:
        return Path(chosen)
    import platformdirs

    return platformdirs.user_state_path("announce")


class Marks:
    """The marks in one state folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def of(self, ledger: str) -> list[Mark]:
        """Every mark of a ledger."""
        files = sorted((self._folder / "ledgers" / ledger).glob("*/*.json")) if ledger else []
        return [Mark(ledger=ledger, **self._read(path)) for path in files]

    def put(self, mark: Mark) -> None:
        """Keep a mark, and that the ledger is where it is."""
        names = (safe_name(mark.campaign), f"{safe_name(mark.occurrence)}.json")
        path = self._folder.joinpath("ledgers", mark.ledger, *names)
        self._write(path, {name: fact for name, fact in asdict(mark).items() if name != "ledger"})
        self.settle(mark.ledger, mark.location)

    def at(self, location: str) -> str:
        """The ledger last seen at a location, or ""."""
        path = self._place(location)
        return str(self._read(path)["ledger"]) if path.exists() else ""

    def lives_elsewhere(self, ledger: str, location: str) -> bool:
        """Whether a ledger was last seen at another location than this."""
        places = {mark.location for mark in self.of(ledger)} - {location}
        return any(self.at(place) == ledger for place in places)

    def settle(self, ledger: str, location: str) -> None:
        """Remember that this ledger is the one at this location."""
        facts = {"location": location, "ledger": ledger}
        if self.at(location) != ledger:
            self._write(self._place(location), facts)

    def _place(self, location: str) -> Path:
        name = hashlib.sha256(location.encode()).hexdigest()[:32]
        return self._folder / "places" / f"{name}.json"

    def _read(self, path: Path) -> dict[str, Any]:
        try:
            found = json.loads(path.read_text("utf-8"))
            if not isinstance(found, dict):
                raise TypeError(type(found).__name__)
            return found
        except (OSError, ValueError, TypeError) as error:
            raise MachineError(
                say("the mark {path} cannot be read: {cause}", path=path, cause=error),
                hint=say("delete it, and run `announce ledger adopt` if a send was lost"),
            ) from error

    def _write(self, path: Path, facts: dict[str, Any]) -> None:
        text = json.dumps(facts, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
        try:
            write_whole(path, text, folder_mode=0o700, mode=0o600)
        except OSError as error:
            raise MachineError(
                say(
                    "cannot write to the state folder {path}: {cause}",
                    path=self._folder,
                    cause=error.strerror,
                ),
                hint=say("make it writable, or name another one in ANNOUNCE_STATE"),
            ) from error
