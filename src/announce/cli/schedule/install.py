"""`announce schedule install`: from now on `schedule run` is called by itself."""

from __future__ import annotations

import click

from announce.cli.common import confirm, now
from announce.cli.schedule.common import refuse_for_schedule, scheduled
from announce.cli.screen import Screen
from announce.errors import AnnounceError, GateError, InputError, MachineError
from announce.gathering import Opened, open_project
from announce.installing import crontab, systemd, workflow
from announce.installing.environment import named_in_settings, variables, write_environment
from announce.installing.job import Job
from announce.installing.trial import try_once
from announce.ledger.files import write_whole
from announce.model.project import Project
from announce.texts import say

WAYS = ("cron", "systemd", "github")
_MINUTES = {"cron": 5, "systemd": 5, "github": 15}


@click.command(
    "install",
    help=say(
        "Have `announce schedule run` called every few minutes: by cron, by a timer of systemd, or "
        "by a workflow of GitHub Actions. Shows what is written, tries it once in cron's bare "
        "environment, and asks. Installed again, it replaces what was there."
    ),
)
@click.option("--with", "way", type=click.Choice(WAYS), help=say("By what; default: cron."))
@click.option(
    "--every",
    type=click.IntRange(1, 30),
    help=say("Minutes between two calls; default: 5, and 15 with GitHub."),
)
@click.option(
    "--env", "names", multiple=True, metavar="NAME",
    help=say("A variable that a run needs besides those that the settings name; repeatable."),
)  # fmt: skip
@click.option("--sandbox", is_flag=True, help=say("Rehearse channels that have no account."))
@click.option("--dry-run", is_flag=True, help=say("Show what would be written, and do nothing."))
@click.option("--yes", is_flag=True, help=say("Do not ask. Needed where there is no terminal."))
@click.pass_obj
def command(
    screen: Screen,
    way: str | None,
    every: int | None,
    names: tuple[str, ...],
    sandbox: bool,
    dry_run: bool,
    yes: bool,
) -> int:
    """Install."""
    project = open_project(screen.project)
    _refuse(project, sandbox=sandbox)
    chosen = way or _here()
    if every and chosen != "systemd" and 60 % every:
        raise InputError(
            say("cron begins anew with every hour: {n} min do not go into it", n=every),
            hint=say("take 1, 2, 3, 4, 5, 6, 10, 12, 15, 20 or 30"),
        )
    job = Job(root=project.root.resolve(), every=every or _MINUTES[chosen], sandbox=sandbox)
    if chosen == "github":
        known = _install_workflow(screen, project, job, names, dry_run=dry_run, yes=yes)
    else:
        known = _install_here(screen, project, job, chosen, names, dry_run=dry_run, yes=yes)
    if screen.as_json:
        screen.document({"with": chosen, "every": job.every, "changed": not known})
    return 0


def _install_here(
    screen: Screen,
    project: Project,
    job: Job,
    way: str,
    names: tuple[str, ...],
    *,
    dry_run: bool,
    yes: bool,
) -> bool:
    """By cron or systemd; whether it was there, just like that."""
    values = variables(project, names)
    if way == "cron":
        text = crontab.read()
        wanted = crontab.with_block(text, job)
        known = wanted == text
        _show(screen, say("Your crontab gets:"), crontab.block(job))
    else:
        known = systemd.installed(job)
        for path, content in systemd.units(job).items():
            _show(screen, say("{path} gets:", path=path), content)
    listed = say(", ").join(sorted(values))
    _show(
        screen,
        say("{path}, which only you can read, gets these variables:", path=job.environment),
        listed,
    )
    if dry_run:
        screen.line(say("Dry run: nothing was written."))
        return known
    before = job.environment.read_bytes() if job.environment.exists() else None
    write_environment(job, values)
    try:
        told = try_once(job)
        _show(screen, say("Tried in cron's bare environment:"), told)
        if not known:
            _confirm(screen, yes=yes)
            if way == "cron":
                crontab.write(wanted)
            else:
                systemd.install(job)
    except (AnnounceError, click.Abort):
        job.environment.unlink(missing_ok=True)
        if before is not None:
            write_whole(job.environment, before.decode("utf-8"), mode=0o600)
        raise
    screen.line(
        say("It is installed already; nothing changed but the variables.")
        if known
        else say("Installed: called every {n} min from now on.", n=job.every)
    )
    _tell_who_hears(screen, project, way)
    return known


