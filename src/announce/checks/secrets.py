"""Secrets that a send will need and not find."""

from __future__ import annotations

from collections.abc import Iterator

from announce.model.campaign import Campaign
from announce.model.project import Project, Secret
from announce.problems import Place, Problem, Severity
from announce.reading.secrets import MissingSecret, resolve


def missing_secrets(project: Project, campaign: Campaign) -> list[Problem]:
    """A warning for each variable that is not set here: `send` would refuse without it.

    Keyrings are not looked into: they may ask somebody to unlock them.
    """
    found = []
    for what, secret in _secrets(project, campaign):
        if secret.env is None:
            continue
        try:
            resolve(secret, what)
        except MissingSecret as missing:
            found.append(
                Problem(
                    code="secret-missing",
                    severity=Severity.WARNING,
                    place=Place(file="announce.yaml"),
                    message=missing.message,
                    hint=missing.hint,
                )
            )
    return found


def require_secrets(project: Project, campaign: Campaign) -> None:
    """MissingSecret, or NoKeyring, where a send would not find a secret: keyrings are asked too."""
    for what, secret in _secrets(project, campaign):
        resolve(secret, what)


def _secrets(project: Project, campaign: Campaign) -> Iterator[tuple[str, Secret]]:
    smtp, wechat = project.settings.email.smtp, project.settings.wechat
    if campaign.email and smtp and smtp.password:
        yield "email.smtp.password", smtp.password
    if campaign.email and smtp and smtp.oauth2 and smtp.oauth2.client_secret:
        yield "email.smtp.oauth2.client_secret", smtp.oauth2.client_secret
    if (campaign.wechat or campaign.notice) and isinstance(wechat.app_id, Secret):
        yield "wechat.app_id", wechat.app_id
    if (campaign.wechat or campaign.notice) and wechat.app_secret:
        yield "wechat.app_secret", wechat.app_secret
