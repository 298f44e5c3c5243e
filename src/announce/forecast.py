"""When the last mail of a plan goes, within the account's limits."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from announce.channels.email.account import AccountLimits, limits_of
from announce.ledger.base import Ledger
from announce.model.campaign import Campaign, channels_of
from announce.model.delivery import State
from announce.model.plan import Planned
from announce.model.project import Counted, Project
from announce.outlets import account_id, open_ledger_of
from announce.pace import DAY, MINUTE, SHORTLY, TICK, whole_minute
from announce.texts import say, say_n, spoken

_DUE = frozenset({State.PLANNED, State.SENDING})


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """The last of `mails` (to so many `addresses`) goes at `done`.

    `again` is when a run that stops because the day is full can go on for the first time; None
    where none stops. `limits` are those of the account, `narrow` the windows that made it wait.
    """

    mails: int
    addresses: int
    begins: datetime
    done: datetime
    again: datetime | None
    limits: AccountLimits
    narrow: frozenset[timedelta]

    @property
    def takes(self) -> timedelta:
        """From the first mail to the last."""
        return self.done - self.begins

    @property
    def is_slow(self) -> bool:
        """Whether the limits make anybody wait for more than a moment."""
        return self.takes > MINUTE


def forecast(project: Project, lines: Iterable[Planned], now: datetime) -> Forecast | None:
    """The forecast for the mails due among these lines, were the send begun now and run again
    whenever it stopped and there was room; None where no mail is due, for the sandbox, and for
    an account without limits.

    What the ledger shows as used is counted. What others send from the same account, how long
    the wire takes, and what the server puts off is not known here.
    """
    settings = project.settings.email
    if settings.smtp is None:
        return None
    limits = limits_of(settings)
    if limits.per_minute is None and limits.per_day is None:
        return None
    due = (
        len(line.delivery.to)
        for line in lines
        if line.delivery.key.channel == "email" and line.delivery.state in _DUE
    )
    with closing(open_ledger_of(project, "email")) as ledger:
        told = foreseen(due, limits, ledger, account_id(settings.smtp), now)
    return told if told.mails else None


def full_until(
    project: Project, campaign: Campaign, occurrence: str, now: datetime
) -> datetime | None:
    """Until when a send that was begun can do nothing but wait, for its account has written to as
    many as it may within a day; None where there is room, or something else to do."""
    settings = project.settings.email
    if settings.smtp is None or "email" not in channels_of(campaign):
        return None
    with closing(open_ledger_of(project, "email")) as ledger:
        for channel in channels_of(campaign):
            totals = ledger.totals(campaign.id, occurrence, channel)
            if channel != "email" and totals.keys() & _DUE:
                return None
        rows = ledger.deliveries(campaign.id, occurrence, states=_DUE)
        smallest = min((len(one.to) for one in rows), default=None)
        if smallest is None:
            return None
        account = account_id(settings.smtp)
        return foreseen([smallest], limits_of(settings), ledger, account, now).again


def foreseen(
    due: Iterable[int], limits: AccountLimits, ledger: Ledger, account: str, now: datetime
) -> Forecast:
    """The forecast for messages to so many recipients each: what `Pace` would do, in bursts."""
    course = _Course(
        now,
        _window(MINUTE, limits.per_minute, limits.minute_counts, ledger, account, now),
        _window(DAY, limits.per_day, limits.day_counts, ledger, account, now),
    )
    alike = [(recipients, sum(1 for _ in group)) for recipients, group in groupby(due)]
    for recipients, count in alike:
        course.send(recipients, count)
    return Forecast(
        mails=sum(count for _, count in alike),
        addresses=sum(recipients * count for recipients, count in alike),
        begins=now,
        done=course.last,
        again=course.again,
        limits=limits,
        narrow=frozenset(course.narrow),
    )


def in_words(told: Forecast, zone: ZoneInfo) -> str:
    """`612 mails, 500 addresses a day: done tomorrow 09:40 (Monday, 12 May, Europe/Berlin)`, with
    what is to be done where the day's limit ends a run."""
    here = told.begins.astimezone(zone)
    words = {
        "mails": _mails(told),
        "pace": say(", ").join(_figure(told.limits, span) for span in sorted(told.narrow)),
        "when": _when(told.done, here),
    }
    if told.again is None:
        return say("{mails}, {pace}: done {when}.", **words)
    return say(
        "{mails}, {pace}: done {when}, in several runs: each stops when the day is full; "
        "run it again from {again} on.",
        again=_when(told.again, here),
        **words,
    )


