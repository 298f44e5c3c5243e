"""What an official account's client and its deliveries ask somebody to remember for them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Protocol

from announce.model.delivery import DeliveryKey


class AccountMemory(Protocol):
    """What outlives one client of an account: shared by all processes that use it."""

    def token(self) -> tuple[str, float] | None:
        """The last token kept and when it ends (POSIX seconds)."""

    def keep_token(self, token: str, expires_at: float) -> None:
        """Keep a token that was just fetched."""

    def fetching(self) -> AbstractContextManager[None]:
        """The turn at fetching a token: who comes meanwhile waits, and then finds it."""

    def called(self, endpoint: str) -> None:
        """Count a call of an endpoint (`draft/add`) towards the day's quota."""


class UploadMemory(Protocol):
    """What an account's uploads were given, by what they are for and their content.

    `kind` is `cover` (a media_id) or `picture` (an address).
    """

    def get(self, account: str, kind: str, sha: str) -> str | None: ...

    def put(self, account: str, kind: str, sha: str, value: str) -> None: ...


class StepMemory(Protocol):
    """How far each delivery came, as its events tell, and a place to write the next step down.

    A step is on disk when `note` returns: what the platform gave for it is known after any kill.
    """

    def events(self, key: DeliveryKey) -> list[Any]: ...

    def note(self, key: DeliveryKey, event: str, detail: Mapping[str, Any]) -> None: ...


class Forgetful:
    """An account memory as long as the process."""

    def __init__(self) -> None:
        self._token: tuple[str, float] | None = None
        self.calls: dict[str, int] = {}

    def token(self) -> tuple[str, float] | None:
        """See `AccountMemory`."""
        return self._token

    def keep_token(self, token: str, expires_at: float) -> None:
        """See `AccountMemory`."""
        self._token = (token, expires_at)

    @contextmanager
    def fetching(self) -> Iterator[None]:
        """See `AccountMemory`."""
        yield

    def called(self, endpoint: str) -> None:
        """See `AccountMemory`."""
        self.calls[endpoint] = self.calls.get(endpoint, 0) + 1
