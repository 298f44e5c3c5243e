"""The distinct kinds of a plan's messages: those that differ by printed values only are one."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field

from announce.model.plan import Planned


@dataclass(slots=True)
class Kind:
    """Messages alike; `first` is the number of one to look at. `also` is a line that the class's
    first kind has not, `without` one that only it has; names stand in place of values."""

    channel: str
    language: str
    variant: str
    subject: str
    first: int
    shape: Hashable | None = None
    count: int = 0
    also: str = ""
    without: str = ""


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
            self.all.append(Kind(channel, language, variant, delivery.subject, number, shape))
        kind = self.all[place]
        kind.count += 1
        return place

    def tell_apart(self, outline: Callable[[Hashable], str]) -> None:
        """Find what sets the kinds of one class apart; `outline` gives the text of a shape."""
        firsts: dict[tuple[str, str, str], list[str]] = {}
        for kind in self.all:
            if kind.shape is None:
                continue
            lines = [line.strip() for line in outline(kind.shape).splitlines()]
            first = firsts.setdefault((kind.channel, kind.language, kind.variant), lines)
            kind.also = next((line for line in lines if line not in first), "")
            kind.without = next((line for line in first if line not in lines), "")