def _mails(told: Forecast) -> str:
    mails = say_n("{n} mail", "{n} mails", told.mails)
    if told.addresses == told.mails:
        return mails
    return say("{mails} to {addresses} addresses", mails=mails, addresses=told.addresses)


def _figure(limits: AccountLimits, span: timedelta) -> str:
    if span == MINUTE:
        if limits.minute_counts == "messages":
            return say("{n} mails a minute", n=limits.per_minute)
        return say("{n} addresses a minute", n=limits.per_minute)
    if limits.day_counts == "messages":
        return say("{n} mails a day", n=limits.per_day)
    return say("{n} addresses a day", n=limits.per_day)


def _when(moment: datetime, here: datetime) -> str:
    """A moment in the zone of `here`, which is now: never told too early."""
    from announce.rendering.dates import in_words as day_in_words

    local = whole_minute(moment).astimezone(here.tzinfo)
    day, language = local.date(), spoken()
    style = "day+weekday" if day.year == here.year else "full"
    words = {
        "time": f"{local:%H:%M}",
        "day": day_in_words(day, style, language),
        "zone": here.tzinfo,
    }
    match (day - here.date()).days:
        case 0:
            return say("today {time} ({day}, {zone})", **words)
        case 1:
            return say("tomorrow {time} ({day}, {zone})", **words)
        case _:
            return say("{day}, {time} ({zone})", **words)


@dataclass(slots=True)
class _Window:
    """A window and what is in it: (moment, units), oldest first."""

    span: timedelta
    limit: int
    counts: Counted
    held: deque[tuple[datetime, int]] = field(default_factory=deque)
    used: int = 0

    def units(self, recipients: int) -> int:
        return 1 if self.counts == "messages" else recipients

    def add(self, at: datetime, units: int) -> None:
        self.held.append((at, units))
        self.used += units

    def room(self, now: datetime, units: int) -> int:
        """How many messages of so many units may go now."""
        while self.held and self.held[0][0] <= now - self.span:
            self.used -= self.held.popleft()[1]
        return (self.limit - self.used) // units


class _Course:
    """How a run and those after it go on."""

    def __init__(self, now: datetime, minute: _Window | None, day: _Window | None) -> None:
        self._now, self._minute, self._day = now, minute, day
        self.last = now
        self.again: datetime | None = None
        self.narrow: set[timedelta] = set()

    def send(self, recipients: int, count: int) -> None:
        """So many messages to so many recipients each; such as no day has room for fail."""
        day = self._day
        if day is not None and day.units(recipients) > day.limit:
            return
        while count:
            count -= self._burst(recipients, count)

    def _burst(self, recipients: int, count: int) -> int:
        """As many as may go now, at most `count`; where none may, only time goes by."""
        minute, day = self._minute, self._day
        if day is not None:
            count = min(count, day.room(self._now, day.units(recipients)))
            if count <= 0:
                self._wait_for_the_day(day, day.units(recipients))
                return 0
        if minute is not None:
            room = minute.room(self._now, minute.units(recipients))
            count = min(count, room if minute.held else max(1, room))
            if count <= 0:
                self.narrow.add(MINUTE)
                self._now = max(self._now + SHORTLY, minute.held[0][0] + MINUTE)
                return 0
        for window in (minute, day):
            if window is not None:
                window.add(self._now, count * window.units(recipients))
        self.last = self._now
        return count

    def _wait_for_the_day(self, day: _Window, units: int) -> None:
        self.narrow.add(DAY)
        room, until = day.limit - day.used - units, self._now
        for at, held in day.held:
            # `Pace` knows of past hand-overs by the minute of the clock.
            if room >= 0 and not _same_minute(at, until):
                break
            room, until = room + held, at
        self._now = whole_minute(until + DAY)
        self.again = self.again or self._now


def _same_minute(one: datetime, other: datetime) -> bool:
    return one.replace(second=0, microsecond=0) == other.replace(second=0, microsecond=0)


def _window(
    span: timedelta,
    limit: int | None,
    counts: Counted,
    ledger: Ledger,
    account: str,
    now: datetime,
) -> _Window | None:
    if limit is None:
        return None
    window = _Window(span, limit, counts)
    # Of a day the minutes suffice, and are quickly counted.
    used = ledger.handovers(account, now - span + TICK, exact=span == MINUTE)
    for at, recipients, messages in used:
        window.add(at, messages if counts == "messages" else recipients)
    return window
