"""The statements of the wire's pace, prepared once: a mark and an answer for each message."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    ScalarSelect,
    Text,
    and_,
    bindparam,
    func,
    insert,
    null,
    select,
    update,
)

from announce.ledger.engine import Quick
from announce.ledger.schema import SENDING, adoptions, deliveries, events, packed, runs, stamp


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """SQL texts; each but `event` changes exactly one row, or none if the run was lost."""

    beat: str
    mark: str
    unmark: str
    end: str
    event: str

    @classmethod
    def on(cls, quick: Quick) -> Prepared:
        """Prepared for this connection's dialect."""
        change = update(deliveries).where(_claimed())
        mark = change.values(handed_at=_text("at"), message_id=_kept("message_id"))
        end = change.values(
            state=_text("new_state"), reason=_text("reason"), message_id=_kept("message_id")
        )
        lease = update(runs).where(runs.c.id == bindparam("run"), runs.c.ended_at.is_(None))
        return cls(
            beat=quick.prepare(lease.values(lease_until=_text("lease"))),
            mark=quick.prepare(mark),
            unmark=quick.prepare(change.values(handed_at=null())),
            end=quick.prepare(end),
            event=quick.prepare(insert(events).values(_event_columns())),
        )


def happened(row: int, event: str, now: datetime, detail: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters of `Prepared.event`."""
    return {
        "delivery": row,
        "at": stamp(now),
        "event": event,
        "detail": packed(detail) if detail else "{}",
        "account": None,
        "recipients": None,
    }


def latest_adoption(campaign: str, occurrence: str) -> ScalarSelect[int]:
    """The number of the occurrence's last adoption: what a row settled now has weighed."""
    here = (adoptions.c.campaign == campaign, adoptions.c.occurrence == occurrence)
    return select(func.coalesce(func.max(adoptions.c.id), 0)).where(*here).scalar_subquery()


def _claimed() -> ColumnElement[bool]:
    return and_(
        deliveries.c.id == bindparam("row"),
        deliveries.c.run == bindparam("run"),
        SENDING,
    )


def _kept(name: str) -> ColumnElement[Any]:
    return func.coalesce(_text(name), deliveries.c[name])


def _text(name: str) -> ColumnElement[Any]:
    # Typed as plain text: the caller has packed it already.
    return bindparam(name, type_=Text)


def _event_columns() -> dict[str, Any]:
    names = ("at", "event", "detail", "account")
    numbers = ("delivery", "recipients")
    return {name: _text(name) for name in names} | {name: bindparam(name) for name in numbers}
