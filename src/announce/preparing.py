"""A campaign made ready: read, planned, composed and checked, before any message leaves."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from announce.channels.email.account import limits_for
from announce.checks.dates import past_facts
from announce.composing import Composer, compose_all
from announce.gathering import Gathered, faulty, gather
from announce.ledger.base import TakenOver
from announce.ledger.hashes import adopted_state
from announce.model.delivery import CHANNELS, ONCE, Channel, Delivery, DeliveryKey
from announce.model.message import Message
from announce.model.plan import Plan, Planned
from announce.outlets import (
    open_ledger_of,
    open_project_ledger,
    sandboxed_channels,
    wechat_account,
)
from announce.planning import Known, Suppressed, make_plan, shown
from announce.problems import Place, Problem, Severity, errors_in
from announce.texts import say


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """A campaign with every message composed and checked, before any leaves."""

    gathered: Gathered
    plan: Plan
    composer: Composer

    @property
    def place(self) -> Place:
        """The campaign's file."""
        return Place(file=shown(self.gathered.campaign.path, self.gathered.project.root))

    @property
    def channels(self) -> list[Channel]:
        """The campaign's channels, e-mail first."""
        campaign = self.gathered.campaign
        present = {"email": campaign.email is not None, "wechat": bool(campaign.wechat)}
        return [channel for channel in CHANNELS if present[channel]]


def prepare(
    folder: str | None,
    campaign: str,
    now: datetime,
    *,
    seen: Callable[[Planned, Message], None] | None = None,
) -> Prepared:
    """Read, plan, compose and check. InputError with every fault found."""
    gathered = gather(folder, campaign)
    composer = Composer(gathered)
    problems = [*gathered.problems, *composer.problems()]
    if errors_in(problems):
        raise faulty(campaign, problems)
    known, suppressed = _memory(gathered)
    plan = make_plan(
        gathered,
        known=known,
        suppressed=suppressed,
        sandboxed=sandboxed_channels(gathered.project),
        sources=composer.sources(),
        wechat_account=wechat_account(gathered.project) if gathered.campaign.wechat else "",
    )
    if not errors_in(plan.problems):
        plan = compose_all(plan, composer, seen)
    if errors_in(plan.problems):
        raise faulty(campaign, plan.problems)
    prepared = Prepared(gathered=gathered, plan=plan, composer=composer)
    doubts = [
        *past_facts(gathered.project, gathered.campaign, prepared.place, now),
        *_guessed_limits(gathered),
    ]
    return replace(prepared, plan=replace(plan, problems=(*plan.problems, *doubts)))


def _memory(gathered: Gathered) -> tuple[Known, Suppressed]:
    """What the ledgers know: deliveries of the campaign, and a look-up of suppressions."""
    known = _Memory()
    for channel in CHANNELS:
        with closing(open_ledger_of(gathered.project, channel)) as ledger:
            for delivery in ledger.deliveries(gathered.campaign.id, ONCE):
                if delivery.key.channel == channel:
                    known[delivery.key] = delivery
            known.adopted[channel] = ledger.adopted(gathered.campaign.id, ONCE)
    # Suppressions are the project's, rehearsed or real: people do not change with the channel.
    with closing(open_project_ledger(gathered.project)) as ledger:
        # Of several reasons for one address the one that covers most stands.
        listed = sorted(ledger.suppressions.all(), key=lambda one: one.scope == "all")
    held = {one.address.casefold(): one for one in listed}
    return known, lambda address: held.get(address.identity)


def _guessed_limits(gathered: Gathered) -> list[Problem]:
    """A warning where mails would go out under limits that nobody has confirmed."""
    settings = gathered.project.settings.email
    if settings.smtp is None or gathered.campaign.email is None:
        return []
    limits = limits_for(settings.smtp.host, settings.limits)
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


class _Memory(dict[DeliveryKey, Delivery]):
    """The ledger's rows, and behind them what was adopted from receipts, known by hashes only:
    such a delivery gets its row when it is planned."""

    def __init__(self) -> None:
        super().__init__()
        self.adopted: dict[Channel, TakenOver] = {}

    def __missing__(self, key: DeliveryKey) -> Delivery:
        taken = self.adopted.get(key.channel)
        state = None if taken is None else adopted_state(taken, key)
        if state is None:
            raise KeyError(key)
        reason = say("taken over from a receipt")
        return Delivery(key=key, language="", to=(), state=state, reason=reason)

    def get(self, key: DeliveryKey, default: Any = None) -> Any:
        """As `dict.get`, which does not ask `__missing__`."""
        try:
            return self[key]
        except KeyError:
            return default
