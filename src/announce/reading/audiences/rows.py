"""One row becomes one recipient; what is wrong with it is told at its line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from announce.model.audience import Address, Row
from announce.model.languages import Language, language_of
from announce.reading.addresses import AddressFault, read_address, split_cell, sure_address
from announce.reading.audiences.table import Table, Told
from announce.reading.characters import FORBIDDEN, NOT_ON_ONE_LINE, named
from announce.texts import say

_LANGUAGE_NAMES = {
    "中文": "zh", "汉语": "zh", "简体中文": "zh", "cn": "zh", "chinese": "zh", "chn": "zh",
    "英文": "en", "英语": "en", "english": "en", "eng": "en", "us": "en", "uk": "en",
}  # fmt: skip
_LOST = "\ufffd"


@dataclass(frozen=True, slots=True, kw_only=True)
class Roles:
    """Which column (by number) is which; None where the file has no such column."""

    address: int
    name: int | None = None
    language: int | None = None
    key: int | None = None


@dataclass(slots=True, kw_only=True)
class RowReader:
    """Makes recipients of a table's rows; faults go to `problems`.

    `promised` are the languages that a row may ask for.
    """

    table: Table
    roles: Roles
    promised: Sequence[Language]
    problems: Told = field(default_factory=Told)
    _bad: bool = False

    def read(self, line: int, cells: Sequence[str]) -> Row | None:
        """The row's recipient; None where it has a fault."""
        self._bad = False
        whole = "".join(cells)
        # What can be printed has no control characters (str.isprintable): nearly every row.
        if not whole.isprintable() or _LOST in whole:
            self._check_characters(line, cells)
        key = self._cell(cells, self.roles.key)
        language = self._language(line, self._cell(cells, self.roles.language))
        name = self._cell(cells, self.roles.name)
        spec = sure_address(cells[self.roles.address])
        if spec is None or self._bad or ";" in name or "；" in name:
            return self._read_closely(line, cells, key, language)
        names = (name,) if name else ()
        return Row(key or spec.casefold(), line, language, names, ((spec, name, spec),), cells)

    def _read_closely(
        self, line: int, cells: Sequence[str], key: str, language: Language | None
    ) -> Row | None:
        addresses = self._addresses(line, cells[self.roles.address])
        names = _entries(self._cell(cells, self.roles.name))
        if len(names) > 1 and len(names) != len(addresses) and not self._bad:
            self._fault(
                line,
                "names-mismatch",
                say(
                    "{names} names and {addresses} addresses",
                    names=len(names),
                    addresses=len(addresses),
                ),
                say("write as many of one as of the other, separated by ;, or a single name"),
            )
        addresses = _named(addresses, names)
        if not key and len(addresses) > 1:
            self._fault(
                line,
                "key-missing",
                say("a row with several addresses needs a key"),
                say("fill in the key column, for decisions with the submission's number"),
            )
        if self._bad:
            return None
        told = tuple(name for name in names if name) or tuple(a.name for a in addresses if a.name)
        packed = tuple((a.spec, a.name, a.shown) for a in addresses)
        return Row(key or addresses[0].identity, line, language, told, packed, cells)

    def _fault(self, line: int, code: str, message: str, hint: str = "") -> None:
        self._bad = True
        self.problems.add(self.table.problem(line, code, message, hint))

    def _doubt(self, line: int, code: str, message: str, hint: str) -> None:
        self.problems.add(self.table.problem(line, code, message, hint, warning=True))

    def _cell(self, cells: Sequence[str], column: int | None) -> str:
        return "" if column is None else cells[column]

    def _check_characters(self, line: int, cells: Sequence[str]) -> None:
        for column in (self.roles.name, self.roles.key, self.roles.address, self.roles.language):
            if column is not None and (found := NOT_ON_ONE_LINE.search(cells[column])):
                self._control(line, column, found[0])
        whole = "\t".join(cells)
        if not self._bad and (found := FORBIDDEN.search(whole)):
            self._control(line, whole.count("\t", 0, found.start()), found[0])
        if _LOST in whole:
            self._doubt(
                line,
                "character-lost",
                say("this row holds U+FFFD, the sign of a character that was lost"),
                say("write the text anew; the file was once saved in the wrong encoding"),
            )

    def _control(self, line: int, column: int, character: str) -> None:
        name = self.table.columns[min(column, len(self.table.columns) - 1)]
        self._fault(
            line,
            "control-character",
            say('"{column}" holds a line break', column=name)
            if character in "\r\n"
            else say(
                '"{column}" holds the control character {code}', column=name, code=named(character)
            ),
            say("write it on one line") if character in "\r\n" else say("remove it"),
        )

    def _language(self, line: int, text: str) -> Language | None:
        if not text:
            return None
        language = _language_of(text)
        if language is None:
            meant = _LANGUAGE_NAMES.get(text.lower())
            self._fault(
                line,
                "language-unknown",
                say('unknown language "{text}"', text=text[:40]),
                say('write "{language}"', language=meant)
                if meant
                else say("write zh or en, or leave it blank for the project's first language"),
            )
        elif language not in self.promised:
            self._fault(
                line,
                "language-not-promised",
                say(
                    'this row asks for "{language}", and the project has only {languages}',
                    language=language,
                    languages=", ".join(self.promised),
                ),
                say("leave the cell blank, or add the language to announce.yaml"),
            )
        return language

    def _addresses(self, line: int, cell: str) -> list[Address]:
        entries = _entries(cell)
        if not entries:
            self._fault(
                line,
                "address-missing",
                say("this row has no address"),
                say("write one, or remove the row"),
            )
        elif "" in entries:
            self._fault(
                line,
                "address",
                say("there is an empty address between two semicolons"),
                say("remove one of the semicolons, or write the address"),
            )
        return [address for entry in entries if entry and (address := self._address(line, entry))]

    def _address(self, line: int, entry: str) -> Address | None:
        if NOT_ON_ONE_LINE.search(entry):
            return None  # told already
        try:
            address, doubt = read_address(entry)
        except AddressFault as fault:
            self._fault(line, fault.code, str(fault), fault.hint)
            return None
        if doubt:
            self._doubt(line, "address-typo", doubt.message, doubt.hint)
        return address


@lru_cache(maxsize=64)
def _language_of(text: str) -> Language | None:
    return language_of(text)


def _entries(cell: str) -> list[str]:
    """A cell's entries; a semicolon at its end separates nothing."""
    entries = split_cell(cell)
    while entries and not entries[-1]:
        entries.pop()
    return entries


def _named(addresses: list[Address], names: Sequence[str]) -> list[Address]:
    """The addresses with the names that go with them, each address once."""
    if names and len(names) == len(addresses):
        addresses = [
            Address(spec=address.spec, name=name or address.name, shown=address.shown)
            for address, name in zip(addresses, names, strict=True)
        ]
    if len(addresses) < 2:
        return addresses
    return list({address.identity: address for address in reversed(addresses)}.values())[::-1]
