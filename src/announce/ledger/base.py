"""What every ledger offers, whatever database is behind it.

          lay            claim          handed_over, record
  (plan) ─────▶ planned ───────▶ sending ───────▶ sent | failed | in_doubt | waiting
                  ▲ ▲  ◀─────────┘ give_back         │         │         │
                  │ └───────────── retry_failed ◀────┘         │         │
                  └─────────────── settle, looked ◀────────────┴─────────┘

A delivery leaves `planned` in one synced commit before anything is handed over; the mark of the
hand-over and the answer are written at once and synced in groups.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from contextlib import AbstractContextManager
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

from announce.ledger.many import Many
from announce.ledger.records import (
    EVENTS,
    LEASE,
    Counts,
    Decided,
    Decision,
    HeldByAnother,
    Holder,
    RunLost,
    Scope,
    Section,
    Standing,
    SuppressionReason,
    TakenOver,
)
from announce.model.delivery import (
    Channel,
    Delivery,
    DeliveryKey,
    Event,
    Outcome,
    Suppression,
)

__all__ = [
    "EVENTS",
    "LEASE",
    "Accounts",
    "Counts",
    "Decided",
    "Decision",
    "Decisions",
    "Group",
    "HeldByAnother",
    "Holder",
    "Ledger",
    "Run",
    "RunLost",
    "Scope",
    "Section",
    "Standing",
    "SuppressionReason",
    "Suppressions",
    "TakenOver",
    "Uploads",
]


class Suppressions(Protocol):
    """Addresses not to be written to."""

    def add(
        self, address: str, reason: SuppressionReason, scope: Scope, at: datetime, note: str = ""
    ) -> bool:
        """Suppress the address; False where it already was for this reason (left as it is)."""

    def remove(self, address: str) -> bool:
        """Write to the address again; False where it was not suppressed."""

    def all(self) -> list[Suppression]:
        """All of them, by address."""


class Uploads(Protocol):
    """What was uploaded to an account already, so that it is uploaded once."""

    def get(self, account: str, kind: str, sha: str) -> str | None:
        """What the account calls the upload with this hash, or None."""

    def put(self, account: str, kind: str, sha: str, value: str, now: datetime) -> None:
        """Remember what the account calls the upload with this hash."""


class Accounts(Protocol):
    """What is known of an account beside its deliveries. Days are the account's own calendar."""

    def fact(self, account: str, name: str) -> tuple[str, datetime] | None:
        """What was kept under a name, and when; None where nothing was."""

    def facts(self, account: str, prefix: str = "") -> dict[str, tuple[str, datetime]]:
        """The same of every name that begins so."""

    def keep(self, account: str, name: str, value: str, now: datetime) -> None:
        """Keep a value under a name, in place of what was there."""

    def forget(self, account: str, name: str) -> None:
        """Keep nothing under this name any more."""

    def take_turn(self, account: str, name: str, now: datetime, lasting: timedelta) -> bool:
        """Take the turn at something that one process does at a time, for so long at most;
        False where it is another's."""

    def end_turn(self, account: str, name: str) -> None:
        """Give the turn back."""

    def count_call(self, account: str, day: date, endpoint: str) -> None:
        """Count one call of an endpoint on a day."""

    def calls(self, account: str, day: date) -> dict[str, int]:
        """How often each endpoint was called on a day."""


class Decisions(Protocol):
    """What became of the occurrences of schedules. `part` is an occurrence's id and a zone ("":
    all of it)."""

    def of(self, campaign: str) -> dict[tuple[str, str], Decided]:
        """All decisions on a campaign's occurrences."""

    def keep(self, campaign: str, part: tuple[str, str], decided: Decided) -> None:
        """Write a decision down, in place of an earlier one."""

    def forget(self, campaign: str, part: tuple[str, str]) -> None:
        """Take a decision back."""


class Group(Protocol):
    """Several marks and answers in one transaction; see `Run` for what each does."""

    def handed_over(
        self,
        key: DeliveryKey,
        now: datetime,
        *,
        account: str = "",
        recipients: int | None = None,
        message_id: str = "",
    ) -> None: ...

    def refused_for_now(
        self, key: DeliveryKey, now: datetime, reason: str, detail: Mapping[str, Any]
    ) -> None: ...

    def record(
        self, key: DeliveryKey, outcome: Outcome, now: datetime, *, message_id: str = ""
    ) -> None: ...


