"""How far each article of a campaign came, and what a person still has to do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from announce.cli.screen import Screen
from announce.ledger.base import Ledger
from announce.model.campaign import Campaign
from announce.model.delivery import Delivery, Event, State
from announce.model.project import Project
from announce.model.steps import Known, known_of, rank
from announce.outlets import is_sandboxed, open_ledger_of
from announce.texts import say, say_n

CONSOLE = "https://mp.weixin.qq.com"
_SHOWN = 5  # differences of a draft that are listed


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """An article of the ledger: its delivery, how far it came, and the evidence of its end."""

    row: Delivery
    known: Known
    end: dict[str, Any]
    rehearsed: bool = False

    @property
    def language(self) -> str:
        """Its language, or its languages."""
        return self.row.language

    @property
    def url(self) -> str:
        """Where readers find it, "" where nobody said."""
        return self.known.urls[0] if self.known.urls else ""

    @property
    def differences(self) -> list[str]:
        """What the platform changed that a reader would notice."""
        return list(self.end.get("differences", ()))


def articles_of(
    ledger: Ledger, campaign: str, occurrence: str, *, rehearsed: bool
) -> Iterator[Told]:
    """The articles that were delivered, or are under way."""
    for row in ledger.deliveries(campaign, occurrence, states=[State.SENT, State.WAITING]):
        if row.key.channel == "wechat":
            events = ledger.events(row.key)
            yield Told(row=row, known=known_of(events), end=_end(events), rehearsed=rehearsed)


def _end(events: list[Event]) -> dict[str, Any]:
    ends = (event.detail for event in reversed(events) if event.event in ("sent", "waiting"))
    return next(ends, {})


def articles_told(project: Project, campaign: Campaign) -> list[Told]:
    """The same from the campaign's ledger."""
    with closing(open_ledger_of(project, "wechat")) as ledger:
        rehearsed = is_sandboxed(project, "wechat")
        return list(articles_of(ledger, campaign.id, campaign.occurrence.id, rehearsed=rehearsed))


def article_json(told: Told) -> dict[str, Any]:
    """An article as a document."""
    known = told.known
    return {
        "key": told.row.key.recipient,
        "language": told.language,
        "state": told.row.state.value,
        "way": known.way,
        "wanted": told.end.get("wanted", ""),
        "media_id": known.media_id,
        "publish_id": known.publish_id,
        "article_id": known.article_id,
        "msg_id": known.msg_id,
        "urls": list(known.urls),
        "differences": told.differences,
        "todo": todo(told),
    }


def show_articles(screen: Screen, found: list[Told]) -> None:
    """A line for each article with what somebody still has to do, and what the platform
    changed."""
    for told in found:
        screen.line(say("  article {language}: {what}", language=told.language, what=todo(told)))
        for difference in told.differences[:_SHOWN]:
            screen.line(say("    the platform changed it: {what}", what=difference))
        if (more := len(told.differences) - _SHOWN) > 0:
            screen.line(say_n("    … and {n} more change", "    … and {n} more changes", more))


def todo(told: Told) -> str:
    """How far an article came and what a person has to do, in a sentence."""
    known, end = told.known, told.end
    if known.deleted:
        return say("deleted since")
    if told.row.state is State.WAITING:
        return say(
            "under way: {reason}; `announce wechat status`, or the next send, looks again",
            reason=told.row.reason,
        )
    match known.way:
        case "paste":
            page = end.get("page", "")
            return say(
                "open {page}, copy, and paste it into the editor at {console}",
                page=page,
                console=CONSOLE,
            )
        case "publish":
            where = told.url or say("look at {console}", console=CONSOLE)
            text = say("published: {where}; followers are not told of it", where=where)
        case "mass":
            if tag := end.get("tag"):
                return say("sent to the followers with the tag “{tag}”", tag=tag)
            return say("sent to followers")
        case _:
            text = (
                say("a draft; for real, somebody would publish it at {console}", console=CONSOLE)
                if told.rehearsed
                else say("a draft: somebody publishes it at {console}", console=CONSOLE)
            )
    if rank(known.wanted) > rank(known.way):
        return say(
            "{what} ({wanted} was asked for; this account may not do that by API)",
            what=text,
            wanted=known.wanted,
        )
    return text
