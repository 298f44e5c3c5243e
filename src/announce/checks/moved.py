"""An announcement of a moved date (`announce extend`) whose date has moved again since."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from importlib.resources import files

import yaml

from announce.checks.catalogue import finding
from announce.model.base import Localised
from announce.model.campaign import Campaign
from announce.model.project import Project
from announce.problems import Place, Problem
from announce.reading.campaigns import read_all
from announce.texts import say
from announce.timetable.clocks import fact_of

KIND = "deadline-moved"


def called(name: str) -> Localised:
    """What a date of the facts (`deadlines.submission`) is called in the announcement of its move,
    where a person gives it no better name."""
    last = name.rpartition(".")[2]
    text = (files("announce") / "data" / "sequels" / "dates.yaml").read_text("utf-8")
    known = yaml.safe_load(text).get(last.lower().replace("-", "_"))
    if known is not None:
        return {"zh": known["zh"], "en": known["en"]}
    words = last.replace("_", " ").replace("-", " ")
    return {"zh": f"日期（{words}）", "en": f"date “{words}”"}


def moved_of(campaign: Campaign) -> tuple[str, str] | None:
    """The campaign and the fact whose move an announcement tells; None where it is none."""
    told = campaign.facts.get("moved")
    if campaign.kind != KIND or not isinstance(told, Mapping):
        return None
    return str(told.get("campaign")), str(told.get("date"))


def begun_of(campaign: Campaign) -> datetime | None:
    """When an announcement was begun; None where that cannot be told."""
    try:
        found = datetime.fromisoformat(str(campaign.facts["moved"]["at"]))
    except (KeyError, TypeError, ValueError):
        return None
    return found if found.tzinfo else None


def moved_again(project: Project, campaign: Campaign, place: Place) -> Iterator[Problem]:
    """Where the campaign has another date by now than its announcement tells, or a later one
    tells the same."""
    of = moved_of(campaign)
    if of is None:
        return
    told, now = campaign.facts.get("new"), None
    for other in read_all(project)[0]:
        if other.id == of[0]:
            now = fact_of(other.facts, of[1])
        is_same = moved_of(other) == of and str(other.facts.get("new")) == str(told)
        if is_same and (len(other.id), other.id) > (len(campaign.id), campaign.id):
            yield finding("date-moved", place, say("{name} announces the same", name=other.id))
    if now is not None and str(now) != str(told):
        yield finding(
            "date-moved",
            place,
            say("{date} of {campaign} is {now} by now, and this announces {told}", date=of[1],
                campaign=of[0], now=now, told=told),
        )  # fmt: skip
