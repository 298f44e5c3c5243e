"""What a ledger answers about very many deliveries at once: counted, or row by row."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Protocol

from announce.ledger.records import Counts, Standing
from announce.model.delivery import Channel, Delivery, DeliveryKey, Event, State


class Many(Protocol):
    """See `Ledger`, of which this is a part. Nothing here takes memory for each delivery."""

    def campaigns(self) -> list[tuple[str, str]]:
        """Every (campaign, occurrence) with deliveries, in the order in which they came."""

    def counts(self, campaign: str | None = None) -> Counts:
        """How many deliveries stand in each state."""

    def states(
        self, campaign: str, occurrence: str, channel: Channel
    ) -> Iterator[tuple[str, State, str]]:
        """Recipient's key, state and reason of each delivery, in the plan's order."""

    def totals(self, campaign: str, occurrence: str, channel: Channel) -> dict[State, int]:
        """How many deliveries stand in each state, in the order in which these first appear."""

    def skips(self, campaign: str, occurrence: str, channel: Channel) -> dict[str, int]:
        """How many deliveries are skipped for each reason."""

    def noted(self, campaign: str, occurrence: str | None, channel: Channel) -> Iterator[Delivery]:
        """What failed, is in doubt, or was sent or skipped with a reason, in the plan's order."""

    def told(self, channel: Channel, address: str) -> list[Delivery]:
        """The deliveries of a channel to exactly this address, of all campaigns."""

    def changes(
        self, campaign: str, occurrence: str, *, since: int = 0
    ) -> Iterator[tuple[DeliveryKey, State]]:
        """How each delivery stands that changed after that sequence; from the beginning only
        those that were served or are in doubt."""

    def adoptions(self, campaign: str, occurrence: str) -> dict[str, int]:
        """The ledgers whose record was adopted for an occurrence, each with its sequence."""

    def deliveries(
        self,
        campaign: str,
        occurrence: str | None = None,
        *,
        states: Collection[State] | None = None,
    ) -> Iterator[Delivery]:
        """The deliveries of a campaign, or those in `states`, by occurrence and in the plan's
        order."""

    def history(self, campaign: str) -> Iterator[tuple[Delivery, list[Event]]]:
        """Every delivery of a campaign with its events."""

    def moved_addresses(
        self,
        campaign: str,
        occurrence: str,
        channel: Channel,
        planned: Iterable[Delivery],
        *,
        has: Callable[[DeliveryKey], bool] | None = None,
    ) -> list[tuple[str, DeliveryKey, DeliveryKey]]:
        """Addresses already served under a key that the plan lacks, and planned under another:
        (address, old key, new key). `has` says whether the plan has a key; without it the keys
        of `planned` are gathered, which otherwise are looked at only where there is need."""

    def standings(self, campaign: str, occurrence: str, *, since: int = 0) -> Iterator[Standing]:
        """How far each delivery of an occurrence came; with `since`, only those that changed
        after that sequence."""
