"""How deliveries are named where their addresses must not stand."""

from __future__ import annotations

from hashlib import blake2b

from announce.ledger.heaps import SIZE
from announce.ledger.records import TakenOver
from announce.model.delivery import DeliveryKey, State


def hashed(key: DeliveryKey, secret: bytes) -> bytes:
    """A delivery key as receipts name it: 16 bytes of keyed BLAKE2b."""
    return blake2b(str(key).encode(), key=secret, digest_size=SIZE).digest()


def adopted_state(taken: TakenOver, key: DeliveryKey) -> State | None:
    """In which state a delivery was taken over from receipts; None where they leave it due."""
    for section in taken.sections:
        if found := section.states.get(hashed(key, bytes.fromhex(section.key))):
            return found
    return State.IN_DOUBT if taken.unknown else None
