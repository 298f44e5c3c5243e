"""A table of people as text, whatever file it comes from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from announce.problems import Place, Problem, Severity
from announce.reading.flood import MAX_PROBLEMS, capped

# One row: the line that it begins in, and its cells in the columns' order, stripped.
Row = tuple[int, Sequence[str]]


class Told:
    """Problems of one file as they are found. Beyond the hundreds that anybody reads they are
    only counted: a file may have one in each of very many rows."""

    def __init__(self, problems: Iterable[Problem] = ()) -> None:
        self._kept: list[Problem] = []
        self._errors = 0
        self._doubts = 0
        for problem in problems:
            self.add(problem)

    def __iter__(self) -> Iterator[Problem]:
        return iter(self._kept)

    @property
    def has_errors(self) -> bool:
        """Whether one of them stops a send."""
        return self._errors > 0

    @property
    def left_out(self) -> int:
        """How many were only counted."""
        return self._errors + self._doubts - len(self._kept)

    def add(self, problem: Problem) -> None:
        """Keep one more, or count it."""
        if problem.is_error:
            self._errors += 1
        else:
            self._doubts += 1
        if (self._errors if problem.is_error else self._doubts) <= MAX_PROBLEMS:
            self._kept.append(problem)


@dataclass(slots=True, kw_only=True)
class Table:
    """Columns and rows of one file. `header` is the line of the column names, None in YAML.

    `rows` may be walked once: they come from the file as they are asked for, and faults of the
    file's structure join the `problems` on the way.
    """

    shown: str
    columns: tuple[str, ...] = ()
    rows: Iterable[Row] = ()
    problems: Told = field(default_factory=Told)
    header: int | None = None

    @property
    def usable(self) -> bool:
        """Whether its rows can be looked at: there are columns, whatever else is at fault."""
        return bool(self.columns)

    def fault(
        self, line: int | None, code: str, message: str, hint: str = "", *, warning: bool = False
    ) -> None:
        """Add a problem at a line of this file."""
        self.problems.add(self.problem(line, code, message, hint, warning=warning))

    def problem(
        self, line: int | None, code: str, message: str, hint: str = "", *, warning: bool = False
    ) -> Problem:
        """A problem at a line of this file."""
        severity = Severity.WARNING if warning else Severity.ERROR
        place = Place(file=self.shown, line=line)
        return Problem(code=code, place=place, message=message, hint=hint, severity=severity)


def told(parts: Sequence[Told], shown: str) -> list[Problem]:
    """The problems of one file in the order of these parts, or the first of them and a count."""
    problems = [problem for part in parts for problem in part]
    return capped(problems, shown, more=sum(part.left_out for part in parts))
