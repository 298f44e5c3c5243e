"""Figures that the plan must meet before anything leaves: `expect` of the campaign."""

from __future__ import annotations

from collections import Counter

from announce.model.audience import Audience
from announce.model.campaign import Campaign
from announce.problems import Place, Problem, did_you_mean
from announce.texts import say


def unmet(campaign: Campaign, audience: Audience, place: Place) -> list[Problem]:
    """Where the audience's counts are not those of `expect`; nothing when there is no `expect`.

    A value that `expect` does not name counts as expected zero times.
    """
    if not campaign.expect:
        return []
    figures = dict(campaign.expect)
    column = figures.pop("by", None)
    if column is None:
        return [_fault(place, say("expect names no column"), say("add `by: COLUMN` to expect"))]
    people = audience.recipients
    if people and column not in people.columns:
        message = say('expect.by names no column of the audience: "{by}"', by=column)
        return [_fault(place, message, did_you_mean(str(column), people.columns))]
    counts = people.counts(column) if people else Counter()
    wrong = [
        say(
            "{value}: {found} found, {wanted} expected",
            value=value,
            found=counts[value],
            wanted=wanted,
        )
        for value, wanted in sorted({**dict.fromkeys(counts, 0), **figures}.items())
        if counts[value] != wanted
    ]
    if not wrong:
        return []
    return [
        _fault(
            place,
            say("the figures are not as expected: {wrong}", wrong=say("; ").join(wrong)),
            say("correct the audience, or the figures in expect"),
        )
    ]


def _fault(place: Place, message: str, hint: str) -> Problem:
    return Problem(code="figures", place=place, message=message, hint=hint)
