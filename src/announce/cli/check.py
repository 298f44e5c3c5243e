"""`announce check`: every fault and doubt, at once."""

from __future__ import annotations

from pathlib import Path

import click

from announce.checks.figures import unmet
from announce.cli.common import prepare
from announce.cli.screen import Screen, problem_json
from announce.errors import InputError
from announce.gathering import no_such_file, project_with_doubts
from announce.model.project import Project
from announce.planning import shown
from announce.problems import Place, Problem, Severity, errors_in
from announce.reading.campaigns import campaign_files, read_all
from announce.reading.project import find_project
from announce.texts import say, say_n


@click.command(
    "check",
    help=say(
        "Find every fault and doubt of campaigns, templates, audiences and settings, at once, "
        "each with its place and mend. Without FILE: the whole project."
    ),
)
@click.argument("files", nargs=-1, metavar="[FILE...]", type=click.Path())
@click.pass_obj
def command(screen: Screen, files: tuple[str, ...]) -> int:
    """Check files."""
    problems, checked = _all_problems(screen, files)
    if screen.as_json:
        screen.document({"problems": [problem_json(problem) for problem in problems]})
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
    try:
        prepared = prepare(inside, str(path))
    except InputError as error:
        return list(error.problems) or [_lone(error, shown(path, project.root))]
    return [
        *prepared.plan.problems,
        *unmet(prepared.gathered.campaign, prepared.gathered.audience, prepared.place),
    ]


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
