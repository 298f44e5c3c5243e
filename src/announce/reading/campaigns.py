"""Campaign files: read one, read all; and two with one id are a fault."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from announce.model.campaign import Campaign
from announce.model.project import Project
from announce.problems import Place, Problem, errors_in
from announce.reading.campaign_checks import campaign_problems
from announce.reading.literals import secret_problems
from announce.reading.promises import promised_languages
from announce.reading.schema import validate, value_at
from announce.reading.yamlfile import Loaded, load_yaml
from announce.texts import say

__all__ = ["campaign_files", "promised_languages", "read_all", "read_campaign", "shown_path"]


def campaign_files(project: Project) -> list[Path]:
    """The project's campaign files, by name."""
    folder = project.root / "campaigns"
    found = (path for end in ("*.yaml", "*.yml") for path in folder.glob(end))
    return sorted(path for path in found if path.is_file() and not path.name.startswith("."))


def shown_path(project: Project, path: Path) -> str:
    """A file's name to people: relative to the project where it is inside."""
    absolute = path if path.is_absolute() else Path.cwd() / path
    for candidate in (absolute, absolute.resolve()):
        if candidate.is_relative_to(project.root):
            return candidate.relative_to(project.root).as_posix()
    return str(path)


def read_campaign(project: Project, path: Path) -> tuple[Campaign | None, list[Problem]]:
    """The campaign of one file, or None; with every fault and doubt of it.

    Another file of the project with the same id is a fault of this one.
    """
    campaign, problems, loaded = _read(project, path)
    if (own := _id_of(loaded)) is not None:
        others = (other for other in campaign_files(project) if other.resolve() != path.resolve())
        clashes = [
            _clash(own, loaded.places.of(("campaign",)), other.places.of(("campaign",)))
            for other in (load_yaml(path, shown_path(project, path)) for path in others)
            if _id_of(other) == own
        ]
        problems, campaign = [*problems, *clashes], None if clashes else campaign
    return campaign, problems


def read_all(project: Project) -> tuple[list[Campaign], list[Problem]]:
    """All campaigns that are without fault, and the problems of all files.

    Of files with one id, none is taken; the later ones name the first.
    """
    found = [_read(project, path) for path in campaign_files(project)]
    problems = [problem for _campaign, told, _loaded in found for problem in told]
    first: dict[str, Place] = {}
    repeated: set[str] = set()
    for _campaign, _told, loaded in found:
        own, place = _id_of(loaded), loaded.places.of(("campaign",))
        if own is not None and first.setdefault(own, place) is not place:
            repeated.add(own)
            problems.append(_clash(own, place, first[own]))
    campaigns = [campaign for campaign, _told, _loaded in found if campaign is not None]
    return [campaign for campaign in campaigns if campaign.id not in repeated], problems


def _id_of(loaded: Loaded) -> str | None:
    own = value_at(loaded.value, ("campaign",))
    return own if isinstance(own, str) else None


def _clash(own: str, place: Place, other: Place) -> Problem:
    return Problem(
        code="campaign-id-repeated",
        place=place,
        message=say('the id "{id}" is also that of {place}', id=own, place=other),
        hint=say("give each campaign an id of its own; an id that was sent is never used again"),
    )


def _read(project: Project, path: Path) -> tuple[Campaign | None, list[Problem], Loaded]:
    loaded = load_yaml(path, shown_path(project, path))
    secrets, at = secret_problems(
        loaded,
        hint=say(
            "secrets belong in announce.yaml as {example}; what readers are meant to know"
            " goes under another name, such as passcode",
            example="{env: NAME}",
        ),
    )
    loaded = replace(loaded, faulty=loaded.faulty | at)
    campaign, faults = validate(Campaign, loaded, {"path": path.resolve()})
    problems = [*loaded.problems, *secrets, *faults, *campaign_problems(project, loaded)]
    problems.sort(key=lambda problem: (problem.place.line or 0, problem.place.column or 0))
    return (None if errors_in(problems) else campaign), problems, loaded
