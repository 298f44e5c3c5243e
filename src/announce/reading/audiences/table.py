"""A table of people as text, whatever file it comes from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from announce.problems import Place, Problem, Severity


@dataclass(frozen=True, slots=True)
class Row:
    """One row: the line that it begins in, and its cells in the columns' order, stripped."""

    line: int
    cells: Sequence[str]


@dataclass(slots=True, kw_only=True)
class Table:
    """Columns and rows of one file. `header` is the line of the column names, None in YAML."""

    shown: str
    columns: tuple[str, ...] = ()
    rows: list[Row] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    header: int | None = None

    @property
    def usable(self) -> bool:
        """Whether its rows can be looked at: there are columns, whatever else is at fault."""
        return bool(self.columns)

    def fault(
        self, line: int | None, code: str, message: str, hint: str = "", *, warning: bool = False
    ) -> None:
        """Add a problem at a line of this file."""
        severity = Severity.WARNING if warning else Severity.ERROR
        place = Place(file=self.shown, line=line)
        self.problems.append(
            Problem(code=code, place=place, message=message, hint=hint, severity=severity)
        )
