"""How far each article of the ledger came, and what the platform told of it afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from announce.errors import InputError
from announce.ledger.base import Ledger
from announce.model.delivery import Delivery, DeliveryKey, Event, State
from announce.model.steps import Known, known_of
from announce.texts import say

_ENDS = frozenset({"sent", "waiting", "failed", "in_doubt"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """One article's delivery, its steps, the evidence of its end, and the `result` of its job as
    the platform's event told it (empty before)."""

    row: Delivery
    known: Known
    end: dict[str, Any]
    result: dict[str, Any]

    @property
    def key(self) -> DeliveryKey:
        """The delivery's key."""
        return self.row.key

    @property
    def is_open(self) -> bool:
        """Whether a look may still settle it: waiting, or in doubt."""
        return self.row.state in (State.WAITING, State.IN_DOUBT)


def pieces_of(ledger: Ledger, campaign: str, account: str | None = None) -> Iterator[Piece]:
    """The articles of a campaign that the ledger knows, of one account or all."""
    for occurrence in occurrences_of(ledger, campaign):
        for recipient, _, _ in list(ledger.states(campaign, occurrence, "wechat")):
            if account is None or recipient.startswith(f"{account}:"):
                yield piece_of(ledger, DeliveryKey(campaign, occurrence, "wechat", recipient))


def occurrences_of(ledger: Ledger, campaign: str) -> list[str]:
    """The occurrences of a campaign that the ledger knows, in the order in which they came."""
    return [occurrence for name, occurrence in ledger.campaigns() if name == campaign]


def piece_of(ledger: Ledger, key: DeliveryKey) -> Piece:
    """One article that the ledger knows. KeyError where it does not."""
    row = ledger.delivery(key)
    if row is None:
        raise KeyError(key)
    events = ledger.events(key)
    known = known_of(events)
    return Piece(
        row=row,
        known=known,
        end=_last(events, _ENDS),
        # What came of an earlier publication says nothing of the one made since.
        result={} if known.deleted else _last(events, frozenset({"result"})),
    )


def _last(events: list[Event], names: frozenset[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for event in events:
        if event.event in names:
            found = event.detail
        elif event.event == "deleted":
            found = {}
    return found


def campaigns_of(ledger: Ledger, wanted: str | None = None) -> list[str]:
    """The campaigns of the ledger that have articles, or the wanted one of them."""
    known = (
        name
        for name, occurrence in ledger.campaigns()
        if wanted in (None, name) and ledger.totals(name, occurrence, "wechat")
    )
    return list(dict.fromkeys(known))


def chosen(pieces: list[Piece], language: str | None) -> list[Piece]:
    """Those in a language, as the ledger names it. InputError where there is none."""
    if language is None:
        return pieces
    found = [piece for piece in pieces if piece.row.language == language]
    if not found:
        raise InputError(
            say('the ledger has no article in "{language}"', language=language),
            hint=say(
                "it has: {names}",
                names=say(", ").join(piece.row.language for piece in pieces) or "—",
            ),
        )
    return found
