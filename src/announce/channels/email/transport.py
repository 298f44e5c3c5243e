"""Handing mails over one by one, each with its outcome: a carrier with one connection."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from types import TracebackType
from typing import Self

from announce.channels.base import HandedOver
from announce.channels.email.account import Account
from announce.channels.email.carrier import SmtpCarrier
from announce.channels.email.connect import Unreachable
from announce.channels.email.outcomes import lost_before
from announce.model.delivery import DeliveryKey, Outcome
from announce.model.message import Sendable

_PATIENCE = 60.0  # seconds of a turn; how long an answer may take is the account's to say


class SmtpTransport:
    """One connection to an account's server (see `channels.base.Transport`).

    `sender` is the envelope's; `now` gives the Date. A connection lost between mails is opened
    again once; a mail is tried once a call: retries, pauses and budgets are the caller's, by
    `detail["class"]` and `detail["transient"]`.
    """

    def __init__(self, account: Account, sender: str, now: Callable[[], datetime]) -> None:
        self._account = account
        self._sender = sender
        self._now = now
        self._carrier: SmtpCarrier | None = None

    def __enter__(self) -> Self:
        self._open()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._drop()

    def deliver(
        self,
        message: Sendable,
        key: DeliveryKey,
        message_id: str,
        handed_over: HandedOver,
        *,
        last: bool = True,
    ) -> Outcome:
        """Hand one mail over. Raises ValueError for a mail that cannot be written, LoginRefused
        and MachineError where nothing more can be sent; whatever else happens is the outcome."""
        try:
            carrier = self._carrier or self._open()
            carrier.take(message, key, message_id, last=last)
            return self._carry(carrier, handed_over)
        except Unreachable as error:
            self._drop()
            return lost_before(str(error))
        except BaseException:
            # Whatever the server was told so far must not be taken up by a later mail.
            self._drop()
            raise

    def settle(self, message: Sendable, key: DeliveryKey, message_id: str) -> Outcome | None:
        """None: SMTP cannot look for what became of a mail."""
        return None

    def _carry(self, carrier: SmtpCarrier, handed_over: HandedOver) -> Outcome:
        while True:
            turn = carrier.turn(_PATIENCE)
            if turn.ready:
                handed_over()
                carrier.go(turn.ready)
            for _, outcome in turn.landed:
                return outcome

    def _open(self) -> SmtpCarrier:
        carrier = SmtpCarrier(self._account, self._sender, self._now, connections=1)
        self._carrier = carrier.__enter__()
        return carrier

    def _drop(self) -> None:
        if self._carrier is not None:
            carrier, self._carrier = self._carrier, None
            carrier.__exit__(None, None, None)
