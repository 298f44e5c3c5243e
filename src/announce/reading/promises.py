"""The languages that a campaign promises to speak."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from announce.model.campaign import Campaign
from announce.model.languages import LANGUAGES, Language
from announce.model.project import Project
from announce.reading.schema import value_at


def promised_languages(project: Project, campaign: Campaign) -> tuple[Language, ...]:
    """The languages that some message of the campaign is written in, the first one first."""
    return _promised(
        project.languages,
        campaign.email.languages if campaign.email else None,
        [language for article in campaign.wechat for language in article.languages],
        notice=campaign.notice is not None,
    )


def promised_as_written(project: Project, value: Mapping[str, Any]) -> tuple[Language, ...]:
    """As promised_languages, from a file that may have other faults."""
    email = value_at(value, ("email", "languages")) or "recipient" if "email" in value else None
    wechat = value.get("wechat")
    articles: list[Any] = []
    for n in range(len(wechat) if isinstance(wechat, list) else 0):
        named = value_at(value, ("wechat", n, "language"))
        articles += named if isinstance(named, list) else [named]
    return _promised(
        project.languages,
        email if isinstance(email, str | list) else None,
        [language for language in articles if isinstance(language, str)],
        notice="notice" in value,
    )


def _promised(
    default: Sequence[Language], email: Any, articles: Iterable[Any], *, notice: bool
) -> tuple[Language, ...]:
    languages: list[Any] = []
    if email is not None:
        languages += (
            list(default) if email == "recipient" else [email] if isinstance(email, str) else email
        )
    # A notice is in its reader's own language.
    languages += [*(default if notice else ()), *articles]
    return tuple(dict.fromkeys(language for language in languages if language in LANGUAGES))
