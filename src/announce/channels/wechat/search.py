"""Looking for an article at the account: in the draft box, then among what was published."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from announce.channels.wechat import failures, readback
from announce.channels.wechat.api import PAGE, OfficialAccount
from announce.channels.wechat.failures import ApiFailure, Kind
from announce.texts import say

# A look costs one of the day's thousand calls a page.
MOST_PAGES = 50

Page = tuple[int, list[dict[str, Any]]]


class Found(NamedTuple):
    """Where an article was found (`draft` or `published`), the id of its message, how it is kept,
    and all articles of the message."""

    where: str
    item_id: str
    kept: dict[str, Any]
    articles: list[dict[str, Any]]


def find_draft(account: OfficialAccount, wanted: Mapping[str, Any], marker: str) -> Found | None:
    """The article in the draft box; None means that it is not in there (any more).

    Raises ApiFailure where that cannot be said: the list could not be read whole.
    """
    for item in _all(account.list_drafts):
        if kept := _match(item, wanted, marker):
            return Found("draft", str(item.get("media_id", "")), kept, _articles(item))
    return None


def find_article(account: OfficialAccount, wanted: Mapping[str, Any], marker: str) -> Found | None:
    """The article as the account keeps it, a draft or published; None means it is not there.

    Raises ApiFailure where that cannot be said: a list could not be read whole. An account
    without the right to list what was published is judged by its drafts alone. What was published
    may be listed a hundred times a day only: who looks again soon uses `find_draft` meanwhile.
    """
    if found := find_draft(account, wanted, marker):
        return found
    try:
        # The newest page is enough: a draft leaves the box only by being published since.
        _, published = account.list_published(0)
    except ApiFailure as failure:
        if failure.kind is Kind.RIGHTS:
            return None
        raise
    for item in published:
        if kept := _match(item, wanted, marker):
            return Found("published", str(item.get("article_id", "")), kept, _articles(item))
    return None


def _all(pages: Callable[[int], Page]) -> Iterator[dict[str, Any]]:
    offset, before = 0, None
    for _ in range(MOST_PAGES):
        total, page = pages(offset)
        if before not in (None, total) or (offset < total and not page):
            raise failures.lost(say("the list changed while it was read"))
        yield from page
        offset, before = offset + len(page), total
        if offset >= total:
            return
    raise failures.lost(say("more than {n} drafts to look through", n=MOST_PAGES * PAGE))


def _match(
    item: Mapping[str, Any], wanted: Mapping[str, Any], marker: str
) -> dict[str, Any] | None:
    there = (kept for kept in _articles(item) if not kept.get("is_deleted"))
    return next((kept for kept in there if _is_same(kept, wanted, marker)), None)


def _articles(item: Mapping[str, Any]) -> list[dict[str, Any]]:
    content = item.get("content")
    return content.get("news_item", []) if isinstance(content, dict) else []


def _is_same(kept: Mapping[str, Any], wanted: Mapping[str, Any], marker: str) -> bool:
    """Whether it is the article: by its marker, else by its words.

    The marker may go when a person saves the draft in the editor; another's marker is another
    delivery's article, even with the same words.
    """
    content = str(kept.get("content", ""))
    theirs = readback.shape_of(content).marker
    if marker and theirs:
        return theirs == marker
    return readback.same_words(wanted, kept)
