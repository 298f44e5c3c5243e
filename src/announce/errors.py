"""What can end a command, by exit code.

AnnounceError
├── InputError      2  the input is at fault; nothing was sent
├── GateError       3  a gate said no; nothing was sent
├── MachineError    4  an account, the ledger or the machine is at fault
│   ├── LoginRefused
│   ├── Unreachable
│   │   └── PutOff
│   ├── LedgerBehind
│   └── ApiFailure      an official account's API (channels/wechat/failures.py)
└── StoppedError    5  stopped before the end; run again

Each carries a sentence and the mend; a foreign error is turned into one of these at the edge
where it arises, always `from` it. What happens to one delivery is not an error but an `Outcome`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from announce.problems import Problem


class AnnounceError(Exception):
    """Any end that a person must hear of. `message` says what, `hint` how to mend it."""

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class InputError(AnnounceError):
    """Hand-written input is at fault: all its problems at once."""

    exit_code = 2

    def __init__(self, message: str, *, problems: Iterable[Problem] = (), hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.problems = tuple(problems)


class GateError(AnnounceError):
    """A gate said no: not confirmed, changed, figures not as expected, held by another run."""

    exit_code = 3


class MachineError(AnnounceError):
    """An account, the ledger or the machine is at fault."""

    exit_code = 4


class LoginRefused(MachineError):
    """The account's login was refused: trying again with the same secret cannot help."""


class Unreachable(MachineError):
    """No connection came about, and a later try may well succeed."""


class PutOff(Unreachable):
    """Somebody answers, and asks to come back later."""


class LedgerBehind(MachineError):
    """A witness outside the ledger knows of deliveries that the ledger does not."""


class StoppedError(AnnounceError):
    """A limit or a stop ended the run early; the rest is planned."""

    exit_code = 5
