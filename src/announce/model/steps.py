"""How far an article came, as the events of its delivery tell.

    (nothing) ─▶ drafted ─▶ submitting ─▶ submitted ─▶ published
                    │
                    └─────▶ mass_sending ─▶ mass_sent ─▶ sent to followers

Each step is written down when the platform has answered; before a step that cannot be taken
twice stands a mark of its own. So a later run goes on from the last thing that is sure.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from announce.model.campaign import Deliver
from announce.model.delivery import Event

WAYS: tuple[Deliver, ...] = ("paste", "draft", "publish", "mass")

# A failure of this class leaves nothing to go on from: the draft is gone.
GONE = "gone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known of an article's delivery.

    `media_id` is its draft, `content` the digest of what we put there, `kept` that of how the
    platform keeps it. `submitting_at` and `mass_at` say that a call went out whose answer is not
    known; `mass_asked` when a mass message was first asked for, whatever came of it, and
    `refusals` how often the platform refused one in the end. `tried` says that the draft may have
    been added by a call that was not answered. `way` is how far it came, `wanted`
    how far it was to go then; both "" before the end. `deleted` says that a person took it away
    with `announce wechat delete`.
    """

    media_id: str = ""
    content: str = ""
    kept: str = ""
    submitting_at: datetime | None = None
    publish_id: str = ""
    article_id: str = ""
    urls: tuple[str, ...] = ()
    mass_at: datetime | None = None
    mass_asked: datetime | None = None
    msg_id: str = ""
    refusals: int = 0
    tried: bool = False
    way: str = ""
    wanted: str = ""
    deleted: bool = False

    @property
    def is_out(self) -> bool:
        """Whether readers have it, or are about to: nothing of it can be changed any more."""
        return bool(self.publish_id or self.msg_id) or self.way in ("publish", "mass")


def rank(way: str) -> int:
    """How far a way goes; -1 for none."""
    return WAYS.index(way) if way in WAYS else -1


def known_of(events: Iterable[Event]) -> Known:
    """What the events of a delivery tell, oldest first."""
    known = Known()
    for event in events:
        known = _after(known, event)
    return known


def _after(known: Known, event: Event) -> Known:
    detail = event.detail
    match event.event:
        case "deleted":
            # A message sent anew must have another id, or the deleted one would answer for it.
            return Known(deleted=True, refusals=known.refusals + (known.mass_asked is not None))
        case "drafted":
            return Known(
                media_id=detail["media_id"],
                content=detail["content"],
                kept=detail["kept"],
                mass_asked=known.mass_asked,
                refusals=known.refusals,
            )
        case "updated":
            return replace(known, content=detail["content"], kept=detail["kept"])
        case "handed_over":
            return replace(known, tried=True)
        case "submitting":
            return replace(known, submitting_at=event.at)
        case "submitted":
            return replace(known, submitting_at=None, publish_id=detail["publish_id"])
        case "mass_sending":
            asked = known.mass_asked or event.at
            return replace(known, mass_at=event.at, mass_asked=asked)
        case "mass_sent":
            return replace(known, mass_at=None, msg_id=detail["msg_id"])
        case "failed" | "refused_for_now" | "absent":
            return _refused(known, event)
        case "sent":
            return _ended(known, event)
        case "settled_sent":
            return replace(known, submitting_at=None, mass_at=None, way="mass", wanted="mass")
    return known


def _refused(known: Known, event: Event) -> Known:
    """What was under way did not happen. The draft stays, unless it is gone."""
    if event.detail.get("class") == GONE:
        return Known(mass_asked=known.mass_asked, refusals=known.refusals)
    left = replace(known, submitting_at=None, mass_at=None, publish_id="", msg_id="")
    # A definite no leaves nothing to look for; an absence may have been looked for too early.
    left = replace(left, tried=event.event == "absent" or bool(event.detail.get("absent")))
    if event.event == "failed" and event.detail.get("msg_id"):
        return replace(left, mass_asked=None, refusals=known.refusals + 1)
    return left


def _ended(known: Known, event: Event) -> Known:
    detail = event.detail
    return replace(
        known,
        submitting_at=None,
        mass_at=None,
        media_id=detail.get("media_id") or known.media_id,
        publish_id=detail.get("publish_id") or known.publish_id,
        article_id=detail.get("article_id") or known.article_id,
        urls=tuple(detail.get("urls", ())) or known.urls,
        msg_id=detail.get("msg_id") or known.msg_id,
        # A ledger of before this was recorded knows drafts only.
        way=detail.get("way", "draft"),
        wanted=detail.get("wanted", "draft"),
        deleted=False,
    )
