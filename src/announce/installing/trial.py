"""A run tried once as cron would call it: no terminal, hardly a variable, another folder."""

from __future__ import annotations

import os
import pwd
import subprocess

from announce.errors import MachineError
from announce.installing.job import Job
from announce.texts import say

# What Debian's cron sets: man 5 crontab.
_PATH = "/usr/bin:/bin"
_SECONDS = 300


def try_once(job: Job) -> str:
    """What `announce schedule run --dry-run` says in cron's environment. MachineError with its
    words where it does not end well."""
    user = pwd.getpwuid(os.getuid())
    bare = {
        "HOME": user.pw_dir,
        "LOGNAME": user.pw_name,
        "USER": user.pw_name,
        "SHELL": "/bin/sh",
        "PATH": _PATH,
    }
    try:
        ended = subprocess.run(
            ["/bin/sh", "-c", job.command("--dry-run")],
            env=bare, cwd=user.pw_dir if os.access(user.pw_dir, os.X_OK) else "/",
            stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace",
            timeout=_SECONDS, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise MachineError(
            say("tried in cron's bare environment, it did not end within {n} s", n=_SECONDS),
            hint=say("try it yourself: {command}", command=job.command("--dry-run")),
        ) from error
    told = "\n".join(part.strip() for part in (ended.stdout, ended.stderr) if part.strip())
    if ended.returncode:
        raise MachineError(
            say("tried in cron's bare environment, it fails (exit code {code}):\n{told}",
                code=ended.returncode, told=told),
            hint=say("mend that, then install again; nothing was installed"),
        )  # fmt: skip
    return told
