"""First step: from a campaign's path to its project, itself and its audience, with all faults."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from announce.errors import InputError
from announce.model.audience import Audience
from announce.model.campaign import Campaign
from announce.model.project import Project
from announce.problems import Problem, errors_in
from announce.reading.audiences import read_audience
from announce.reading.campaigns import read_campaign
from announce.reading.project import find_project, read_project
from announce.reading.yamlfile import load_yaml
from announce.texts import say


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """What a campaign is made from; `problems` holds doubts only: faults have been raised."""

    project: Project
    campaign: Campaign
    audience: Audience
    problems: tuple[Problem, ...] = ()


def open_project(folder: str | None) -> Project:
    """The project of a folder (default: here). InputError with every fault of its settings."""
    root = Path(folder).resolve() if folder else find_project(Path.cwd())
    project, problems = read_project(root)
    if project is None or errors_in(problems):
        raise InputError(say("announce.yaml has faults; nothing was sent."), problems=problems)
    return project


def gather(folder: str | None, campaign: str) -> Gathered:
    """Read all that a campaign is made from. InputError with every fault found."""
    path = Path(campaign).resolve()
    root = Path(folder).resolve() if folder else find_project(path.parent)
    project = open_project(str(root))
    found, problems = read_campaign(project, path)
    if found is None or errors_in(problems):
        raise faulty(campaign, problems)
    audience: Audience | None = Audience(recipients=())
    if found.email is not None:
        audience, more = read_audience(project, found)
        problems += more
    if audience is None or errors_in(problems):
        raise faulty(campaign, problems)
    return Gathered(project=project, campaign=found, audience=audience, problems=tuple(problems))


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


def faulty(campaign: str, problems: Sequence[Problem]) -> InputError:
    """The end of a command whose input has these faults."""
    return InputError(
        say("{campaign} has faults; nothing was sent.", campaign=campaign), problems=problems
    )
