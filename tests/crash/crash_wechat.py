"""One run of each campaign, in a process that may be killed: `crash_wechat.py CLOCK CAMPAIGN…`.

Nobody waits: a sleep moves the clock that the platform shares, in the file CLOCK (seconds that it
is ahead of this machine's).
"""

from __future__ import annotations

import os
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

CLOCK = Path(sys.argv[1])
_real = time.monotonic


def ahead() -> float:
    """How far the shared clock is ahead."""
    try:
        return float(CLOCK.read_text("ascii") or 0)
    except FileNotFoundError:  # it is being replaced
        return ahead()


def wait(seconds: float) -> None:
    """Move the clock."""
    new = CLOCK.with_suffix(f".{os.getpid()}")
    new.write_text(str(ahead() + seconds), "ascii")
    new.replace(CLOCK)


def now() -> datetime:
    """The shared time."""
    return datetime.now(UTC) + timedelta(seconds=ahead())


# Before anything else is imported: defaults of parameters are taken then.
time.sleep = wait
time.monotonic = lambda: _real() + ahead()

from announce.dispatch import Options, Send, dispatch  # noqa: E402
from announce.errors import AnnounceError  # noqa: E402
from announce.gathering import open_campaign  # noqa: E402
from announce.model.delivery import Delivery, Outcome  # noqa: E402
from announce.preparing import prepare_opened  # noqa: E402
from announce.tally import Tally  # noqa: E402
from announce.texts import speak  # noqa: E402


class Nobody:
    """Watches nothing."""

    def delivered(self, delivery: Delivery, outcome: Outcome) -> None:
        """One more."""

    def paused(self, reason: str, seconds: float) -> None:
        """It stands still."""


def send(campaign: str) -> None:
    """Send what is due, failed ones too."""
    prepared = prepare_opened(open_campaign(None, campaign), now())
    tallies: dict[str, Tally] = {}
    job = Send(
        prepared=prepared,
        options=Options(retry_failed=True),
        now=now,
        watcher=Nobody(),
        stop=threading.Event(),
        gate=lambda: None,
    )
    try:
        dispatch(job, tallies)
    except AnnounceError as error:  # the account is out of reach: the next run goes on
        print(campaign, error, error.hint, file=sys.stderr)
    for channel, tally in tallies.items():
        print(campaign, channel, tally, file=sys.stderr)


speak("en")
for one in sys.argv[2:]:
    send(one)
