"""`announce schedule uninstall`: nothing is called by itself any more."""

from __future__ import annotations

from pathlib import Path

import click

from announce.cli.screen import Screen
from announce.installing import crontab, systemd, workflow
from announce.installing.job import Job
from announce.reading.project import find_project
from announce.texts import say


@click.command(
    "uninstall",
    help=say(
        "Take out what `announce schedule install` wrote: the lines of the crontab, the timer, the "
        "workflow's file, and the file with the variables."
    ),
)
@click.pass_obj
def command(screen: Screen) -> int:
    """Uninstall."""
    # The settings may be broken by now: only the folder counts.
    root = find_project(Path(screen.project or "."))
    job = Job(root=root.resolve(), every=1)
    gone: list[str] = []
    if crontab.is_here():
        text = crontab.read()
        rest = crontab.without_block(text, job)
        if rest != text:
            crontab.write(rest)
            gone.append(say("the lines of the crontab"))
    if systemd.is_here() and systemd.uninstall(job):
        gone.append(say("the timer of systemd"))
    path = workflow.path_of(job)
    if path.exists() and path.read_text("utf-8").startswith(workflow.MARK):
        path.unlink()
        gone.append(str(path))
    if job.environment.exists():
        job.environment.unlink()
        gone.append(str(job.environment))
    if gone:
        screen.line(say("Taken out: {what}", what=say(", ").join(gone)))
    else:
        screen.line(say("Nothing was installed."))
    if screen.as_json:
        screen.document({"removed": gone})
    return 0
