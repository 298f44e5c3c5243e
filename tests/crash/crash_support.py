"""What the crash tests share: a campaign, the sink it goes to, and commands that can be killed."""

from __future__ import annotations

import json
import os
import random
import select
import shutil
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any, Self

import psutil
import pytest

import announce
from announce.backlog import BATCH
from announce.errors import MachineError
from announce.ledger import open_ledger
from announce.model.delivery import State

# Read at once: the fixture that cleans the environment for each test takes it away.
KILLS = int(os.environ.get("ANNOUNCE_TEST_KILLS", "15"))
HERE = Path(__file__).parent
SOURCE = Path(announce.__file__).parents[1]
LAYOUTS = HERE.parents[1] / "templates" / "layouts"
FILE = "campaigns/x.yaml"
ID = "crash-proof"
CONNECTIONS = 4
TWO_BATCHES = 2 * BATCH  # people
LEDGER = "ledger.sqlite3"
HANG = 90.0  # seconds after which something that should have happened is given up

SETTINGS = """\
name: {{zh: 研讨会, en: Workshop}}
languages: [zh, en]
timezone: Asia/Shanghai
sender: {{name: {{zh: 组委会, en: Chairs}}, address: chairs@workshop.example.org}}
email:
  smtp: {{host: 127.0.0.1, port: {port}, security: none}}
  connections: {connections}
  processes: {processes}
"""
CAMPAIGN_FILE = f"""\
campaign: {ID}
kind: note
title: {{zh: 通知, en: A note}}
purpose: personal
audience: {{file: audiences/people.csv}}
email: {{languages: recipient}}
"""
TEMPLATES = {
    "zh": "---\nsubject: 给{{ recipient.name }}的{{ title }}\n---\n{{ recipient.name }}，您好！\n",
    "en": "---\nsubject: '{{ title }} for {{ recipient.name }}'\n---\nDear {{ recipient.name }},\n",
}


def make_project(folder: Path, port: int, *, processes: int = 2) -> Path:
    """A project with one campaign, over a real account without limits; nobody is invited yet."""
    settings = SETTINGS.format(port=port, connections=CONNECTIONS, processes=processes)
    files = {"announce.yaml": settings, FILE: CAMPAIGN_FILE} | {
        f"templates/{language}/note.md.j2": words + "\nWords. " * 200 + "\n"
        for language, words in TEMPLATES.items()
    }
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    shutil.copytree(LAYOUTS, folder / "templates" / "layouts")
    return folder


class Sink:
    """The other side: a mail server in a process of its own."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(HERE / "crash_sink.py")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        self.port, self._control = map(int, self._process.stdout.readline().split())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        _close(self._process)

    def ask(self, do: str, **more: Any) -> Any:
        """Give an order and wait for the answer."""
        with self.asking(do, **more) as asked:
            return json.loads(asked.makefile().readline())

    def asking(self, do: str, **more: Any) -> socket.socket:
        """Give an order; what is returned can be read when the answer is there."""
        asked = socket.create_connection(("127.0.0.1", self._control), timeout=HANG)
        asked.sendall(json.dumps({"do": do, **more}).encode() + b"\n")
        return asked

    @property
    def mails(self) -> dict[str, list[str]]:
        """The Message-IDs of what was taken, by recipient."""
        found: dict[str, list[str]] = {}
        for recipient, message_id in self.ask("mails"):
            found.setdefault(recipient, []).append(message_id)
        return found


@dataclass(frozen=True)
class Ended:
    """How a command ended: its exit code (negative: the signal), and what it said."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output as the one JSON document that it must be."""
        return json.loads(self.out)


