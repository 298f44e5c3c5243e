"""Recipients: people as the audience file names them, normalised."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, overload

from announce.model.languages import Language
from announce.problems import Place
from announce.spool import Index, Spool


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """One mail address: `spec` as it goes on the wire (domain in IDNA), `name` as written.

    `spec` is ASCII unless the part before the @ is not (`needs_smtputf8`). `shown` is what
    people read (`a@例子.中国`).
    """

    spec: str
    name: str = ""
    shown: str = ""

    @property
    def needs_smtputf8(self) -> bool:
        """Whether only a server with SMTPUTF8 can carry it."""
        return not self.spec.isascii()

    @property
    def identity(self) -> str:
        """What makes two addresses the same person's: the whole, without case."""
        return self.spec.casefold()


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """One row: one message goes to all its addresses.

    `language` is None where the row is blank. `fields` holds every column as text, under the
    file's own names, besides `name`, `names`, `address`, `addresses`, `language`, `key`.
    """

    key: str
    addresses: tuple[Address, ...]
    name: str
    names: tuple[str, ...]
    language: Language | None
    fields: Mapping[str, str]
    place: Place


class Row(NamedTuple):
    """A recipient as it is read and kept: plain values only.

    `addresses` holds spec, name and shown form of each; `cells` every column in the file's order.
    """

    key: str
    line: int
    language: Language | None
    names: tuple[str, ...]
    addresses: tuple[tuple[str, str, str], ...]
    cells: Sequence[str]


class Recipients(Sequence[Recipient]):
    """Recipients in the file's order, each made from its row when it is looked at.

    The rows are kept out of memory: some thirty bytes of it are used for each.
    """

    def __init__(self, file: str = "", columns: Sequence[str] = ()) -> None:
        self.file = file
        self.columns = tuple(columns)
        self._rows: Spool[Row] = Spool()
        self._keys = Index(self._key)
        self._counts: dict[str, Counter[str]] = {}

    def add(self, row: Row) -> int | None:
        """Add a recipient; where another one has its key, add nothing: that one's number."""
        found = self._keys.find_or_add(row.key, len(self._rows))
        if found is None:
            self._rows.append(row)
        return found

    def find(self, key: str) -> int | None:
        """The number of the recipient with this key."""
        return self._keys.find(key)

    def row(self, number: int) -> Row:
        """The row of one recipient."""
        return Row._make(self._rows[number])

    def rows(self) -> Iterator[Row]:
        """The rows, which is quicker than making recipients of them."""
        return map(Row._make, self._rows)

    def column(self, name: str) -> Iterator[str]:
        """What stands in a column, row by row. KeyError where there is no such column."""
        if name not in self.columns:
            raise KeyError(name)
        at = self.columns.index(name)
        return (row.cells[at] for row in self.rows())

    def counts(self, name: str) -> Counter[str]:
        """How many recipients have each value of a column; all are to be added before."""
        if name not in self._counts:
            self._counts[name] = Counter(self.column(name))
        return self._counts[name]

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, number: int) -> Recipient: ...

    @overload
    def __getitem__(self, number: slice) -> list[Recipient]: ...

    def __getitem__(self, number: int | slice) -> Recipient | list[Recipient]:
        if isinstance(number, slice):
            return [self[at] for at in range(*number.indices(len(self)))]
        return self._recipient(self._rows[number if number >= 0 else number + len(self)])

    def __iter__(self) -> Iterator[Recipient]:
        return map(self._recipient, self._rows)

    def _recipient(self, row: Row) -> Recipient:
        key, line, language, names, addresses, cells = row
        return Recipient(
            key=key,
            addresses=tuple([Address(spec=s, name=n, shown=h) for s, n, h in addresses]),
            name=names[0] if len(names) == 1 else "; ".join(names),
            names=names,
            language=language,
            fields=dict(zip(self.columns, cells, strict=True)),
            place=Place(file=self.file, line=line),
        )

    def _key(self, number: int) -> str:
        return self._rows[number][0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Audience:
    """Those of a file that a campaign addresses, in the file's order.

    `rows` counts the file's rows, `filtered` those that `where` left out, `excluded` those
    that exclusion files left out, `repeated` those that name a person again (told, and once
    written to), of which `repeated_lines` are the first.
    """

    recipients: Recipients = field(default_factory=Recipients)
    rows: int = 0
    filtered: int = 0
    excluded: int = 0
    repeated: int = 0
    repeated_lines: tuple[int, ...] = ()
