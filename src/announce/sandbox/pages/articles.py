"""Articles as followers meet them: cards in a conversation, forwarded, and opened."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from html import escape
from pathlib import Path
from urllib.parse import quote

from announce.sandbox.inbox import article_page, pictures_page
from announce.sandbox.pages import Html, asset, day, fill, join, phone
from announce.sandbox.wechat.drafts import DraftArticle
from announce.sandbox.wechat.state import State
from announce.texts import say


def opened(article: DraftArticle, at: datetime, state: State) -> Html:
    """An article in a phone-sized frame, with its head and the way to the original."""
    css = asset("article.css")
    if article.kind == "newspic":
        text = pictures_page(article.pictures, article.content, head=_head(article, at), css=css)
    else:
        text = article_page(
            article.content, state, head=_head(article, at), foot=_foot(article), css=css
        )
    return phone(text, say("The article as a follower sees it"))


def gone() -> Html:
    """What a follower sees of an article that was deleted."""
    text = fill("article-gone.html", text=say("This content was deleted by its publisher."))
    return phone(
        f"<style>{asset('article.css')}</style>{text}", say("The article as a follower sees it")
    )


def card(articles: Sequence[DraftArticle], hrefs: Sequence[str], base: str) -> Html:
    """A message in a conversation: one article with its digest, or a head and its seconds."""
    first, *others = articles
    if not others:
        return fill(
            "message-alone.html",
            href=hrefs[0],
            cover=cover(first.cover, base),
            title=first.title,
            digest=first.digest,
        )
    return fill(
        "message.html",
        href=hrefs[0],
        cover=cover(first.cover, base),
        title=first.title,
        others=join(
            [
                fill(
                    "message-other.html",
                    href=href,
                    title=article.title,
                    cover=cover(article.cover, base),
                )
                for article, href in zip(others, hrefs[1:], strict=True)
            ]
        ),
    )


def share(article: DraftArticle, base: str) -> Html:
    """An article that somebody forwarded."""
    return fill(
        "share.html",
        title=article.title,
        digest=article.digest,
        cover=cover(article.cover, base),
        account=say("Sandbox account"),
    )


def cover(path: Path | None, base: str) -> Html:
    """A cover, or the place where one is lacking."""
    if path is None:
        return Html('<span class="no-cover"></span>')
    return Html(f'<img src="{escape(base)}/picture/{quote(path.name)}" alt="">')


def _head(article: DraftArticle, at: datetime) -> str:
    return fill(
        "article-head.html",
        title=article.title,
        author=article.author,
        account=say("Sandbox account"),
        date=day(at, weekday=False),
    )


def _foot(article: DraftArticle) -> str:
    if not article.original_url:
        return ""
    return fill("article-foot.html", href=article.original_url, text=say("Read original"))
