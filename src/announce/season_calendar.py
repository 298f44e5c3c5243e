"""Schedules as a calendar file: an entry for each occurrence, which keeps its id when it moves."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

from announce.model.base import in_interface
from announce.model.campaign import Campaign
from announce.model.project import Project
from announce.model.wording import reason_text
from announce.standing import Stand, Standing
from announce.texts import say

_LENGTH = timedelta(minutes=15)


def season_calendar(
    project: Project, campaigns: Iterable[tuple[Campaign, Sequence[Standing]]], now: datetime
) -> bytes:
    """The file (RFC 5545). What is left out stands in it as cancelled, so that an importer takes
    it away."""
    # Slow to import, and few commands need it.
    from icalendar import Calendar, Event

    domain = project.settings.sender.address.rpartition("@")[2].encode("idna").decode()
    calendar = Calendar()
    calendar.add("prodid", "-//announce//announce//EN")
    calendar.add("version", "2.0")
    for campaign, standings in campaigns:
        title = in_interface(campaign.title)
        for one in standings:
            if one.occurrence.due is None:
                continue
            # A zone would have to be described in the file (RFC 5545 §3.2.19).
            due = one.occurrence.due.astimezone(UTC)
            name = "\0".join((campaign.id, *one.occurrence.part)).encode()
            event = Event()
            event.add("uid", f"{hashlib.sha256(name).hexdigest()[:32]}@{domain}")
            event.add("dtstamp", now.astimezone(UTC))
            # What is exported later holds, also where a moment went back.
            event.add("sequence", int(now.timestamp()) // 60)
            event.add("dtstart", due)
            event.add("dtend", due + _LENGTH)
            event.add("transp", "TRANSPARENT")
            event.add(
                "summary", say("Sending: {title} ({name})", title=title, name=one.occurrence.id)
            )
            lines = [f"{campaign.id} {one.occurrence.id}", one.occurrence.zone]
            if one.occurrence.moved:
                lines.append(say("moved: {why}", why=one.occurrence.moved))
            why = one.occurrence.skipped or (reason_text(one.reason) if _is_out(one) else "")
            if why:
                lines.append(say("left out: {reason}", reason=why))
            event.add("description", "\n".join(line for line in lines if line))
            event.add("status", "CANCELLED" if why else "CONFIRMED")
            calendar.add_component(event)
    return bytes(calendar.to_ical())


def _is_out(one: Standing) -> bool:
    return one.stand in (Stand.SKIPPED, Stand.LAPSED)
