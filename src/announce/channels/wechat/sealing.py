"""A token sealed so that a copy of the ledger is no key to the account.

The key is made of the AppSecret: who has that can fetch a token anyway.
"""

from __future__ import annotations

import base64
import hashlib

from cryptography.fernet import Fernet, InvalidToken


def seal(secret: str, text: str) -> str:
    """The text, readable only with the secret."""
    return _box(secret).encrypt(text.encode()).decode()


def unseal(secret: str, sealed: str) -> str | None:
    """What was sealed with this secret; None where it was another, or the seal is broken."""
    try:
        return _box(secret).decrypt(sealed.encode()).decode()
    except InvalidToken:
        return None


def _box(secret: str) -> Fernet:
    key = hashlib.scrypt(secret.encode(), salt=b"announce token", n=2**10, r=8, p=1, dklen=32)
    return Fernet(base64.urlsafe_b64encode(key))
