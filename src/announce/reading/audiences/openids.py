"""The openids of an audience: whom WeChat notices go to."""

from __future__ import annotations

import re

from announce.model.audience import Recipients
from announce.reading.audiences.table import Table, Told
from announce.texts import say

# No document fixes the form; all that are shown have 28 of these signs.
_OPENID = re.compile(r"[A-Za-z0-9_-]{20,64}")


def check_openids(table: Table, people: Recipients, column: str) -> Told:
    """Cells that hold no openid, and openids that stand with two recipients: one of the two would
    read the other's matter. A blank cell is no fault."""
    found = Told()
    if column not in table.columns:
        return found
    at, seen = table.columns.index(column), dict[str, tuple[str, int]]()
    for row in people.rows():
        openid = row.cells[at].strip()
        if not openid:
            continue
        if not _OPENID.fullmatch(openid):
            message = say('"{openid}" is no openid', openid=openid[:60])
            hint = say(
                "an openid is one word of letters, digits, _ and -; a notice goes to one person"
            )
            found.add(table.problem(row.line, "openid-invalid", message, hint))
        elif openid in seen:
            key, line = seen[openid]
            message = say(
                "{key} has the same openid as {other} (line {line})",
                key=row.key,
                other=key,
                line=line,
            )
            hint = say("one of them would read the other's matter: correct the openid")
            found.add(table.problem(row.line, "openid-repeated", message, hint))
        else:
            seen[openid] = (row.key, row.line)
    return found
