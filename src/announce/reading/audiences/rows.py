"""One row becomes one recipient; what is wrong with it is told at its line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from announce.model.audience import Address, Recipient
from announce.model.languages import Language, language_of
from announce.problems import Place
from announce.reading.addresses import AddressFault, read_address, split_cell
from announce.reading.audiences.table import Row, Table
from announce.reading.characters import FORBIDDEN, NOT_ON_ONE_LINE, named
from announce.texts import say

_LANGUAGE_NAMES = {
    "中文": "zh", "汉语": "zh", "简体中文": "zh", "cn": "zh", "chinese": "zh", "chn": "zh",
    "英文": "en", "英语": "en", "english": "en", "eng": "en", "us": "en", "uk": "en",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Roles:
    """Which column (by number) is which; None where the file has no such column."""

    address: int
    name: int | None = None
    language: int | None = None
    key: int | None = None


@dataclass(slots=True, kw_only=True)
class RowReader:
    """Makes recipients of a table's rows; faults go to the table's problems.

    `promised` are the languages that a row may ask for.
    """

    table: Table
    roles: Roles
    promised: Sequence[Language]
    _bad: bool = False

    def read(self, row: Row) -> Recipient | None:
        """The row's recipient; None where it has a fault."""
        self._bad = False
        self._check_characters(row)
        key = self._cell(row, self.roles.key)
        language = self._language(row)
        addresses = self._addresses(row)
        names = _entries(self._cell(row, self.roles.name))
        if len(names) > 1 and len(names) != len(addresses) and not self._bad:
            self._fault(
                row,
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
                row,
                "key-missing",
                say("a row with several addresses needs a key"),
                say("fill in the key column, for decisions with the submission's number"),
            )
        return None if self._bad else self._recipient(row, key, addresses, names, language)

    def _recipient(
        self,
        row: Row,
        key: str,
        addresses: Sequence[Address],
        names: Sequence[str],
        language: Language | None,
    ) -> Recipient:
        told = tuple(name for name in names if name) or tuple(a.name for a in addresses if a.name)
        return Recipient(
            key=key or addresses[0].identity,
            addresses=tuple(addresses),
            name="; ".join(told),
            names=told,
            language=language,
            fields=dict(zip(self.table.columns, row.cells, strict=True)),
            place=Place(file=self.table.shown, line=row.line),
        )

    def _fault(self, row: Row, code: str, message: str, hint: str = "") -> None:
        self._bad = True
        self.table.fault(row.line, code, message, hint)

    def _cell(self, row: Row, column: int | None) -> str:
        return "" if column is None else row.cells[column]

    def _check_characters(self, row: Row) -> None:
        for column in (self.roles.name, self.roles.key, self.roles.address, self.roles.language):
            if column is not None and (found := NOT_ON_ONE_LINE.search(row.cells[column])):
                self._control(row, column, found[0])
        whole = "\t".join(row.cells)
        if not self._bad and (found := FORBIDDEN.search(whole)):
            self._control(row, whole.count("\t", 0, found.start()), found[0])
        if "\ufffd" in whole:
            self.table.fault(
                row.line,
                "character-lost",
                say("this row holds U+FFFD, the sign of a character that was lost"),
                say("write the text anew; the file was once saved in the wrong encoding"),
                warning=True,
            )

    def _control(self, row: Row, column: int, character: str) -> None:
        name = self.table.columns[min(column, len(self.table.columns) - 1)]
        self._fault(
            row,
            "control-character",
            say('"{column}" holds a line break', column=name)
            if character in "\r\n"
            else say(
                '"{column}" holds the control character {code}', column=name, code=named(character)
            ),
            say("write it on one line") if character in "\r\n" else say("remove it"),
        )

    def _language(self, row: Row) -> Language | None:
        text = self._cell(row, self.roles.language)
        if not text:
            return None
        language = language_of(text)
        if language is None:
            meant = _LANGUAGE_NAMES.get(text.lower())
            self._fault(
                row,
                "language-unknown",
                say('unknown language "{text}"', text=text[:40]),
                say('write "{language}"', language=meant)
                if meant
                else say("write zh or en, or leave it blank for the project's first language"),
            )
        elif language not in self.promised:
            self._fault(
                row,
                "language-not-promised",
                say(
                    'this row asks for "{language}", and the project has only {languages}',
                    language=language,
                    languages=", ".join(self.promised),
                ),
                say("leave the cell blank, or add the language to announce.yaml"),
            )
        return language

    def _addresses(self, row: Row) -> list[Address]:
        entries = _entries(row.cells[self.roles.address])
        if not entries:
            self._fault(
                row,
                "address-missing",
                say("this row has no address"),
                say("write one, or remove the row"),
            )
        elif "" in entries:
            self._fault(
                row,
                "address",
                say("there is an empty address between two semicolons"),
                say("remove one of the semicolons, or write the address"),
            )
        return [address for entry in entries if entry and (address := self._address(row, entry))]

    def _address(self, row: Row, entry: str) -> Address | None:
        if NOT_ON_ONE_LINE.search(entry):
            return None  # told already
        try:
            address, doubt = read_address(entry)
        except AddressFault as fault:
            self._fault(row, fault.code, str(fault), fault.hint)
            return None
        if doubt:
            self.table.fault(row.line, "address-typo", doubt.message, doubt.hint, warning=True)
        return address


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
