"""How deliveries are named where their addresses must not stand."""

from __future__ import annotations

from hashlib import blake2b

from announce.model.delivery import DeliveryKey


def hashed(key: DeliveryKey, secret: bytes) -> str:
    """A delivery key as receipts name it: 16 bytes of keyed BLAKE2b, in hex."""
    return blake2b(str(key).encode(), key=secret, digest_size=16).hexdigest()
