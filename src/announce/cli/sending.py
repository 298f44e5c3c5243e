"""What `announce send` does once it has to look: plan, gates, the question, the run, its report."""

from __future__ import annotations

import gc
import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from difflib import get_close_matches
from functools import partial
from typing import Any

import click

from announce import finished
from announce.choosing import Choice, begin, conclude, due_now
from announce.cli.common import banner, now, prepare_opened, with_refusals
from announce.cli.plan import plan_json, show_classes, show_forecast, show_plan
from announce.cli.progress import Quiet, watcher
from announce.cli.report import finish
from announce.cli.rollout import in_steps
from announce.cli.screen import Screen
from announce.cli.send import Asked
from announce.cli.standing import About
from announce.dispatch import Options, Send, dispatch
from announce.errors import AnnounceError, GateError, InputError, StoppedError
from announce.gates import check_gates
from announce.gathering import Opened
from announce.halting import Halt
from announce.model.delivery import Channel, State
from announce.model.plan import Chosen, Lines, Plan
from announce.outlets import is_sandboxed, open_ledger_of
from announce.preparing import Prepared
from announce.staging import first
from announce.tally import Stop, Tally, end_of
from announce.texts import say, say_n

BEFORE_ASKING = 5  # deliveries listed before the question, so that the counts stay in sight


def send(
    screen: Screen,
    opened: Opened,
    asked: Asked,
    inputs: str | None,
    chosen: Choice | None = None,
) -> int:
    """Prepare and send, show or rehearse what was asked for; the exit code.

    `inputs` is the fingerprint of what the campaign was made from before it was read, where a
    send to its end is to be remembered; `chosen` is which occurrence of a schedule it is.
    """
    # For a few chosen ones it is quicker to make theirs again than to keep everybody's.
    few = asked.only or asked.limit or asked.first or asked.channel == "wechat"
    keep = not (asked.dry_run or asked.to_self or few)
    return send_prepared(screen, prepare_opened(opened, to_send=keep), asked, inputs, chosen)


def send_prepared(
    screen: Screen,
    prepared: Prepared,
    asked: Asked,
    inputs: str | None,
    chosen: Choice | None = None,
) -> int:
    """The same for a campaign that is made ready."""
    project, campaign = prepared.gathered.project, prepared.gathered.campaign
    options = Options(
        only=_chosen(prepared, asked, chosen),
        limit=asked.limit,
        channel=_present(prepared, asked.channel),
        retry_failed=asked.retry_failed,
        changed=asked.changed,
        edits=asked.edits,
    )
    if asked.dry_run:
        prepared = with_refusals(prepared, options)
    banner(screen, project, campaign, options.channel, sends=not asked.dry_run)
    screen.problems(prepared.plan.problems)
    if asked.dry_run:
        return _dry(screen, replace(prepared.plan, lines=_wanted(prepared.plan, options)))
    if asked.to_self:
        return _samples(screen, prepared, options, asked.to_self)
    refused = check_gates(prepared, options)
    for refusal in refused:
        screen.note(refusal)
    _confirm(screen, prepared, options, yes=asked.yes)
    is_whole = not (asked.only or asked.limit or asked.first or asked.retry_failed)
    if chosen:
        begin(chosen, now(), whole=is_whole and not asked.channel)
    finished.forget(project, campaign)
    due = len(options.due(prepared.plan))
    for note in () if due else prepared.plan.notes:  # why, perhaps
        screen.note(note)
    tallies: dict[str, Tally] = {}
    with _interruptible() as stop, _halting(prepared, stop) as halt:
        job = Send(
            prepared=prepared,
            options=options,
            now=now,
            watcher=Quiet(),
            stop=halt,
            gate=lambda: check_gates(prepared, options),
        )
        run = partial(_run, screen)
        if campaign.rollout and is_whole:
            error = in_steps(screen, job, tallies, run)
        else:
            error = run(job, tallies)
    if halt.asked:
        error = _stopped(tallies)
    # What was chosen by hand leaves the rest to the schedule.
    if chosen and is_whole and error is None and not (asked.channel or stop.is_set()):
        conclude(chosen, now(), by_hand=bool(asked.occurrence))
    about = About(project=project, campaign=campaign, problems=prepared.plan.problems)
    standing = about.reached(options.channel, all_named=screen.as_json)
    # Not where a file was edited while it was sent, nor where a gate has something to tell.
    if inputs and not (refused or error) and inputs == finished.fingerprint(project, campaign):
        finished.keep(project, campaign, inputs, prepared.lasting)
    took = timedelta(seconds=time.monotonic() - asked.started)
    code = finish(screen, about, tallies, standing, took, error)
    return 130 if stop.is_set() else code


@contextmanager
def _halting(prepared: Prepared, stop: Stop) -> Iterator[Halt]:
    """What also hears of `announce stop`, for as long as the block lasts."""
    project = prepared.gathered.project
    with ExitStack() as stack:
        ledgers = []
        for one in {is_sandboxed(project, one): one for one in prepared.channels}.values():
            ledgers.append(open_ledger_of(project, one, create=True))
            stack.callback(ledgers[-1].close)
        yield Halt(stop, ledgers, prepared.plan.campaign)


def _stopped(tallies: dict[str, Tally]) -> AnnounceError:
    sent = sum(one.counts[State.SENT] for one in tallies.values())
    return StoppedError(
        say("stopped by `announce stop`, after {n} messages of this run", n=sent),
        hint=say("the rest is planned: run the same command again to go on"),
    )


