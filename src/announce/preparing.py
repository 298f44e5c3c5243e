"""A campaign made ready: read, planned, composed and checked, before any message leaves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from announce.checks.dates import late_facts, past_facts
from announce.checks.limits import assumed_limits
from announce.checks.moved import moved_again
from announce.checks.notices import untellable
from announce.checks.secrets import missing_secrets
from announce.composing import Composer
from announce.examining import examine
from announce.first_pass import compose_all
from announce.forecast import Forecast, forecast
from announce.gathering import Gathered, Opened, faulty, gather, open_campaign
from announce.judging import judged, misjudged
from announce.ledger.base import Ledger
from announce.model.campaign import Campaign, channels_of
from announce.model.delivery import Channel, DeliveryKey, State, Suppression
from announce.model.message import Message
from announce.model.plan import Plan, Planned
from announce.model.project import Project
from announce.model.steps import Known, known_of
from announce.outlets import (
    import_for_sending,
    open_ledger_of,
    open_project_ledger,
    sandboxed_channels,
    wechat_account,
)
from announce.planning import Memory, make_plan, shown
from announce.problems import Place, Problem, errors_in
from announce.shelf import Shelf


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """A campaign with every message composed and checked, before any leaves; `forecast` is of
    its mails, where they are due and real. `lasting` are those of the plan's problems that stay
    until a file is changed, whatever the day. `shelf` has the mails, where they were to be kept."""

    gathered: Gathered
    plan: Plan
    composer: Composer
    shelf: Shelf | None = None
    forecast: Forecast | None = None
    lasting: tuple[Problem, ...] = ()

    @property
    def place(self) -> Place:
        """The campaign's file."""
        return Place(file=shown(self.gathered.campaign.path, self.gathered.project.root))

    @property
    def channels(self) -> list[Channel]:
        """The campaign's channels, e-mail first."""
        return channels_of(self.gathered.campaign)


def prepare(
    folder: str | None,
    campaign: str,
    now: datetime,
    *,
    seen: Callable[[Planned, Message], None] | None = None,
) -> Prepared:
    """Read, plan, compose and check. InputError with every fault found."""
    return prepare_opened(open_campaign(folder, campaign), now, seen=seen)


def prepare_opened(
    opened: Opened,
    now: datetime,
    *,
    seen: Callable[[Planned, Message], None] | None = None,
    to_send: bool = False,
) -> Prepared:
    """The same for a campaign whose file was read already; mails that are `to_send` are kept."""
    gathered = gather(opened)
    composer, shelf = Composer(gathered), Shelf() if to_send else None
    problems = [*gathered.problems, *composer.problems()]
    if errors_in(problems):
        raise faulty(opened.project, opened.campaign.path, problems)
    plan = make_plan(
        gathered,
        memory=partial(_memory, gathered.project, gathered.campaign, now),
        suppressed=suppressed_of(gathered.project),
        sandboxed=sandboxed_channels(gathered.project),
        sources=composer.sources(),
        wechat_account=wechat_account(gathered.project) if gathered.campaign.wechat else "",
    )
    if not errors_in(plan.problems):
        plan = compose_all(
            plan, composer, shelf, seen, meanwhile=import_for_sending if to_send else None
        )
    project, campaign = gathered.project, gathered.campaign
    place = Place(file=shown(campaign.path, project.root))
    raw = list(plan.problems)
    if not errors_in(raw):
        raw += examine(gathered, plan, composer, now)
    lasting = tuple(judged(project, campaign, raw))
    raw += [
        *past_facts(project, campaign, place, now),
        *(moved_again(project, campaign, place) if _leaves(plan) else ()),
        *assumed_limits(project, campaign),
        *untellable(project, campaign),
        *missing_secrets(project, campaign),
    ]
    told = None if errors_in(lasting) else forecast(project, plan.lines, now)
    plan = replace(plan, problems=lasting)
    prepared = Prepared(gathered=gathered, plan=plan, composer=composer, shelf=shelf, forecast=told)
    raw += _late_facts(prepared)
    whole = (*judged(project, campaign, raw), *misjudged(project, campaign, raw, place))
    if errors_in(whole):
        raise faulty(opened.project, opened.campaign.path, whole)
    return replace(prepared, plan=replace(plan, problems=whole), lasting=lasting)


def _leaves(plan: Plan) -> bool:
    """Whether anything is still to be sent."""
    return any(state in (State.PLANNED, State.FAILED) for _, _, state in plan.sums.counts)


@contextmanager
def _memory(
    project: Project, campaign: Campaign, now: datetime, channel: Channel
) -> Iterator[Memory]:
    """What a channel's ledger knows of the campaign's occurrence."""
    place = campaign.id, campaign.occurrence.id
    with closing(open_ledger_of(project, channel)) as ledger:
        # What a dead run left is known better after it was ended: due, or in doubt.
        ledger.recover(campaign.id, now)
        yield Memory(
            standings=ledger.states(*place, channel),
            adopted=ledger.adopted(*place),
            steps=_steps(ledger, *place) if channel == "wechat" else {},
            content=ledger.content(*place),
        )


def _steps(ledger: Ledger, campaign: str, occurrence: str) -> dict[str, Known]:
    """How far each article came that was sent."""
    states = ledger.states(campaign, occurrence, "wechat")
    sent = (key for key, state, _ in states if state is State.SENT)
    keys = [DeliveryKey(campaign, occurrence, "wechat", key) for key in sent]
    return {key.recipient: known_of(ledger.events(key)) for key in keys}


def suppressed_of(project: Project) -> dict[str, Suppression]:
    """Who is not to be written to, by the address's identity."""
    # Suppressions are the project's, rehearsed or real: people do not change with the channel.
    with closing(open_project_ledger(project)) as ledger:
        # Of several reasons for one address the one that covers most stands.
        listed = sorted(ledger.suppressions.all(), key=lambda one: one.scope == "all")
    return {one.address.casefold(): one for one in listed}


def _late_facts(prepared: Prepared) -> list[Problem]:
    """A warning where the account's limits carry the last mail beyond a date, or close to it."""
    told, gathered = prepared.forecast, prepared.gathered
    if told is None or not told.is_slow:
        return []
    return late_facts(gathered.project, gathered.campaign, prepared.place, told.begins, told.done)
