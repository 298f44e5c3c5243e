"""The list of caught mails, and one of them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from urllib.parse import quote, urlencode

from announce.sandbox.inbox import Attachment, MailView
from announce.sandbox.pages import (
    Html,
    clock,
    day,
    emptying,
    fill,
    frame,
    join,
    nothing,
    offset,
    phone,
    size,
    tabs,
)
from announce.sandbox.store import CaughtMail
from announce.texts import say, say_n

PAGE = 100


def list_page(mails: Sequence[CaughtMail], *, base: str, query: str, number: int) -> Html:
    """The mails that match, the newest first; `number` is the page's, from 1."""
    found = [mail for mail in reversed(mails) if _matches(mail, query)]
    shown = found[(number - 1) * PAGE : number * PAGE]
    main = fill(
        "mails.html",
        base=base,
        query=query,
        label=say("Search"),
        placeholder=say("Recipient or subject"),
        count=_count(len(found), len(mails), query),
        refresh=say("Refresh"),
        days=_days(shown, base) if shown else _none(query),
        pages=_pages(base, query, number, len(found)),
        empty=_emptying(base, len(mails)),
    )
    return frame(base=base, title=say("Mails"), here="mails", main=main)


def mail_page(
    view: MailView,
    *,
    base: str,
    shown_as: str,
    newer: CaughtMail | None,
    older: CaughtMail | None,
) -> Html:
    """One mail; `shown_as` is phone, desktop, text, source or headers."""
    own = f"{base}/mail/{quote(view.mail.name)}"
    choices = {
        "phone": say("Phone"),
        "desktop": say("Desktop"),
        "text": say("Text part"),
        "source": say("Source"),
        "headers": say("Headers"),
    }
    main = fill(
        "mail.html",
        base=base,
        own=own,
        back=say("All mails"),
        subject=view.mail.subject or say("(no subject)"),
        facts=_facts(view),
        tabs=tabs(f"{own}?view=", choices, shown_as),
        download=say("Download .eml"),
        newer=_neighbour(base, newer, say("Newer"), shown_as),
        older=_neighbour(base, older, say("Older"), shown_as),
        body=_body(view, shown_as),
        attachments=_attachments(view.attachments, own),
    )
    return frame(base=base, title=view.mail.subject, here="mails", main=main)


def _matches(mail: CaughtMail, query: str) -> bool:
    text = " ".join((mail.subject, mail.sender, *mail.to)).casefold()
    return all(word in text for word in query.casefold().split())


def _count(found: int, all_of_them: int, query: str) -> str:
    if query:
        return say("{found} of {n} mails", found=found, n=all_of_them)
    return say_n("{n} mail", "{n} mails", all_of_them)


def _none(query: str) -> Html:
    if query:
        return nothing(say("No mail matches"), say("Search looks at recipients and subjects."))
    return nothing(
        say("No mails yet"),
        say("Mails of channels without an account arrive here when you send."),
    )


def _days(mails: Sequence[CaughtMail], base: str) -> Html:
    return join(
        [
            fill(
                "day.html",
                day=name,
                zone=zone,
                rows=join([_row(mail, base) for mail in of_day]),
            )
            for (name, zone), of_day in groupby(mails, lambda mail: (day(mail.at), offset(mail.at)))
        ]
    )


def _row(mail: CaughtMail, base: str) -> Html:
    return fill(
        "row.html",
        href=f"{base}/mail/{quote(mail.name)}",
        initial=(mail.to[0][:1].upper() if mail.to else "?"),
        subject=mail.subject or say("(no subject)"),
        to=", ".join(mail.to),
        at=mail.at.isoformat(),
        clock=clock(mail.at),
    )


def _pages(base: str, query: str, number: int, found: int) -> Html:
    last = max(1, -(-found // PAGE))
    if last == 1:
        return Html("")
    around = {"newer": number - 1, "older": number + 1}
    words = {"newer": say("Newer"), "older": say("Older")}
    links = [
        fill("link.html", href=f"{base}/?{urlencode({'q': query, 'page': page})}", text=words[to])
        for to, page in around.items()
        if 1 <= page <= last
    ]
    place = say("Page {number} of {last}", number=number, last=last)
    return fill("pager.html", place=place, links=join(links))


def _emptying(base: str, count: int) -> Html:
    if not count:
        return Html("")
    return emptying(
        base=base,
        what="mails",
        ask=say("Empty the inbox"),
        sure=say_n("Remove {n} mail for good", "Remove all {n} mails for good", count),
    )


def _facts(view: MailView) -> Html:
    mail = view.mail
    facts = {
        say("From"): view.header("From") or mail.sender,
        say("To"): view.header("To") or ", ".join(mail.to),
        say("Reply to"): view.header("Reply-To"),
        say("Envelope"): f"{mail.sender} → {', '.join(mail.to)}",
        say("Received"): f"{day(mail.at)} {clock(mail.at)} {offset(mail.at)}",
    }
    return join([fill("fact.html", name=name, text=text) for name, text in facts.items() if text])


def _neighbour(base: str, mail: CaughtMail | None, text: str, shown_as: str) -> Html:
    if mail is None:
        return fill("nolink.html", text=text)
    href = f"{base}/mail/{quote(mail.name)}?view={shown_as}"
    return fill("link.html", href=href, text=text)


def _body(view: MailView, shown_as: str) -> Html:
    if shown_as == "source":
        return fill("pre.html", kind="source", text=view.source)
    if shown_as == "headers":
        rows = [fill("header.html", name=name, text=text) for name, text in view.headers]
        return fill("headers.html", rows=join(rows))
    if shown_as == "text":
        if not view.text:
            return nothing(say("No text part"), say("This mail has only an HTML part."))
        return fill("pre.html", kind="letter", text=view.text)
    if not view.html:
        return nothing(say("No HTML part"), say("This mail has only a text part."))
    title = say("The mail as a reader sees it")
    if shown_as == "phone":
        return phone(view.html, title)
    return fill("desktop.html", page=view.html, title=title)


def _attachments(attachments: Sequence[Attachment], own: str) -> Html:
    if not attachments:
        return Html("")
    items = [
        fill(
            "attachment.html",
            href=f"{own}/attachment/{number}",
            name=attachment.name,
            kind=attachment.media_type,
            size=size(len(attachment.data)),
        )
        for number, attachment in enumerate(attachments)
    ]
    return fill("attachments.html", title=say("Attachments"), items=join(items))
