"""A run in SQL: claims and ends synced, marks and answers at once and unsynced."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from announce.ledger import contents, laying
from announce.ledger.base import EVENTS, LEASE
from announce.ledger.claims import Claims
from announce.ledger.core import Core
from announce.ledger.engine import raw
from announce.ledger.groups import FOUND, Claimed, SqlGroup, told
from announce.ledger.holding import end, lost
from announce.ledger.moves import is_in, is_key, latest_adoption, move, note
from announce.ledger.schema import deliveries, stamp
from announce.model.delivery import Channel, Delivery, DeliveryKey, Outcome, State

_RENEW = "UPDATE runs SET lease_until = ? WHERE id = ? AND ended_at IS NULL"
_RETRY = """
UPDATE deliveries SET state = 'planned', reason = ''
WHERE campaign = ? AND occurrence = ? AND channel = ? AND recipient = ? AND state = 'failed'
RETURNING id
"""
_GIVE_BACK = """
UPDATE deliveries SET state = 'planned', run = NULL
WHERE id = ? AND run = ? AND state = 'sending' AND handed_at IS NULL
"""
_TELL = "INSERT INTO events (delivery, at, event, detail) VALUES (?, ?, ?, '{}')"


class SqlRun:
    """A run of one occurrence, begun by `Ledger.begin`."""

    def __init__(self, core: Core, number: int, campaign: str, occurrence: str) -> None:
        self._core = core
        self._number = number
        self.campaign = campaign
        self.occurrence = occurrence
        # What is claimed and not yet recorded or given back.
        self._claimed: dict[DeliveryKey, Claimed] = {}
        self._claims = Claims(number, campaign, occurrence)
        # What the first claim fixes, and whether it replaces what is fixed.
        self._content: tuple[dict[str, str], bool] | None = None

    def heartbeat(self, now: datetime) -> None:
        """See `Run`."""
        if not self._core.beat(self._number, stamp(now + LEASE)):
            raise lost(self.campaign)

    def lay(
        self,
        lines: Iterable[Delivery],
        content: Mapping[str, str],
        now: datetime,
        *,
        changed: bool = False,
    ) -> None:
        """See `Run`."""
        with self._core.lock:
            with self._held(now) as connection:
                laying.lay(connection, self.campaign, self.occurrence, lines, now)
                self._claims.forget()
            self._content = dict(content), changed

    def claim(
        self,
        limit: int,
        now: datetime,
        *,
        channel: Channel | None = None,
        only: Collection[DeliveryKey] | None = None,
    ) -> list[Delivery]:
        """See `Run`."""
        at = stamp(now)
        with self._core.lock:
            with self._core.claiming() as cursor:
                self._hold(cursor, now)
                claimed = self._claims.take(cursor, limit, at, channel, only)
                if claimed and self._content:
                    content, changed = self._content
                    here = (self.campaign, self.occurrence)
                    contents.fix(cursor, *here, content, at, changed=changed)
            if claimed:
                self._content = None
            for row, one in claimed:
                self._claimed[one.key] = Claimed(one.key, row, len(one.to))
        return [one for _, one in claimed]

    def retry_failed(self, now: datetime, keys: Collection[DeliveryKey] | None = None) -> int:
        """See `Run`."""
        failed = deliveries.c.state == State.FAILED.value
        with self._held(now) as connection:
            self._claims.forget()
            if keys is None:
                mine = is_in(self.campaign, self.occurrence) & failed
                return move(connection, mine, "retried", now, reason="")
            cursor = raw(connection).cursor()
            here = (self.campaign, self.occurrence)
            named = [(key.channel, key.recipient) for key in keys if _place(key) == here]
            rows = [row for one in named for (row,) in cursor.execute(_RETRY, (*here, *one))]
            self._tell(cursor, rows, "retried", now)
            return len(rows)

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
        with self.together() as group:
            group.handed_over(
                key, now, account=account, recipients=recipients, message_id=message_id
            )

    def refused_for_now(
        self, key: DeliveryKey, now: datetime, reason: str, detail: Mapping[str, Any]
    ) -> None:
        """See `Run`."""
        with self.together() as group:
            group.refused_for_now(key, now, reason, detail)

    def record(
        self, key: DeliveryKey, outcome: Outcome, now: datetime, *, message_id: str = ""
    ) -> None:
        """See `Run`."""
        with self.together() as group:
            group.record(key, outcome, now, message_id=message_id)

    def together(self) -> SqlGroup:
        """See `Run`."""
        return SqlGroup(self.campaign, self._claimed, self._write)

    def looked(self, key: DeliveryKey, outcome: Outcome, now: datetime) -> None:
        """See `Run`."""
        unsettled = is_key(key) & deliveries.c.state.in_([State.IN_DOUBT, State.WAITING])
        values: dict[str, Any] = {"reason": outcome.reason}
        if outcome.state is State.PLANNED:
            values["adoption"] = latest_adoption(key.campaign, key.occurrence)
        with self._held(now) as connection:
            self._claims.forget()
            # Where nothing moves, a person has settled it while the channel was looking.
            move(connection, unsettled, FOUND[outcome.state], now, detail=told(outcome), **values)

    def note(self, key: DeliveryKey, event: str, now: datetime, detail: Mapping[str, Any]) -> None:
        """See `Run`."""
        if EVENTS[event] is not None:
            raise ValueError(f"{event} is no step: it moves a delivery")
        with self._held(now) as connection:
            note(connection, is_key(key), event, now, dict(detail))

    def go_on(self, keys: Iterable[DeliveryKey], now: datetime, why: str) -> int:
        """See `Run`."""
        detail = {"why": why}
        with self._held(now) as connection:
            self._claims.forget()
            moved = 0
            for key in keys:
                done = is_key(key) & (deliveries.c.state == State.SENT.value)
                moved += move(connection, done, "goes_on", now, detail=detail, reason="")
            return moved

    def give_back(self, keys: Iterable[DeliveryKey], now: datetime) -> int:
        """See `Run`."""
        with self._core.lock:
            with self._held(now) as connection:
                cursor = raw(connection).cursor()
                known = [self._claimed[key] for key in keys if key in self._claimed]
                given = [claimed for claimed in known if self._give_back(cursor, claimed)]
                self._tell(cursor, [claimed.row for claimed in given], "given_back", now)
                self._claims.forget()
            self._let_go(given)
        return len(given)

    def sync(self) -> None:
        """See `Run`."""
        self._core.sync()

    def finish(self, outcome: str, now: datetime) -> None:
        """See `Run`."""
        with self._held(now) as connection:
            end(connection, self._number, now, outcome=outcome, marks_hold=True, why=outcome)

    @contextmanager
    def _held(self, now: datetime) -> Iterator[Connection]:
        with self._core.writing() as connection:
            self._hold(raw(connection).cursor(), now)
            yield connection

    def _hold(self, cursor: sqlite3.Cursor, now: datetime) -> None:
        if cursor.execute(_RENEW, (stamp(now + LEASE), self._number)).rowcount != 1:
            raise lost(self.campaign)

    def _write(self, group: SqlGroup) -> None:
        with self._core.lock:
            # Another thread may have given one back since it was named.
            mine = all(claimed.holds for claimed in group.named)
            if not (mine and self._core.append(self._number, group.entries)):
                raise lost(self.campaign)
            self._let_go(group.ended.values())

    def _let_go(self, ended: Iterable[Claimed]) -> None:
        for claimed in ended:
            claimed.holds = False
            del self._claimed[claimed.key]

    def _give_back(self, cursor: sqlite3.Cursor, claimed: Claimed) -> bool:
        return cursor.execute(_GIVE_BACK, (claimed.row, self._number)).rowcount == 1

    def _tell(self, cursor: sqlite3.Cursor, rows: list[int], event: str, now: datetime) -> None:
        at = stamp(now)
        cursor.executemany(_TELL, [(row, at, event) for row in rows])


def _place(key: DeliveryKey) -> tuple[str, str]:
    return key.campaign, key.occurrence
