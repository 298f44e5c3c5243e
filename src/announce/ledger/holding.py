"""Who holds a campaign's run, whether that process can still be alive, and what it left."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from announce.ledger.adoption import weigh
from announce.ledger.base import LEASE, HeldByAnother, Holder, RunLost
from announce.ledger.machine import Machine
from announce.ledger.moves import move
from announce.ledger.schema import deliveries, runs
from announce.model.delivery import State
from announce.texts import say


def holder_of(connection: Connection, campaign: str) -> Holder | None:
    """The campaign's run that has not ended, whether its process is alive or not."""
    open_run = select(runs).where(runs.c.campaign == campaign, runs.c.ended_at.is_(None))
    row = connection.execute(open_run).one_or_none()
    return None if row is None else _holder(row)


def take(
    connection: Connection, campaign: str, occurrence: str, machine: Machine, now: datetime
) -> int:
    """Take the campaign's run from nobody or from a dead holder; the run's number.

    HeldByAnother where the holder may be alive.
    """
    holder = holder_of(connection, campaign)
    if holder is not None:
        if not is_dead(holder, machine, now):
            raise _held(holder)
        end_dead(connection, holder, machine, now)
    row = {
        "campaign": campaign,
        "occurrence": occurrence,
        "host": machine.host,
        "boot": machine.boot,
        "space": machine.space,
        "pid": machine.pid,
        "started": machine.started,
        "began_at": now,
        "lease_until": now + LEASE,
    }
    number: int = connection.execute(insert(runs).values(row).returning(runs.c.id)).scalar_one()
    return number


def is_dead(holder: Holder, machine: Machine, now: datetime) -> bool:
    """Whether the holder cannot send any more, seen from this machine."""
    if holder.host == machine.host and holder.boot != machine.boot:
        return True
    if (holder.host, holder.space) == (machine.host, machine.space):
        return not machine.alive(holder.pid, holder.started)
    # Another host, or another container of this one: its pids cannot be looked up from here.
    return holder.lease_until < now


def end_dead(connection: Connection, holder: Holder, machine: Machine, now: datetime) -> None:
    """End a dead holder's run and settle what it left claimed."""
    # The marks of hand-overs are not synced one by one: they outlive the process, not the power.
    marks_hold = holder.boot == machine.boot
    end(connection, holder.run, now, outcome="died", marks_hold=marks_hold, why="run died")
    # While they were claimed, an adoption passed them by.
    weigh(connection, holder.campaign, holder.occurrence, now)


def end(
    connection: Connection, run: int, now: datetime, *, outcome: str, marks_hold: bool, why: str
) -> None:
    """End a run and let go of what it has claimed: back to planned if it surely was not handed
    over."""
    claimed = (deliveries.c.run == run) & (deliveries.c.state == State.SENDING.value)
    detail = {"why": why, "run": run}
    if marks_hold:
        untouched = claimed & deliveries.c.handed_at.is_(None)
        move(connection, untouched, "given_back", now, detail=detail, run=None)
    move(connection, claimed, "in_doubt", now, detail=detail, reason=why)
    ended = {"ended_at": now, "outcome": outcome}
    connection.execute(update(runs).where(runs.c.id == run).values(ended))


def lost(campaign: str) -> RunLost:
    """What a run is told that has ended, or that another process has taken over."""
    return RunLost(
        say("this run of {campaign} was ended or taken over by another process", campaign=campaign),
        hint=say("see `announce status`; run again when the other one has ended"),
    )


def _holder(row: Row[Any]) -> Holder:
    return Holder(
        run=row.id,
        campaign=row.campaign,
        occurrence=row.occurrence,
        host=row.host,
        boot=row.boot,
        space=row.space,
        pid=row.pid,
        started=row.started,
        since=row.began_at,
        lease_until=row.lease_until,
    )


def _held(holder: Holder) -> HeldByAnother:
    message = say(
        "campaign {campaign} is being sent by process {pid} on {host} since {since}",
        campaign=holder.campaign,
        pid=holder.pid,
        host=holder.host,
        since=f"{holder.since.astimezone():%Y-%m-%d %H:%M:%S %z}",
    )
    hint = say(
        "let it end; a process of this machine that is gone is replaced at once, "
        "another machine's {minutes} minutes after its last sign of life",
        minutes=int(LEASE.total_seconds() // 60),
    )
    return HeldByAnother(message, holder=holder, hint=hint)
