"""What sends a mail to the spam folder, or shows it otherwise than it was meant; told offline.

Sizes, wide subjects and the sender's address are told by the e-mail channel itself
(`channels/email/check.py`); SPF, DKIM and DMARC need the network.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from html.parser import HTMLParser
from importlib.resources import files
from typing import Any
from urllib.parse import urlsplit

import yaml

from announce.checks.catalogue import finding
from announce.model.languages import Language
from announce.model.message import Mail
from announce.model.project import Smtp
from announce.problems import Place, Problem
from announce.texts import say, spoken

_SHORTENERS = (
    "bit.ly", "t.co", "goo.gl", "tinyurl.com", "ow.ly", "is.gd", "t.cn", "dwz.cn", "url.cn",
    "suo.im", "rb.gy", "cutt.ly",
)  # fmt: skip
_URL_TEXT = re.compile(r"(?:https?://)?((?:[\w-]+\.)+[a-z]{2,})(?:[/?#:]\S*)?", re.IGNORECASE)
_FAKED = re.compile(r"^\s*(?:re|fw|fwd|回复|转发|答复)\s*[:：]", re.IGNORECASE)
_BLOCKED = (
    "exe", "bat", "cmd", "com", "js", "jse", "vbs", "scr", "pif", "jar", "msi", "apk", "dll",
    "lnk", "iso", "img", "reg", "ps1", "wsf", "hta", "cpl",
)  # fmt: skip
_LEAVE = re.compile(
    r"unsubscribe|opt out|off the list|no longer (?:wish|want)|not hear from|退订|取消订阅|"
    r"移出名单|不再接收|不愿再",
    re.IGNORECASE,
)
_LITTLE = 60  # characters beside pictures that are too few to be judged by


@cache
def _data(name: str) -> Any:
    text = (files("announce") / "data" / name).read_text(encoding="utf-8")
    return yaml.safe_load(text)


def mail_doubts(mail: Mail, place: Place, *, announces: bool, smtp: Smtp | None) -> list[Problem]:
    """All doubts about one finished mail; `announces`: it may be unsubscribed from."""
    page = _Page()
    page.feed(mail.html)
    return [
        *_subject(mail, place),
        *_links(page, place),
        *_pictures(mail, page, place),
        *_clients(mail, place),
        *_sender(mail, place, smtp),
        *_rest(mail, place, announces=announces),
    ]


class _Page(HTMLParser):
    """The links with their words, the pictures without any, and the text of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[tuple[str, str]] = []
        self.without_alt = 0
        self.pictures = 0
        self.text = ""
        self._href: str | None = None
        self._words = ""
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag in ("style", "title", "script"):
            self._silent += 1
        elif tag == "a":
            self._href, self._words = given.get("href") or "", ""
        elif tag == "img":
            self.pictures += 1
            self.without_alt += "alt" not in given

    def handle_endtag(self, tag: str) -> None:
        if tag in ("style", "title", "script"):
            self._silent -= 1
        elif tag == "a" and self._href is not None:
            self.links.append((self._href, self._words.strip()))
            self._href = None

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.text += data
            self._words += data


def _subject(mail: Mail, place: Place) -> Iterator[Problem]:
    subject = mail.subject
    words = re.findall(r"[A-Za-z]{2,}", subject)
    doubts = []
    if len(words) >= 3 and all(word.isupper() for word in words) and subject.isascii():
        doubts.append(say("it is all in capitals"))
    if re.search(r"[!！?？]{2,}|[$￥]{2,}", subject):
        doubts.append(say("it shouts"))
    if _FAKED.search(subject):
        doubts.append(say("it looks like an answer to something"))
    for language in mail.languages:
        found = (
            re.search(one, subject, re.IGNORECASE) for one in _data("spam_words.yaml")[language]
        )
        doubts += [say("“{said}” is a word of advertisers", said=one[0]) for one in found if one]
    for doubt in doubts:
        yield finding(
            "mail-subject", place, say("the subject “{subject}”: {doubt}", subject=subject,
                                       doubt=doubt),
        )  # fmt: skip


def _links(page: _Page, place: Place) -> Iterator[Problem]:
    for href, words in page.links:
        try:
            parts = urlsplit(href)
            host = (parts.hostname or "").lower()
        except ValueError:
            yield finding("mail-link", place, say("{href} is no address", href=href))
            continue
        if parts.scheme not in ("http", "https") or not host:
            continue
        shown = _URL_TEXT.fullmatch(words)
        if shown and not _same_host(shown[1].lower(), host):
            yield finding(
                "mail-link-text", place,
                say("a link says {words} and leads to {host}", words=words, host=host),
            )  # fmt: skip
        for doubt in _doubts(parts.scheme, host):
            yield finding("mail-link", place, say("{href}: {doubt}", href=href, doubt=doubt))


def _same_host(shown: str, host: str) -> bool:
    return shown.removeprefix("www.") == host.removeprefix("www.")


def _doubts(scheme: str, host: str) -> Iterator[str]:
    if host in _SHORTENERS:
        yield say("a shortened link hides where it leads")
    if re.fullmatch(r"[\d.]+|\[?[0-9a-f:]+\]?", host):
        yield say("a bare number instead of a name")
    if host.startswith("xn--") or not host.isascii():
        yield say("a name in letters that look like others")
    if scheme == "http":
        yield say("http without encryption")


def _pictures(mail: Mail, page: _Page, place: Place) -> Iterator[Problem]:
    if page.pictures and len("".join(page.text.split())) < _LITTLE:
        yield finding("mail-pictures", place, say("the mail is nearly all picture"))
    if page.without_alt:
        yield finding("mail-pictures", place, say("{n} pictures have no text", n=page.without_alt))
    for blob in mail.pictures:
        if len(blob.data) > 2**20:
            yield finding(
                "mail-pictures", place,
                say("{name} has {size} MB", name=blob.name, size=f"{len(blob.data) / 2**20:.1f}"),
            )  # fmt: skip


def _clients(mail: Mail, place: Place) -> Iterator[Problem]:
    for name, feature in _data("mail_clients.yaml").items():
        if re.search(feature["find"], mail.html, re.IGNORECASE):
            language: Language = "zh" if spoken() == "zh" else "en"
            yield finding(
                "mail-client", place,
                say("{clients} do not show {feature}", clients=", ".join(feature["lacking"]),
                    feature=name),
                feature["instead"][language],
            )  # fmt: skip


def _sender(mail: Mail, place: Place, smtp: Smtp | None) -> Iterator[Problem]:
    user = smtp.user if smtp and smtp.user and "@" in smtp.user else ""
    mine, theirs = mail.sender.spec.rpartition("@")[2], user.rpartition("@")[2]
    if theirs and not (
        mine == theirs or mine.endswith(f".{theirs}") or theirs.endswith(f".{mine}")
    ):
        yield finding(
            "mail-from", place,
            say("the sender is at {mine}, and the login at {theirs}", mine=mine, theirs=theirs),
        )  # fmt: skip


def _rest(mail: Mail, place: Place, *, announces: bool) -> Iterator[Problem]:
    if len("".join(mail.text.split())) < _LITTLE // 2:
        yield finding("mail-no-text", place, say("the text part is nearly empty"))
    if announces and not (mail.unsubscribe and _LEAVE.search(mail.text)):
        yield finding("mail-unsubscribe", place, say("nothing says how to unsubscribe"))
    for blob in mail.attachments:
        if blob.name.rpartition(".")[2].lower() in _BLOCKED:
            yield finding("mail-attachment", place, say("{name} is a program", name=blob.name))
