"""A timer of the user's own systemd (man 5 systemd.timer)."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from announce.errors import MachineError
from announce.installing.job import Job
from announce.ledger.files import write_whole
from announce.texts import say


def is_here() -> bool:
    """Whether this machine has systemd's tool."""
    return shutil.which("systemctl") is not None


def folder() -> Path:
    """Where the user's units are."""
    base = os.environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    return Path(base) / "systemd" / "user"


def units(job: Job) -> dict[Path, str]:
    """The job's files: a service, and the timer that calls it."""
    # In a unit % begins a specifier and $ a variable; quotes keep the command one word.
    command = job.command().replace("\\", r"\\").replace('"', r"\"")
    command = command.replace("%", "%%").replace("$", "$$")
    return {
        folder() / f"{job.name}.service": (
            "[Unit]\n"
            f"Description=announce schedule run in {str(job.root).replace('%', '%%')}\n\n"
            "[Service]\n"
            "Type=oneshot\n"
            f'ExecStart=/bin/sh -c "{command}"\n'
        ),
        folder() / f"{job.name}.timer": (
            "[Unit]\n"
            "Description=Calls announce schedule run\n\n"
            "[Timer]\n"
            f"OnCalendar=*:0/{job.every}\n"
            "AccuracySec=1s\n"
            # What was missed while the machine was off is looked at when it is back.
            "Persistent=true\n\n"
            "[Install]\n"
            "WantedBy=timers.target\n"
        ),
    }


def installed(job: Job) -> bool:
    """Whether the units stand there, just like that."""
    return all(_text(path) == text for path, text in units(job).items())


def install(job: Job) -> None:
    """Write the units and start the timer. MachineError, with nothing left behind, where systemd
    says no."""
    before = {path: _text(path) for path in units(job)}
    try:
        for path, text in units(job).items():
            write_whole(path, text)
        _systemctl("daemon-reload")
        _systemctl("enable", "--now", f"{job.name}.timer")
    except (OSError, MachineError) as error:
        for path, old in before.items():
            if old is None:
                path.unlink(missing_ok=True)
            else:
                path.write_text(old, encoding="utf-8")
        if isinstance(error, MachineError):
            raise
        raise _failed(error.strerror or str(error)) from error


def uninstall(job: Job) -> bool:
    """Stop the timer and remove the units; whether there were any."""
    found = [path for path in units(job) if path.exists()]
    if not found:
        return False
    _systemctl("disable", "--now", f"{job.name}.timer")
    for path in found:
        path.unlink()
    _systemctl("daemon-reload")
    return True


def _text(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except OSError:
        return None


def _systemctl(*words: str) -> None:
    try:
        ended = subprocess.run(
            ["systemctl", "--user", *words],
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        raise _failed(str(error)) from error
    if ended.returncode:
        raise _failed(ended.stderr.strip() or str(ended.returncode))


def _failed(cause: str) -> MachineError:
    return MachineError(
        say("systemd refuses: {cause}", cause=cause),
        hint=say("is it your user's manager that runs here? Or install with --with cron"),
    )
