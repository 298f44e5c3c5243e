"""How bad the findings of checks are in this project, and which of them somebody has looked at."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from announce.checks.catalogue import checks, finding
from announce.model.campaign import Campaign, Ignored
from announce.model.project import Project
from announce.problems import Place, Problem, Severity, did_you_mean
from announce.texts import say

# Found from the ledger, by the commands that look at a whole schedule, and of no one message.
_ELSEWHERE = ("schedule-over",)


def judged(project: Project, campaign: Campaign, problems: Iterable[Problem]) -> list[Problem]:
    """The problems with the severities that the project sets, without those that are silent or
    that the campaign ignores. What is no check's finding is left as it is."""
    settings, found = project.settings.checks, []
    for problem in problems:
        if problem.code not in checks():
            found.append(problem)
        elif _entry(problem, campaign.ignore) is None:
            severity = settings.get(problem.code)
            if severity is None:
                found.append(problem)
            elif severity != "silent":
                found.append(replace(problem, severity=Severity(severity)))
    return found


def misjudged(
    project: Project, campaign: Campaign, problems: Iterable[Problem], place: Place
) -> list[Problem]:
    """Settings that name no check, and entries of `ignore` to which none of the problems answers:
    such an entry may have been written for a fault that came back in other words."""
    settings = project.settings.checks
    used = {_entry(problem, campaign.ignore) for problem in problems}
    return [*_unused(campaign, used, place), *_unknown(campaign, settings, place)]


def _entry(problem: Problem, ignored: Iterable[Ignored]) -> int | None:
    for number, one in enumerate(ignored):
        if one.check == problem.code and one.text in f"{problem.place} {problem.message}":
            return number
    return None


def _unused(campaign: Campaign, used: set[int | None], place: Place) -> Iterable[Problem]:
    for number, one in enumerate(campaign.ignore):
        if number not in used and one.check in checks() and one.check not in _ELSEWHERE:
            yield finding(
                "ignore-unused",
                place,
                say('ignore: nothing is found any more of {check} "{about}"', check=one.check,
                    about=one.text),
            )  # fmt: skip


def _unknown(campaign: Campaign, settings: Mapping[str, str], place: Place) -> Iterable[Problem]:
    for code in settings:
        if code not in checks():
            yield _no_check(code, Place(file="announce.yaml"))
    for one in campaign.ignore:
        if one.check not in checks():
            yield _no_check(one.check, place)


def _no_check(code: str, place: Place) -> Problem:
    return Problem(
        code="check-unknown",
        place=place,
        message=say('there is no check "{code}"', code=code),
        hint=did_you_mean(code, checks()) or say("`announce check --list` lists them"),
    )