@dataclass
class Attempt:
    """A command under way in forked processes, the first of which leads their group."""

    server: Server
    pid: int
    out: Path
    err: Path
    _watch: int = field(init=False)

    def __post_init__(self) -> None:
        self._watch = os.pidfd_open(self.pid)

    def ends_before(self, seconds: float, other: socket.socket | None = None) -> bool:
        """Wait so long for its end, or until there is something to read from `other`."""
        watched = [self._watch, *([other.fileno()] if other else [])]
        return self._watch in select.select(watched, [], [], seconds)[0]

    def says(self, words: str) -> None:
        """Wait until it has said something to people."""
        until = time.monotonic() + HANG
        while words not in self.err.read_text("utf-8"):
            assert not self.ends_before(0.005), self.end()
            assert time.monotonic() < until, f"it never said: {words}"

    @property
    def workers(self) -> list[int]:
        """The processes that it has begun."""
        return [one.pid for one in psutil.Process(self.pid).children()]

    def signal(self, number: int) -> None:
        """Send a signal to the first process."""
        os.kill(self.pid, number)

    def signal_all(self, number: int) -> None:
        """Send a signal to all its processes, as a terminal does."""
        os.killpg(self.pid, number)

    def end(self) -> Ended:
        """Wait until the first process has ended."""
        assert self.ends_before(HANG), f"it does not end; it said:\n{self.err.read_text('utf-8')}"
        os.close(self._watch)
        code = self.server.order(do="end", pid=self.pid)
        return Ended(code, self.out.read_text("utf-8"), self.err.read_text("utf-8"))

    def all_gone(self) -> None:
        """Wait until its other processes have ended too."""
        self.server.order(do="all gone", pid=self.pid)


class Server:
    """Forks commands; see crash_server.py."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._numbers = count()
        self._process = subprocess.Popen(
            [sys.executable, str(HERE / "crash_server.py")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONPATH": str(SOURCE)},
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        _close(self._process)

    def order(self, **order: Any) -> Any:
        """Give an order and wait for the answer."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def start(
        self,
        project: Path,
        *arguments: str,
        moment: str | None = None,
        secrets: Mapping[str, str] | None = None,
    ) -> Attempt:
        """Begin a command in a project; its clock stands at a `moment` (ISO) and goes on."""
        number = next(self._numbers)
        out, err = (self._folder / f"{number}.{name}" for name in ("out", "err"))
        out.touch()
        err.touch()
        pid = self.order(
            do="start",
            arguments=arguments,
            cwd=str(project),
            env=environment(project) | dict(secrets or {}),
            out=str(out),
            err=str(err),
            moment=moment,
        )
        return Attempt(self, pid, out, err)


def environment(project: Path) -> dict[str, str]:
    """What a command of this project needs to know besides."""
    return {"ANNOUNCE_STATE": str(project / "state"), "ANNOUNCE_UI": "en", "LANGUAGE": "en"}


