"""The shape of a mail: what all recipients share whose mails differ by printed values only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from announce.rendering.drafts import one_line, tidy
from announce.rendering.expressions import Expression, Names
from announce.rendering.forms import Form, Weave
from announce.rendering.markers import clean
from announce.rendering.printing import LONG, Value
from announce.rendering.tracing import Tracked
from announce.rendering.words import Draft, Line, subject_keys

# Literals, and the numbers of values between them.
_Tokens = list[str | int]


class Filling(NamedTuple):
    """A shape, and what one recipient fills into it: `values` by the numbers of its forms."""

    shape: Shape
    subject: str
    values: list[str]


class Page(NamedTuple):
    """The text and the HTML of a shape."""

    text: Form
    html: Form


class Shape:
    """Made of the drafts of a traced run, which left so many `steps` and used the recipient's
    values so many times: no more steps than each use may take are allowed to a recipient.

    `title` and `preheader` say where the page gets them from, as a row of a Form does.
    """

    def __init__(self, halves: Sequence[Draft], *, steps: int, uses: int) -> None:
        self.halves = tuple(halves)
        self._allowance = steps // max(uses, 1)
        self._numbers: dict[Expression, int] = {}
        lines = [{key: self._tokens(line) for key, line in half.lines.items()} for half in halves]
        keys = subject_keys(lines)
        subject = [half[key] for half, key in zip(lines, keys, strict=True)]
        preheader = [half["preheader"] for half in lines if "preheader" in half]
        self._subject, self._preheader = _Sentence(" / ", subject), _Sentence(" · ", preheader)
        self._lines = [(key, _woven(line)) for half in lines for key, line in half.items()]
        for half in halves:
            self.row([*half.body.values, *half.footer.values])
        self._reads = tuple([expression.read for expression in self._numbers])
        self.title = self._subject.constant(len(self._reads))
        self.preheader = self._preheader.constant(len(self._reads) + 1)

    def row(self, values: Sequence[Value]) -> list[str | int]:
        """Values as a Form takes them: a recipient's by their numbers."""
        return [
            self._numbers.setdefault(value.expression, len(self._numbers))
            if isinstance(value, Tracked)
            else value
            for value in values
        ]

    def filling(self, names: Names, steps: int) -> Filling | None:
        """What a recipient fills in, where `steps` were taken to find the shape; None where the
        values are so long that the steps have to be counted one by one.

        Raises whatever a value raises that cannot be made.
        """
        values = [read(names) for read in self._reads]
        together = " ".join(values)
        if len(together) >= LONG:
            steps += sum(len(value) // LONG for value in values)
        if steps > self._allowance:
            return None
        # A printable text holds neither controls nor line breaks.
        if not together.isprintable():
            values = [clean(value) for value in values]
            for key, line in self._lines:
                one_line(key, line.fill(values))
        subject = self._subject.said(values)
        return Filling(self, subject, [*values, subject, self._preheader.said(values)])

    def named(self) -> Filling:
        """What stands in place of a recipient's values where the shape itself is shown."""
        values = [f"⟨{expression.name}⟩" for expression in self._numbers]
        subject = self._subject.said(values)
        return Filling(self, subject, [*values, subject, self._preheader.said(values)])

    def agrees(self, plain: Sequence[Draft], names: Names) -> bool:
        """Whether this recipient's drafts, written the plain way, are what the shape gives."""
        return all(
            self._same_lines(mine, theirs, names)
            and all(
                one.fragment.source == other.fragment.source
                and _texts(one.values, names) == list(other.values)
                for one, other in ((mine.body, theirs.body), (mine.footer, theirs.footer))
            )
            for mine, theirs in zip(self.halves, plain, strict=True)
        )

    def _same_lines(self, mine: Draft, theirs: Draft, names: Names) -> bool:
        return mine.lines.keys() == theirs.lines.keys() and all(
            line.source == theirs.lines[key].source
            and _texts(line.values, names) == list(theirs.lines[key].values)
            for key, line in mine.lines.items()
        )

    def _tokens(self, line: Line) -> _Tokens:
        """A line as literals with the numbers of values between them."""
        if line.text:
            return [line.text]
        tokens: _Tokens = [line.pieces.literals[0]]
        row = self.row(line.values)
        for (number, _), literal in zip(line.pieces.slots, line.pieces.literals[1:], strict=True):
            tokens += (row[number], literal)
        # Values are never blank, so that a line is stripped of what stands before and after them.
        tokens[0], tokens[-1] = line.pieces.literals[0].lstrip(), line.pieces.literals[-1].rstrip()
        return tokens


class _Sentence:
    """Lines put together, each of them tidy."""

    __slots__ = ("_between", "_lines", "_weave", "_whole")

    def __init__(self, between: str, lines: Sequence[_Tokens]) -> None:
        self._between = between
        self._lines = [_woven(line) for line in lines]
        joined: _Tokens = []
        for line in lines:
            joined += (between, *line) if joined else line
        self._weave = _woven(joined)
        said = [token for token in joined if isinstance(token, str)]
        self._whole = "".join(said) if len(said) == len(joined) else ""

    def constant(self, number: int) -> str | int:
        """The sentence where it is the same for everybody; else the number it is given."""
        return number if not self._whole and self._lines else self._whole

    def said(self, values: Sequence[str]) -> str:
        """The sentence with a recipient's values, which hold no line breaks."""
        if self._whole:
            return self._whole
        said = self._weave.fill(values)
        # Tidy throughout is tidy in each line.
        if said == tidy(said):
            return said
        return self._between.join([tidy(line.fill(values)) for line in self._lines])


def _woven(tokens: _Tokens) -> Weave[str]:
    literals, gaps = [""], list[int]()
    for token in tokens:
        if isinstance(token, str):
            literals[-1] += token
        else:
            gaps.append(token)
            literals.append("")
    return Weave(literals, gaps)


def _texts(values: Sequence[Value], names: Names) -> list[str]:
    return [
        clean(value.expression.read(names)) if isinstance(value, Tracked) else value
        for value in values
    ]
