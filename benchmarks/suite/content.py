"""Whether everybody sends the same: each peer's messages are caught, opened and compared."""

from __future__ import annotations

import email
import email.policy
import re
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from html import unescape
from pathlib import Path

import jinja2

from announce.measuring.campaign import PEOPLE, write_people
from announce.sandbox.mailcatcher import MailCatcher
from suite.peers import Ground, Peer
from suite.tools import PEERS, Tools

_UNSEEN = re.compile(r"<head>.*?</head>|<[^>]*>|\s+", re.S)


@dataclass(frozen=True, slots=True)
class Caught:
    """A message as its reader has it: envelope, subject, what stands in the HTML; its octets."""

    to: tuple[str, ...]
    subject: str
    words: str
    size: int


def expected(people: Path) -> list[tuple[tuple[str, ...], str, str]]:
    """For each row: recipients, subject, words. From the templates that the peers share."""
    import csv

    plain = jinja2.Environment().from_string(_read("subject.txt.j2"))
    page = jinja2.Environment(autoescape=True).from_string(_read("letter.html.j2"))
    with people.open(encoding="utf-8", newline="") as file:
        return [
            ((row["address"],), plain.render(row), words(page.render(row)))
            for row in csv.DictReader(file)
        ]


def caught(tools: Tools, peer: Peer, folder: Path, people: int) -> list[Caught]:
    """What a peer's messages to so many people look like, in the order of their recipients."""
    folder.mkdir(parents=True)
    with MailCatcher(folder / "mail", now=lambda: datetime.now(UTC)) as catcher:
        ground = Ground(folder=folder, port=catcher.port, people=people)
        command = peer.lay(tools, ground)
        subprocess.run(
            command.words,
            cwd=command.folder,
            env={**_environment(), **command.env},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=True,
        )
        mails = catcher.store.mails()
    return sorted((_opened(mail.path, mail.to) for mail in mails), key=lambda one: one.to)


def differences(tools: Tools, peer: Peer, folder: Path, people: int = 6) -> tuple[list[str], int]:
    """How a peer's messages differ from the letter, in words; and their mean size in octets."""
    got = caught(tools, peer, folder, people)
    write_people(folder / PEOPLE, people)
    wanted = sorted(expected(folder / PEOPLE))
    found = [] if len(got) == len(wanted) else [f"{len(got)} messages of {len(wanted)}"]
    for one, (to, subject, letter) in zip(got, wanted, strict=False):
        if one.to != to:
            found.append(f"to {one.to}, not {to}")
        if one.subject != subject:
            found.append(f"{to}: subject {one.subject!r}")
        if one.words != letter:
            found.append(f"{to}: other words from {_apart(one.words, letter)}")
    return found, sum(one.size for one in got) // max(1, len(got))


def words(html: str) -> str:
    """What a reader sees of a page, white space left out: tools set it as they like."""
    return unescape(_UNSEEN.sub("", html)).replace(" ", "").replace("\xa0", "")


def _opened(path: Path, to: tuple[str, ...]) -> Caught:
    octets = path.read_bytes()
    message = email.message_from_bytes(octets, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    pages = [part for part in message.walk() if part.get_content_type() == "text/html"]
    subject = str(message["Subject"])
    return Caught(to, subject, words(pages[0].get_content()), len(octets))


def _apart(one: str, other: str) -> str:
    place = next(
        (at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b),
        min(len(one), len(other)),
    )
    return repr(one[max(0, place - 10) : place + 30])


def _environment() -> dict[str, str]:
    import os

    return dict(os.environ)


def _read(name: str) -> str:
    return (PEERS / name).read_text(encoding="utf-8")
