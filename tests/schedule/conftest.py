"""A scheduled campaign with a mail account on loopback, and a clock that the test sets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email import message_from_bytes, policy
from pathlib import Path

import pytest
import time_machine
from schedule_support import at, make_project

from announce.sandbox.mailcatcher import MailCatcher


class Season:
    """A project whose mails arrive at a server of the test's; `call` runs a command at a moment."""

    def __init__(
        self, root: Path, mail: MailCatcher, folder: Path, announce: Callable[..., object]
    ) -> None:
        self.root, self.mail, self.folder = root, mail, folder
        self._announce = announce

    def write(self, schedule: str, **more: str) -> None:
        """The campaign with that schedule."""
        smtp = f"email:\n  smtp: {{host: 127.0.0.1, port: {self.mail.port}, security: none}}\n"
        settings = smtp + more.pop("settings", "")
        make_project(self.root, schedule, settings=settings, **more)

    def call(self, moment: str, *arguments: str):
        """How a command ended that was given at that moment."""
        with time_machine.travel(at(moment), tick=True):
            return self._announce(*arguments, cwd=self.root)

    def run(self, moment: str, *more: str):
        """What cron calls."""
        return self.call(moment, "schedule", "run", *more)

    @property
    def arrived(self) -> list[tuple[str, str]]:
        """To whom mails came, with their subjects, in order."""
        found = []
        for path in sorted(self.folder.rglob("*.eml"), key=lambda one: one.stat().st_mtime_ns):
            message = message_from_bytes(path.read_bytes(), policy=policy.default)
            found.append((str(message["To"]), str(message["Subject"])))
        return found

    @property
    def counts(self) -> Counter[str]:
        """How many came to each."""
        return Counter(to for to, _subject in self.arrived)


@pytest.fixture
def season(tmp_path: Path, announce) -> Iterator[Season]:
    """The project, its server running."""
    with MailCatcher(tmp_path / "mail", now=lambda: datetime.now(UTC)) as mail:
        yield Season(tmp_path / "project", mail, tmp_path / "mail", announce)
