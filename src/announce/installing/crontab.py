"""The user's crontab: one block of ours in it, known by the project's folder."""

from __future__ import annotations

import shlex
import shutil
import subprocess

from announce.errors import MachineError
from announce.installing.job import Job
from announce.texts import say


def is_here() -> bool:
    """Whether this machine has a crontab."""
    return shutil.which("crontab") is not None


def block(job: Job) -> str:
    """The lines of a job."""
    begin, end = _edges(job)
    # Another shell may be set further up; and % ends a command (man 5 crontab).
    command = f"/bin/sh -c {shlex.quote(job.command())}".replace("%", r"\%")
    minutes = "*" if job.every == 1 else f"*/{job.every}"
    return f"{begin}\n{minutes} * * * * {command}\n{end}\n"


def with_block(text: str, job: Job) -> str:
    """A crontab with the job's lines, in the place where it had them, else at its end."""
    before, found, after = _split(text, job)
    if not found and before and not before.endswith("\n"):
        before += "\n"
    return before + block(job) + after


def without_block(text: str, job: Job) -> str:
    """A crontab without them."""
    before, _, after = _split(text, job)
    return before + after


def read() -> str:
    """The user's crontab, "" where there is none. MachineError where it cannot be read."""
    ended = _crontab("-l")
    if ended.returncode == 0:
        return ended.stdout
    if "no crontab" in ended.stderr.lower():
        return ""
    raise _failed(ended.stderr)


def write(text: str) -> None:
    """Replace it; an empty one is removed."""
    ended = _crontab("-", text=text) if text.strip() else _crontab("-r")
    if ended.returncode and "no crontab" not in ended.stderr.lower():
        raise _failed(ended.stderr)


def _edges(job: Job) -> tuple[str, str]:
    return (
        f"# >>> announce {job.root} (`announce schedule uninstall` takes this out)",
        f"# <<< announce {job.root}",
    )


def _split(text: str, job: Job) -> tuple[str, bool, str]:
    """What stands before the job's lines and after them, and whether it has any."""
    begin, end = _edges(job)
    lines = text.splitlines(keepends=True)
    bare = [line.rstrip("\r\n") for line in lines]
    if begin not in bare or end not in bare[bare.index(begin) :]:
        return text, False, ""
    first = bare.index(begin)
    last = bare.index(end, first)
    return "".join(lines[:first]), True, "".join(lines[last + 1 :])


def _crontab(*options: str, text: str | None = None) -> subprocess.CompletedProcess[str]:
    # Its messages are looked into, so they must be in one language.
    try:
        return subprocess.run(
            ["/usr/bin/env", "LC_ALL=C.UTF-8", "crontab", *options],
            input=text, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        raise _failed(str(error)) from error


def _failed(cause: str) -> MachineError:
    return MachineError(
        say("the crontab cannot be read or written: {cause}", cause=cause.strip()),
        hint=say("is cron installed, and may you use it? Or install with --with systemd"),
    )
