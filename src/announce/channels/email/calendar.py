"""Dates of a campaign as an .ics file: the same bytes every time it is written."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from announce.model.base import in_language
from announce.model.campaign import CalendarEntry, Campaign
from announce.model.languages import Language
from announce.model.message import Blob
from announce.model.moment import Deadline

if TYPE_CHECKING:
    from icalendar import Event

# Without a method: a file to keep, not an invitation, which would need an organiser (RFC 5546).
MEDIA_TYPE = "text/calendar; charset=utf-8"


def calendar_file(campaign: Campaign, languages: Sequence[Language], domain: str) -> Blob | None:
    """The campaign's calendar entries as a file to attach, titled in the mail's languages.

    `domain` makes the entries' ids the organisers' own. None where the campaign has no entries.
    KeyError where a fact is missing, TypeError where it is no date: reading refuses both.
    """
    entries = campaign.email.calendar if campaign.email else []
    if not entries:
        return None
    # Slow to import, and few campaigns have a calendar.
    from icalendar import Calendar

    calendar = Calendar()
    calendar.add("prodid", "-//announce//announce//EN")
    calendar.add("version", "2.0")
    for entry in entries:
        calendar.add_component(_event(campaign, entry, languages, domain))
    return Blob(name=f"{campaign.id}.ics", media_type=MEDIA_TYPE, data=calendar.to_ical())


def _event(
    campaign: Campaign, entry: CalendarEntry, languages: Sequence[Language], domain: str
) -> Event:
    from icalendar import Event

    moment = _fact(campaign.facts, entry.fact)
    event = Event()
    name = f"{campaign.id}\0{entry.fact}".encode()
    event.add("uid", f"{hashlib.sha256(name).hexdigest()[:32]}@{domain}")
    event.add("summary", " / ".join(_titles(entry, languages)))
    # Nobody is busy because of a deadline.
    event.add("transp", "TRANSPARENT")
    if isinstance(moment, Deadline):
        # Without DTEND it takes no time (RFC 5545 §3.6.1), which is what a deadline is.
        event.add("dtstamp", moment.utc)
        event.add("dtstart", moment.utc)
        event.add("description", str(moment))
    elif type(moment) is date:
        event.add("dtstamp", datetime.combine(moment, time(), tzinfo=UTC))
        event.add("dtstart", moment)
        event.add("dtend", moment + timedelta(days=1))
    else:
        raise TypeError(f"the fact {entry.fact} is no date")
    return event


def _titles(entry: CalendarEntry, languages: Sequence[Language]) -> Iterator[str]:
    yield from dict.fromkeys(in_language(entry.title, language) for language in languages)


def _fact(facts: dict[str, Any], name: str) -> Any:
    value: Any = facts
    for part in name.removeprefix("facts.").split("."):
        value = value[part]
    return value
