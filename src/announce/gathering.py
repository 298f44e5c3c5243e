"""First step: from a campaign's path to its project, itself and its audience, with all faults."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from announce.errors import InputError
from announce.model.audience import Audience
from announce.model.campaign import Campaign
from announce.model.project import Project
from announce.problems import Problem, errors_in
from announce.reading.campaigns import campaign_files, read_campaign, shown_path
from announce.reading.project import find_project, read_project
from announce.reading.yamlfile import load_yaml
from announce.texts import say


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """What a campaign is made from, with the doubts about it and the faults of its audience."""

    project: Project
    campaign: Campaign
    audience: Audience
    problems: tuple[Problem, ...] = ()


def open_project(folder: str | None) -> Project:
    """The project of a folder (default: here). InputError with every fault of its settings."""
    return project_with_doubts(folder)[0]


def project_with_doubts(folder: str | None) -> tuple[Project, list[Problem]]:
    """The same, with the doubts about its settings."""
    root = Path(folder).resolve() if folder else find_project(Path.cwd())
    if not (root / "announce.yaml").exists():
        raise InputError(
            say("there is no announce.yaml in {folder}", folder=root),
            hint=say("name a project's folder with --project, or make one: announce init"),
        )
    project, problems = read_project(root)
    if project is None or errors_in(problems):
        raise InputError(say("announce.yaml has faults."), problems=problems)
    return project, problems


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A campaign's file (`named` as the user does) and its project, with the doubts about them."""

    named: str
    project: Project
    campaign: Campaign
    problems: tuple[Problem, ...] = ()


def open_campaign(folder: str | None, campaign: str) -> Opened:
    """Read a campaign's file and its project. InputError with every fault of them."""
    path = Path(campaign).resolve()
    root = Path(folder).resolve() if folder else find_project(path.parent)
    project, doubts = project_with_doubts(str(root))
    if not path.is_file():
        raise no_such_file(project, campaign)
    found, problems = read_campaign(project, path)
    problems = [*doubts, *problems]
    if found is None or errors_in(problems):
        raise faulty(project, path, problems)
    return Opened(named=campaign, project=project, campaign=found, problems=tuple(problems))


def gather(opened: Opened) -> Gathered:
    """Read what else a campaign is made from: its audience.

    Faults of the audience are among the problems, so that those of templates can be told with
    them; its recipients are none then.
    """
    # Most commands open a project or a campaign, and read no audience.
    from announce.reading.audiences import read_audience

    audience: Audience | None = None
    problems = opened.problems
    if opened.campaign.addresses_people:
        audience, more = read_audience(opened.project, opened.campaign)
        problems = (*problems, *more)
    return Gathered(
        project=opened.project,
        campaign=opened.campaign,
        audience=audience or Audience(),
        problems=problems,
    )


def no_such_file(project: Project, campaign: str) -> InputError:
    """The error for a campaign that is not there, with the nearest one."""
    names = [shown_path(project, path) for path in campaign_files(project)]
    ids = {path.stem: name for path, name in zip(campaign_files(project), names, strict=True)}
    near = get_close_matches(Path(campaign).stem, ids, n=1, cutoff=0.4)
    return InputError(
        say("there is no campaign file {path}", path=campaign or '""'),
        hint=say("did you mean {names}?", names=ids[near[0]])
        if near
        else say("known here: {names}", names=say(", ").join(names)),
    )


def campaign_id(path: Path) -> str:
    """The id in a campaign file, whatever else is wrong with the file."""
    loaded = load_yaml(path, str(path))
    found = loaded.value.get("campaign") if isinstance(loaded.value, dict) else None
    if not isinstance(found, str):
        raise InputError(
            say("{path} has no campaign id", path=path),
            problems=loaded.problems,
            hint=say("begin the file with `campaign: some-id`"),
        )
    return found


def read_ids(project: Project) -> list[str]:
    """The ids of the project's campaign files; a file without one is passed over here."""
    ids = []
    for path in campaign_files(project):
        with suppress(InputError):
            ids.append(campaign_id(path))
    return ids


def faulty(project: Project, path: Path, problems: Sequence[Problem]) -> InputError:
    """The end of a command whose campaign has these faults."""
    file = shown_path(project, path)
    return InputError(
        say("{campaign} has faults; nothing was sent.", campaign=file), problems=problems
    )


def shown(path: Path, root: Path) -> str:
    """A path as people read it: relative to the project where it lies in it."""
    return str(path.relative_to(root)) if path.is_relative_to(root) else str(path)
