"""The account's conversation on a follower's phone, and its published pages."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote, urlencode

from announce.sandbox.pages import Html, clock, day, fill, frame, join, tabs
from announce.sandbox.pages.articles import card
from announce.sandbox.pages.outbox import address, shown_articles
from announce.sandbox.wechat.feed import FeedItem
from announce.sandbox.wechat.outbox import OutArticle, Publication
from announce.sandbox.wechat.population import Follower
from announce.texts import say, say_n

CONVERSATION, PUBLISHED = "messages", "pages"


def reader_page(
    people: Sequence[Follower],
    chosen: str,
    items: Sequence[FeedItem],
    publications: Sequence[Publication],
    *,
    base: str,
    shown: str,
) -> Html:
    """What `chosen` finds: the conversation, or (`shown` is pages) the published pages."""
    link = f"{base}/reader?{urlencode({'as': chosen})}&shown="
    choices = {CONVERSATION: say("Messages"), PUBLISHED: say("Published pages")}
    screen = _pages(publications, base) if shown == PUBLISHED else _conversation(items, base)
    main = fill(
        "reader.html",
        base=base,
        label=say("Read as"),
        options=join([_option(one, chosen) for one in people]),
        shown=shown,
        look=say("Look"),
        told=_told(shown, len(items)),
        tabs=tabs(link, choices, shown),
        account=say("Sandbox account"),
        screen=screen,
    )
    return frame(base=base, title=say("Followers' view"), here="reader", main=main)


def _told(shown: str, messages: int) -> str:
    if shown == PUBLISHED:
        return say(
            "Publishing makes a permanent page and notifies nobody: followers find these by "
            "their address only."
        )
    return say_n(
        "{n} message reached this follower.", "{n} messages reached this follower.", messages
    )


def _option(one: Follower, chosen: str) -> Html:
    return fill(
        "option.html",
        value=one.openid,
        text=f"{one.openid} ({one.tags[0]})" if one.tags else one.openid,
        selected=Html(" selected" if one.openid == chosen else ""),
    )


def _conversation(items: Sequence[FeedItem], base: str) -> Html:
    if not items:
        return _silence(say("No message has come yet"))
    return join(
        [fill("chat-item.html", when=_when(item), body=_item(item, base)) for item in items]
    )


def _pages(publications: Sequence[Publication], base: str) -> Html:
    out = [one for one in publications if one.status == 0]
    if not out:
        return _silence(say("Nothing is published"))
    return join(
        [
            fill(
                "chat-item.html",
                when=f"{day(one.at, weekday=False)} {clock(one.at)[:5]}",
                body=_card(one.articles, f"{base}/outbox/{address(one)}", base),
            )
            for one in out
        ]
    )


def _item(item: FeedItem, base: str) -> Html:
    if item.articles:
        kind = "mass" if item.kind == "mass" else "notice"
        return _card(item.articles, f"{base}/outbox/{kind}/{quote(item.key)}", base)
    if item.kind in ("template", "subscribe"):
        return fill(
            "chat-notice.html",
            title=item.title,
            fields=join([_field(line) for line in item.words.splitlines()]),
        )
    return fill(
        "chat-words.html",
        initial=say("Sandbox account")[:1],
        text=item.words or say("(pictures)"),
    )


def _card(articles: Sequence[OutArticle], own: str, base: str) -> Html:
    hrefs = [f"{own}?article={number}" for number in range(len(articles))]
    return card(shown_articles(articles), hrefs, base)


def _field(line: str) -> Html:
    name, colon, value = line.partition("：")
    return fill("chat-field.html", name=name if colon else "", text=value if colon else line)


def _when(item: FeedItem) -> str:
    when = f"{day(item.at, weekday=False)} {clock(item.at)[:5]}"
    return f"{when} · {say('preview')}" if item.kind == "preview" else when


def _silence(text: str) -> Html:
    return fill("chat-silence.html", text=text)
