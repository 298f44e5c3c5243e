"""Addresses not to be written to, in SQL."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, select

from announce.ledger.base import Scope, SuppressionReason
from announce.ledger.core import Core
from announce.ledger.moves import upsert
from announce.ledger.schema import suppressions
from announce.model.delivery import Suppression


class SqlSuppressions:
    """See `Suppressions`. Addresses are the same whatever their case."""

    def __init__(self, core: Core) -> None:
        self._core = core

    def add(
        self, address: str, reason: SuppressionReason, scope: Scope, at: datetime, note: str = ""
    ) -> bool:
        """See `Suppressions`."""
        row = {
            "identity": address.casefold(),
            "reason": reason,
            "address": address,
            "scope": scope,
            "at": at,
            "note": note,
        }
        with self._core.writing() as connection:
            new = upsert(connection, suppressions).values(row).on_conflict_do_nothing()
            # rowcount is -1 on psycopg: what comes back tells.
            return bool(connection.execute(new.returning(suppressions.c.reason)).all())

    def remove(self, address: str) -> bool:
        """See `Suppressions`."""
        named = suppressions.c.identity == address.casefold()
        with self._core.writing() as connection:
            return connection.execute(delete(suppressions).where(named)).rowcount > 0

    def all(self) -> list[Suppression]:
        """See `Suppressions`."""
        ordered = select(suppressions).order_by(suppressions.c.identity, suppressions.c.at)
        with self._core.reading() as connection:
            return [_suppression(row) for row in connection.execute(ordered)]


def _suppression(row: Row[Any]) -> Suppression:
    return Suppression(
        address=row.address, reason=row.reason, scope=row.scope, at=row.at, note=row.note
    )
