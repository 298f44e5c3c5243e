"""A fresh access token at hand: renewed when it is old or was refused, by one process at a time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from announce.oauth.client import Client, Grant, renewed
from announce.oauth.keep import Keep

# A token is given to a server some seconds after it is asked for, and clocks differ.
_MARGIN = 60.0


class AccessTokens:
    """The access tokens of one account, for all its connections and threads.

    They are held in memory only. `clock` counts seconds.
    """

    def __init__(
        self, client: Client, keep: Keep, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._client = client
        self._keep = keep
        self._clock = clock
        self._lock = threading.Lock()
        self._access = ""
        self._until: float | None = None

    def current(self) -> str:
        """A token that is not known to be old. Raises as `after`."""
        with self._lock:
            if self._access and (self._until is None or self._clock() < self._until):
                return self._access
            return self._renew()

    def after(self, refused: str) -> str:
        """Another token than this one, which a server did not take.

        Raises MissingSecret where no login is kept, LoginRefused where the provider takes it no
        longer, Unreachable, and MachineError for whatever else is at fault.
        """
        with self._lock:
            if self._access not in ("", refused):
                return self._access
            return self._renew()

    def _renew(self) -> str:
        with self._keep.locked():
            kept = self._keep.load()
            grant = renewed(self._client, kept.token)
            if grant.refresh and grant.refresh != kept.token:
                # Before the access token is used: the old refresh token may be dead already.
                self._keep.save(grant.refresh, kept.place)
        self._hold(grant)
        return self._access

    def _hold(self, grant: Grant) -> None:
        self._access = grant.access
        self._until = None
        if grant.lifetime is not None:
            self._until = self._clock() + grant.lifetime - _MARGIN
