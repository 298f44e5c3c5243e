"""Who is measured. Each is given its best reasonable usage; the README says which that is."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Literal

from announce.measuring.campaign import CAMPAIGN, write_people, write_project
from suite.tools import PEERS, Tools

ENVELOPE = 170  # octets of the headers that smtp-source writes beside the body


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What one run is given: a folder of its own, a server on 127.0.0.1, so many people.

    `connections` None is the peer's own choice; `size` are octets of a message, for the peer
    that has none of its own.
    """

    folder: Path
    port: int
    people: int
    connections: int | None = None
    size: int = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """How to start a run that is laid out."""

    words: list[str]
    folder: Path
    env: Mapping[str, str] = field(default_factory=dict)


Lay = Callable[[Tools, Ground], Command]
# What a script makes a message of: the Markdown that announce and mailmerge are given, or HTML
# that somebody has made of it beforehand.
Source = Literal["markdown", "html"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """One of those measured: `most` messages a run, as a slow one would take all day, and `times`
    as many of a quick one, whose run would be too short to say much on a shared machine."""

    name: str
    title: str
    lay: Lay
    most: int = 1_000_000
    times: int = 1
    several: bool = False  # whether it can use more than one connection
    a_trip: float = 0.25  # messages that a round trip may carry, to choose how many to send
    writes: bool = True  # whether its messages are the letter

    def share(self, messages: int) -> int:
        """How many messages it sends where a run has so many."""
        return min(messages * self.times, self.most)

    def present(self, tools: Tools) -> bool:
        """Whether it can be measured here."""
        if self.name.startswith("nodemailer"):
            return tools.node is not None
        if self.name == "smtp-source":
            return tools.smtp_source is not None
        return self.name != "announce-1" or tools.has_processes


def _announce(tools: Tools, ground: Ground, processes: int | None = None) -> Command:
    account: dict[str, object] = {}
    if ground.connections is not None:
        account["connections"] = ground.connections
    if processes is not None:
        account["processes"] = processes
    project = write_project(
        ground.folder / "project", ground.people, server=_server(ground), email=account
    )
    send = ["--project", str(project), "send", "--yes", str(project / CAMPAIGN)]
    return Command(
        words=[*tools.announce, *send],
        folder=project,
        # The user's state folder holds the witness of real sends: it is left alone.
        env={"ANNOUNCE_STATE": str(ground.folder / "state"), "ANNOUNCE_UI": "en"},
    )


def _announce_1(tools: Tools, ground: Ground) -> Command:
    return _announce(tools, ground, processes=1)


def _mailmerge(tools: Tools, ground: Ground) -> Command:
    folder = _peer_folder(ground)
    (folder / "server.conf").write_text(
        f"[smtp_server]\nhost = 127.0.0.1\nport = {ground.port}\n", encoding="utf-8"
    )
    files = ["--template", "mailmerge_template.txt", "--config", "server.conf"]
    # "raw" prints without colours, which is faster.
    how = ["--no-dry-run", "--no-limit", "--output-format", "raw"]
    program = str(tools.mailmerge)
    return Command(words=[program, *files, "--database", "people.csv", *how], folder=folder)


def _yagmail(_: Tools, ground: Ground, source: Source) -> Command:
    return _script(ground, "yagmail_reused.py", source)


def _stdlib(_: Tools, ground: Ground, source: Source) -> Command:
    return _script(ground, "stdlib.py", source)


def _script(ground: Ground, name: str, source: Source) -> Command:
    folder = _peer_folder(ground)
    server = ["127.0.0.1", str(ground.port)]
    words = [sys.executable, str(PEERS / name), str(folder), *server, source]
    return Command(words=words, folder=folder)


def _nodemailer(tools: Tools, ground: Ground, source: Source) -> Command:
    folder = _peer_folder(ground)
    assert tools.node is not None
    words = ["node", str(PEERS / "nodemailer_pool.mjs"), str(folder), "127.0.0.1"]
    many = str(ground.connections or 8)
    return Command(words=[*words, str(ground.port), many, source], folder=tools.node)


def _smtp_source(tools: Tools, ground: Ground) -> Command:
    assert tools.smtp_source is not None
    from suite.sinks import with_libraries

    many = ["-s", str(ground.connections or 16), "-m", str(ground.people), "-d"]
    what = ["-l", str(ground.size - ENVELOPE), "-f", "chairs@example.org", "-t", "a@example.org"]
    return Command(
        words=[str(tools.smtp_source), *many, *what, _server(ground)],
        folder=ground.folder,
        env=with_libraries(tools.smtp_source),
    )


def _server(ground: Ground) -> str:
    return f"127.0.0.1:{ground.port}"


def _peer_folder(ground: Ground) -> Path:
    folder = ground.folder / "peer"
    folder.mkdir()
    for path in (*PEERS.glob("*.j2"), PEERS / "mailmerge_template.txt"):
        shutil.copy(path, folder)
    write_people(folder / "people.csv", ground.people)
    return folder


def _twice(
    name: str,
    title: str,
    lay: Callable[[Tools, Ground, Source], Command],
    *,
    most: int,
    several: bool = False,
    a_trip: float = 0.25,
) -> tuple[Peer, Peer]:
    """A script that begins with the Markdown, and the same with its HTML made beforehand."""
    markdown, html = (
        Peer(
            name=one,
            title=which,
            lay=partial(lay, source=source),
            most=most,
            several=several,
            a_trip=a_trip,
        )
        for one, which, source in (
            (name, title, "markdown"),
            (f"{name}-html", f"{title}, HTML ready", "html"),
        )
    )
    return markdown, html


ALL = (
    Peer(name="announce", title="announce", lay=_announce, several=True, a_trip=1),
    Peer(name="announce-1", title="announce, one process", lay=_announce_1, several=True, a_trip=1),
    Peer(name="mailmerge", title="mailmerge", lay=_mailmerge, most=600, a_trip=0.1),
    *_twice("yagmail", "yagmail, one kept connection", _yagmail, most=1000),
    *_twice("stdlib", "smtplib + EmailMessage + Jinja2", _stdlib, most=1000),
    *_twice(
        "nodemailer", "nodemailer, pool of 8", _nodemailer, most=4000, several=True, a_trip=0.5
    ),
    Peer(
        name="smtp-source",
        title="smtp-source, one fixed message",
        lay=_smtp_source,
        times=3,
        several=True,
        writes=False,
    ),
)
