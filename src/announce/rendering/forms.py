"""Forms: texts that are finished but for the places where a recipient's values go."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import TYPE_CHECKING, Any, AnyStr, Generic

if TYPE_CHECKING:  # what it imports is slow to import, and those who write mails need none of it
    from announce.rendering.markers import Pieces

Write = Callable[[str], str]


class Weave(Generic[AnyStr]):
    """Literals with cells between them: `literals[0] cell literals[1] cell … literals[-1]`.

    `gaps` has the number of the cell for each place between two literals.
    """

    __slots__ = ("_literals", "_pick", "_thread")

    def __init__(self, literals: Sequence[AnyStr], gaps: Sequence[int]) -> None:
        self._literals: tuple[AnyStr, ...] = tuple(literals)
        self._thread: AnyStr = literals[0][:0]
        order = [0]
        for number, gap in enumerate(gaps, 1):
            order += (len(literals) + gap, number)
        self._pick: Callable[[Any], Any] = itemgetter(*order if gaps else [slice(1)])

    def fill(self, cells: Sequence[AnyStr]) -> AnyStr:
        """The whole text."""
        text: AnyStr = self._thread.join(self._pick(self._literals + tuple(cells)))
        return text


class Form:
    """A text with places for a recipient's values, each escaped for where it stands.

    `literals` and `gaps` are as `Weave` has them; a cell is a value as it is written in some
    places. `pieces` number their values by `row`: a text, which is written once and for all, or
    the number of a recipient's value.
    """

    __slots__ = ("_cells", "_weave", "gaps", "literals")

    def __init__(self, pieces: Pieces, row: Sequence[str | int]) -> None:
        cells: dict[tuple[int, Write | None], int] = {}
        literals, gaps = [pieces.literals[0]], []
        for (number, write), literal in zip(pieces.slots, pieces.literals[1:], strict=True):
            value = row[number]
            if isinstance(value, str):
                literals[-1] += (write(value) if write else value) + literal
            else:
                gaps.append(cells.setdefault((value, write), len(cells)))
                literals.append(literal)
        self.literals, self.gaps = tuple(literals), tuple(gaps)
        self._cells = tuple(cells)
        self._weave = Weave(self.literals, self.gaps)

    def cells(self, values: Sequence[str]) -> list[str]:
        """A recipient's values as this text writes them."""
        return [write(values[at]) if write else values[at] for at, write in self._cells]

    def fill(self, cells: Sequence[str]) -> str:
        """The text with a recipient's cells."""
        return self._weave.fill(cells)
