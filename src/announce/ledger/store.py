"""The ledger in SQL."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from secrets import token_hex
from typing import Any

from sqlalchemy import delete, func, insert, select, update

from announce.errors import GateError
from announce.ledger import adoption, export, reads
from announce.ledger.accounts import SqlAccounts
from announce.ledger.base import EVENTS, Counts, Holder, Standing, TakenOver
from announce.ledger.core import Core
from announce.ledger.decisions import SqlDecisions
from announce.ledger.holding import end_dead, holder_of, is_dead, take
from announce.ledger.moves import delivery_of, is_in, is_key, latest_adoption, move, note
from announce.ledger.runs import SqlRun
from announce.ledger.schema import deliveries, events, meta, packed
from announce.ledger.suppressions import SqlSuppressions
from announce.ledger.uploads import SqlUploads
from announce.model.delivery import Channel, Delivery, DeliveryKey, Event, State
from announce.model.wording import state_name
from announce.texts import say

_PAGE = 500  # names in one statement


class SqlLedger:
    """See `Ledger` for what the methods do; `opening.open_sqlite` makes one."""

    def __init__(self, core: Core) -> None:
        self._core = core
        with core.reading() as connection:
            kept = {row.name: row.value for row in connection.execute(select(meta))}
        self.id = kept["id"]
        # Begun once: it costs half of what each of thousands of Message-IDs costs.
        self._mac = hmac.new(bytes.fromhex(kept["secret"]), digestmod="sha256")
        self.location = str(core.path)
        self.suppressions = SqlSuppressions(core)
        self.uploads = SqlUploads(core)
        self.accounts = SqlAccounts(core)
        self.decisions = SqlDecisions(core)

    @property
    def sequence(self) -> int:
        """See `Ledger`."""
        with self._core.reading() as connection:
            return connection.scalar(select(func.max(events.c.id))) or 0

    def fingerprint(self, sequence: int) -> str:
        """See `Ledger`."""
        with self._core.reading() as connection:
            row = connection.execute(select(events).where(events.c.id == sequence)).one_or_none()
        if row is None:
            return ""
        return self._keyed(f"event {row.id} {row.delivery} {row.at.isoformat()} {row.event}")

    def message_id(self, key: DeliveryKey, domain: str) -> str:
        """See `Ledger`."""
        return f"<{self._keyed(f'message {key}')}@{domain}>"

    def receipt_key(self, campaign: str, occurrence: str) -> str:
        """See `Ledger`."""
        return self._keyed(f"receipt {campaign}|{occurrence}")

    def campaigns(self) -> list[tuple[str, str]]:
        """See `Ledger`."""
        with self._core.reading() as connection:
            return reads.campaigns(connection)

    def deliveries(
        self,
        campaign: str,
        occurrence: str | None = None,
        *,
        states: Collection[State] | None = None,
    ) -> Iterator[Delivery]:
        """See `Ledger`."""
        with self._core.reading() as connection:
            yield from reads.deliveries_of(connection, campaign, occurrence, states)

    def delivery(self, key: DeliveryKey) -> Delivery | None:
        """See `Ledger`."""
        with self._core.reading() as connection:
            row = connection.execute(select(deliveries).where(is_key(key))).one_or_none()
        return None if row is None else delivery_of(row)

    def counts(self, campaign: str | None = None) -> Counts:
        """See `Ledger`."""
        with self._core.reading() as connection:
            return reads.counts(connection, campaign)

    def states(
        self, campaign: str, occurrence: str, channel: Channel
    ) -> Iterator[tuple[str, State, str]]:
        """See `Ledger`."""
        with self._core.reading() as connection:
            yield from reads.states(connection, campaign, occurrence, channel)

    def totals(self, campaign: str, occurrence: str, channel: Channel) -> dict[State, int]:
        """See `Ledger`."""
        with self._core.reading() as connection:
            return reads.totals(connection, campaign, occurrence, channel)

    def skips(self, campaign: str, occurrence: str, channel: Channel) -> dict[str, int]:
        """See `Ledger`."""
        with self._core.reading() as connection:
            return reads.skips(connection, campaign, occurrence, channel)

    def noted(self, campaign: str, occurrence: str | None, channel: Channel) -> Iterator[Delivery]:
        """See `Ledger`."""
        with self._core.reading() as connection:
            yield from reads.noted(connection, campaign, occurrence, channel)

    def told(self, channel: Channel, address: str) -> list[Delivery]:
        """See `Ledger`."""
        here = (deliveries.c.channel == channel, deliveries.c.addresses == [address])
        with self._core.reading() as connection:
            found = connection.execute(select(deliveries).where(*here).order_by(deliveries.c.id))
            return [delivery_of(row) for row in found]

    def events(self, key: DeliveryKey) -> list[Event]:
        """See `Ledger`."""
        with self._core.reading() as connection:
            return reads.events_of(connection, key)

    def history(self, campaign: str) -> Iterator[tuple[Delivery, list[Event]]]:
        """See `Ledger`."""
        with self._core.reading() as connection:
            yield from reads.history(connection, campaign)

    def content(self, campaign: str, occurrence: str) -> Mapping[str, str] | None:
        """See `Ledger`."""
        with self._core.reading() as connection:
            return reads.content(connection, campaign, occurrence)

    def running(self, campaign: str) -> Holder | None:
        """See `Ledger`."""
        with self._core.reading() as connection:
            return holder_of(connection, campaign)

    def begin(self, campaign: str, occurrence: str, now: datetime) -> SqlRun:
        """See `Ledger`."""
        with self._core.writing() as connection:
            number = take(connection, campaign, occurrence, self._core.machine, now)
        return SqlRun(self._core, number, campaign, occurrence)

    def recover(self, campaign: str, now: datetime) -> bool:
        """See `Ledger`."""
        machine = self._core.machine
        with self._core.writing() as connection:
            holder = holder_of(connection, campaign)
            if holder is None or not is_dead(holder, machine, now):
                return False
            end_dead(connection, holder, machine, now)
            return True

    def settle(self, key: DeliveryKey, *, sent: bool, now: datetime, note: str = "") -> None:
        """See `Ledger`."""
        self.recover(key.campaign, now)
        doubtful = is_key(key) & (deliveries.c.state == State.IN_DOUBT.value)
        event = "settled_sent" if sent else "settled_not_sent"
        values = {"reason": "", "adoption": latest_adoption(key.campaign, key.occurrence)}
        detail = {"note": note} if note else {}
        with self._core.writing() as connection:
            if not move(connection, doubtful, event, now, detail=detail, **values):
                row = connection.execute(select(deliveries).where(is_key(key))).one_or_none()
                raise _not_in_doubt(key, None if row is None else delivery_of(row))

    def leave_out(
        self,
        campaign: str,
        occurrence: str,
        now: datetime,
        reason: str,
        keys: Collection[str] | None = None,
    ) -> int:
        """See `Ledger`."""
        planned = is_in(campaign, occurrence) & (deliveries.c.state == State.PLANNED.value)
        theirs = [planned]
        if keys is not None:
            names = sorted(keys)
            pages = (names[start : start + _PAGE] for start in range(0, len(names), _PAGE))
            theirs = [planned & deliveries.c.recipient.in_(page) for page in pages]
        why = {"reason": reason}
        with self._core.writing() as connection:
            return sum(
                move(connection, where, "skipped", now, detail=why, reason=reason)
                for where in theirs
            )

    def tell(
        self,
        key: DeliveryKey,
        event: str,
        now: datetime,
        detail: Mapping[str, Any],
        *,
        reason: str | None = None,
    ) -> None:
        """See `Ledger`."""
        if EVENTS[event] is not None:
            raise ValueError(f"{event} moves a delivery")
        with self._core.writing() as connection:
            note(connection, is_key(key), event, now, dict(detail))
            if reason is not None:
                connection.execute(update(deliveries).where(is_key(key)).values(reason=reason))

    def used(self, account: str, since: datetime, *, messages: bool = False) -> int:
        """See `Ledger`."""
        with self._core.reading() as connection:
            return reads.used(connection, account, since, messages=messages)

    def handovers(
        self, account: str, since: datetime, *, exact: bool = False
    ) -> list[tuple[datetime, int, int]]:
        """See `Ledger`."""
        with self._core.reading() as connection:
            return reads.handovers(connection, account, since, exact=exact)

    def oldest_in(self, account: str, since: datetime) -> datetime | None:
        """See `Ledger`."""
        with self._core.reading() as connection:
            return reads.oldest_in(connection, account, since)

    def moved_addresses(
        self,
        campaign: str,
        occurrence: str,
        channel: Channel,
        planned: Iterable[Delivery],
        *,
        has: Callable[[DeliveryKey], bool] | None = None,
    ) -> list[tuple[str, DeliveryKey, DeliveryKey]]:
        """See `Ledger`."""
        if has is None:
            planned = list(planned)
            has = {line.key for line in planned}.__contains__
        with self._core.reading() as connection:
            known = adoption.taken_over(connection, campaign, occurrence)
            here = (campaign, occurrence, channel)
            found = reads.moved(planned, has, reads.served(connection, *here), known)
            # Another run may have served the new key since it was planned.
            new = {key for _address, _old, key in found}
            again = {key for key, _ in reads.served(connection, *here) if key in new} if new else ()
            return [one for one in found if one[2] not in again]

    def standings(self, campaign: str, occurrence: str, *, since: int = 0) -> Iterator[Standing]:
        """See `Ledger`."""
        with self._core.reading() as connection:
            yield from reads.standings(connection, campaign, occurrence, since)

    def finished(self, campaign: str, occurrence: str) -> Mapping[str, Any] | None:
        """See `Ledger`."""
        with self._core.reading() as connection:
            return reads.finished(connection, campaign, occurrence)

    def keep_finished(
        self, campaign: str, occurrence: str, facts: Mapping[str, Any] | None
    ) -> None:
        """See `Ledger`."""
        name = reads.finished_name(campaign, occurrence)
        with self._core.writing() as connection:
            connection.execute(delete(meta).where(meta.c.name == name))
            if facts is not None:
                connection.execute(insert(meta).values(name=name, value=packed(facts)))

    def changes(
        self, campaign: str, occurrence: str, *, since: int = 0
    ) -> Iterator[tuple[DeliveryKey, State]]:
        """See `Ledger`."""
        with self._core.reading() as connection:
            yield from reads.changes(connection, campaign, occurrence, since)

    def adoptions(self, campaign: str, occurrence: str) -> dict[str, int]:
        """See `Ledger`."""
        with self._core.reading() as connection:
            return adoption.ledgers_of(connection, campaign, occurrence)

    def adopted(self, campaign: str, occurrence: str) -> TakenOver:
        """See `Ledger`."""
        with self._core.reading() as connection:
            return adoption.taken_over(connection, campaign, occurrence)

    def adopted_occurrences(self, campaign: str) -> dict[str, datetime]:
        """See `Ledger`."""
        with self._core.reading() as connection:
            return adoption.occurrences_of(connection, campaign)

    def adopt(self, found: Iterable[TakenOver], now: datetime, *, new_id: bool) -> tuple[int, int]:
        """See `Ledger`."""
        sent = in_doubt = 0
        fresh = token_hex(16) if new_id else self.id
        with self._core.writing() as connection:
            for one in found:
                adoption.keep(connection, one, now)
                more = adoption.weigh(connection, one.campaign, one.occurrence, now)
                sent, in_doubt = sent + more[0], in_doubt + more[1]
            connection.execute(update(meta).where(meta.c.name == "id").values(value=fresh))
        self.id = fresh
        return sent, in_doubt

    def sync(self) -> None:
        """See `Ledger`."""
        self._core.sync()

    def check(self) -> list[str]:
        """See `Ledger`."""
        with self._core.reading() as connection:
            return export.faults(connection)

    def export(self, folder: Path) -> list[Path]:
        """See `Ledger`."""
        with self._core.reading() as connection:
            return export.write(connection, folder)

    def close(self) -> None:
        """See `Ledger`."""
        self._core.close()

    def _keyed(self, text: str) -> str:
        mac = self._mac.copy()
        mac.update(text.encode())
        return mac.hexdigest()[:32]


def _not_in_doubt(key: DeliveryKey, found: Delivery | None) -> GateError:
    if found is None:
        return GateError(
            say("the ledger has no delivery {key}", key=key.recipient),
            hint=say("`announce log {campaign}` lists the keys", campaign=key.campaign),
        )
    return GateError(
        say(
            "delivery {key} is not in doubt: it is {state}",
            key=key.recipient,
            state=state_name(found.state),
        ),
        hint=say("only what is in doubt can be settled"),
    )