def _close(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.close()
    process.wait()
    process.stdout.close()


@dataclass(frozen=True)
class Case:
    """A campaign, and the sink that it goes to."""

    server: Server
    sink: Sink
    project: Path
    people: list[str] = field(default_factory=list)

    def invite(self, number: int) -> None:
        """Write so many more people into the audience."""
        first = len(self.people)
        self.people.extend(f"p{n:04}@example.org" for n in range(first, first + number))
        rows = [
            f"Person {n},{address},{('zh', 'en')[n % 2]}\n" for n, address in enumerate(self.people)
        ]
        file = self.project / "audiences" / "people.csv"
        file.parent.mkdir(exist_ok=True)
        file.write_text("name,address,language\n" + "".join(rows), encoding="utf-8")

    def start(self, *more: str) -> Attempt:
        """Begin to send."""
        return self.server.start(self.project, "--json", "send", FILE, "--yes", *more)

    def send(self) -> Ended:
        """Send, to the end."""
        return self.start().end()

    def run(self, *arguments: str) -> Ended:
        """Any other command, to its end."""
        return self.server.start(self.project, *arguments).end()

    @property
    def taken(self) -> dict[str, int]:
        """How many mails the sink has taken for whom."""
        return {recipient: len(ids) for recipient, ids in self.sink.mails.items()}

    @property
    def log(self) -> dict[str, Any]:
        """What `announce log` knows, by key."""
        return {one["key"]: one for one in self.run("log", FILE, "--format", "json").json}

    @property
    def status(self) -> tuple[int, dict[str, int]]:
        """Exit code and counts of `announce status`."""
        ended = self.run("--json", "status", FILE)
        found = ended.json["campaigns"]
        return ended.code, found[0]["channels"]["email"] if found else {}

    @property
    def ledger(self) -> Path:
        """The ledger's file."""
        return self.project / ".announce" / LEDGER


MakeCase = Callable[..., Case]
TWO_PROCESSES = pytest.mark.skipif(
    len(os.sched_getaffinity(0)) < 2, reason="a second process needs a second core"
)


@contextmanager
def busy(ledger: Path) -> Iterator[None]:
    """Somebody else who writes to the ledger, a few milliseconds again and again: whoever waits
    for it there is easily met by a kill."""
    ends, chance = threading.Event(), random.Random()

    def write() -> None:
        with closing(sqlite3.connect(ledger, timeout=HANG, isolation_level=None)) as connection:
            while not ends.wait(chance.uniform(0, 0.03)):
                connection.execute("BEGIN IMMEDIATE")
                ends.wait(chance.uniform(0, 0.01))
                connection.execute("ROLLBACK")

    writer = threading.Thread(target=write)
    writer.start()
    try:
        yield
    finally:
        ends.set()
        writer.join()


@dataclass(frozen=True)
class Traces:
    """What a ledger's files say at an instant, read from a copy: the next command is to find
    them as they were left."""

    states: dict[str, State]
    handed: set[str]  # handed over and not answered
    sequence: int
    holder: int | None  # the process that holds the run, dead or alive

    @classmethod
    def of(cls, ledger: Path, copy: Path) -> Self:
        """Those of a project's ledger; `copy` is a folder to work in."""
        for left in reversed(range(10)):
            shutil.rmtree(copy, ignore_errors=True)
            copy.mkdir()
            with suppress(FileNotFoundError):
                shutil.copy(ledger, copy)
                shutil.copy(ledger.with_name(f"{LEDGER}-wal"), copy)
            try:
                return cls._read(copy)
            except MachineError:
                # A second process that still lived was moving its log into the ledger.
                if not left:
                    raise
        raise AssertionError

    @classmethod
    def _read(cls, folder: Path) -> Self:
        ledger = open_ledger(f"sqlite:///{LEDGER}", folder, create=False)
        try:
            found = [(row.key.recipient, row.state, events) for row, events in ledger.history(ID)]
            held = ledger.running(ID)
            return cls(
                states={key: state for key, state, _ in found},
                handed={
                    key
                    for key, state, events in found
                    if state is State.SENDING and events[-1].event == "handed_over"
                },
                sequence=ledger.sequence,
                holder=held.pid if held else None,
            )
        finally:
            ledger.close()

    @property
    def claimed(self) -> set[str]:
        """Those that are in a run's hands, handed over or not."""
        return {key for key, state in self.states.items() if state is State.SENDING}

    @property
    def sent(self) -> set[str]:
        """Those that were sent."""
        return {key for key, state in self.states.items() if state is State.SENT}

    @property
    def served(self) -> set[str]:
        """Those that the next run is not to write to."""
        planned = {key for key, state in self.states.items() if state is State.PLANNED}
        return self.states.keys() - planned - (self.claimed - self.handed)

    def phase(self, pid: int, before: Traces) -> str:
        """Where a process was in its work when it was killed, having begun from `before`."""
        if self.holder != pid:
            same = self.holder is not None or self.sequence == before.sequence
            return "planning" if self.holder == before.holder and same else "after the end"
        if self.handed:
            return "handed over"
        if self.claimed:
            return "claimed"
        return "finishing" if self.states.keys() == self.served else "laying"
