"""Whether the account that is rehearsed may send notices at all."""

from __future__ import annotations

from announce.model.campaign import Campaign
from announce.model.project import Project
from announce.problems import Place, Problem, Severity
from announce.texts import say


def untellable(project: Project, campaign: Campaign) -> list[Problem]:
    """A doubt where a rehearsal plays an account that may not: it would end with 48001."""
    wechat = project.settings.wechat
    if campaign.notice is None or wechat.app_secret or wechat.rehearse_as == "verified_service":
        return []
    return [
        Problem(
            code="notice-account",
            severity=Severity.WARNING,
            place=Place(file="announce.yaml"),
            message=say("the account that is rehearsed may not send notices"),
            hint=say("write wechat: {example}", example="{rehearse_as: verified_service}"),
        )
    ]
