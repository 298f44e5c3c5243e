"""Drives a carrier of mails as a run does: feed, turn, let go; and keeps what came of it."""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from scripted import Heard, Script, serving

from announce.channels.email.account import Account
from announce.channels.email.carrier import SmtpCarrier
from announce.model.audience import Address
from announce.model.delivery import DeliveryKey, Outcome, State
from announce.model.message import Mail

SENDER = "chairs@example.org"
NOW = datetime(2025, 1, 6, 9, 0, tzinfo=UTC)
# Longer than any test may take: what has not ended by then never will.
FOREVER = 20.0
PIPELINING = ("SIZE 10000000", "8BITMIME", "SMTPUTF8", "PIPELINING")


def mail_to(*to: str, text: str = "你好\n") -> Mail:
    """A short mail."""
    return Mail(
        languages=("zh",),
        subject="征稿通知",
        sender=Address(spec=SENDER, name="组委会"),
        reply_to=None,
        to=tuple(Address(spec=spec) for spec in to),
        text=text,
        html="",
    )


def people(number: int) -> list[Mail]:
    """Mails to so many people, one each."""
    return [mail_to(f"p{index}@example.net") for index in range(number)]


def key_of(mail: Mail) -> DeliveryKey:
    """A delivery's key: its first address."""
    return DeliveryKey("cfp", "once", "email", mail.to[0].spec)


def id_of(mail: Mail) -> str:
    """A Message-ID for each first address."""
    return f"<{mail.to[0].spec.encode().hex()}@example.org>"


@dataclass
class Ride:
    """What a carrier told: the outcomes by first address, and how often each was at the brink."""

    heard: Heard
    ended: dict[str, Outcome] = field(default_factory=dict)
    brinks: Counter[str] = field(default_factory=Counter)

    @property
    def states(self) -> list[str]:
        """The outcomes' states, in the order of the addresses."""
        return [str(self.ended[name].state) for name in sorted(self.ended)]

    @property
    def kept(self) -> Counter[str]:
        """How often the server kept a mail to whom; those it kept as nobody's are under ""."""
        return Counter(
            address for taken in self.heard.taken if taken.kept for address in taken.to or ("",)
        )

    def check(self, mails: Sequence[Mail]) -> None:
        """Nobody got anything of another's, nor anything twice; who is told as sent got it, who
        is told as failed did not."""
        for taken in self.heard.taken:
            if taken.to:
                assert id_of(mail_to(*_named(taken.mail))).encode() in taken.mail
                assert set(taken.to) <= set(_named(taken.mail))
            else:
                assert taken.mail == b""
        twice = [address for address, times in self.kept.items() if address and times > 1]
        assert twice == []
        for address, outcome in self.ended.items():
            if outcome.state is State.SENT:
                assert set(_accepted(address, mails, outcome)) <= set(self.kept)
            elif outcome.state is State.FAILED:
                assert address not in self.kept


def drive(
    carrier: SmtpCarrier,
    ride: Ride,
    mails: Sequence[Mail],
    *,
    last: bool = True,
    let_go: set[str] | None = None,
) -> None:
    """Carry all the mails to their ends. A mail that ends twice, or never, fails the test.
    Whose mails may leave is written down before they do."""
    waiting = deque(mails)
    flying: set[DeliveryKey] = set()
    until = time.monotonic() + FOREVER
    while waiting or flying:
        assert time.monotonic() < until, f"never ended: {flying}"
        for mail in [waiting.popleft() for _ in range(min(carrier.room, len(waiting)))]:
            flying.add(key_of(mail))
            carrier.take(mail, key_of(mail), id_of(mail), last=last)
        turn = carrier.turn(1.0)
        for key, outcome in turn.landed:
            flying.remove(key)
            assert key.recipient not in ride.ended
            ride.ended[key.recipient] = outcome
        ride.brinks.update(key.recipient for key in turn.ready)
        if let_go is not None:
            let_go.update(key.recipient for key in turn.ready)
        carrier.go(turn.ready)


@contextmanager
def carrying(
    *scripts: Script, connections: int = 1, renew_after: int = 500, **account: Any
) -> Iterator[tuple[SmtpCarrier, Ride]]:
    """A carrier to a server that plays the scripts, and the ride that it makes."""
    settings: dict[str, Any] = {"security": "none", "timeout": 5.0, **account}
    with (
        serving(*scripts) as (port, heard),
        SmtpCarrier(
            Account(host="127.0.0.1", port=port, **settings),
            SENDER,
            lambda: NOW,
            connections=connections,
            renew_after=renew_after,
        ) as carrier,
    ):
        yield carrier, Ride(heard)


def ride(
    *scripts: Script,
    mails: Sequence[Mail],
    connections: int = 1,
    last: bool = True,
    renew_after: int = 500,
    **account: Any,
) -> Ride:
    """Carry the mails to a server that plays the scripts, and check what is told against what
    the server has."""
    with carrying(*scripts, connections=connections, renew_after=renew_after, **account) as (
        carrier,
        ridden,
    ):
        drive(carrier, ridden, mails, last=last)
    ridden.check(mails)
    return ridden


def _named(mail: bytes) -> list[str]:
    line = next((line for line in mail.split(b"\r\n") if line.startswith(b"To: ")), b"To: ")
    return [address.strip() for address in line[4:].decode().split(",") if address.strip()]


def _accepted(address: str, mails: Sequence[Mail], outcome: Outcome) -> list[str]:
    mail = next(mail for mail in mails if mail.to[0].spec == address)
    return [one.spec for one in mail.to if one.spec not in outcome.detail.get("refused", {})]