def _run(screen: Screen, job: Send, tallies: dict[str, Tally]) -> AnnounceError | None:
    """Deliver what is due; what ended it, if it did not go to its end."""
    # What is there now stays to the end: the collector need not look it through again and again.
    gc.freeze()
    try:
        with watcher(screen, len(job.options.due(job.prepared.plan))) as watch:
            dispatch(replace(job, watcher=watch), tallies)
        return end_of(tallies)
    except AnnounceError as raised:
        if isinstance(raised, GateError) and not any(one.counts for one in tallies.values()):
            raise  # before anything left: there is nothing to report but the refusal
        return raised


def _wanted(plan: Plan, options: Options) -> Lines:
    """The lines that a dry run shows: all that are chosen, or with --limit those due of them."""
    if options.limit is not None:
        return options.due(plan)
    if options.only is None and options.channel is None:
        return plan.lines
    return Chosen(plan.lines, (at for at, line in enumerate(plan.lines) if options.wants(line)))


def _chosen(prepared: Prepared, asked: Asked, chosen: Choice | None) -> frozenset[str] | None:
    """The recipients to whom this call is restricted, if it is."""
    if chosen and not (asked.only or asked.first or asked.occurrence):
        return due_now(chosen, prepared.gathered.audience.recipients)
    if asked.first is None:
        return _known_keys(prepared.plan, asked.only)
    if asked.only:
        raise InputError(
            say("--first and --only exclude each other"),
            hint=say("--only KEY names them; --first N takes one of each kind first"),
        )
    return first(prepared, asked.first)


def _known_keys(plan: Plan, keys: tuple[str, ...]) -> frozenset[str] | None:
    """The keys asked for, whatever their case. InputError where the plan has no such key: a typo
    must not pass for nothing to do."""
    if not keys:
        return None
    found: dict[str, str] = {}
    asked = {key.casefold() for key in keys}
    for known in _all_keys(plan):
        if known.casefold() in asked:
            found[known.casefold()] = known
    for key in keys:
        if key.casefold() not in found:
            raise _unknown_key(plan, key)
    return frozenset(found.values())


def _all_keys(plan: Plan) -> Iterator[str]:
    return (line.delivery.key.recipient for line in plan.lines)


def _unknown_key(plan: Plan, key: str) -> InputError:
    known = {one.casefold(): one for one in _all_keys(plan)}
    near = get_close_matches(key.casefold(), known, n=2, cutoff=0.8)
    return InputError(
        say('the plan has no key "{key}"', key=key),
        hint=say("did you mean {names}?", names=say(" or ").join(known[one] for one in near))
        if near
        else say("`announce plan CAMPAIGN --all` lists the keys"),
    )


def _present(prepared: Prepared, channel: Channel | None) -> Channel | None:
    if channel is not None and channel not in prepared.channels:
        raise InputError(
            say("this campaign has no {channel} channel", channel=channel),
            hint=say("leave out --channel, or add {channel} to the campaign", channel=channel),
        )
    return channel


def _dry(screen: Screen, plan: Plan) -> int:
    if screen.as_json:
        screen.document(plan_json(plan))
    else:
        show_plan(screen, plan)
        screen.line(say("Dry run: nothing was sent."))
    return 0


def _samples(screen: Screen, prepared: Prepared, options: Options, address: str) -> int:
    from announce.samples import send_samples

    sent = send_samples(prepared, options, address, now)
    screen.line(
        say_n(
            "{n} marked sample was sent to {address}; the ledger is as before.",
            "{n} marked samples were sent to {address}; the ledger is as before.",
            sent,
            address=address,
        )
    )
    if screen.as_json:
        screen.document({"campaign": prepared.plan.campaign, "samples": sent, "to": address})
    return 0


def _confirm(screen: Screen, prepared: Prepared, options: Options, *, yes: bool) -> None:
    """Ask on a terminal before anything real leaves; elsewhere `--yes` must have been given."""
    plan = prepared.plan
    if yes or not set(prepared.channels) - plan.sandboxed:
        return
    due = options.due(plan)
    real = people = 0
    for line in due:
        if line.delivery.key.channel not in plan.sandboxed:
            real += 1
            people += len(line.delivery.to) if line.delivery.key.channel == "email" else 0
    if not real:
        return
    if not screen.is_terminal:
        raise GateError(
            say("not confirmed: nobody is here to be asked"),
            hint=say("look at `announce plan` first, then add --yes"),
        )
    show_plan(screen, plan, shown=BEFORE_ASKING)
    show_classes(screen, prepared)
    show_forecast(screen, prepared, due)
    gathered = prepared.gathered
    banner(screen, gathered.project, gathered.campaign, options.channel)
    question = say_n(
        "Send {n} message ({people} addresses) from {sender} now, for real?",
        "Send {n} messages ({people} addresses) from {sender} now, for real?",
        real,
        people=people,
        sender=gathered.project.settings.sender.address,
    )
    if not click.confirm(question, default=False, err=True):
        raise GateError(say("not confirmed; nothing was sent"))


@contextmanager
def _interruptible() -> Iterator[threading.Event]:
    """Ctrl-C once finishes what is in flight; a second time it stops at once.

    So do the signals with which a shutdown, `timeout` or a closing terminal asks to end.
    """
    stop = threading.Event()
    told = say("Stopping after what is in flight; Ctrl-C again stops at once.")

    def interrupted(_signal: int, _frame: Any) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()
        # Straight to the file: a handler may come in the middle of somebody's print.
        with suppress(OSError):
            os.write(2, f"\n{told}\n".encode())

    asking = [
        signal.SIGINT,
        signal.SIGTERM,
        *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else []),
    ]
    before = {one: signal.signal(one, interrupted) for one in asking}
    try:
        yield stop
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
