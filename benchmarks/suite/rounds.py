"""The peers in turn, round after round (A B C … A B C …), so that a slow minute is everybody's."""

from __future__ import annotations

import shutil
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from suite.measure import Failed, Taken, run
from suite.peers import Ground, Peer
from suite.sinks import OpenSink
from suite.tools import Tools

TIMEOUT = 1800.0  # seconds for one run


@dataclass(frozen=True, kw_only=True)
class Scores:
    """The runs of one peer: so many messages each, and what each took."""

    name: str
    title: str
    messages: int
    runs: list[Taken] = field(default_factory=list)

    def summary(self) -> dict[str, Any]:
        """The figures of the table: messages a second, CPU seconds for 1,000, peak MB."""
        rates = [self.messages / one.seconds for one in self.runs]
        return {
            "name": self.name,
            "title": self.title,
            "messages": self.messages,
            "rounds": len(self.runs),
            "rate": statistics.median(rates),
            "lowest": min(rates),
            "highest": max(rates),
            "cpu": 1000 * statistics.median(one.cpu for one in self.runs) / self.messages,
            "peak": max(one.peak for one in self.runs) / 1e6,
        }


def in_turn(
    tools: Tools,
    peers: Sequence[Peer],
    open_sink: OpenSink,
    *,
    folder: Path,
    messages: int,
    rounds: int,
    size: int,
) -> Iterator[tuple[Peer, Taken | Failed]]:
    """One run after another, as they end."""
    for number in range(rounds):
        for peer in peers:
            place = folder / f"{number}-{peer.name}"
            place.mkdir(parents=True)
            try:
                with open_sink() as sink:
                    ground = Ground(
                        folder=place, port=sink.port, people=peer.share(messages), size=size
                    )
                    taken = once(tools, peer, ground)
                    arrived = sink.mails()
                if arrived != ground.people:
                    raise Failed(f"{arrived} of {ground.people} messages arrived")
                yield peer, taken
            except Failed as failed:
                yield peer, failed
            finally:
                shutil.rmtree(place)


def once(tools: Tools, peer: Peer, ground: Ground) -> Taken:
    """One whole run of one peer. Failed where it did not end well."""
    command = peer.lay(tools, ground)
    return run(command.words, folder=command.folder, env=command.env, timeout=TIMEOUT)
