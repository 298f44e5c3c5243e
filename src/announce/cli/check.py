"""`announce check`: every fault and doubt, at once."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from announce.checks.catalogue import checks
from announce.checks.figures import unmet
from announce.choosing import of_each_kind
from announce.cli.common import now, prepare
from announce.cli.screen import Screen, problem_json
from announce.errors import InputError
from announce.gathering import no_such_file, open_campaign, project_with_doubts
from announce.model.project import Project
from announce.overdue import overdue
from announce.planning import shown
from announce.problems import Place, Problem, Severity, errors_in
from announce.reading.campaigns import campaign_files, read_all
from announce.reading.project import find_project
from announce.scheduling import standings
from announce.texts import say, say_n, spoken

FORMS = ("text", "github")


@click.command(
    "check",
    help=say(
        "Find every fault and doubt of campaigns, templates, audiences and settings, at once, "
        "each with its place and mend. Without FILE: the whole project."
    ),
)
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMS),
    default="text",
    help=say("text for people and editors; github for annotations of a pull request."),
)
@click.option("--list", "listed", is_flag=True, help=say("List all checks with their codes."))
@click.argument("files", nargs=-1, metavar="[FILE...]", type=click.Path())
@click.pass_obj
def command(screen: Screen, form: str, listed: bool, files: tuple[str, ...]) -> int:
    """Check files."""
    if listed:
        return _list(screen)
    problems, checked = _all_problems(screen, files)
    if screen.as_json:
        screen.document({"problems": [problem_json(problem) for problem in problems]})
    if form == "github":
        for problem in problems:
            screen.line(_annotation(problem))
    screen.problems(problems)
    if not problems and not checked:
        screen.line(say("The settings are sound."))
    elif not problems:
        screen.line(
            say_n(
                "{n} campaign checked: no fault and no doubt.",
                "{n} campaigns checked: no fault and no doubt.",
                checked,
            )
        )
    return 2 if errors_in(problems) else 0


def _list(screen: Screen) -> int:
    """All checks: code, severity where the project sets none, and why it is looked for."""
    if screen.as_json:
        screen.document({"checks": [{**asdict(one)} for one in checks().values()]})
        return 0
    screen.table(
        [say("check"), say("severity"), say("why")],
        [
            (one.code, say("error") if one.severity is Severity.ERROR else say("warning"),
             one.reason[spoken()])
            for one in checks().values()
        ],
    )  # fmt: skip
    return 0


def _annotation(problem: Problem) -> str:
    """A problem as GitHub's workflow commands have it:
    https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands"""
    place = problem.place
    where = [f"file={_escaped(place.file)}"]
    where += [f"line={place.line}"] if place.line else []
    where += [f"col={place.column}"] if place.line and place.column else []
    where.append(f"title={problem.code}")
    text = f"{problem.message}\n{problem.hint}".strip()
    text = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    return f"::{problem.severity.value} {','.join(where)}::{text}"


def _escaped(name: str) -> str:
    return name.replace("%", "%25").replace(",", "%2C").replace(":", "%3A")


def _all_problems(screen: Screen, files: tuple[str, ...]) -> tuple[list[Problem], int]:
    start = str(Path(files[0]).resolve().parent) if files and not screen.project else screen.project
    try:
        project, doubts = project_with_doubts(_root(start))
    except InputError as error:
        if not error.problems:
            raise
        return list(error.problems), 0
    paths = [Path(name).resolve() for name in files] or campaign_files(project)
    problems = [*doubts, *(_of_project(project) if not files else [])]
    if not paths:
        problems.append(_no_campaigns())
    # The settings have been read already: whoever names them, names no campaign.
    paths = [path for path in paths if path != project.root / "announce.yaml"]
    for path in paths:
        problems += _of_campaign(screen, project, path)
    return list(dict.fromkeys(problems)), len(paths)


def _root(start: str | None) -> str | None:
    if start is None:
        return None
    return str(find_project(Path(start)))


def _of_project(project: Project) -> list[Problem]:
    return read_all(project)[1]


def _of_campaign(screen: Screen, project: Project, path: Path) -> list[Problem]:
    if not path.exists():
        return [_lone(no_such_file(project, str(path)), shown(path, project.root))]
    if path.suffix not in (".yaml", ".yml"):
        return [
            Problem(
                code="no-campaign",
                place=Place(file=shown(path, project.root)),
                message=say("this is no campaign file"),
                hint=say("name a campaign: its templates and its audience are checked with it"),
            )
        ]
    inside = Screen(project=str(project.root), as_json=screen.as_json, debug=screen.debug)
    found: list[Problem] = []
    try:
        opened = open_campaign(inside.project, str(path))
        known = standings(opened, now()) if opened.campaign.schedule else []
        found += overdue(opened, known)
        # Of a scheduled campaign the next of each entry with templates or an audience of its own.
        for occurrence in of_each_kind(known) or (None,):
            prepared = prepare(inside, str(path), occurrence)
            found += prepared.plan.problems
            found += unmet(prepared.gathered.campaign, prepared.gathered.audience, prepared.place)
    except InputError as error:
        found += error.problems or [_lone(error, shown(path, project.root))]
    return found


def _no_campaigns() -> Problem:
    return Problem(
        code="no-campaign",
        severity=Severity.WARNING,
        place=Place(file="campaigns/"),
        message=say("there is no campaign here"),
        hint=say("write campaigns/NAME.yaml, or run `announce init` for examples"),
    )


def _lone(error: InputError, file: str) -> Problem:
    return Problem(code="input", place=Place(file=file), message=error.message, hint=error.hint)
