"""One process from start to end: seconds, CPU seconds of it and its children, peak memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_LAUNCHER = Path(__file__).with_name("launcher.py")


class Failed(Exception):
    """A measured process did not do its work."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What a process took; `peak` in bytes, `seconds` by the clock."""

    seconds: float
    cpu: float
    peak: int


def run(
    command: Sequence[str], *, folder: Path, env: Mapping[str, str] | None = None, timeout: float
) -> Taken:
    """Run a command in a folder. Failed where it ends with anything but 0, with its last words.

    What it prints goes to a file, as a pipe would have to be read by us meanwhile.
    """
    with tempfile.TemporaryDirectory() as aside:
        report, printed = Path(aside) / "report", Path(aside) / "printed"
        with printed.open("wb") as output:
            try:
                subprocess.run(
                    [sys.executable, "-I", "-S", str(_LAUNCHER), str(report), *command],
                    cwd=folder,
                    env=os.environ | dict(env or {}),
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    timeout=timeout,
                    check=True,
                )
            except (subprocess.TimeoutExpired, subprocess.CalledProcessError) as error:
                raise Failed(f"{command[0]}: {error}; {_last(printed)}") from error
        figures = json.loads(report.read_text(encoding="utf-8"))
        if code := figures.pop("code"):
            raise Failed(f"exit code {code}: {_last(printed)}")
    return Taken(**figures)


def _last(printed: Path) -> str:
    return printed.read_text(encoding="utf-8", errors="replace")[-600:].strip()
