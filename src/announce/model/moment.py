"""Deadlines: a moment that knows the zone it was written in.

A date-time without a zone is refused. AoE ("Anywhere on Earth") is UTC−12 without summer time:
23:59 AoE on a day is 11:59 UTC of the next (IEEE 802.16 coined the term).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from announce.texts import say

AOE = timezone(timedelta(hours=-12), "AoE")
BEIJING = ZoneInfo("Asia/Shanghai")

_MOMENT = re.compile(
    r"(?P<date>\d{4}-\d{1,2}-\d{1,2})[ T]+(?P<time>\d{1,2}:\d{2}(?::\d{2})?)\s*(?P<zone>\S.*)?\Z"
)
_DATE = re.compile(r"\d{4}-\d{1,2}-\d{1,2}\Z")
_OFFSET = re.compile(r"(?:UTC|GMT)?(?P<sign>[+\-−])(?P<h>\d{1,2})(?::?(?P<m>\d{2}))?\Z", re.I)
_NAMED = {"aoe": AOE, "utc": UTC, "z": UTC, "gmt": UTC, "beijing": BEIJING, "北京时间": BEIJING}


class MomentError(ValueError):
    """A text that looks like a date or a moment and is none; `hint` says how to write it."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Deadline:
    """A moment with the zone it was written in: `local` is aware, `zone` its label (`AoE`)."""

    local: datetime
    zone: str

    def __post_init__(self) -> None:
        if self.local.tzinfo is None:
            raise ValueError("a Deadline needs an aware datetime")

    @property
    def utc(self) -> datetime:
        """The same moment in UTC."""
        return self.local.astimezone(UTC)

    @property
    def beijing(self) -> datetime:
        """The same moment in Beijing."""
        return self.local.astimezone(BEIJING)

    def __str__(self) -> str:
        return f"{self.local:%Y-%m-%d %H:%M} {self.zone}"


def looks_like_moment(text: str) -> bool:
    """Whether a text has the shape of a date or a date with a time."""
    return bool(_DATE.match(text) or _MOMENT.match(text))


def parse_moment(text: str) -> date | Deadline:
    """Read `2025-02-10` as a date and `2025-02-10 23:59 AoE` as a deadline.

    Zones: AoE, UTC, Beijing, offsets (`+08:00`, `UTC-12`) and IANA names (`Europe/Berlin`).
    Raises MomentError for a date that does not exist, a missing or unknown zone, and a local
    time that a change of summer time skips or repeats.
    """
    if _DATE.match(text):
        return _date(text)
    match = _MOMENT.match(text)
    if match is None:
        raise MomentError(
            say('"{text}" is not a date or a moment', text=text),
            say("write 2025-02-10, or 2025-02-10 23:59 AoE"),
        )
    day = _date(match["date"])
    zone_text = (match["zone"] or "").strip()
    if not zone_text:
        raise MomentError(
            say('"{text}" has no time zone', text=text),
            say(
                'add one: "{text} AoE", "{text} Asia/Shanghai", "{text} UTC" or "{text} +08:00"',
                text=text,
            ),
        )
    zone = zone_of(zone_text)
    try:
        hour, minute, *second = (int(part) for part in match["time"].split(":"))
        clock = time(hour, minute, second[0] if second else 0)
    except ValueError as error:
        raise MomentError(
            say('"{time}" is not a time of day', time=match["time"]), say("write 00:00 to 23:59")
        ) from error
    local = datetime.combine(day, clock, tzinfo=zone)
    _refuse_skipped_or_repeated(local, zone_text)
    return Deadline(local, _label(zone_text))


def _date(text: str) -> date:
    year, month, day = (int(part) for part in text.split("-"))
    try:
        return date(year, month, day)
    except ValueError as error:
        raise MomentError(
            say("the date {text} does not exist", text=text),
            say("write an existing day as YYYY-MM-DD"),
        ) from error


def zone_of(text: str) -> tzinfo:
    """A zone as it is written. MomentError where there is none of that name."""
    if named := _NAMED.get(text.lower()):
        return named
    if offset := _OFFSET.match(text):
        hours, minutes = int(offset["h"]), int(offset["m"] or 0)
        if hours <= 14 and minutes < 60:
            delta = timedelta(hours=hours, minutes=minutes)
            return timezone(delta if offset["sign"] == "+" else -delta)
    try:
        # Names without "/" (EST, CST, MET) are relics or ambiguous: CST is three zones.
        if "/" in text:
            return ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        pass
    raise MomentError(
        say('unknown time zone "{zone}"', zone=text),
        say("use AoE, UTC, an offset such as +08:00, or a name such as Asia/Shanghai"),
    )


def _label(zone: str) -> str:
    lowered = zone.lower()
    if lowered == "aoe":
        return "AoE"
    if lowered in ("utc", "z", "gmt"):
        return "UTC"
    if lowered in ("beijing", "北京时间"):
        return "Asia/Shanghai"
    return zone


def _refuse_skipped_or_repeated(local: datetime, zone: str) -> None:
    back = local.astimezone(UTC).astimezone(local.tzinfo)
    if back.replace(fold=0) != local.replace(fold=0) or back.utcoffset() != local.utcoffset():
        cause = say(
            "{local} does not exist in {zone} (clocks go forward)",
            local=f"{local:%Y-%m-%d %H:%M}",
            zone=zone,
        )
    elif local.replace(fold=1).utcoffset() != local.utcoffset():
        cause = say(
            "{local} happens twice in {zone} (clocks go back)",
            local=f"{local:%Y-%m-%d %H:%M}",
            zone=zone,
        )
    else:
        return
    raise MomentError(cause, say("write the offset instead, such as +02:00"))
