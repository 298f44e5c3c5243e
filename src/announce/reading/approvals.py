"""Approvals: small files that `announce approve` writes and git carries.

approvals/<campaign>/<occurrence>.<who>.yaml
"""

from __future__ import annotations

from pathlib import Path

from announce.errors import InputError
from announce.model.approval import Approval
from announce.model.project import Project
from announce.problems import Problem, errors_in
from announce.reading.schema import validate
from announce.reading.yamlfile import load_yaml
from announce.texts import say

FOLDER = "approvals"


def read_approvals(project: Project, campaign: str | None = None) -> list[Approval]:
    """The approvals of a campaign, or of all; the newest last. InputError with every fault of
    their files: one that cannot be read must not pass for none."""
    approvals, problems = [], list[Problem]()
    for path in sorted((project.root / FOLDER).glob(f"{campaign or '*'}/*.yaml")):
        approval, found = _read(project, path)
        problems += found
        if approval is not None:
            approvals.append(approval)
    if errors_in(problems):
        raise InputError(say("an approval has faults; nothing was sent."), problems=problems)
    return sorted(approvals, key=lambda one: (one.campaign, one.when))


def _read(project: Project, path: Path) -> tuple[Approval | None, list[Problem]]:
    shown = path.relative_to(project.root).as_posix()
    loaded = load_yaml(path, shown)
    approval, faults = validate(Approval, loaded, {"path": path})
    problems = [*loaded.problems, *faults]
    if approval is None or errors_in(problems):
        return None, problems
    try:
        is_aware = approval.when.tzinfo is not None
    except ValueError:
        is_aware = False
    if not is_aware or path.parent.name != approval.campaign:
        problems.append(
            Problem(
                code="approval-edited",
                place=loaded.places.of(("campaign",) if is_aware else ("at",)),
                message=say("the approval was moved, or edited by hand"),
                hint=say("take it from git again, or approve anew: announce approve"),
            )
        )
    return approval, problems
