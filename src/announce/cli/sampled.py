"""A command run with its time sampled: which room of the house it was in, every few milliseconds.

    python -m announce.cli.sampled REPORT STARTED COMMAND…

What the command was doing goes into REPORT as JSON. STARTED is the monotonic clock when the
process was asked for. Only the main thread of the first process is looked at: there stands the
engine. A few hundred looks a second cost less than a hundredth of the time.
"""

from __future__ import annotations

import json
import resource
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import Any

EVERY = 0.004  # seconds between two looks
STAGES = ("start", "read", "plan", "compose", "ledger", "wire", "other")
# The longest beginning of a module's name decides.
ROOMS = {
    "announce.reading": "read",
    "announce.gathering": "read",
    "announce.planning": "plan",
    "announce.lines": "plan",
    "announce.checks": "plan",
    "announce.gates": "plan",
    "announce.examining": "plan",
    "announce.judging": "plan",
    "announce.composing": "compose",
    "announce.content": "compose",
    "announce.rendering": "compose",
    "announce.channels.email": "wire",
    "announce.channels.email.compose": "compose",
    "announce.channels.email.calendar": "compose",
    "announce.channels.email.check": "compose",
    "announce.channels.email.files": "compose",
    "announce.channels.email.headers": "compose",
    "announce.channels.email.mime": "compose",
    "announce.crew": "wire",
    "announce.ledger": "ledger",
    "announce.cli": "other",
    "announce.dispatch": "other",
    "announce.sending": "other",
    "announce.shelf": "compose",
}


class Sampler:
    """Seconds by stage: each look gives the time since the last one to what it sees."""

    def __init__(self, started: float) -> None:
        self._last = time.monotonic()
        self._seconds = dict.fromkeys(STAGES, 0.0) | {"start": self._last - started}

    def begin(self) -> None:
        """Look at the main thread from now on."""
        signal.signal(signal.SIGALRM, self._look)
        # Foreign code must not see its calls interrupted.
        signal.siginterrupt(signal.SIGALRM, False)
        signal.setitimer(signal.ITIMER_REAL, EVERY, EVERY)

    def end(self) -> dict[str, float]:
        """Stop looking; the seconds of every stage."""
        signal.setitimer(signal.ITIMER_REAL, 0)
        self._seconds["other"] += time.monotonic() - self._last
        return {stage: round(seconds, 3) for stage, seconds in self._seconds.items()}

    def _look(self, _signal: int, frame: FrameType | None) -> None:
        now = time.monotonic()
        self._seconds[stage_of(frame)] += now - self._last
        self._last = now


def stage_of(frame: FrameType | None) -> str:
    """What is being done in this frame: the innermost room of the package decides."""
    while frame is not None:
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            return "start"
        name = frame.f_globals.get("__name__", "")
        while name.startswith("announce."):
            if name in ROOMS:
                return ROOMS[name]
            name = name.rpartition(".")[0]
        frame = frame.f_back
    return "other"


def main(report: Path, started: float, arguments: Sequence[str]) -> int:
    """Run the command and write the report; the command's exit code."""
    sampler = Sampler(started)
    sampler.begin()
    try:
        from announce.cli.app import run

        code = run(arguments)
    finally:
        # Also on the way out of a fault: without its handler the alarm would end the process.
        stages = sampler.end()
    report.write_text(json.dumps({"stages": stages, **_used()}), encoding="utf-8")
    return code


def _used() -> dict[str, Any]:
    """CPU seconds of all processes, and the peak memory in bytes of the largest of them."""
    mine = resource.getrusage(resource.RUSAGE_SELF)
    theirs = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = mine.ru_utime + mine.ru_stime + theirs.ru_utime + theirs.ru_stime
    # Bytes on macOS, KiB elsewhere.
    unit = 1 if sys.platform == "darwin" else 1024
    return {"cpu": cpu, "peak": max(_own_peak(mine.ru_maxrss * unit), theirs.ru_maxrss * unit)}


def _own_peak(otherwise: int) -> int:
    # Linux counts into ru_maxrss what the parent had before the exec; VmHWM is of this program.
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii")
    except OSError:
        return otherwise
    found = [line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:")]
    return int(found[0]) * 1024 if found else otherwise


if __name__ == "__main__":
    from announce.texts import choose_interface, speak

    speak(choose_interface(None))
    sys.exit(main(Path(sys.argv[1]), float(sys.argv[2]), sys.argv[3:]))
