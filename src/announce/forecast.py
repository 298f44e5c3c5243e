"""How long the mails of a plan take within the account's limits."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta

from announce.channels.email.account import limits_for
from announce.model.delivery import State
from announce.model.plan import Plan
from announce.model.project import Project
from announce.outlets import account_id, open_ledger_of
from announce.pace import DAY
from announce.texts import say


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """`takes` from now to `done`; `pace` names the limits."""

    mails: int
    takes: timedelta
    done: datetime
    pace: str


def forecast(project: Project, plan: Plan, now: datetime) -> Forecast | None:
    """The forecast of a real account; None for the sandbox and where no mail is due.

    The day is any 24 hours; what the ledger shows as used is counted, what others sent from
    the same account is not known here.
    """
    smtp = project.settings.email.smtp
    due = [
        line.delivery
        for line in plan.lines
        if line.delivery.key.channel == "email" and line.delivery.state is State.PLANNED
    ]
    if smtp is None or not due:
        return None
    limits = limits_for(smtp.host, project.settings.email.limits)
    people = sum(len(delivery.to) for delivery in due)
    with closing(open_ledger_of(project, "email")) as ledger:
        used = ledger.used(account_id(smtp), now - DAY)
    takes = timedelta(0)
    if limits.per_minute:
        takes = timedelta(minutes=people / limits.per_minute)
    if limits.per_day and used + people > limits.per_day:
        takes = max(takes, DAY * ((used + people - 1) // limits.per_day))
    return Forecast(
        mails=len(due),
        takes=takes,
        done=now + takes,
        pace=_pace(limits.per_minute, limits.per_day),
    )


def _pace(per_minute: int | None, per_day: int | None) -> str:
    parts = []
    if per_minute:
        parts.append(say("{n} recipients a minute", n=per_minute))
    if per_day:
        parts.append(say("{n} recipients a day", n=per_day))
    return say(", ").join(parts) or say("no limit")