def _install_workflow(
    screen: Screen, project: Project, job: Job, names: tuple[str, ...], *, dry_run: bool, yes: bool
) -> bool:
    """As a workflow; whether it was there, just like that."""
    workflow.refuse_what_it_cannot_hold(project, named_in_settings(project, "keyring"))
    secrets = list(dict.fromkeys([*named_in_settings(project, "env"), *names]))
    path, text = workflow.path_of(job), workflow.workflow(job, secrets)
    known = path.exists() and path.read_text("utf-8") == text
    _show(screen, say("{path} gets:", path=path), text)
    if dry_run:
        screen.line(say("Dry run: nothing was written."))
        return known
    if path.exists() and not path.read_text("utf-8").startswith(workflow.MARK):
        raise GateError(
            say("{path} is there already, and is none of ours", path=path),
            hint=say("move it away first"),
        )
    if not known:
        _confirm(screen, yes=yes)
        try:
            write_whole(path, text)
        except OSError as error:
            raise MachineError(
                say("{path} cannot be written: {cause}", path=path, cause=error.strerror or error),
                hint=say("make the project's folder writable"),
            ) from error
    screen.line(say("Written. It could not be tried here; before you push it:"))
    if workflow.pinned() in text:
        screen.line(
            say("    see that `pip install {package}` finds it from there, or put the repository "
                "that has it in its place in the file", package=workflow.pinned())
        )  # fmt: skip
    if secrets:
        names_listed = say(", ").join(secrets)
        screen.line(say("    keep these in the repository's secrets: {names}", names=names_listed))
    screen.line(say("    see that the repository is private: its branch {branch} will hold the "
                    "ledger, with addresses", branch=workflow.BRANCH))  # fmt: skip
    return known


def _here() -> str:
    if crontab.is_here():
        return "cron"
    if systemd.is_here():
        return "systemd"
    raise MachineError(
        say("there is neither cron nor systemd on this machine"),
        hint=say("install cron, or have a workflow: --with github"),
    )


def _refuse(project: Project, *, sandbox: bool) -> None:
    """What a schedule cannot be used with: nobody is there later to be told."""
    found: list[Opened] = []
    for one in scheduled(project, now()):
        if one.error is not None:
            raise one.error
        assert one.opened is not None
        found.append(one.opened)
    if not found:
        raise InputError(
            say("no campaign has a schedule"), hint=say("add `schedule:` to a campaign first")
        )
    for opened in found:
        refuse_for_schedule(opened, sandbox=sandbox)


def _show(screen: Screen, head: str, text: str) -> None:
    screen.line(head)
    for line in text.rstrip("\n").split("\n"):
        screen.line(f"    {line}")


def _confirm(screen: Screen, *, yes: bool) -> None:
    confirm(
        screen,
        say("Install it?"),
        yes=yes,
        hint=say("look at what is shown above, then add --yes"),
        refused=say("not confirmed; nothing was installed"),
    )


def _tell_who_hears(screen: Screen, project: Project, way: str) -> None:
    """How a person hears of a run that fails."""
    address = project.settings.schedule.notify
    if address is not None:
        screen.line(say("A run that fails is told to {address}.", address=address))
    elif way == "cron":
        screen.line(
            say("A run that fails is told by cron's own mail, if this machine has any; to be sure, "
                "set `schedule: {notify: ADDRESS}` in announce.yaml.")
        )  # fmt: skip
    else:
        screen.line(
            say("A run that fails stands in the journal only; to be told, set `schedule: {notify: "
                "ADDRESS}` in announce.yaml.")
        )  # fmt: skip
