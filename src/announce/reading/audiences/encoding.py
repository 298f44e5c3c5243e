"""Bytes of a table become text: UTF-8, UTF-16 with its mark, else GB18030 (Excel in China)."""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from announce.reading.audiences.table import Table
from announce.reading.yamlfile import Unreadable, read_parts
from announce.texts import say

MAX_BYTES = 200 * 1024 * 1024

_FOREIGN = {
    b"PK\x03\x04": "Excel (.xlsx)",
    b"\xd0\xcf\x11\xe0": "Excel (.xls)",
    b"%PDF": "PDF",
}


@dataclass(frozen=True, slots=True)
class TextFile:
    """A file that was looked through once and is text; `blank` where nothing can be seen in it."""

    path: Path
    encoding: str
    blank: bool

    def open(self) -> TextIO:
        """Open it to be read from its beginning, its line ends as they are."""
        return self.path.open(encoding=self.encoding, newline="")


def table_text(path: Path, table: Table) -> TextFile | None:
    """The file as text, or None with the fault added to the table."""
    try:
        first = next(read_parts(path, table.shown, max_bytes=MAX_BYTES), b"")
        for magic, name in _FOREIGN.items():
            if first.startswith(magic):
                table.fault(
                    None,
                    "binary",
                    say("this is a file of the kind {kind}", kind=name),
                    say("export it as CSV UTF-8 and name that file"),
                )
                return None
        return _decoded(path, table, first)
    except Unreadable as unreadable:
        table.problems.add(unreadable.problem)
        return None


def no_encoding(table: Table) -> None:
    """Add the fault of a file that no encoding fits."""
    table.fault(
        None,
        "encoding",
        say("the file is neither UTF-8, UTF-16 nor GB18030 text"),
        say("save it as CSV UTF-8"),
    )


def _decoded(path: Path, table: Table, first: bytes) -> TextFile | None:
    marked = first.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    for encoding in ["utf-16"] if marked else ["utf-8-sig", "gb18030"]:
        try:
            nul, blank = _look_through(path, table.shown, encoding)
        except UnicodeDecodeError:
            continue
        if encoding == "gb18030":
            table.fault(
                None,
                "encoding-guessed",
                say("the file is not UTF-8 and is read as GB18030"),
                say("look at the names in the preview, or save it as CSV UTF-8"),
                warning=True,
            )
        if nul is not None:
            table.fault(
                nul,
                "binary",
                say("this is not a text file"),
                say("it holds NUL bytes: name the right file, or save it as CSV UTF-8"),
            )
            return None
        return TextFile(path, encoding, blank)
    no_encoding(table)
    return None


def _look_through(path: Path, shown: str, encoding: str) -> tuple[int | None, bool]:
    """The line of the first NUL, and whether the text is blank. Raises UnicodeDecodeError."""
    decoder = codecs.getincrementaldecoder(encoding)()
    nul, blank, line = None, True, 1
    for part in read_parts(path, shown, max_bytes=MAX_BYTES):
        text = decoder.decode(part)
        if nul is None and "\0" in text:
            nul = line + text.count("\n", 0, text.index("\0"))
        line += text.count("\n")
        blank = blank and not text.strip()
    return nul, not decoder.decode(b"", True).strip() and blank
