"""The draft box, and one article of a draft."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from announce.sandbox.pages import Html, clock, day, emptying, fill, frame, join, nothing, offset
from announce.sandbox.pages.article_view import View, article_view
from announce.sandbox.pages.articles import cover
from announce.sandbox.wechat.drafts import Draft
from announce.sandbox.wechat.state import State
from announce.texts import say, say_n


def list_page(drafts: Sequence[Draft], *, base: str) -> Html:
    """The draft box, the newest first."""
    if drafts:
        rows = fill("cards.html", cards=join([_listed(draft, base) for draft in drafts]))
    else:
        rows = nothing(
            say("The draft box is empty"),
            say("Articles for an official account without credentials arrive here."),
        )
    main = fill(
        "drafts.html",
        base=base,
        count=say_n("{n} draft", "{n} drafts", len(drafts)),
        refresh=say("Refresh"),
        cards=rows,
        empty=_emptying(base, len(drafts)),
    )
    return frame(base=base, title=say("Draft box"), here="drafts", main=main)


def draft_page(draft: Draft, number: int, *, base: str, state: State, shown_as: str) -> Html:
    """One article of a draft; `shown_as` is phone or source."""
    view = View(
        articles=draft.articles,
        number=number,
        at=draft.at,
        own=f"{base}/draft/{quote(draft.media_id)}",
        here="drafts",
        back=say("Draft box"),
        back_href=f"{base}/drafts",
        facts={
            say("Changed"): f"{day(draft.at)} {clock(draft.at)} {offset(draft.at)}",
            "media_id": draft.media_id,
        },
    )
    return article_view(view, base=base, state=state, shown_as=shown_as)


def _listed(draft: Draft, base: str) -> Html:
    first = draft.articles[0]
    more = len(draft.articles) - 1
    return fill(
        "card.html",
        href=f"{base}/draft/{quote(draft.media_id)}",
        cover=cover(first.cover, base),
        title=first.title,
        digest=first.digest,
        more=say_n("and {n} more article", "and {n} more articles", more) if more else "",
        when=f"{day(draft.at)} {clock(draft.at)}",
    )


def _emptying(base: str, count: int) -> Html:
    if not count:
        return Html("")
    return emptying(
        base=base,
        what="drafts",
        ask=say("Empty the draft box"),
        sure=say_n("Remove {n} draft for good", "Remove all {n} drafts for good", count),
    )