class Run(Protocol):
    """One run of one occurrence, held against other processes; its methods may be called from
    several threads. All raise RunLost once another process has taken the run over."""

    @property
    def campaign(self) -> str: ...

    @property
    def occurrence(self) -> str: ...

    def heartbeat(self, now: datetime) -> None:
        """Renew the lease."""

    def lay(
        self,
        lines: Iterable[Delivery],
        content: Mapping[str, str],
        now: datetime,
        *,
        changed: bool = False,
    ) -> None:
        """Write the whole plan down: each line planned, or skipped with its reason.

        A line that stands in the ledger is updated unless it was sent or is in doubt; a planned
        or failed one that is not among `lines` becomes skipped(gone). `content` is stored by
        the first claim where none is stored, and replaces what is where `changed`.

        `lines` is read once, while nobody else can write: it must not wait for anything.
        """

    def claim(
        self,
        limit: int,
        now: datetime,
        *,
        channel: Channel | None = None,
        only: Collection[DeliveryKey] | None = None,
    ) -> list[Delivery]:
        """Take up to `limit` planned deliveries, in the plan's order, in one synced commit.

        An `only` that is given again must still name the same ones.
        """

    def retry_failed(self, now: datetime, keys: Collection[DeliveryKey] | None = None) -> int:
        """Make failed deliveries planned again, all or these; how many."""

    def handed_over(
        self,
        key: DeliveryKey,
        now: datetime,
        *,
        account: str = "",
        recipients: int | None = None,
        message_id: str = "",
    ) -> None:
        """Mark the instant from which a lost answer leaves the delivery in doubt.

        Counts `recipients` (default: its addresses) against the account's windows. Survives
        the death of the process, not of the power, until the next sync.
        """

    def refused_for_now(
        self, key: DeliveryKey, now: datetime, reason: str, detail: Mapping[str, Any]
    ) -> None:
        """Take the mark of the hand-over back: the other side surely did not take it, and it
        is tried again in this run. The delivery stays claimed."""

    def record(
        self, key: DeliveryKey, outcome: Outcome, now: datetime, *, message_id: str = ""
    ) -> None:
        """Write down what became of a claimed delivery; as durable as `handed_over`."""

    def together(self) -> AbstractContextManager[Group]:
        """Marks and answers that are written in one transaction when the block ends well; as
        durable as `handed_over`. Nothing of them is written where it does not, or where one of
        the deliveries is not this run's any more."""

    def looked(self, key: DeliveryKey, outcome: Outcome, now: datetime) -> None:
        """Write down what looking found about one in doubt or waiting. An outcome `planned`
        is proof of absence: it is sent again."""

    def note(self, key: DeliveryKey, event: str, now: datetime, detail: Mapping[str, Any]) -> None:
        """Write down a step of a delivery that stays where it is, synced: what the other side
        gave for it, without which a later run could not go on from there."""

    def go_on(self, keys: Iterable[DeliveryKey], now: datetime, why: str) -> int:
        """Make delivered ones planned again that are to go further, or are to be brought up to
        date; how many. Only for channels that go on from what is there."""

    def give_back(self, keys: Iterable[DeliveryKey], now: datetime) -> int:
        """Make claimed deliveries that were not handed over planned again; how many."""

    def sync(self) -> None:
        """Make everything written so far survive the loss of power."""

    def finish(self, outcome: str, now: datetime) -> None:
        """End the run, synced. What is still claimed goes back to planned, or is in doubt where
        it was handed over. `outcome` is a short word for the record."""


