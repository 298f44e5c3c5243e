"""What a run did on a channel, who watches it, and with which error a whole send ends."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from announce.errors import AnnounceError, StoppedError
from announce.model.delivery import Delivery, Outcome, State
from announce.texts import say


class Stop(Protocol):
    """Whether a run is to finish what is in flight and end; a `threading.Event` is one."""

    def is_set(self) -> bool: ...


class Watcher(Protocol):
    """Who wants to see how a run goes on."""

    def delivered(self, delivery: Delivery, outcome: Outcome) -> None: ...

    def paused(self, reason: str, seconds: float) -> None: ...


@dataclass(slots=True, kw_only=True)
class Tally:
    """What one run did on a channel.

    `stopped` says why it ended early, "" when it did not, and `mend` what to do before the next
    run, where there is something; `in_part` counts the messages sent that some of their addresses
    were refused for.
    """

    counts: Counter[State] = field(default_factory=Counter)
    in_part: int = 0
    stopped: str = ""
    mend: str = ""
    error: AnnounceError | None = None


def end_of(tallies: Mapping[str, Tally]) -> AnnounceError | None:
    """The error with which a run over several channels ends; None when it went to its end."""
    for tally in tallies.values():
        if tally.error is not None:
            return tally.error
    for tally in tallies.values():
        if tally.stopped:
            return StoppedError(
                say("stopped: {reason}", reason=tally.stopped),
                hint=tally.mend or say("the rest is planned: run the same command again"),
            )
    return None
