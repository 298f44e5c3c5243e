"""Headless Chromium driven over its pipe: no socket, no further library."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

NAMES = ("chromium", "chromium-browser", "google-chrome")
# In a container it runs as root, which its sandbox refuses; it opens nothing but the test's page.
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--remote-debugging-pipe",
)  # fmt: skip
# Chromium reads from its fourth file and writes to its fifth.
MOVED = """
import fcntl, os, sys
to, of = (fcntl.fcntl(int(one), fcntl.F_DUPFD, 10) for one in sys.argv[1:3])
os.dup2(to, 3)
os.dup2(of, 4)
os.execv(sys.argv[3], sys.argv[3:])
"""


def executable() -> str | None:
    """Where Chromium is; None where there is none."""
    return next((found for name in NAMES if (found := shutil.which(name))), None)


class Tab:
    """One open page."""

    def __init__(self, to: BinaryIO, of: BinaryIO) -> None:
        self._to, self._of = to, of
        self._asked = 0
        self._session = ""
        # What Chromium told of its own accord: requests, log entries, exceptions.
        self.events: list[dict[str, Any]] = []

    def call(self, method: str, **given: Any) -> dict[str, Any]:
        """Ask Chromium for something, and wait for its answer."""
        self._asked += 1
        message = {"id": self._asked, "method": method, "params": given}
        if self._session:
            message["sessionId"] = self._session
        self._to.write(json.dumps(message).encode() + b"\0")
        self._to.flush()
        while True:
            answer = self._next()
            if answer.get("id") == self._asked:
                assert "error" not in answer, answer
                result: dict[str, Any] = answer["result"]
                return result

    def open(self, address: str) -> None:
        """Show a page, and wait until it is there."""
        self.call("Browser.grantPermissions", permissions=[
            "clipboardReadWrite", "clipboardSanitizedWrite"
        ])  # fmt: skip
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        attached = self.call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")
        told = len(self.events)
        self.call("Page.navigate", url=address)
        # It may have been told before the call was answered.
        while all(one["method"] != "Page.loadEventFired" for one in self.events[told:]):
            self._next()

    def run(self, script: str) -> Any:
        """What a script comes to, as if a person had clicked."""
        done = self.call(
            "Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True,
            userGesture=True,
        )  # fmt: skip
        assert "exceptionDetails" not in done, done
        return done["result"].get("value")

    def _next(self) -> dict[str, Any]:
        data = bytearray()
        while (one := self._of.read(1)) != b"\0":
            if not one:
                raise EOFError("Chromium is gone")
            data += one
        message: dict[str, Any] = json.loads(data)
        if "method" in message:
            self.events.append(message)
        return message


@contextmanager
def browsing(program: str, profile: Path, *flags: str) -> Iterator[Tab]:
    """A page in a browser of its own, with a folder for what the browser keeps."""
    their_in, our_out = os.pipe()
    our_in, their_out = os.pipe()
    command = [program, *FLAGS, *flags, f"--user-data-dir={profile}", "about:blank"]
    process = subprocess.Popen(
        [sys.executable, "-c", MOVED, str(their_in), str(their_out), *command],
        pass_fds=(their_in, their_out), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    os.close(their_in)
    os.close(their_out)
    with os.fdopen(our_out, "wb") as to, os.fdopen(our_in, "rb", buffering=1 << 16) as of:
        try:
            yield Tab(to, of)
        finally:
            process.kill()
            process.wait()
