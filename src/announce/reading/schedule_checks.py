"""What stands in a campaign's schedule, as it is written: entries, facts, ids, quiet times."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from announce.model.moment import Deadline, MomentError, zone_of
from announce.model.schedule import AUDIENCE, unquoted
from announce.problems import Problem, did_you_mean
from announce.reading.places import Loc
from announce.reading.schema import value_at
from announce.reading.yamlfile import Loaded
from announce.texts import say
from announce.timetable.clocks import fact_of, read_clock, read_length

_KINDS = ("cron", "before", "after")
_OF_CRON = ("start", "end", "count")
_MOMENTS = ("at", "start", "end")
_EXAMPLE = "{before: deadlines.submission, by: [7d, 2d], at: 09:00}"


def schedule_problems(loaded: Loaded) -> Iterator[Problem]:
    """Faults of the schedule and of quiet times."""
    entries = value_at(loaded.value, ("schedule",))
    if isinstance(entries, list) and entries:
        whole = [n for n, one in enumerate(entries) if isinstance(one, Mapping)]
        for number in whole:
            if not loaded.complained(("schedule", number)):
                yield from _Entry(loaded, number, entries[number]).problems()
        yield from _ids(loaded, entries)
        yield from _no_questions(loaded)
    yield from _quiet(loaded)


def _fault(loaded: Loaded, loc: Loc, code: str, message: str, hint: str = "") -> Problem:
    return Problem(code=code, place=loaded.places.of(loc), message=message, hint=hint)


class _Entry:
    """One entry of the schedule."""

    def __init__(self, loaded: Loaded, number: int, entry: Mapping[str, Any]) -> None:
        self._loaded = loaded
        self._entry: dict[str, Any] = {
            name: unquoted(one) if name in _MOMENTS else one for name, one in entry.items()
        }
        self._loc: Loc = ("schedule", number)
        self._facts = value_at(loaded.value, ("facts",)) or {}

    def problems(self) -> Iterator[Problem]:
        """All faults of it."""
        kinds = [name for name in _KINDS if name in self._entry]
        if len(kinds) != 1 and not (not kinds and "at" in self._entry):
            yield self._at(
                (),
                "schedule-entry",
                say("an entry of the schedule has one of at, cron, before and after"),
                say("write for example: {example}", example=_EXAMPLE),
            )
            return
        yield from self._zone()
        yield from self._channels()
        yield from self._audience()
        match kinds:
            case ["cron"]:
                yield from self._cron()
            case [name]:
                yield from self._by_fact(name)
            case _:
                yield from self._moment()
        if "cron" not in kinds:
            for name in (one for one in _OF_CRON if one in self._entry):
                yield self._at(
                    (name,), "schedule-entry", say("`{name}` goes with `cron` only", name=name)
                )

    def _at(self, loc: Loc, code: str, message: str, hint: str = "") -> Problem:
        return _fault(self._loaded, (*self._loc, *loc), code, message, hint)

    def _moment(self) -> Iterator[Problem]:
        told = self._loaded.complained((*self._loc, "at"))
        if not isinstance(self._entry["at"], Deadline) and not told:
            yield self._at(
                ("at",),
                "schedule-moment",
                say('"{text}" is no moment', text=self._entry["at"]),
                say("write a date, a time and a zone: 2025-01-06 09:00 Asia/Shanghai"),
            )
        if "by" in self._entry:
            yield self._at(("by",), "schedule-entry", say("`by` goes with before or after"))

    def _cron(self) -> Iterator[Problem]:
        from announce.timetable.crons import cron_fault

        text = self._entry["cron"]
        for name in (one for one in ("at", "by") if one in self._entry):
            yield self._at(
                (name,), "schedule-entry", say("`{name}` does not go with cron", name=name)
            )
        if isinstance(text, str) and (fault := cron_fault(text)):
            yield self._at(
                ("cron",),
                "schedule-cron",
                say('"{text}" is no cron expression: {cause}', text=text, cause=fault),
                say("five fields: minute hour day month weekday, such as 0 9 * * mon"),
            )
        for edge in ("start", "end"):
            if isinstance(found := self._entry.get(edge), str):
                yield from self._fact(found, edge)
        begin, end = self._day("start"), self._day("end")
        if begin and end and end < begin:
            yield self._at(
                ("end",),
                "schedule-entry",
                say("`end` ({end}) is before `start` ({start})", end=end, start=begin),
                say("correct one of them: as they are, nothing is ever due"),
            )
        if "count" in self._entry and "start" not in self._entry:
            yield self._at(
                ("count",),
                "schedule-entry",
                say("`count` counts from `start`, which is missing"),
            )

    def _day(self, edge: str) -> date | None:
        """The day at which an entry begins or ends, where it says one."""
        found = self._entry.get(edge)
        found = fact_of(self._facts, found) if isinstance(found, str) else found
        if isinstance(found, Deadline):
            return found.local.date()
        return found if isinstance(found, date) else None

    def _by_fact(self, name: str) -> Iterator[Problem]:
        text = self._entry[name]
        if not isinstance(text, str):
            return
        faults = list(self._fact(text, name))
        yield from faults
        # Of a fact that is not there nothing is known.
        no_time = not faults and type(fact_of(self._facts, text)) is date
        if self._entry.get("by") is None:
            yield self._at(
                (),
                "missing-key",
                say("`by` says how long {side} it", side=name),
                say("write for example: {example}", example=_EXAMPLE),
            )
        yield from self._lengths(text, no_time=no_time)
        yield from self._clock(text, no_time=no_time)

    def _lengths(self, fact: str, *, no_time: bool) -> Iterator[Problem]:
        by = self._entry.get("by")
        for number, text in enumerate(by if isinstance(by, list) else [by]):
            loc: Loc = ("by", number) if isinstance(by, list) else ("by",)
            if not isinstance(text, str):
                continue
            length = read_length(text)
            if length is None:
                message = say('"{text}" is no length of time', text=text)
                yield self._at(loc, "schedule-length", message, say("write 14d, 2w, 12h or 30m"))
            elif length.exact and no_time:
                yield self._at(
                    loc,
                    "schedule-length",
                    say("{fact} is a date without a time: hours cannot be counted", fact=fact),
                    say("count in days, or give the fact a time and a zone"),
                )

    def _clock(self, fact: str, *, no_time: bool) -> Iterator[Problem]:
        clock = self._entry.get("at")
        if clock is not None and not (isinstance(clock, str) and read_clock(clock)):
            message = say('"{text}" is no time of day', text=clock)
            yield self._at(("at",), "schedule-moment", message, say("write 00:00 to 23:59"))
        if clock is None and no_time:
            yield self._at(
                (),
                "schedule-moment",
                say("{fact} is a date without a time: at which time of day?", fact=fact),
                say("add for example `at: 09:00`"),
            )

    def _fact(self, name: str, key: str) -> Iterator[Problem]:
        way = tuple(name.removeprefix("facts.").split("."))
        if fact_of(self._facts, name) is not None or self._loaded.complained(("facts", *way)):
            return
        there = value_at(self._facts, way)
        code, message = (
            ("fact-unknown", say('there is no fact "{name}"', name=name))
            if there is None
            else ("fact-no-date", say('the fact "{name}" is no date', name=name))
        )
        yield self._at((key,), code, message, did_you_mean(name, dates_of(self._facts)))

    def _zone(self) -> Iterator[Problem]:
        zone = self._entry.get("zone")
        if not isinstance(zone, str):
            return
        if zone == AUDIENCE:
            yield from self._zone_of_audience()
            return
        try:
            zone_of(zone)
        except MomentError as fault:
            yield self._at(("zone",), "zone-unknown", str(fault), fault.hint)

    def _zone_of_audience(self) -> Iterator[Problem]:
        channels = self._entry.get("channels")
        named = channels if isinstance(channels, list) else None
        if "cron" in self._entry or not ("before" in self._entry or "after" in self._entry):
            yield self._at(
                ("zone",), "zone-unknown",
                say("`zone: audience` goes with before or after"),
                say("name a zone: Asia/Shanghai"),
            )  # fmt: skip
        elif value_at(self._loaded.value, ("wechat",)) and (named is None or "wechat" in named):
            yield self._at(
                ("zone",), "zone-unknown",
                say("an article has no recipient whose zone could be meant"),
                say("give the articles an entry of their own, with `channels: [wechat]`"),
            )  # fmt: skip

    def _channels(self) -> Iterator[Problem]:
        channels = self._entry.get("channels")
        for number, name in enumerate(channels if isinstance(channels, list) else ()):
            if not value_at(self._loaded.value, (name,)):
                there = "email" in self._loaded.value and name == "email"
                if not there:
                    yield self._at(
                        ("channels", number), "channel-unknown",
                        say("this campaign has no {channel} channel", channel=name),
                        say("leave it out, or add {channel} to the campaign", channel=name),
                    )  # fmt: skip
        if channels == []:
            yield self._at(("channels",), "channel-unknown", say("the list of channels is empty"))

    def _audience(self) -> Iterator[Problem]:
        if value_at(self._loaded.value, ("audience",)) is None:
            for name in (one for one in ("where", "exclude") if self._entry.get(one)):
                yield self._at(
                    (name,), "schedule-entry",
                    say("`{name}` is about recipients, and there is no audience", name=name),
                )  # fmt: skip


def dates_of(facts: Any, before: str = "") -> Iterator[str]:
    """The names of all facts that are dates."""
    for key, item in facts.items() if isinstance(facts, Mapping) else ():
        if isinstance(item, date | Deadline):
            yield f"{before}{key}"
        yield from dates_of(item, f"{before}{key}.")


def _ids(loaded: Loaded, entries: list[Any]) -> Iterator[Problem]:
    """Occurrences that would have one id, and moments that have none of their own."""
    known: dict[str, int] = {}
    for number, entry in enumerate(entries):
        if not isinstance(entry, Mapping):
            continue
        is_moment = "at" in entry and not any(name in entry for name in _KINDS)
        if is_moment and "id" not in entry and len(entries) > 1:
            yield _fault(
                loaded, ("schedule", number), "schedule-id",
                say("this moment needs an id, as the schedule has other entries"),
                say("write `id: once` where it was the only one before, else a name"),
            )  # fmt: skip
            continue
        for name in _ids_of(entry):
            first = known.setdefault(name, number)
            if first != number:
                yield _fault(
                    loaded, ("schedule", number), "schedule-id",
                    say('two entries have the id "{id}"', id=name),
                    say("give one of them an `id` of its own"),
                )  # fmt: skip


def _ids_of(entry: Mapping[str, Any]) -> set[str]:
    own = entry.get("id")
    if "cron" in entry:
        return {f"{own or 'cron'}-…"}
    fact = entry.get("before") or entry.get("after")
    if not isinstance(fact, str):
        return {str(own or "once")}
    lengths = entry.get("by")
    several = lengths if isinstance(lengths, list) else [lengths]
    read = [read_length(one) for one in several if isinstance(one, str)]
    side = "after-" if "after" in entry else ""
    prefix = own or fact.rpartition(".")[2].lower()
    return {f"{prefix}-{side}{one.text}" for one in read if one is not None}


def _no_questions(loaded: Loaded) -> Iterator[Problem]:
    """A rollout that asks, where nobody is there to be asked."""
    rollout = value_at(loaded.value, ("rollout",))
    if rollout is None:
        return
    if not isinstance(rollout, Mapping) or rollout.get("between", "ask") == "ask":
        yield _fault(
            loaded, ("rollout",), "rollout-asks",
            say("a rollout that asks between its steps cannot be sent by schedule"),
            say("write for example: {example}", example="{stages: [5, rest], between: 30m}"),
        )  # fmt: skip


def _quiet(loaded: Loaded) -> Iterator[Problem]:
    from announce.timetable.quiet import is_region, read_hours

    hours = value_at(loaded.value, ("quiet", "hours"))
    if isinstance(hours, str) and read_hours(hours) is None:
        yield _fault(
            loaded, ("quiet", "hours"), "quiet-hours",
            say('"{text}" are no hours of the day', text=hours), say("write 22:00-08:00"),
        )  # fmt: skip
    regions = value_at(loaded.value, ("quiet", "holidays"))
    for number, code in enumerate(regions if isinstance(regions, list) else ()):
        if isinstance(code, str) and not is_region(code):
            yield _fault(
                loaded, ("quiet", "holidays", number), "quiet-region",
                say('the holidays of "{code}" are not known', code=code),
                say("write a country's two letters, with or without a part: CN, DE, DE-BE"),
            )  # fmt: skip
    zone = value_at(loaded.value, ("quiet", "zone"))
    if isinstance(zone, str):
        try:
            zone_of(zone)
        except MomentError as fault:
            yield _fault(loaded, ("quiet", "zone"), "zone-unknown", str(fault), fault.hint)
