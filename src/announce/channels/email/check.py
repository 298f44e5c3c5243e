"""Doubts about a finished mail that need no network to see."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

from announce.channels.email.account import limits_for
from announce.model.message import Mail
from announce.model.project import Smtp
from announce.problems import Place, Problem, Severity
from announce.texts import say

SUBJECT_COLUMNS = 110
# Gmail shows no more of a mail's HTML and hides the rest behind a link
# (https://github.com/hteumeuleu/email-bugs/issues/41).
HTML_LIMIT = 102 * 1024
ATTACHMENTS_DOUBT = 10 * 2**20
ATTACHMENTS_LIMIT = 20 * 2**20


def check_mail(mail: Mail, place: Place, smtp: Smtp | None = None) -> list[Problem]:
    """All doubts about one mail, as warnings at the given place."""
    return [
        Problem(code=code, place=place, message=message, hint=hint, severity=Severity.WARNING)
        for code, message, hint in _doubts(mail, smtp)
    ]


def attached_bytes(mail: Mail) -> int:
    """The bytes of all files sent along, before their encoding adds a third."""
    return sum(len(blob.data) for blob in (*mail.pictures, *mail.attachments))


def columns(text: str) -> int:
    """How wide a text is where Chinese characters take two columns."""
    return sum(
        0 if unicodedata.combining(sign) else 2 if unicodedata.east_asian_width(sign) in "WF" else 1
        for sign in text
    )


def _doubts(mail: Mail, smtp: Smtp | None) -> Iterator[tuple[str, str, str]]:
    # No sign takes more columns than the half of one and its octets: most are never counted.
    most = (len(mail.subject) + len(mail.subject.encode())) / 2
    if most > SUBJECT_COLUMNS and (width := columns(mail.subject)) > SUBJECT_COLUMNS:
        yield (
            "subject-wide",
            say("the subject is {width} columns wide; lists cut it", width=width),
            say("give the templates a `short` subject, or shorten it to {limit} columns",
                limit=SUBJECT_COLUMNS),
        )  # fmt: skip
    if (size := _html_octets(mail)) > HTML_LIMIT:
        yield (
            "html-large",
            say("the HTML has {size} KB; Gmail cuts it after 102 KB", size=size // 1024),
            say("shorten the text, or link to a page"),
        )
    if ATTACHMENTS_DOUBT < (size := attached_bytes(mail)) <= ATTACHMENTS_LIMIT:
        yield (
            "attachments-large",
            say("attachments and pictures have {size:.1f} MB; many mailboxes refuse such mails",
                size=size / 2**20),
            say("put the files online and link to them"),
        )  # fmt: skip
    if smtp is not None and smtp.user is not None:
        yield from _sender_doubts(mail, smtp, smtp.user)


def _html_octets(mail: Mail) -> int:
    """The size of the HTML; of a small one with its line ends as they are sent."""
    html = mail.content.html if mail.content is not None else None
    if html is not None and len(html.octets) <= HTML_LIMIT:
        return len(html.octets)
    return len(mail.html.encode())


def _sender_doubts(mail: Mail, smtp: Smtp, user: str) -> Iterator[tuple[str, str, str]]:
    if "@" not in user or mail.sender.spec.lower() == user.lower():
        return
    limits = limits_for(smtp.host)
    who = {"provider": limits.provider, "sender": mail.sender.spec, "user": user}
    if limits.from_other == "refused":
        yield (
            "sender-not-login",
            say("{provider} refuses mails from {sender} when {user} logs in", **who),
            say("make sender.address and email.smtp.user the same"),
        )
    elif limits.from_other == "replaced":
        yield (
            "sender-replaced",
            say(
                "{provider} sends mails from {sender} as mails from {user}, unless that account "
                "has the other address as an alias",
                **who,
            ),
            say(
                "add the alias to the account, or make sender.address and email.smtp.user the same"
            ),
        )
