"""What is called every few minutes: one shell command with nothing but absolute paths."""

from __future__ import annotations

import hashlib
import re
import shlex
import sys
from dataclasses import dataclass
from pathlib import Path

from announce.errors import InputError
from announce.texts import say


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A project's scheduled runs: `every` so many minutes; `sandbox`: rehearsed ones too."""

    root: Path
    every: int
    sandbox: bool = False

    def __post_init__(self) -> None:
        if "\n" in str(self.root) or "\r" in str(self.root):
            raise InputError(
                say("the project's folder has a line break in its name"),
                hint=say("rename it: no crontab can hold it"),
            )

    @property
    def environment(self) -> Path:
        """The file with its variables."""
        return self.root / ".announce" / "schedule.env"

    @property
    def name(self) -> str:
        """A name of its own among the units of a user: the folder's, and a sign of where it is."""
        sign = hashlib.sha256(str(self.root).encode()).hexdigest()[:8]
        word = re.sub(r"[^A-Za-z0-9]+", "-", self.root.name).strip("-") or "project"
        return f"announce-{word}-{sign}"

    def command(self, *more: str) -> str:
        """The command for /bin/sh, with more options."""
        options = [*(["--sandbox"] if self.sandbox else []), *more]
        words = [sys.executable, "-m", "announce", "schedule", "run", *options]
        file, root = shlex.quote(str(self.environment)), shlex.quote(str(self.root))
        return f". {file} && cd {root} && exec {shlex.join(words)}"
