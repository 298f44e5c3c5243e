"""A ledger that is not there: it reads as empty and refuses writes."""

# Its answers do not depend on the questions.

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, NoReturn

from announce.errors import MachineError
from announce.ledger.base import (
    Counts,
    Decided,
    Holder,
    Run,
    Scope,
    Standing,
    SuppressionReason,
    TakenOver,
)
from announce.model.delivery import (
    Channel,
    Delivery,
    DeliveryKey,
    Event,
    State,
    Suppression,
)
from announce.texts import say


class _Nothing:
    """No suppressions, no uploads."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def add(
        self, address: str, reason: SuppressionReason, scope: Scope, at: datetime, note: str = ""
    ) -> bool:
        """Refused."""
        _refuse(self._path)

    def remove(self, address: str) -> bool:
        """There is nothing to remove."""
        return False

    def all(self) -> list[Suppression]:
        """None."""
        return []

    def get(self, account: str, kind: str, sha: str) -> str | None:
        """Nothing."""
        return None

    def put(self, account: str, kind: str, sha: str, value: str, now: datetime) -> None:
        """Refused."""
        _refuse(self._path)


class _NoDecisions:
    """Nothing became of any occurrence."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def of(self, campaign: str) -> dict[tuple[str, str], Decided]:
        """None."""
        return {}

    def keep(self, campaign: str, part: tuple[str, str], decided: Decided) -> None:
        """Refused."""
        _refuse(self._path)

    def forget(self, campaign: str, part: tuple[str, str]) -> None:
        """There is nothing to forget."""


