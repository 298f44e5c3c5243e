"""What an approval is held against: one occurrence's content, or that of all a schedule sends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from announce.composing import Composer
from announce.content import content_of
from announce.model.approval import EVERY, Approval
from announce.model.campaign import Campaign
from announce.model.occurrence import Occurrence
from announce.preparing import Prepared
from announce.timetable.rules import prefix_of


def covered(occurrence: str, prepared: Prepared) -> Mapping[str, str]:
    """What shapes the messages of an occurrence, or of every one of the schedule, by name."""
    if occurrence != EVERY:
        return prepared.plan.content
    gathered, found = prepared.gathered, dict[str, str]()
    whole = gathered.campaign.whole
    for place, entry in enumerate(whole.schedule):
        name = prefix_of(entry)
        own = replace(gathered, campaign=whole.at(Occurrence(id=name, place=place, entry=entry)))
        content = content_of(own, Composer(own).sources())
        # Nearly all of it is alike in all entries.
        found |= {
            (key if found.get(key, value) == value else f"{name}: {key}"): value
            for key, value in content.items()
        }
    return found


def campaign_of(approval: Approval, prepared: Prepared) -> Campaign:
    """The campaign as the approval is about it."""
    campaign = prepared.gathered.campaign
    return campaign.whole if approval.occurrence == EVERY else campaign
