"""`announce send`: the main job."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from difflib import get_close_matches
from typing import Any

import click

from announce.cli.common import banner, campaign_argument, now, prepare, with_refusals
from announce.cli.plan import plan_json, show_classes, show_plan
from announce.cli.progress import watcher
from announce.cli.report import Reached, counts_json, row_json, show_report
from announce.cli.screen import Screen, error_json, problem_json
from announce.dispatch import Options, Send, dispatch
from announce.errors import AnnounceError, GateError, InputError
from announce.gates import check_gates
from announce.model.delivery import CHANNELS, Channel, State
from announce.model.plan import Plan
from announce.outlets import open_ledger_of
from announce.preparing import Prepared
from announce.tally import Tally, end_of
from announce.texts import say, say_n

BEFORE_ASKING = 5  # deliveries listed before the question, so that the counts stay in sight


@click.command(
    "send",
    help=say(
        "Send a campaign. Everything is composed and checked before the first message leaves; "
        "what was sent before is not sent again."
    ),
)
@campaign_argument
@click.option("--dry-run", is_flag=True, help=say("Show the plan and stop."))
@click.option("--yes", is_flag=True, help=say("Do not ask. Needed where there is no terminal."))
@click.option(
    "--to-self",
    metavar="ADDRESS",
    help=say("Send marked samples, one of each shape and language, to this address only."),
)
@click.option("--only", multiple=True, metavar="KEY", help=say("Only this recipient; repeatable."))
@click.option("--limit", type=click.IntRange(min=1), help=say("At most so many messages now."))
@click.option("--channel", type=click.Choice(CHANNELS), help=say("Only this channel."))
@click.option("--retry-failed", is_flag=True, help=say("Try again what was refused before."))
@click.option(
    "--changed",
    is_flag=True,
    help=say("Go on although the content changed after the first messages left."),
)
@click.pass_obj
def command(
    screen: Screen,
    campaign: str,
    dry_run: bool,
    yes: bool,
    to_self: str | None,
    only: tuple[str, ...],
    limit: int | None,
    channel: Channel | None,
    retry_failed: bool,
    changed: bool,
) -> int:
    """Send a campaign."""
    started = time.monotonic()
    prepared = prepare(screen, campaign)
    options = Options(
        only=_known_keys(prepared.plan, only),
        limit=limit,
        channel=_present(prepared, channel),
        retry_failed=retry_failed,
        changed=changed,
    )
    if dry_run:
        prepared = with_refusals(prepared, options)
    banner(screen, prepared, options.channel)
    screen.problems(prepared.plan.problems)
    if dry_run:
        lines = tuple(line for line in prepared.plan.lines if options.wants(line))
        if limit is not None:
            lines = tuple(options.due(prepared.plan))
        return _dry(screen, replace(prepared.plan, lines=lines))
    if to_self:
        return _samples(screen, prepared, options, to_self)
    for refusal in check_gates(prepared, options):
        screen.note(refusal)
    _confirm(screen, prepared, options, yes=yes)
    due = options.due(prepared.plan)
    tallies: dict[str, Tally] = {}
    error: AnnounceError | None = None
    with _interruptible() as stop, watcher(screen, len(due)) as watch:
        try:
            job = Send(
                prepared=prepared,
                options=options,
                now=now,
                watcher=watch,
                stop=stop,
                gate=lambda: check_gates(prepared, options),
            )
            dispatch(job, tallies)
            error = end_of(tallies)
        except AnnounceError as raised:
            if isinstance(raised, GateError) and not any(one.counts for one in tallies.values()):
                raise  # before anything left: there is nothing to report but the refusal
            error = raised
    seconds = time.monotonic() - started
    code = _finish(screen, prepared, options, tallies, timedelta(seconds=seconds), error)
    return 130 if stop.is_set() else code


def _known_keys(plan: Plan, keys: tuple[str, ...]) -> frozenset[str] | None:
    """The keys asked for, whatever their case. InputError where the plan has no such key: a typo
    must not pass for nothing to do."""
    known = {
        line.delivery.key.recipient.casefold(): line.delivery.key.recipient for line in plan.lines
    }
    for key in keys:
        if key.casefold() not in known:
            near = get_close_matches(key.casefold(), known, n=2, cutoff=0.8)
            raise InputError(
                say('the plan has no key "{key}"', key=key),
                hint=say(
                    "did you mean {names}?", names=say(" or ").join(known[one] for one in near)
                )
                if near
                else say("`announce plan CAMPAIGN --all` lists the keys"),
            )
    return frozenset(known[key.casefold()] for key in keys) or None


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
    due = options.due(plan)
    real = [line for line in due if line.delivery.key.channel not in plan.sandboxed]
    if not real or yes:
        return
    if not screen.is_terminal:
        raise GateError(
            say("not confirmed: nobody is here to be asked"),
            hint=say("look at `announce plan` first, then add --yes"),
        )
    show_plan(screen, plan, shown=BEFORE_ASKING)
    show_classes(screen, prepared)
    banner(screen, prepared, options.channel)
    people = sum(len(line.delivery.to) for line in real if line.delivery.key.channel == "email")
    question = say_n(
        "Send {n} message ({people} addresses) from {sender} now, for real?",
        "Send {n} messages ({people} addresses) from {sender} now, for real?",
        len(real),
        people=people,
        sender=prepared.gathered.project.settings.sender.address,
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


def _finish(
    screen: Screen,
    prepared: Prepared,
    options: Options,
    tallies: dict[str, Tally],
    took: timedelta,
    error: AnnounceError | None,
) -> int:
    standing = _standing(prepared, options)
    with suppress(BrokenPipeError):  # whoever reads has gone: the exit code still tells
        show_report(screen, prepared, tallies, standing, took, error)
    if screen.as_json:
        screen.document(_document(prepared.plan, tallies, standing, took, error))
    if error is not None:
        return error.exit_code
    in_part = any(tally.in_part for tally in tallies.values())
    return 1 if standing.attention or in_part else 0


def _standing(prepared: Prepared, options: Options) -> Reached:
    plan, rows = prepared.plan, []
    for channel in prepared.channels:
        if options.channel in (None, channel):
            with closing(open_ledger_of(prepared.gathered.project, channel)) as ledger:
                found = ledger.deliveries(plan.campaign, plan.occurrence)
                rows += [row for row in found if row.key.channel == channel]
    return Reached(rows=rows)


def _document(
    plan: Plan,
    tallies: dict[str, Tally],
    standing: Reached,
    took: timedelta,
    error: AnnounceError | None,
) -> dict[str, Any]:
    run: Counter[str] = Counter()
    for tally in tallies.values():
        run.update({state.value: n for state, n in tally.counts.items()})
    run["skipped"] = sum(row.state is State.SKIPPED for row in standing.rows)
    figures = {name: run[name] for name in ("sent", "failed", "in_doubt", "waiting", "skipped")}
    document: dict[str, Any] = {
        "campaigns": [counts_json(plan, standing.totals)],
        "run": {**figures, "seconds": round(took.total_seconds(), 3)},
        "attention": [row_json(row) for row in (*standing.attention, *standing.in_part)],
        "problems": [problem_json(problem) for problem in plan.problems],
    }
    if error is not None:
        document["error"] = error_json(error)
    return document
