"""What became of occurrences, in SQL."""

from __future__ import annotations

from sqlalchemy import delete, select

from announce.ledger.core import Core
from announce.ledger.moves import upsert
from announce.ledger.records import Decided, Decision
from announce.ledger.schema import decisions


class SqlDecisions:
    """See `Decisions`."""

    def __init__(self, core: Core) -> None:
        self._core = core

    def of(self, campaign: str) -> dict[tuple[str, str], Decided]:
        """See `Decisions`."""
        with self._core.reading() as connection:
            rows = connection.execute(select(decisions).where(decisions.c.campaign == campaign))
            return {
                (row.occurrence, row.zone): Decided(
                    what=Decision(row.what), reason=row.reason, due=row.due, at=row.at
                )
                for row in rows
            }

    def keep(self, campaign: str, part: tuple[str, str], decided: Decided) -> None:
        """See `Decisions`."""
        row = {
            "campaign": campaign,
            "occurrence": part[0],
            "zone": part[1],
            "what": decided.what.value,
            "reason": decided.reason,
            "due": decided.due,
            "at": decided.at,
        }
        with self._core.writing() as connection:
            statement = upsert(connection, decisions).values(row)
            newer = {name: statement.excluded[name] for name in ("what", "reason", "due", "at")}
            keys = list(decisions.primary_key.columns)
            connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=newer))

    def forget(self, campaign: str, part: tuple[str, str]) -> None:
        """See `Decisions`."""
        here = (
            decisions.c.campaign == campaign,
            decisions.c.occurrence == part[0],
            decisions.c.zone == part[1],
        )
        with self._core.writing() as connection:
            connection.execute(delete(decisions).where(*here))
