"""Faults and doubts as values: gathered, never the first only, each with place, cause and mend."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from difflib import get_close_matches
from enum import StrEnum

from announce.texts import say


class Severity(StrEnum):
    """How bad: an error stops the send, a warning is told."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where in a hand-written file: path as shown to people, line and column from 1."""

    file: str
    line: int | None = None
    column: int | None = None

    def __str__(self) -> str:
        parts = [self.file, self.line, self.column if self.line else None]
        return ":".join(str(part) for part in parts if part is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One fault or doubt: where, what (in the interface's language), and how to mend it.

    `code` is stable and language-free: kebab-case, for `check --json` and the docs.
    """

    code: str
    place: Place
    message: str
    hint: str = ""
    severity: Severity = field(default=Severity.ERROR)

    @property
    def is_error(self) -> bool:
        """Whether this stops a send."""
        return self.severity is Severity.ERROR

    def __str__(self) -> str:
        head = f"{self.place}: {self.message}"
        return f"{head}\n    {self.hint}" if self.hint else head


def errors_in(problems: Iterable[Problem]) -> list[Problem]:
    """Those that stop a send."""
    return [problem for problem in problems if problem.is_error]


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A hint naming the nearest known words, or the known words when none is near."""
    names = sorted(set(known))
    near = get_close_matches(word, names, n=2, cutoff=0.6)
    if near:
        return say(
            "did you mean {names}?",
            names=say(" or ").join(say('"{name}"', name=name) for name in near),
        )
    if not names or len(names) > 20:  # a long list would bury the fault
        return ""
    return say("known here: {names}", names=say(", ").join(names))
