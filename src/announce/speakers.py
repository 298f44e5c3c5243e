"""Which messages of a campaign said one of its dates: who got one of them knows it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from itertools import takewhile

from announce.checks.parity.moments import moments
from announce.content import TEXT
from announce.ledger.base import Ledger
from announce.model.delivery import Delivery
from announce.model.moment import Deadline
from announce.rendering.mentions import mentions
from announce.standing import Standing

_FACTS = "facts."


class Speakers:
    """The occurrences that say a date, by what shaped their messages when they were sent. Where
    that is not known, they do. What only a picture or an attachment shows is not seen.

    `name` is the date's way among the facts, `dates` are what it is and was: it may stand there
    in words of its own. `known` are the occurrences.
    """

    def __init__(
        self, name: str, dates: Iterable[date | Deadline], known: Sequence[Standing]
    ) -> None:
        days = {one.local.date() if isinstance(one, Deadline) else one for one in dates}
        self._name = name
        self._days = {(year, day.month, day.day) for day in days for year in (day.year, None)}
        # Of one that the file no longer has nobody knows by which fact it went.
        there = (one.occurrence for one in known if not one.occurrence.vanished)
        self._facts = {one.id: one.fact for one in there}
        self._found: dict[tuple[str, str], bool] = {}

    def said_it(self, ledger: Ledger, row: Delivery) -> bool:
        """Whether a message that reached somebody said it."""
        where = (row.key.channel, row.key.occurrence)
        if where not in self._found:
            content = ledger.content(row.key.campaign, row.key.occurrence)
            self._found[where] = content is None or self._says(content, row.key.occurrence)
        return self._found[where]

    def _says(self, content: Mapping[str, str], occurrence: str) -> bool:
        templates = [text for name, text in content.items() if name.startswith(TEXT)]
        by_it = self._facts.get(occurrence, self._name) == self._name
        return (
            _mentioned(templates, _FACTS + self._name)
            or (by_it and _mentioned(templates, "occurrence"))
            or any(self._is_written(text) for text in self._words(content, templates))
        )

    def _words(self, content: Mapping[str, str], templates: Sequence[str]) -> Iterable[str]:
        """What a person wrote: templates, titles, and the other facts that templates use."""
        for name, text in content.items():
            if not name.startswith(_FACTS) or _mentioned(templates, name):
                yield text

    def _is_written(self, text: str) -> bool:
        return any(
            day in self._days for language in ("zh", "en") for day in moments(text, language).days
        )


def _mentioned(templates: Iterable[str], name: str) -> bool:
    # The members of a list have no names: it is used as a whole.
    variable, *way = takewhile(lambda part: not part.isdigit(), name.split("."))
    return any(mentions(text, variable, way) for text in templates)
