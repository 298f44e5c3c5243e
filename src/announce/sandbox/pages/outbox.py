"""What came out: publications, mass messages and notices, and how each of them ended."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from announce.sandbox.pages import Html, clock, day, emptying, fill, frame, join, nothing, offset
from announce.sandbox.pages.article_view import View, article_view
from announce.sandbox.pages.articles import cover
from announce.sandbox.wechat.drafts import DraftArticle
from announce.sandbox.wechat.outbox import MassMessage, Notice, OutArticle, Publication
from announce.sandbox.wechat.state import State
from announce.texts import say, say_n

_NOTHING = Html("")
Out = Publication | MassMessage | Notice


def list_page(
    publications: Sequence[Publication],
    masses: Sequence[MassMessage],
    notices: Sequence[Notice],
    *,
    base: str,
    answers: bool,
) -> Html:
    """All of them, the newest first; `answers`: the administrator can answer here."""
    count = len(publications) + len(masses) + len(notices)
    parts = [
        _part(say("Mass messages"), [_mass(mass, base, answers=answers) for mass in masses]),
        _part(say("Published"), [_publication(one, base) for one in publications]),
        _part(say("Notices and previews"), [_notice(notice, base) for notice in notices]),
    ]
    if not count:
        hint = say("What an account with the rights publishes or sends is listed here.")
        parts = [nothing(say("Nothing was published or sent"), hint)]
    main = fill(
        "outbox.html",
        base=base,
        count=say_n("{n} item", "{n} items", count),
        refresh=say("Refresh"),
        parts=join(parts),
        empty=_emptying(base, count),
    )
    return frame(base=base, title=say("Sent out"), here="outbox", main=main)


def out_page(out: Out, number: int, *, base: str, state: State, shown_as: str) -> Html:
    """One article of what came out; `shown_as` is phone or source."""
    article = out.articles[number]
    view = View(
        articles=[one.article for one in out.articles],
        number=number,
        at=out.at,
        own=f"{base}/outbox/{address(out)}",
        here="outbox",
        back=say("Sent out"),
        back_href=f"{base}/outbox",
        facts={**_facts(out), say("Permanent address"): article.link},
        deleted=article.deleted,
    )
    return article_view(view, base=base, state=state, shown_as=shown_as)


def address(out: Out) -> str:
    """Where it stands below /outbox/."""
    if isinstance(out, Publication):
        return f"publish/{out.publish_id}"
    return f"mass/{out.msg_id}" if isinstance(out, MassMessage) else f"notice/{out.number}"


def _facts(out: Out) -> dict[str, str]:
    at = {say("Time"): f"{day(out.at)} {clock(out.at)} {offset(out.at)}"}
    if isinstance(out, Publication):
        return {**at, say("State"): published_as(out), "publish_id": out.publish_id}
    if isinstance(out, MassMessage):
        return {
            **at,
            say("State"): sent_as(out),
            say("To"): audience(out),
            say("Reached"): reached(out),
            "msg_id": str(out.msg_id),
        }
    return {**at, say("To"): out.openid}


def published_as(one: Publication) -> str:
    """The state of a submission, in words."""
    words = {
        0: say("published"),
        1: say("being published"),
        2: say("refused: not original"),
        3: say("failed"),
        4: say("refused by the platform"),
        5: say("published, then deleted"),
        6: say("published, then banned"),
    }
    return words[one.status]


def sent_as(mass: MassMessage) -> str:
    """The state of a mass message, in words."""
    if mass.state == "failed":
        reasons = {
            "err(40001)": say("refused by the administrator"),
            "err(40002)": say("the administrator did not answer"),
        }
        return reasons.get(mass.outcome) or say("failed: {status}", status=mass.outcome)
    words = {
        "asked": say("waits for the administrator"),
        "sending": say("being sent"),
        "sent": say("sent"),
        "deleted": say("sent, then deleted"),
    }
    return words[mass.state]


def audience(mass: MassMessage) -> str:
    """To whom a mass message goes, in words."""
    if "tag" in mass.audience:
        return say("followers tagged “{tag}”", tag=mass.audience["tag"])
    if "openids" in mass.audience:
        people = len(mass.audience["openids"])
        return say_n("{n} person by name", "{n} people by name", people)
    return say("all followers")


def reached(mass: MassMessage) -> str:
    """How many a mass message reached, "" until it ended."""
    if not mass.counts or mass.state == "failed":
        return ""
    return say("{sent} of {total}", sent=mass.counts["SentCount"], total=mass.counts["TotalCount"])


def _part(title: str, rows: Sequence[Html]) -> Html:
    if not rows:
        return Html("")
    return fill("outbox-part.html", title=title, rows=join(list(rows)))


def _publication(one: Publication, base: str) -> Html:
    tone = {0: "good", 1: "busy"}.get(one.status, "bad")
    return _row(one, base, state=published_as(one), tone=tone, facts=[])


def _mass(mass: MassMessage, base: str, *, answers: bool) -> Html:
    tone = {"sent": "good", "asked": "wait", "sending": "busy"}.get(mass.state, "bad")
    facts = [audience(mass), reached(mass)]
    asking = _NOTHING
    if answers and mass.state == "asked":
        asking = fill(
            "admin.html",
            base=base,
            msg_id=mass.msg_id,
            question=say("You are the administrator: may it go out?"),
            yes=say("Confirm"),
            no=say("Refuse"),
        )
    return _row(mass, base, state=sent_as(mass), tone=tone, facts=facts, asking=asking)


def _notice(notice: Notice, base: str) -> Html:
    kinds = {
        "template": say("template message"),
        "subscribe": say("subscription message"),
        "preview": say("preview"),
    }
    good = notice.status == "success"
    return _row(
        notice,
        base,
        state=kinds[notice.kind] if good else say("not delivered: refused by the follower"),
        tone="note" if good else "bad",
        facts=[notice.openid],
    )


def _row(
    out: Out, base: str, *, state: str, tone: str, facts: list[str], asking: Html = _NOTHING
) -> Html:
    first = out.articles[0].article if out.articles else None
    title, lead = _title(out, first)
    more = len(out.articles) - 1
    if more > 0:
        facts = [say_n("and {n} more article", "and {n} more articles", more), *facts]
    return fill(
        "outbox-row.html",
        opening=_opening(out, base),
        closing=Html("</a>") if out.articles else Html("</div>"),
        thumb=_thumb(first, base),
        title=title,
        lead=lead,
        facts=" · ".join(fact for fact in facts if fact),
        state=state,
        tone=tone,
        at=out.at.isoformat(),
        when=_when(out.at),
        asking=asking,
    )


def _title(out: Out, first: DraftArticle | None) -> tuple[str, str]:
    if first is not None:
        return first.title, first.digest
    words = "" if isinstance(out, Publication) else out.words
    if isinstance(out, Notice) and out.title:
        return out.title, words.replace("\n", " · ")
    return words or say("(pictures)"), ""


def _opening(out: Out, base: str) -> Html:
    if not out.articles:
        return Html('<div class="out">')
    return fill("outbox-opening.html", href=f"{base}/outbox/{address(out)}")


def _thumb(first: DraftArticle | None, base: str) -> Html:
    if first is None:
        return Html('<span class="thumb words" aria-hidden="true"></span>')
    return Html(f'<span class="thumb">{cover(first.cover, base)}</span>')


def _when(moment: datetime) -> str:
    return f"{day(moment, weekday=False)} {clock(moment)[:5]}"


def _emptying(base: str, count: int) -> Html:
    if not count:
        return Html("")
    return emptying(
        base=base,
        what="outbox",
        ask=say("Forget what came out"),
        sure=say_n("Forget {n} item for good", "Forget all {n} items for good", count),
    )


def shown_articles(articles: Sequence[OutArticle]) -> list[DraftArticle]:
    """The articles without what became of them."""
    return [one.article for one in articles]
