"""The counting sink as a context: a mail server on loopback, in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from announce.errors import MachineError
from announce.texts import say

_PROGRAM = Path(__file__).with_name("sink.py")


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """What a sink has taken: mails, their recipients, their octets on the wire, connections."""

    mails: int
    recipients: int
    octets: int
    connections: int


class CountingSink:
    """Takes mails, counts them and drops them; `port` tells where, on 127.0.0.1.

    Entering raises MachineError where the process does not come up.
    """

    def __init__(self) -> None:
        self.port = 0
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        # -I: neither the working folder nor the environment may put modules before its own.
        self._process = subprocess.Popen(
            [sys.executable, "-I", str(_PROGRAM)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            self.port = int(self._answer()["port"])
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._process is not None:
            self._process.communicate()
            self._process = None

    def counted(self) -> Counted:
        """What it has taken so far. MachineError where the process is gone."""
        assert self._process is not None and self._process.stdin is not None
        try:
            self._process.stdin.write("\n")
            self._process.stdin.flush()
        except OSError as error:
            raise _gone() from error
        return Counted(**self._answer())

    def _answer(self) -> dict[str, Any]:
        assert self._process is not None and self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise _gone()
        answer: dict[str, Any] = json.loads(line)
        return answer


def _gone() -> MachineError:
    return MachineError(
        say("the counting mail server on this machine has ended"), hint=say("run it again")
    )
