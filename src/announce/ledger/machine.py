"""Which process on which boot of which machine: what tells a live run from a dead one."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """A process where it runs. `space` is its process namespace: pids mean nothing across."""

    host: str
    boot: str
    space: str
    pid: int
    started: str

    @classmethod
    def this(cls) -> Machine:
        """The process that asks."""
        pid = os.getpid()
        return cls(
            host=platform.node(), boot=_boot(), space=_space(), pid=pid, started=_started(pid)
        )

    @staticmethod
    def alive(pid: int, started: str) -> bool:
        """Whether the process with this pid, begun at this time, is still there."""
        return bool(started) and _started(pid) == started


def _boot() -> str:
    try:
        return (_PROC / "sys/kernel/random/boot_id").read_text("ascii").strip()
    except OSError:
        import psutil  # slow to import, and not needed on Linux

        # The boot time drifts by a second or so when the clock is set: to the minute it is stable
        # enough, and a wrong "other boot" only puts more in doubt.
        return f"boot-{int(psutil.boot_time()) // 60}"


def _space() -> str:
    try:
        return str((_PROC / "self/ns/pid").readlink())
    except OSError:
        return ""


def _started(pid: int) -> str:
    """When a process began, or "" if it is gone or a zombie.

    On Linux in ticks since boot: psutil's time of day moves when the clock is set, and a live
    process would look like another one. https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
    """
    try:
        fields = (
            (_PROC / str(pid) / "stat").read_text("utf-8", "replace").rpartition(")")[2].split()
        )
        return "" if fields[0] in "ZX" else fields[19]
    except (FileNotFoundError, ProcessLookupError):
        if (_PROC / "self/stat").exists():
            return ""
    import psutil

    try:
        process = psutil.Process(pid)
        gone = process.status() == psutil.STATUS_ZOMBIE
        return "" if gone else f"{process.create_time():.0f}"
    except psutil.NoSuchProcess:
        return ""
