"""One article of a draft, a publication or a message: its card, its facts, and itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from announce.sandbox.pages import Html, articles, fill, frame, join, tabs
from announce.sandbox.wechat.drafts import DraftArticle
from announce.sandbox.wechat.state import State
from announce.texts import say


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What to show: `own` is the address of the whole, `here` the part of the inbox it is in."""

    articles: Sequence[DraftArticle]
    number: int
    at: datetime
    own: str
    here: str
    back: str
    back_href: str
    facts: Mapping[str, str]
    deleted: bool = False


def article_view(view: View, *, base: str, state: State, shown_as: str) -> Html:
    """The page; `shown_as` is phone or source."""
    article = view.articles[view.number]
    own = f"{view.own}?article="
    hrefs = [f"{own}{number}" for number in range(len(view.articles))]
    facts = {
        say("Author"): article.author,
        say("Digest"): article.digest,
        say("Original"): article.original_url,
        **view.facts,
    }
    main = fill(
        "article.html",
        back=view.back,
        back_href=view.back_href,
        title=article.title,
        in_list=say("In the message list"),
        message=articles.card(view.articles, hrefs, base),
        forwarded=say("Forwarded to a friend"),
        share=articles.share(article, base),
        facts=join(
            [fill("fact.html", name=name, text=text) for name, text in facts.items() if text]
        ),
        tabs=tabs(
            f"{own}{view.number}&view=",
            {"phone": say("Phone"), "source": say("Stored HTML")},
            shown_as,
        ),
        body=_body(view, article, state, shown_as),
    )
    return frame(base=base, title=article.title, here=view.here, main=main)


def _body(view: View, article: DraftArticle, state: State, shown_as: str) -> Html:
    if shown_as == "source":
        return fill("pre.html", kind="source", text=article.content)
    return articles.gone() if view.deleted else articles.opened(article, view.at, state)
