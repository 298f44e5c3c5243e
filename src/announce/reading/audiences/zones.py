"""The zones of an audience: where its people live, for a schedule that goes by them."""

from __future__ import annotations

from announce.model.audience import Recipients
from announce.model.moment import MomentError, zone_of
from announce.model.schedule import ZONE_COLUMN
from announce.reading.audiences.table import Table, Told


def check_zones(table: Table, people: Recipients) -> Told:
    """Cells that name no zone. A blank cell is no fault: the project's zone counts."""
    found = Told()
    if ZONE_COLUMN not in table.columns:
        return found
    at = table.columns.index(ZONE_COLUMN)
    for row in people.rows():
        name = row.cells[at].strip()
        if not name:
            continue
        try:
            zone_of(name)
        except MomentError as error:
            found.add(table.problem(row.line, "zone-unknown", str(error), error.hint))
    return found
