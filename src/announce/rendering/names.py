"""The names that templates can use, as plain mappings in the message's language."""

from __future__ import annotations

from typing import Any

from announce.model.audience import Recipient
from announce.model.base import is_localised
from announce.model.campaign import Campaign
from announce.model.delivery import Channel
from announce.model.languages import Language
from announce.model.project import Project
from announce.rendering.occurrences import OccurrenceName


def localised(value: Any, language: Language) -> Any:
    """The value with every `{zh: …, en: …}` read in one language, at any depth.

    A mapping that lacks the language is left out, so that its name is undefined.
    """
    if is_localised(value):
        return localised(value[language], language) if language in value else None
    if isinstance(value, dict):
        return {
            key: localised(inner, language)
            for key, inner in value.items()
            if not is_localised(inner) or language in inner
        }
    if isinstance(value, list):
        return [localised(inner, language) for inner in value]
    return value


def shared_names(project: Project, campaign: Campaign, language: Language) -> dict[str, Any]:
    """What all messages of a campaign in one language share."""
    settings = project.settings
    sender = {
        "name": settings.sender.name,
        "address": settings.sender.address,
        "reply_to": settings.sender.reply_to or settings.sender.address,
    }
    if campaign.email is not None and campaign.email.reply_to:
        sender["reply_to"] = campaign.email.reply_to
    names = {
        "facts": campaign.facts,
        "title": campaign.title,
        "project": {"name": settings.name},
        "sender": sender,
    }
    names = localised(names, language)
    own = {"campaign": campaign.id, "kind": campaign.kind, "language": language}
    return {**names, **own, "occurrence": OccurrenceName.of(campaign.occurrence, language)}


def own_names(channel: Channel, recipient: Recipient | None, unsubscribe: str) -> dict[str, Any]:
    """What belongs to one message; an article has no recipient."""
    names: dict[str, Any] = {"channel": channel}
    if unsubscribe:
        names["unsubscribe"] = unsubscribe
    if recipient is not None:
        names["recipient"] = recipient_names(recipient)
    return names


def recipient_names(recipient: Recipient) -> dict[Any, Any]:
    """A recipient as templates see one: texts by name, and two lists of texts."""
    addresses = [address.shown or address.spec for address in recipient.addresses]
    return {
        **recipient.fields,
        "name": recipient.name,
        "names": list(recipient.names),
        "address": addresses[0] if addresses else "",
        "addresses": addresses,
        "language": recipient.language or "",
        "key": recipient.key,
    }
