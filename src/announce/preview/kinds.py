"""The distinct kinds of a plan's messages: those that differ by printed values only are one."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field

from announce.model.plan import Planned


@dataclass(slots=True)
class Kind:
    """Messages alike; `first` is the number of one to look at."""

    channel: str
    language: str
    variant: str
    subject: str
    first: int
    count: int = 0


@dataclass(slots=True)
class Kinds:
    """Gathers them line by line, in the order in which they first appear."""

    all: list[Kind] = field(default_factory=list)
    _numbers: dict[Hashable, int] = field(default_factory=dict)

    def take(self, line: Planned, variant: str, shape: Hashable | None, number: int) -> int:
        """Count a message; the number of its kind.

        Articles are each a kind. Where a shape cannot be told, class and language make the kind.
        """
        delivery = line.delivery
        channel, language = delivery.key.channel, delivery.language
        own = number if channel == "wechat" else shape
        place = self._numbers.setdefault((channel, language, variant, own), len(self.all))
        if place == len(self.all):
            self.all.append(Kind(channel, language, variant, delivery.subject, number))
        kind = self.all[place]
        kind.count += 1
        return place
