"""Occurrences that were decided or begun, and that the campaign's file no longer has.

Its entry was given another id, another expression or another length, or was taken out. What was
sent stays sent; what was begun by an entry that is still there is gone on with.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from announce.ledger.base import Decided
from announce.model.campaign import Campaign
from announce.model.occurrence import Occurrence
from announce.model.project import Project
from announce.timetable.clocks import instant
from announce.timetable.rules import Setting, former, moment_of


def vanished(
    project: Project,
    campaign: Campaign,
    there: Collection[tuple[str, str]],
    decided: Mapping[tuple[str, str], Decided],
    adopted: Mapping[str, datetime],
) -> Iterator[Occurrence]:
    """Those of the decided and adopted ones that are not `there`. Of one that was adopted under a
    name that tells no moment nobody knows when it was due: it counts as of when it was adopted."""
    zone = ZoneInfo(project.settings.timezone)
    setting = Setting(facts=campaign.facts, zone=zone)
    ids = {name for name, _zone in there}
    for (name, of_zone), made in decided.items():
        # Somebody's zone that is no longer in the audience is no change of the file.
        if name in ids:
            continue
        if (one := _of_cron(campaign, setting, name)) is not None:
            yield one
        elif made.due is not None:
            due = made.due.astimezone(zone)
            yield Occurrence(id=name, place=-1, due=due, nominal=due, zone=of_zone, vanished=True)
    for name in sorted(set(adopted) - ids - {name for name, _zone in decided}):
        if (one := _of_cron(campaign, setting, name)) is not None:
            yield one
            continue
        moment = moment_of(name)
        nominal = instant(moment.date(), moment.time(), zone) if moment else None
        due = nominal or adopted[name].astimezone(zone)
        yield Occurrence(id=name, place=-1, due=due, nominal=nominal, vanished=True)


def _of_cron(campaign: Campaign, setting: Setting, name: str) -> Occurrence | None:
    places = enumerate(campaign.schedule)
    found = (former(entry, place, setting, name) for place, entry in places)
    return next(filter(None, found), None)
