"""One article on its way through the account: what is to be done, and what is known of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from announce.channels.base import HandedOver
from announce.channels.wechat.failures import ApiFailure
from announce.channels.wechat.memory import StepMemory
from announce.model.delivery import DeliveryKey, Outcome, State
from announce.model.message import Article
from announce.model.steps import Known, known_of


@dataclass(slots=True, kw_only=True)
class Job:
    """One delivery. `known` follows the steps as they are noted."""

    article: Article
    key: DeliveryKey
    message_id: str
    memory: StepMemory
    handed_over: HandedOver
    known: Known = field(default_factory=Known)
    _told: bool = False

    def __post_init__(self) -> None:
        self.look_up()

    def look_up(self) -> None:
        """Read again what is known."""
        self.known = known_of(self.memory.events(self.key))

    def note(self, event: str, detail: Mapping[str, Any]) -> None:
        """Write a step down."""
        self.memory.note(self.key, event, detail)
        self.look_up()

    def hand_over(self) -> None:
        """From here on a lost answer leaves a doubt; told once."""
        if not self._told:
            self._told = True
            self.handed_over()

    def sent(self, way: str, **more: Any) -> Outcome:
        """The end of it: how far it came, and how far it was to go."""
        detail = {"way": way, "wanted": self.article.deliver, "media_id": self.known.media_id}
        if way == "mass" and self.article.tag:
            detail["tag"] = self.article.tag
        return Outcome(state=State.SENT, detail={**detail, **more})


def failed(failure: ApiFailure) -> Outcome:
    """A definite no."""
    return Outcome(state=State.FAILED, reason=failure.message, detail=failure.detail)


def in_doubt(failure: ApiFailure) -> Outcome:
    """No answer that says whether it took effect."""
    return Outcome(state=State.IN_DOUBT, reason=failure.message, detail=failure.detail)


def absent(failure: ApiFailure) -> Outcome:
    """No answer, and it was proved not to have taken effect."""
    detail = {**failure.detail, "absent": True, "transient": True}
    return Outcome(state=State.FAILED, reason=failure.message, detail=detail)
