"""Several marks and answers of a run, gathered for one transaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Any, Self

from announce.ledger.holding import lost
from announce.ledger.journal import Entry
from announce.ledger.schema import packed, stamp
from announce.model.delivery import DeliveryKey, Outcome, State

# What the log calls an outcome; the journal knows the states that follow.
FOUND: Mapping[State, str] = {
    State.SENT: "sent",
    State.WAITING: "waiting",
    State.FAILED: "failed",
    State.IN_DOUBT: "in_doubt",
    State.PLANNED: "absent",
}


@dataclass(slots=True, eq=False)
class Claimed:
    """What a run remembers of a delivery that it claimed: its row, how many addresses it goes to,
    and whether the claim still `holds`."""

    key: DeliveryKey
    row: int
    addresses: int
    message_id: str | None = None
    holds: bool = True


def told(outcome: Outcome) -> dict[str, Any]:
    """An outcome as the event tells it."""
    return {"reason": outcome.reason, **outcome.detail} if outcome.reason else dict(outcome.detail)


class SqlGroup:
    """See `Group`. `write` is given what was gathered when the block ends well; `claimed` is
    what the run holds. RunLost for a key that it does not hold, or no longer."""

    def __init__(
        self,
        campaign: str,
        claimed: Mapping[DeliveryKey, Claimed],
        write: Callable[[SqlGroup], None],
    ) -> None:
        self._campaign = campaign
        self._claimed = claimed
        self._write = write
        self._now: datetime | None = None
        self._stamp = ""
        self.entries: list[Entry] = []
        self.named: list[Claimed] = []
        self.ended: dict[int, Claimed] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None and self.entries:
            self._write(self)

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
        claimed = self._of(key)
        if message_id:
            claimed.message_id = message_id
        counted = claimed.addresses if recipients is None else recipients
        against = (account, counted) if account else (None, None)
        self._add(claimed, now, "handed_over", "{}", against, None)

    def refused_for_now(
        self, key: DeliveryKey, now: datetime, reason: str, detail: Mapping[str, Any]
    ) -> None:
        """See `Run`."""
        why = packed({"reason": reason, **detail})
        self._add(self._of(key), now, "refused_for_now", why, (None, None), None)

    def record(
        self, key: DeliveryKey, outcome: Outcome, now: datetime, *, message_id: str = ""
    ) -> None:
        """See `Run`."""
        claimed = self._of(key)
        if message_id:
            claimed.message_id = message_id
        self.ended[claimed.row] = claimed
        self._add(
            claimed, now, FOUND[outcome.state], packed(told(outcome)), (None, None), outcome.reason
        )

    def _of(self, key: DeliveryKey) -> Claimed:
        found = self._claimed.get(key)
        if found is None or found.row in self.ended:
            raise lost(self._campaign)
        return found

    def _add(
        self,
        claimed: Claimed,
        now: datetime,
        event: str,
        detail: str,
        against: tuple[str | None, int | None],
        reason: str | None,
    ) -> None:
        if now is not self._now:
            self._now, self._stamp = now, stamp(now)
        self.named.append(claimed)
        self.entries.append(
            (
                claimed.row,
                self._stamp,
                event,
                detail,
                *against,
                reason,
                claimed.message_id,
            )
        )
