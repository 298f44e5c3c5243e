"""One whole send as a process of its own, from the interpreter's start to its exit code."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from announce.errors import MachineError
from announce.measuring.campaign import CAMPAIGN
from announce.texts import say


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What a send took: seconds of the clock and of the CPU, octets of its largest process.

    `stages` are seconds by what was being done, as `cli/sampled.py` saw it.
    """

    messages: int
    seconds: float
    cpu: float
    peak: int
    stages: Mapping[str, float] = field(default_factory=dict)

    @property
    def per_second(self) -> float:
        """Messages a second, start of the interpreter included."""
        return self.messages / self.seconds


def send(project: Path, state: Path, messages: int) -> Figures:
    """Send the project's letter, for real to whatever its account is, and tell what it took.

    `state` stands for the user's state folder, which is left alone. MachineError where the send
    ends with anything but 0, with its last words.
    """
    report = project / "measured.json"
    began = time.monotonic()
    command = [sys.executable, "-m", "announce.cli.sampled", str(report), repr(began)]
    done = subprocess.run(
        [*command, "--project", str(project), "send", "--yes", str(project / CAMPAIGN)],
        env=os.environ | {"ANNOUNCE_STATE": str(state)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    seconds = time.monotonic() - began
    if done.returncode != 0:
        raise _failed(done.returncode, done.stderr)
    used: dict[str, Any] = json.loads(report.read_text(encoding="utf-8"))
    # The end of the interpreter is after the last look.
    used["stages"]["other"] += max(0.0, seconds - sum(used["stages"].values()))
    return Figures(messages=messages, seconds=seconds, **used)


def _failed(code: int, words: str) -> MachineError:
    last = "\n".join(words.strip().splitlines()[-6:])
    return MachineError(
        say("the measured send ended with {code}:\n{words}", code=code, words=last),
        hint=say("no project was touched"),
    )
