"""What the ledger's tests share: a ledger to open, invented deliveries, a fixed clock."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from announce.ledger.base import Ledger, Run
from announce.ledger.machine import Machine
from announce.model.delivery import Channel, Delivery, DeliveryKey, Outcome, State

NOW = datetime(2025, 1, 6, 12, 0, tzinfo=UTC)
CAMPAIGN = "cfp"
OCCURRENCE = "once"
SENT = Outcome(state=State.SENT, detail={"code": 250, "text": "2.0.0 queued"})
WORDS = {"templates/en/cfp.md.j2": "0a1b"}

HERE = Machine.this()
ANOTHER_BOOT = replace(HERE, boot="another boot")
ANOTHER_HOST = replace(HERE, host="other.example.org")
ANOTHER_CONTAINER = replace(HERE, space="pid:[4026539999]")
# No process has this start: the holder is gone, whoever has its pid now.
GONE = replace(HERE, started="before")


class LedgerCase:
    """Tests of any ledger: a subclass says how to open the one of a folder."""

    def open(self, root: Path, machine: Machine = HERE) -> Ledger:
        """The ledger of this folder, made if need be, as seen from a machine."""
        raise NotImplementedError

    @pytest.fixture
    def ledger(self, tmp_path: Path) -> Iterator[Ledger]:
        """A new ledger."""
        opened = self.open(tmp_path)
        yield opened
        opened.close()


def later(seconds: float) -> datetime:
    """The clock, so many seconds on."""
    return NOW + timedelta(seconds=seconds)


def key(
    name: str,
    *,
    campaign: str = CAMPAIGN,
    occurrence: str = OCCURRENCE,
    channel: Channel = "email",
) -> DeliveryKey:
    """The key of somebody's delivery."""
    return DeliveryKey(campaign, occurrence, channel, name)


def line(
    name: str,
    *,
    to: tuple[str, ...] | None = None,
    state: State = State.PLANNED,
    reason: str = "",
    channel: Channel = "email",
    campaign: str = CAMPAIGN,
    occurrence: str = OCCURRENCE,
    subject: str = "征稿",
    position: int = 0,
) -> Delivery:
    """A line of a plan: by default to the address that the name makes."""
    return Delivery(
        key=key(name, campaign=campaign, occurrence=occurrence, channel=channel),
        language="zh",
        to=(f"{name}@example.org",) if to is None else to,
        state=state,
        reason=reason,
        subject=subject,
        digest="d1",
        position=position,
    )


def lines(*names: str, campaign: str = CAMPAIGN) -> list[Delivery]:
    """A plan of these people."""
    return [line(name, campaign=campaign, position=n) for n, name in enumerate(names)]


def begun(ledger: Ledger, *names: str, campaign: str = CAMPAIGN) -> Run:
    """A run with a plan of these people laid."""
    run = ledger.begin(campaign, OCCURRENCE, NOW)
    run.lay(lines(*names, campaign=campaign), WORDS, NOW)
    return run


def deliver(run: Run, claimed: Iterable[Delivery], outcome: Outcome = SENT) -> None:
    """Hand over and record each."""
    for one in claimed:
        run.handed_over(one.key, NOW, account="smtp.example.org")
        run.record(one.key, outcome, NOW)


def states(ledger: Ledger, campaign: str = CAMPAIGN) -> dict[str, str]:
    """Each delivery's state, with the reason where there is one."""
    return {
        one.key.recipient: f"{one.state}({one.reason})" if one.reason else str(one.state)
        for one in ledger.deliveries(campaign)
    }


def names(deliveries: Iterable[Delivery]) -> list[str]:
    """Whose deliveries these are, in order."""
    return [one.key.recipient for one in deliveries]


def happened(ledger: Ledger, name: str) -> list[str]:
    """The names of what happened to somebody's delivery."""
    return [event.event for event in ledger.events(key(name))]
