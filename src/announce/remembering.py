"""What the ledger remembers for an official account: its token, calls, uploads, articles' steps."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from announce.channels.wechat.sealing import seal, unseal
from announce.ledger.base import Accounts, Ledger, Run, Uploads
from announce.model.delivery import DeliveryKey, Event

# A day of the platform's quotas: its documents name no zone; the service is Beijing's.
DAY = ZoneInfo("Asia/Shanghai")
TOKEN = "token"
# Fetching a token ends within the client's time-out; a process that died holds nobody up longer.
_TURN = timedelta(seconds=20)
_PATIENCE = 20.0
_BETWEEN = 0.1

Now = Callable[[], datetime]


class RememberedAccount:
    """See `AccountMemory`. The token is sealed with the AppSecret."""

    def __init__(self, accounts: Accounts, app_id: str, secret: str, now: Now) -> None:
        self._accounts = accounts
        self._app_id = app_id
        self._secret = secret
        self._now = now

    def token(self) -> tuple[str, float] | None:
        """See `AccountMemory`."""
        kept = self._accounts.fact(self._app_id, TOKEN)
        sealed = json.loads(kept[0]) if kept else {}
        token = unseal(self._secret, sealed.get("token", "")) if sealed else None
        return (token, float(sealed["expires_at"])) if token else None

    def keep_token(self, token: str, expires_at: float) -> None:
        """See `AccountMemory`."""
        sealed = {"token": seal(self._secret, token), "expires_at": expires_at}
        self._accounts.keep(self._app_id, TOKEN, json.dumps(sealed), self._now())

    @contextmanager
    def fetching(self) -> Iterator[None]:
        """See `AccountMemory`."""
        until, mine = time.monotonic() + _PATIENCE, False
        # Whoever keeps the turn too long hangs; the platform gives everybody the same token.
        while not mine and time.monotonic() < until:
            mine = self._accounts.take_turn(self._app_id, TOKEN, self._now(), _TURN)
            if not mine:
                time.sleep(_BETWEEN)
        try:
            yield
        finally:
            if mine:
                self._accounts.end_turn(self._app_id, TOKEN)

    def called(self, endpoint: str) -> None:
        """See `AccountMemory`."""
        self._accounts.count_call(self._app_id, self._now().astimezone(DAY).date(), endpoint)


class RememberedUploads:
    """See `UploadMemory`."""

    def __init__(self, uploads: Uploads, now: Now) -> None:
        self._uploads = uploads
        self._now = now

    def get(self, account: str, kind: str, sha: str) -> str | None:
        """See `UploadMemory`."""
        return self._uploads.get(account, kind, sha)

    def put(self, account: str, kind: str, sha: str, value: str) -> None:
        """See `UploadMemory`."""
        self._uploads.put(account, kind, sha, value, self._now())


class RememberedSteps:
    """See `StepMemory`. Steps are written by the run that is `held`; ValueError without one."""

    def __init__(self, ledger: Ledger, now: Now) -> None:
        self._ledger = ledger
        self._now = now
        self._run: Run | None = None

    def hold(self, run: Run) -> None:
        """From now on steps belong to this run."""
        self._run = run

    def events(self, key: DeliveryKey) -> list[Event]:
        """See `StepMemory`."""
        return self._ledger.events(key)

    def note(self, key: DeliveryKey, event: str, detail: Mapping[str, Any]) -> None:
        """See `StepMemory`."""
        if self._run is None:
            raise ValueError("a step is written by a run")
        self._run.note(key, event, self._now(), detail)