class _NoAccounts:
    """Nothing is known of any account."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def fact(self, account: str, name: str) -> tuple[str, datetime] | None:
        """Nothing."""
        return None

    def facts(self, account: str, prefix: str = "") -> dict[str, tuple[str, datetime]]:
        """None."""
        return {}

    def keep(self, account: str, name: str, value: str, now: datetime) -> None:
        """Refused."""
        _refuse(self._path)

    def forget(self, account: str, name: str) -> None:
        """There is nothing to forget."""

    def take_turn(self, account: str, name: str, now: datetime, lasting: timedelta) -> bool:
        """Refused."""
        _refuse(self._path)

    def end_turn(self, account: str, name: str) -> None:
        """There is none."""

    def count_call(self, account: str, day: date, endpoint: str) -> None:
        """Refused."""
        _refuse(self._path)

    def calls(self, account: str, day: date) -> dict[str, int]:
        """None."""
        return {}


class EmptyLedger:
    """See `Ledger`. Message-IDs are stand-ins: the secret is made with the ledger."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.id = ""
        self.location = str(path)
        self.sequence = 0
        self.suppressions = _Nothing(path)
        self.uploads = _Nothing(path)
        self.accounts = _NoAccounts(path)
        self.decisions = _NoDecisions(path)

    def message_id(self, key: DeliveryKey, domain: str) -> str:
        """A stand-in, for previews."""
        return f"<preview-{hashlib.sha256(str(key).encode()).hexdigest()[:24]}@{domain}>"

    def fingerprint(self, sequence: int) -> str:
        """None."""
        return ""

    def receipt_key(self, campaign: str, occurrence: str) -> str:
        """Refused."""
        _refuse(self._path)

    def campaigns(self) -> list[tuple[str, str]]:
        """None."""
        return []

    def deliveries(
        self,
        campaign: str,
        occurrence: str | None = None,
        *,
        states: Collection[State] | None = None,
    ) -> Iterator[Delivery]:
        """None."""
        return iter(())

    def delivery(self, key: DeliveryKey) -> Delivery | None:
        """None."""
        return None

    def counts(self, campaign: str | None = None) -> Counts:
        """None."""
        return {}

    def states(
        self, campaign: str, occurrence: str, channel: Channel
    ) -> Iterator[tuple[str, State, str]]:
        """None."""
        return iter(())

    def totals(self, campaign: str, occurrence: str, channel: Channel) -> dict[State, int]:
        """None."""
        return {}

    def skips(self, campaign: str, occurrence: str, channel: Channel) -> dict[str, int]:
        """None."""
        return {}

    def noted(self, campaign: str, occurrence: str | None, channel: Channel) -> Iterator[Delivery]:
        """None."""
        return iter(())

    def told(self, channel: Channel, address: str) -> list[Delivery]:
        """None."""
        return []

    def events(self, key: DeliveryKey) -> list[Event]:
        """None."""
        return []

    def history(self, campaign: str) -> Iterator[tuple[Delivery, list[Event]]]:
        """None."""
        return iter(())

    def content(self, campaign: str, occurrence: str) -> Mapping[str, str] | None:
        """None."""
        return None

    def running(self, campaign: str) -> Holder | None:
        """Nobody."""
        return None

    def begin(self, campaign: str, occurrence: str, now: datetime) -> Run:
        """Refused."""
        _refuse(self._path)

    def recover(self, campaign: str, now: datetime) -> bool:
        """There is nothing to recover."""
        return False

    def settle(self, key: DeliveryKey, *, sent: bool, now: datetime, note: str = "") -> None:
        """Refused."""
        _refuse(self._path)

    def leave_out(
        self,
        campaign: str,
        occurrence: str,
        now: datetime,
        reason: str,
        keys: Collection[str] | None = None,
    ) -> int:
        """There is nothing."""
        return 0

    def tell(
        self,
        key: DeliveryKey,
        event: str,
        now: datetime,
        detail: Mapping[str, Any],
        *,
        reason: str | None = None,
    ) -> None:
        """Refused."""
        _refuse(self._path)

    def used(self, account: str, since: datetime, *, messages: bool = False) -> int:
        """None."""
        return 0

    def handovers(
        self, account: str, since: datetime, *, exact: bool = False
    ) -> list[tuple[datetime, int, int]]:
        """None."""
        return []

    def oldest_in(self, account: str, since: datetime) -> datetime | None:
        """Never."""
        return None

    def moved_addresses(
        self,
        campaign: str,
        occurrence: str,
        channel: Channel,
        planned: Iterable[Delivery],
        *,
        has: Callable[[DeliveryKey], bool] | None = None,
    ) -> list[tuple[str, DeliveryKey, DeliveryKey]]:
        """None."""
        return []

    def standings(self, campaign: str, occurrence: str, *, since: int = 0) -> Iterator[Standing]:
        """None."""
        return iter(())

    def finished(self, campaign: str, occurrence: str) -> Mapping[str, Any] | None:
        """None."""
        return None

    def keep_finished(
        self, campaign: str, occurrence: str, facts: Mapping[str, Any] | None
    ) -> None:
        """There is nothing to forget, and no run to keep anything of."""

    def changes(
        self, campaign: str, occurrence: str, *, since: int = 0
    ) -> Iterator[tuple[DeliveryKey, State]]:
        """None."""
        return iter(())

    def adoptions(self, campaign: str, occurrence: str) -> dict[str, int]:
        """None."""
        return {}

    def adopted(self, campaign: str, occurrence: str) -> TakenOver:
        """Nothing."""
        return TakenOver(campaign=campaign, occurrence=occurrence)

    def adopted_occurrences(self, campaign: str) -> dict[str, datetime]:
        """None."""
        return {}

    def adopt(self, found: Iterable[TakenOver], now: datetime, *, new_id: bool) -> tuple[int, int]:
        """Refused."""
        _refuse(self._path)

    def sync(self) -> None:
        """There is nothing to sync."""

    def check(self) -> list[str]:
        """Nothing is wrong with nothing."""
        return []

    def export(self, folder: Path) -> list[Path]:
        """Refused."""
        _refuse(self._path)

    def close(self) -> None:
        """There is nothing to let go of."""


def _refuse(path: Path) -> NoReturn:
    raise MachineError(
        say("there is no ledger at {path} yet", path=path),
        hint=say("`announce send` makes it"),
    )
