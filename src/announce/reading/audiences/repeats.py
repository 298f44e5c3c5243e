"""People named again: written to once; and keys that name different things: refused."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from announce.model.audience import Recipients, Row
from announce.problems import Place, Problem, Severity
from announce.reading.audiences.table import Told
from announce.texts import say

LINES = 10  # of repeated rows, kept to be told


@dataclass(slots=True, kw_only=True)
class Repeats:
    """Keeps the first of each recipient. `strict` where a second row may be a second message."""

    strict: bool
    file: str
    kept: Recipients
    repeated: int = 0
    lines: list[int] = field(default_factory=list)
    problems: Told = field(default_factory=Told)

    def add(self, row: Row) -> None:
        """Keep the recipient, or count it as repeated, or tell that its key is taken."""
        found = self.kept.add(row)
        if found is not None:
            self._again(self.kept.row(found), row)

    def _again(self, first: Row, again: Row) -> None:
        if _identities(first) != _identities(again):
            self.problems.add(self._key_taken(first, again))
            return
        self.repeated += 1
        if len(self.lines) < LINES:
            self.lines.append(again.line)
        columns = zip(self.kept.columns, first.cells, again.cells, strict=True)
        if differing := [name for name, one, other in columns if one != other]:
            self.problems.add(self._differs(first, again, differing))

    def _differs(self, first: Row, again: Row, columns: list[str]) -> Problem:
        problem = Problem(
            code="row-differs",
            place=Place(file=self.file, line=again.line),
            message=say(
                '"{key}" stands in line {line} already, with another {columns}',
                key=again.key,
                line=first.line,
                columns=", ".join(columns[:5]),
            ),
            hint=say("if each row is a message of its own, give each a key; else remove one row"),
        )
        return problem if self.strict else replace(problem, severity=Severity.WARNING)

    def _key_taken(self, first: Row, again: Row) -> Problem:
        return Problem(
            code="key-repeated",
            place=Place(file=self.file, line=again.line),
            message=say(
                'the key "{key}" names other addresses in line {line}',
                key=again.key,
                line=first.line,
            ),
            hint=say(
                "give each row a key of its own, or write all addresses into one row, "
                "separated by ;"
            ),
        )


def _identities(row: Row) -> set[str]:
    return {spec.casefold() for spec, _name, _shown in row.addresses}
