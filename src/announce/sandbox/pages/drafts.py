"""The draft box, and one article the way a follower meets it."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path
from urllib.parse import quote

from announce.sandbox.inbox import article_page
from announce.sandbox.pages import (
    Html,
    asset,
    clock,
    day,
    emptying,
    fill,
    frame,
    join,
    nothing,
    offset,
    phone,
    tabs,
)
from announce.sandbox.wechat.drafts import Draft, DraftArticle
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
    article = draft.articles[number]
    own = f"{base}/draft/{quote(draft.media_id)}?article={number}&view="
    main = fill(
        "draft.html",
        base=base,
        back=say("Draft box"),
        title=article.title,
        in_list=say("In the message list"),
        message=_message(draft, base),
        forwarded=say("Forwarded to a friend"),
        share=_share(article, base),
        facts=_facts(draft, article),
        tabs=tabs(own, {"phone": say("Phone"), "source": say("Stored HTML")}, shown_as),
        body=_body(draft, article, state, shown_as),
    )
    return frame(base=base, title=article.title, here="drafts", main=main)


def _body(draft: Draft, article: DraftArticle, state: State, shown_as: str) -> Html:
    if shown_as == "source":
        return fill("pre.html", kind="source", text=article.content)
    page = article_page(
        article.content,
        state,
        head=_head(draft, article),
        foot=_foot(article),
        css=asset("article.css"),
    )
    return phone(page, say("The article as a follower sees it"))


def _head(draft: Draft, article: DraftArticle) -> str:
    return fill(
        "article-head.html",
        title=article.title,
        author=article.author,
        account=say("Sandbox account"),
        date=day(draft.at, weekday=False),
    )


def _foot(article: DraftArticle) -> str:
    if not article.original_url:
        return ""
    return fill("article-foot.html", href=article.original_url, text=say("Read original"))


def _listed(draft: Draft, base: str) -> Html:
    first = draft.articles[0]
    more = len(draft.articles) - 1
    return fill(
        "card.html",
        href=f"{base}/draft/{quote(draft.media_id)}",
        cover=_cover(first.cover, base),
        title=first.title,
        digest=first.digest,
        more=say_n("and {n} more article", "and {n} more articles", more) if more else "",
        when=f"{day(draft.at)} {clock(draft.at)}",
    )


def _message(draft: Draft, base: str) -> Html:
    """The card that a message list shows: the first article large, the others below it."""
    first, *others = draft.articles
    own = f"{base}/draft/{quote(draft.media_id)}?article="
    return fill(
        "message.html",
        account=say("Sandbox account"),
        href=f"{own}0",
        cover=_cover(first.cover, base),
        title=first.title,
        others=join(
            [
                fill(
                    "message-other.html",
                    href=f"{own}{number}",
                    title=article.title,
                    cover=_cover(article.cover, base),
                )
                for number, article in enumerate(others, 1)
            ]
        ),
    )


def _share(article: DraftArticle, base: str) -> Html:
    return fill(
        "share.html",
        title=article.title,
        digest=article.digest,
        cover=_cover(article.cover, base),
        account=say("Sandbox account"),
    )


def _cover(path: Path | None, base: str) -> Html:
    if path is None:
        return Html('<span class="no-cover"></span>')
    return Html(f'<img src="{escape(base)}/picture/{quote(path.name)}" alt="">')


def _facts(draft: Draft, article: DraftArticle) -> Html:
    facts = {
        say("Author"): article.author,
        say("Digest"): article.digest,
        say("Original"): article.original_url,
        say("Changed"): f"{day(draft.at)} {clock(draft.at)} {offset(draft.at)}",
        "media_id": draft.media_id,
    }
    return join([fill("fact.html", name=name, text=text) for name, text in facts.items() if text])


def _emptying(base: str, count: int) -> Html:
    if not count:
        return Html("")
    return emptying(
        base=base,
        what="drafts",
        ask=say("Empty the draft box"),
        sure=say_n("Remove {n} draft for good", "Remove all {n} drafts for good", count),
    )
