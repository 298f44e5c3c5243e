"""Bytes of a table become text: UTF-8, UTF-16 with its mark, else GB18030 (Excel in China)."""

from __future__ import annotations

import codecs
from pathlib import Path

from announce.reading.audiences.table import Table
from announce.reading.yamlfile import read_bytes
from announce.texts import say

MAX_BYTES = 200 * 1024 * 1024

_FOREIGN = {
    b"PK\x03\x04": "Excel (.xlsx)",
    b"\xd0\xcf\x11\xe0": "Excel (.xls)",
    b"%PDF": "PDF",
}


def table_text(path: Path, table: Table) -> str | None:
    """The file's text, or None with the fault added to the table."""
    data, problem = read_bytes(path, table.shown, max_bytes=MAX_BYTES)
    if problem:
        table.problems.append(problem)
        return None
    for magic, name in _FOREIGN.items():
        if data.startswith(magic):
            table.fault(
                None,
                "binary",
                say("this is a file of the kind {kind}", kind=name),
                say("export it as CSV UTF-8 and name that file"),
            )
            return None
    return _decoded(data, table)


def _decoded(data: bytes, table: Table) -> str | None:
    try:
        text = _marked(data)
    except UnicodeDecodeError:
        table.fault(
            None,
            "encoding",
            say("the file is neither UTF-8, UTF-16 nor GB18030 text"),
            say("save it as CSV UTF-8"),
        )
        return None
    if text is None:
        text = data.decode("gb18030")
        table.fault(
            None,
            "encoding-guessed",
            say("the file is not UTF-8 and is read as GB18030"),
            say("look at the names in the preview, or save it as CSV UTF-8"),
            warning=True,
        )
    if "\0" in text:
        table.fault(
            text.count("\n", 0, text.index("\0")) + 1,
            "binary",
            say("this is not a text file"),
            say("it holds NUL bytes: name the right file, or save it as CSV UTF-8"),
        )
        return None
    return text


def _marked(data: bytes) -> str | None:
    """The text of UTF-16 or UTF-8; None where it must be GB18030, which is valid then."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        data.decode("gb18030")
        return None
