"""What a run did and what needs a person, in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

from announce.cli.articles import articles_told, show_articles
from announce.cli.screen import Screen
from announce.cli.standing import LISTED, About, People, Reached, run_json
from announce.errors import AnnounceError
from announce.model.delivery import Channel, Delivery, State
from announce.model.wording import channel_name, reason_text, state_name
from announce.tally import Tally
from announce.texts import say


def finish(
    screen: Screen,
    about: About,
    tallies: Mapping[str, Tally],
    standing: Reached,
    took: timedelta,
    error: AnnounceError | None,
) -> int:
    """Report a send and what came of it; the exit code."""
    with suppress(BrokenPipeError):  # whoever reads has gone: the exit code still tells
        show_report(screen, about, tallies, standing, took, error)
    if screen.as_json:
        screen.document(run_json(about, tallies, standing, took, error))
    if error is not None:
        return error.exit_code
    in_part = any(tally.in_part for tally in tallies.values())
    return 1 if standing.attention or in_part else 0


def show_report(
    screen: Screen,
    about: About,
    tallies: Mapping[str, Tally],
    standing: Reached,
    took: timedelta,
    error: AnnounceError | None,
) -> None:
    """The end of a send: this run, where the campaign stands, what needs a person."""
    sent = sum(tally.counts[State.SENT] for tally in tallies.values())
    screen.line(
        say("{sent} sent in {seconds} s.", sent=sent, seconds=f"{took.total_seconds():.1f}")
    )
    if standing.totals:
        screen.line(say("In all:"))
    for channel, counts in standing.totals.items():
        screen.line(_channel_line(about, channel, counts))
    if "wechat" in standing.totals:
        show_articles(screen, articles_told(about.project, about.campaign))
    for reason, number in sorted(standing.skipped.items()):
        screen.line(
            say("  skipped ({reason}): {number}", reason=reason_text(reason), number=number)
        )
    if not sent and error is None and not standing.attention:
        _say_why_nothing(screen, about, standing)
    show_people(screen, standing.attention, about.campaign.id)
    show_in_part(screen, standing.in_part)
    _where_to_look(screen, about, tallies, standing.totals)
    if error is not None:
        screen.note(error.message)
        if error.hint:
            screen.note(f"    {error.hint}")


def _channel_line(about: About, channel: str, counts: Mapping[str, int]) -> str:
    name = channel_name(channel)
    if channel in about.sandboxed:
        name = say("{channel} (sandbox)", channel=name)
    figures = say(", ").join(
        say("{number} {state}", number=number, state=state_name(state))
        for state, number in counts.items()
        if number
    )
    return say("  {channel}: {figures}", channel=name, figures=figures)


def _say_why_nothing(screen: Screen, about: About, standing: Reached) -> None:
    if standing.totals and not standing.states.keys() - {State.SENT, State.WAITING}:
        screen.line(say("Nothing was due: all of these have been served before."))
        if not standing.totals.keys() - about.sandboxed:
            screen.line(say("To rehearse from the start: announce sandbox --reset"))


def show_people(screen: Screen, people: People, campaign: str) -> None:
    """Those that need a person, by name, with the command that goes on."""
    for row in people.rows[:LISTED]:
        screen.line(
            say(
                "  {state}: {key}: {reason}",
                state=state_name(row.state),
                key=named(row),
                reason=reason_text(row.reason) or say("handed over, and no answer is known"),
            )
        )
    if len(people) > LISTED:
        screen.line(
            say(
                "  … and {n} more: announce log {campaign}",
                n=len(people) - LISTED,
                campaign=campaign,
            )
        )
    if people.states[State.SKIPPED]:
        screen.line(
            say(
                "No address of these is left to write to: tell these people another way, give "
                "another address (or an openid), or `announce suppress remove ADDRESS`."
            )
        )
    if people.states[State.FAILED]:
        screen.line(
            say("Failed ones are tried again with --retry-failed, once the cause is mended.")
        )
    if people.states[State.IN_DOUBT]:
        screen.line(
            say(
                "In doubt: look whether it arrived, then "
                "`announce settle {campaign} KEY --sent` or `--not-sent`.",
                campaign=campaign,
            )
        )


def named(row: Delivery) -> str:
    """Whom a delivery is to: the key, and the addresses where they say more."""
    to = ", ".join(row.to)
    return row.key.recipient if to in ("", row.key.recipient) else f"{row.key.recipient} ({to})"


def show_in_part(screen: Screen, people: People) -> None:
    """Messages that some of their addressees did not get: by name, for they were not told."""
    for row in people.rows[:LISTED]:
        place = {"campaign": row.key.campaign, "key": row.key.recipient}
        reason = reason_text(row.reason)
        screen.line(
            say("  sent, not delivered: {campaign} {key}: {reason}", **place, reason=reason)
            if row.key.channel == "notice"
            else say("  sent in part: {campaign} {key}: {reason}", **place, reason=reason)
        )
    if people:
        screen.line(say("Those addresses got nothing: tell these people another way."))


def _where_to_look(
    screen: Screen,
    about: About,
    tallies: Mapping[str, Tally],
    totals: Mapping[Channel, Counter[str]],
) -> None:
    folder = about.project.private / "sandbox"
    sandboxed = about.sandboxed
    if any(totals[channel]["sent"] for channel in totals if channel in sandboxed):
        screen.line(
            say(
                "Look at it: `announce sandbox` opens the inbox and draft box; files in {folder}.",
                folder=_short(folder),
            )
        )
    left = [one for one in tallies if tallies[one].counts[State.SENT] and one not in sandboxed]
    if left:
        screen.line(say("Keep receipts/ in git: it stops another machine from sending again."))


def _short(folder: Path) -> str:
    here = Path.cwd()
    return str(folder.relative_to(here)) if folder.is_relative_to(here) else str(folder)
