"""Composing a notice: the values of its template's fields, for one recipient."""

from __future__ import annotations

from typing import Any, Protocol

from announce.channels.notice.fields import fault
from announce.errors import InputError
from announce.model.audience import Recipient
from announce.model.base import in_language
from announce.model.campaign import Campaign, NoticePlan
from announce.model.languages import Language
from announce.model.message import Notice
from announce.model.plan import Planned
from announce.texts import say


class NoticeRenderer(Protocol):
    """What is asked of rendering: the words of a recipient's notice."""

    def notice(self, *, language: Language, variant: str | None, recipient: Recipient) -> Any: ...


class NoticeComposer:
    """Makes the notices of one campaign."""

    def __init__(self, campaign: Campaign, renderer: NoticeRenderer) -> None:
        self._campaign = campaign
        self._renderer = renderer

    def compose(self, line: Planned) -> Notice:
        """The notice of one line of the plan. InputError where its template has no fields for
        it, and what rendering raises for faults of the template. Whether the platform will take
        the values is `fields.check`'s to say."""
        plan, recipient = self._campaign.notice, line.recipient
        if plan is None or recipient is None:
            raise TypeError("a line of the plan without a notice")
        (language,) = line.languages
        words = self._renderer.notice(
            language=language,
            variant=self._variant(recipient),
            recipient=recipient,
        )
        if not words.fields:
            problem = fault(
                words.source,
                say("the head of the template has no fields for a notice"),
                say('write them under `notice:` in the head, such as thing1: "…"'),
            )
            raise InputError(problem.message, problems=[problem], hint=problem.hint)
        return Notice(
            language=language,
            subject=words.subject,
            openid="".join(line.delivery.to[:1]),  # blanked since it was sent
            use=plan.use,
            template_id=in_language(plan.template_id, language),
            fields=tuple(words.fields.items()),
            link=_link(plan, language),
            source=words.source,
        )

    def _variant(self, recipient: Recipient) -> str | None:
        chosen = self._campaign.template
        return recipient.fields[chosen.by] if chosen else None


def _link(plan: NoticePlan, language: Language) -> str:
    return "" if plan.link is None else in_language(plan.link, language)
