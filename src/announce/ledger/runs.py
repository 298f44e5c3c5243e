"""A run in SQL: claims and ends synced, marks and answers at once and unsynced."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, null, select, text, update

from announce.ledger import laying
from announce.ledger.base import LEASE, RunLost
from announce.ledger.core import Core
from announce.ledger.holding import release
from announce.ledger.moves import delivery_of, in_bulk, is_in, is_key, move, note_each, upsert
from announce.ledger.prepared import Prepared, happened, latest_adoption
from announce.ledger.schema import PLANNED, deliveries, occurrences, runs, stamp
from announce.model.delivery import Channel, Delivery, DeliveryKey, Outcome, State
from announce.texts import say

# SQLite takes 32766 parameters a statement: https://www.sqlite.org/limits.html
_MANY = 10_000
_TAKE = (
    update(deliveries)
    .where(deliveries.c.id == bindparam("row"), PLANNED)
    .values(state=text("'sending'"), run=bindparam("by"), handed_at=null())
)
_FOUND = {
    State.SENT: "sent",
    State.WAITING: "waiting",
    State.FAILED: "failed",
    State.IN_DOUBT: "in_doubt",
    State.PLANNED: "absent",
}


class SqlRun:
    """A run of one occurrence, begun by `Ledger.begin`."""

    def __init__(self, core: Core, number: int, campaign: str, occurrence: str) -> None:
        self._core = core
        self._number = number
        self.campaign = campaign
        self.occurrence = occurrence
        self._rows: dict[DeliveryKey, tuple[int, int]] = {}
        self._content: tuple[Mapping[str, str], bool] | None = None
        self._sql = Prepared.on(core.quick)

    def heartbeat(self, now: datetime) -> None:
        """See `Run`."""
        values = {"run": self._number, "lease": stamp(now + LEASE)}
        self._quickly((self._sql.beat, values))

    def lay(
        self,
        lines: Iterable[Delivery],
        content: Mapping[str, str],
        now: datetime,
        *,
        changed: bool = False,
    ) -> None:
        """See `Run`."""
        with self._held(now) as connection:
            laying.lay(connection, self.campaign, self.occurrence, lines, now)
        self._content = (dict(content), changed)

    def claim(
        self,
        limit: int,
        now: datetime,
        *,
        channel: Channel | None = None,
        only: Collection[DeliveryKey] | None = None,
    ) -> list[Delivery]:
        """See `Run`."""
        with self._held(now) as connection:
            rows = self._due(connection, limit, channel, only)
            if rows:
                self._store_content(connection, now)
            in_bulk(connection, _TAKE, [{"row": row.id, "by": self._number} for row in rows])
            note_each(connection, ((row.id, "claimed", {}) for row in rows), now)
        claimed = [delivery_of(row, State.SENDING) for row in rows]
        for row, delivery in zip(rows, claimed, strict=True):
            self._rows[delivery.key] = (row.id, len(delivery.to))
        return claimed

    def retry_failed(self, now: datetime, keys: Collection[DeliveryKey] | None = None) -> int:
        """See `Run`."""
        failed = self._mine(State.FAILED)
        with self._held(now) as connection:
            conditions = [failed] if keys is None else [failed & is_key(key) for key in keys]
            return sum(move(connection, one, "retried", now, reason="") for one in conditions)

    def handed_over(
        self,
        key: DeliveryKey,
        now: datetime,
        *,
        account: str = "",
        recipients: int | None = None,
        message_id: str = "",
    ) -> None:
        """See `Run`."""
        row, addresses = self._rows[key]
        counted = addresses if recipients is None else recipients
        mark = {"row": row, "run": self._number, "at": stamp(now), "message_id": message_id or None}
        told = happened(row, "handed_over", now, {})
        if account:
            told |= {"account": account, "recipients": counted}
        self._quickly((self._sql.mark, mark), (self._sql.event, told))

    def refused_for_now(
        self, key: DeliveryKey, now: datetime, reason: str, detail: Mapping[str, Any]
    ) -> None:
        """See `Run`."""
        row, _ = self._rows[key]
        told = happened(row, "refused_for_now", now, {"reason": reason, **detail})
        unmark = {"row": row, "run": self._number}
        self._quickly((self._sql.unmark, unmark), (self._sql.event, told))

    def record(
        self, key: DeliveryKey, outcome: Outcome, now: datetime, *, message_id: str = ""
    ) -> None:
        """See `Run`."""
        row, _ = self._rows[key]
        event = _FOUND[outcome.state]
        ended = {
            "row": row,
            "run": self._number,
            "new_state": outcome.state.value,
            "reason": outcome.reason,
            "message_id": message_id or None,
        }
        told = happened(row, event, now, _told(outcome))
        self._quickly((self._sql.end, ended), (self._sql.event, told))

    def looked(self, key: DeliveryKey, outcome: Outcome, now: datetime) -> None:
        """See `Run`."""
        unsettled = is_key(key) & deliveries.c.state.in_([State.IN_DOUBT, State.WAITING])
        values: dict[str, Any] = {"reason": outcome.reason}
        if outcome.state is State.PLANNED:
            values["adoption"] = latest_adoption(key.campaign, key.occurrence)
        with self._held(now) as connection:
            event = _FOUND[outcome.state]
            # Where nothing moves, a person has settled it while the channel was looking.
            move(connection, unsettled, event, now, detail=_told(outcome), **values)

    def give_back(self, keys: Iterable[DeliveryKey], now: datetime) -> int:
        """See `Run`."""
        rows = [self._rows[key][0] for key in keys]
        untouched = self._claimed() & deliveries.c.handed_at.is_(None)
        with self._held(now) as connection:
            return sum(
                move(
                    connection, untouched & deliveries.c.id.in_(chunk), "given_back", now, run=None
                )
                for chunk in _chunks(rows)
            )

    def sync(self) -> None:
        """See `Run`."""
        self._core.sync()

    def finish(self, outcome: str, now: datetime) -> None:
        """See `Run`."""
        with self._held(now) as connection:
            release(connection, self._number, now, marks_hold=True, why=outcome)
            ended = {"ended_at": now, "outcome": outcome}
            connection.execute(update(runs).where(runs.c.id == self._number).values(ended))

    @contextmanager
    def _held(self, now: datetime) -> Iterator[Connection]:
        with self._core.writing() as connection:
            renewed = update(runs).where(*_open(self._number)).values(lease_until=now + LEASE)
            if connection.execute(renewed).rowcount != 1:
                raise _lost(self.campaign)
            yield connection

    def _quickly(self, *steps: tuple[str, dict[str, Any]]) -> None:
        if not self._core.quickly(*steps):
            raise _lost(self.campaign)

    def _mine(self, state: State) -> ColumnElement[bool]:
        return is_in(self.campaign, self.occurrence) & (deliveries.c.state == state.value)

    def _claimed(self) -> ColumnElement[bool]:
        sending = deliveries.c.state == State.SENDING.value
        return sending & (deliveries.c.run == self._number)

    def _due(
        self,
        connection: Connection,
        limit: int,
        channel: Channel | None,
        only: Collection[DeliveryKey] | None,
    ) -> list[Any]:
        due = select(deliveries).where(is_in(self.campaign, self.occurrence), PLANNED)
        due = due.order_by(deliveries.c.position, deliveries.c.id)
        if channel is not None:
            due = due.where(deliveries.c.channel == channel)
        if only is None:
            return list(connection.execute(due.limit(limit).with_for_update(skip_locked=True)))
        wanted = {(key.channel, key.recipient) for key in only}
        rows = connection.execute(due.with_for_update(skip_locked=True))
        return [row for row in rows if (row.channel, row.recipient) in wanted][:limit]

    def _store_content(self, connection: Connection, now: datetime) -> None:
        if self._content is None:
            return
        content, overwrite = self._content
        place = {"campaign": self.campaign, "occurrence": self.occurrence}
        statement = upsert(connection, occurrences)
        statement = statement.values(**place, content=content, stored_at=now)
        keys = ["campaign", "occurrence"]
        if overwrite:
            newer = {"content": statement.excluded.content, "stored_at": now}
            statement = statement.on_conflict_do_update(index_elements=keys, set_=newer)
        else:
            statement = statement.on_conflict_do_nothing(index_elements=keys)
        connection.execute(statement)
        self._content = None


def _told(outcome: Outcome) -> dict[str, Any]:
    return {"reason": outcome.reason, **outcome.detail} if outcome.reason else dict(outcome.detail)


def _open(number: int) -> tuple[ColumnElement[bool], ...]:
    return runs.c.id == number, runs.c.ended_at.is_(None)


def _chunks(rows: list[int]) -> Iterator[list[int]]:
    for start in range(0, len(rows), _MANY):
        yield rows[start : start + _MANY]


def _lost(campaign: str) -> RunLost:
    return RunLost(
        say("this run of {campaign} was ended or taken over by another process", campaign=campaign),
        hint=say("see `announce status`; run again when the other one has ended"),
    )
