"""The plan: all deliveries of one occurrence, before any leaves."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from announce.model.audience import Recipient
from announce.model.campaign import ArticlePlan
from announce.model.delivery import Channel, Delivery
from announce.model.languages import Language
from announce.problems import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """One line of the plan: the delivery, and what its message is made from."""

    delivery: Delivery
    languages: tuple[Language, ...]
    recipient: Recipient | None = None
    article: ArticlePlan | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Who gets what in this occurrence; `content` names what shapes the messages.

    `content` maps every template, fact and setting to its text or digest, so that a later run
    can say what changed. `sandboxed` names the channels that are rehearsed.
    """

    campaign: str
    occurrence: str
    lines: tuple[Planned, ...]
    content: Mapping[str, str] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    sandboxed: frozenset[Channel] = frozenset()
    notes: tuple[str, ...] = ()

    @property
    def digest(self) -> str:
        """Digest of who gets which bytes: moves when, and only when, any of it does."""
        state = hashlib.sha256()
        for line in self.lines:
            delivery = line.delivery
            state.update(f"{delivery.key}\0{delivery.language}\0{delivery.digest}\n".encode())
        return state.hexdigest()[:32]

    @property
    def totals(self) -> dict[str, dict[str, int]]:
        """Count by channel and state."""
        counts: dict[str, Counter[str]] = {}
        for line in self.lines:
            key = line.delivery.key.channel
            counts.setdefault(key, Counter())[line.delivery.state.value] += 1
        return {channel: dict(counter) for channel, counter in sorted(counts.items())}
