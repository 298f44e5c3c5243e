"""A rollout: a campaign sent in steps, with a question or a wait between them."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import click

from announce.cli.screen import Screen
from announce.dispatch import Send
from announce.errors import AnnounceError, StoppedError
from announce.model.delivery import State
from announce.staging import Stage, stages
from announce.tally import Tally
from announce.texts import say

Tallies = dict[str, Tally]
_LOOK = 0.2  # seconds between two looks whether a wait was stopped
_BAD = (State.FAILED, State.IN_DOUBT)


def in_steps(
    screen: Screen,
    job: Send,
    tallies: Tallies,
    run: Callable[[Send, Tallies], AnnounceError | None],
) -> AnnounceError | None:
    """Send what is due a step at a time; what ended it, if it did not go to its end.

    A step with a failure or a doubt is the last one of this call. A rehearsal does not wait.
    """
    steps = stages(job.prepared)
    due = [(number, step) for number, step in enumerate(steps, 1) if step.due]
    for place, (number, step) in enumerate(due):
        if place and (refused := _between(screen, job, step)):
            return refused
        screen.note(
            say(
                "Step {number} of {all} ({name}): {n} messages",
                number=number,
                all=len(steps),
                name=step.name,
                n=step.due,
            )
        )
        mine: Tallies = {}
        error = run(replace(job, options=replace(job.options, only=step.keys)), mine)
        _add(tallies, mine)
        if error is not None or job.stop.is_set():
            return error
        if place + 1 < len(due) and (bad := sum(_bad(one) for one in mine.values())):
            return StoppedError(
                say("the rollout ends here: {n} of this step failed or are in doubt", n=bad),
                hint=say("look at them; the rest is planned: run the same command again"),
            )
    return None


def _between(screen: Screen, job: Send, step: Stage) -> StoppedError | None:
    """Ask or wait before a step; an error where it is not to be sent now."""
    rollout = job.prepared.gathered.campaign.rollout_plan
    assert rollout is not None
    if not set(job.prepared.channels) - job.prepared.plan.sandboxed:
        return None
    if isinstance(rollout.between, timedelta):
        _wait(screen, job, rollout.between)
        return None
    question = say("Go on with the next step ({name}, {n} messages)?", name=step.name, n=step.due)
    if screen.is_terminal and click.confirm(question, default=False, err=True):
        return None
    return StoppedError(
        say("the rollout pauses before the step {name} ({n} messages)", name=step.name, n=step.due),
        hint=say("look at what arrived; the same command goes on"),
    )


def _wait(screen: Screen, job: Send, length: timedelta) -> None:
    until = time.monotonic() + length.total_seconds()
    at = (job.now() + length).astimezone()
    screen.note(say("The next step begins at {time}.", time=f"{at:%H:%M:%S}"))
    while time.monotonic() < until and not job.stop.is_set():
        time.sleep(min(_LOOK, max(0.0, until - time.monotonic())))


def _add(tallies: Tallies, more: Tallies) -> None:
    for channel, one in more.items():
        whole = tallies.setdefault(channel, Tally())
        whole.counts.update(one.counts)
        whole.in_part += one.in_part
        whole.stopped, whole.mend, whole.error = one.stopped, one.mend, one.error


def _bad(tally: Tally) -> int:
    return sum(tally.counts[state] for state in _BAD)
