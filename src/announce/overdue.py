"""Entries of a schedule that are over, and of which nobody got anything."""

from __future__ import annotations

from collections.abc import Sequence

from announce.checks.catalogue import finding
from announce.gathering import Opened
from announce.judging import judged
from announce.model.wording import moment_text
from announce.problems import Problem
from announce.reading.campaigns import shown_path
from announce.reading.yamlfile import load_yaml
from announce.standing import CLOSED, PAST, Stand, Standing
from announce.texts import say


def overdue(opened: Opened, known: Sequence[Standing]) -> list[Problem]:
    """A finding for each entry of which nothing is to come, and nothing was sent. Of cron entries
    nothing is said: those of long ago are not looked at."""
    own = [one for one in known if (at := one.occurrence.entry) and at.cron is None]
    missed = {one.occurrence.place: one for one in own if _is_missed(one)}
    for one in own:
        if not _is_missed(one):
            missed.pop(one.occurrence.place, None)
    if not missed:
        return []
    project, campaign = opened.project, opened.campaign
    places = load_yaml(campaign.path, shown_path(project, campaign.path)).places
    found = [
        finding(
            "schedule-over",
            places.of(("schedule", place)),
            say(
                "{name} was due {when}, and nothing of this entry was sent or is to come",
                name=one.occurrence.id,
                when=moment_text(one.occurrence.due) if one.occurrence.due else "–",
            ),
        )
        for place, one in missed.items()
    ]
    return judged(project, campaign, found)


def _is_missed(one: Standing) -> bool:
    return one.stand in (Stand.LAPSED, Stand.SKIPPED) and one.reason in (PAST, CLOSED)
