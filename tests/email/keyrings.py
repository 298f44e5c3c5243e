"""Keyrings for tests: none of them is the machine's."""

from __future__ import annotations

import json
import os
from pathlib import Path

import keyring
from keyring.backend import KeyringBackend
from keyring.backends import fail
from keyring.errors import KeyringLocked


class Memory(KeyringBackend):
    """Keeps entries for as long as it lives."""

    priority = 0.1  # type: ignore[assignment]

    def __init__(self) -> None:
        super().__init__()
        self.entries: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.entries.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.entries[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.entries[service, username]


class Locked(Memory):
    """Refuses, and quotes what it was given as some do."""

    def get_password(self, service: str, username: str) -> str | None:
        raise KeyringLocked(f"cannot unlock {service} {username}")

    def set_password(self, service: str, username: str, password: str) -> None:
        raise KeyringLocked(f"cannot store {password}")


class Full(Memory):
    """Takes nothing longer than a few characters, as Windows' does with long tokens."""

    def set_password(self, service: str, username: str, password: str) -> None:
        raise OSError(1783, f"the stub received bad data: {password}")


def use(backend: KeyringBackend | None = None) -> None:
    """Make this the keyring of the process; without one, there is none."""
    keyring.set_keyring(backend or fail.Keyring())


class Plain(Memory):
    """Keeps entries in the file that TEST_KEYRING names: for commands in a process of their own
    (PYTHON_KEYRING_BACKEND=keyrings.Plain)."""

    def __init__(self) -> None:
        super().__init__()
        self.file = Path(os.environ.get("TEST_KEYRING", "/nonexistent"))
        if self.file.exists():
            found = json.loads(self.file.read_text(encoding="utf-8"))
            self.entries = {(service, user): value for service, user, value in found}

    def set_password(self, service: str, username: str, password: str) -> None:
        super().set_password(service, username, password)
        self._write()

    def delete_password(self, service: str, username: str) -> None:
        super().delete_password(service, username)
        self._write()

    def _write(self) -> None:
        found = [[*entry, value] for entry, value in self.entries.items()]
        self.file.write_text(json.dumps(found), encoding="utf-8")
