"""Progress while sending: a bar on a terminal, silence elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from announce.cli.screen import Screen
from announce.model.delivery import Delivery, Outcome, State
from announce.tally import Watcher
from announce.texts import say

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID


REDRAW = 0.1  # seconds between two drawings of the bar


class Quiet:
    """For cron and pipes: only a pause is worth a line."""

    def delivered(self, delivery: Delivery, outcome: Outcome) -> None:
        """Nothing: the report names what needs a person."""

    def paused(self, reason: str, seconds: float) -> None:
        """A run that stands still says why."""
        if seconds >= 5:
            with suppress(BrokenPipeError):
                print(_pause_text(reason, seconds), file=sys.stderr, flush=True)


class Bar:
    """For a person: a bar, and a line for each failure as it happens."""

    def __init__(self, progress: Progress, task: TaskID) -> None:
        self._progress, self._task = progress, task
        self._drawn = 0.0

    def delivered(self, delivery: Delivery, outcome: Outcome) -> None:
        """One step on; a failure or doubt stays on the screen."""
        self._advance()
        if outcome.state in (State.FAILED, State.IN_DOUBT):
            self._progress.console.print(
                f"{delivery.key.recipient}: {outcome.reason}", markup=False, highlight=False
            )

    def paused(self, reason: str, seconds: float) -> None:
        """Say why the bar stands still."""
        if seconds >= 1:
            self._progress.console.print(_pause_text(reason, seconds), markup=False)

    def _advance(self) -> None:
        """Drawn here and not by a thread of its own, which would take time from the sending."""
        self._progress.advance(self._task)
        if time.monotonic() - self._drawn > REDRAW:
            self._drawn = time.monotonic()
            self._progress.refresh()


@contextmanager
def watcher(screen: Screen, total: int) -> Iterator[Watcher]:
    """Who watches a run of `total` messages."""
    if not screen.is_terminal or not total:
        yield Quiet()
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, auto_refresh=False) as progress:
        yield Bar(progress, progress.add_task(say("Sending"), total=total))


def _pause_text(reason: str, seconds: float) -> str:
    return say("Waiting {seconds} s: {reason}", seconds=f"{seconds:.0f}", reason=reason)
