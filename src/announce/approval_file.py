"""An approval as the text of its file: YAML that a person can review in a pull request."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from announce.model.approval import Approval

_HEAD = (
    "# Written by `announce approve`; `announce send` sends exactly this. To take it back, remove\n"
    "# the file. A name is a record, no proof. The hashes are keyed: no address, and nobody's\n"
    "# decision, can be read from them.\n"
)


def text_of(approval: Approval) -> str:
    """The file's text."""
    written = approval.model_dump(exclude_none=True)
    return _HEAD + "".join(_lines(written, ""))


def _lines(mapping: Mapping[str, Any], indent: str) -> Iterator[str]:
    for name, value in mapping.items():
        if value in ("", {}, []):
            continue
        key = (
            name if name.isidentifier() and name.isascii() else json.dumps(name, ensure_ascii=False)
        )
        if isinstance(value, dict):
            yield f"{indent}{key}:\n"
            yield from _lines(value, indent + "  ")
        elif isinstance(value, list):
            yield f"{indent}{key}:\n"
            for one in value:
                first, *rest = _lines(one, indent + "    ")
                yield f"{indent}  - {first.lstrip()}"
                yield from rest
        else:
            yield f"{indent}{key}: {_scalar(value, indent + '  ')}\n"


def _scalar(value: str | int, indent: str) -> str:
    if isinstance(value, int):
        return str(value)
    lines = value.rstrip("\n").split("\n")
    printable = "\n".join(
        "".join(c if c.isprintable() else "\ufffd" for c in line) for line in lines
    )
    # One line stands in quotes, lest YAML reads a date or a number; a text as it is read.
    if len(lines) == 1:
        return json.dumps(printable, ensure_ascii=False)
    body = "\n".join(f"{indent}{line}" if line else "" for line in printable.split("\n"))
    return f"|2-\n{body}"