class Ledger(Many, Protocol):
    """The durable record. Methods that read are safe beside a run; times are aware."""

    @property
    def id(self) -> str:
        """Random, made with the ledger; another one after a copy was adopted. "" if absent."""

    @property
    def location(self) -> str:
        """Where it is, for witnesses: an absolute path, or a URL without secrets."""

    @property
    def sequence(self) -> int:
        """Grows with every recorded change of a delivery, and never shrinks."""

    def fingerprint(self, sequence: int) -> str:
        """What tells this ledger's entry of that number from the one of a copy that went
        another way; "" where there is none."""

    @property
    def suppressions(self) -> Suppressions: ...

    @property
    def uploads(self) -> Uploads: ...

    @property
    def accounts(self) -> Accounts: ...

    @property
    def decisions(self) -> Decisions: ...

    def message_id(self, key: DeliveryKey, domain: str) -> str:
        """The delivery's Message-ID: always the same, and hard to guess."""

    def receipt_key(self, campaign: str, occurrence: str) -> str:
        """The random key (hex) of this ledger's receipt for an occurrence."""

    def delivery(self, key: DeliveryKey) -> Delivery | None:
        """One delivery."""

    def events(self, key: DeliveryKey) -> list[Event]:
        """What happened to one delivery, oldest first."""

    def content(self, campaign: str, occurrence: str) -> Mapping[str, str] | None:
        """What shaped the messages when the occurrence was first claimed; None before."""

    def running(self, campaign: str) -> Holder | None:
        """Who holds the campaign's run, alive or not."""

    def begin(self, campaign: str, occurrence: str, now: datetime) -> Run:
        """Take the campaign's run; HeldByAnother where another run may be alive.

        Replaces a holder of this boot whose process is gone, one of an earlier boot of this
        host, and one elsewhere whose lease is over; settles what it left claimed.
        """

    def recover(self, campaign: str, now: datetime) -> bool:
        """End a run whose holder is gone, as `begin` would, without taking it."""

    def settle(self, key: DeliveryKey, *, sent: bool, now: datetime, note: str = "") -> None:
        """A person's word on a delivery in doubt; GateError where it is not in doubt."""

    def leave_out(
        self,
        campaign: str,
        occurrence: str,
        now: datetime,
        reason: str,
        keys: Collection[str] | None = None,
    ) -> int:
        """Skip what is planned of an occurrence that is over (of these recipients), until it is
        planned again; how many."""

    def tell(
        self,
        key: DeliveryKey,
        event: str,
        now: datetime,
        detail: Mapping[str, Any],
        *,
        reason: str | None = None,
    ) -> None:
        """Write down, beside any run, what the other side told later of a delivery that stays
        where it is; with `reason`, that too."""

    def used(self, account: str, since: datetime, *, messages: bool = False) -> int:
        """Recipients (or messages) handed to an account since then, that instant included."""

    def handovers(
        self, account: str, since: datetime, *, exact: bool = False
    ) -> list[tuple[datetime, int, int]]:
        """The same by the minute of the clock (or each moment), oldest first: the last
        hand-over's moment, and how many recipients and messages went then."""

    def oldest_in(self, account: str, since: datetime) -> datetime | None:
        """When the first hand-over since then was: room comes as it leaves the window."""

    def finished(self, campaign: str, occurrence: str) -> Mapping[str, Any] | None:
        """What was kept of the last run, if it left nothing to do; None where nothing was."""

    def keep_finished(
        self, campaign: str, occurrence: str, facts: Mapping[str, Any] | None
    ) -> None:
        """Keep plain facts of a run that left nothing to do; None: forget them."""

    def adopted(self, campaign: str, occurrence: str) -> TakenOver:
        """What was adopted for an occurrence."""

    def adopted_occurrences(self, campaign: str) -> dict[str, datetime]:
        """The occurrences of a campaign of which anything was adopted, and when that was first."""

    def adopt(self, found: Iterable[TakenOver], now: datetime, *, new_id: bool) -> tuple[int, int]:
        """Take witnesses' knowledge over, for deliveries here and still to come; how many here
        became sent and in doubt. `new_id`: this is a copy whose original went on."""

    def sync(self) -> None:
        """Make everything written so far, by runs too, survive the loss of power."""

    def check(self) -> list[str]:
        """What is wrong inside; empty: sound."""

    def export(self, folder: Path) -> list[Path]:
        """Write everything about deliveries as CSV and JSON; the files."""

    def close(self) -> None:
        """Let go of it."""
