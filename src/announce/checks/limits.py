"""The limits under which mails go out."""

from __future__ import annotations

from announce.channels.email.account import limits_of
from announce.model.campaign import Campaign
from announce.model.project import Project
from announce.problems import Place, Problem, Severity
from announce.texts import say


def assumed_limits(project: Project, campaign: Campaign) -> list[Problem]:
    """A warning where mails would go out under limits that nobody has confirmed."""
    settings = project.settings.email
    if settings.smtp is None or campaign.email is None:
        return []
    limits = limits_of(settings)
    if not limits.warning:
        return []
    figures = say(
        "{minute} recipients a minute and {day} a day are assumed",
        minute=limits.per_minute,
        day=limits.per_day,
    )
    return [
        Problem(
            code="limits-assumed",
            severity=Severity.WARNING,
            place=Place(file="announce.yaml"),
            message=say("{what}; {hint}", what=limits.warning, hint=figures),
            hint=limits.hint,
        )
    ]
