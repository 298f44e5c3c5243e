"""What was uploaded to an account already, in SQL."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from announce.ledger.core import Core
from announce.ledger.moves import upsert
from announce.ledger.schema import uploads


class SqlUploads:
    """See `Uploads`."""

    def __init__(self, core: Core) -> None:
        self._core = core

    def get(self, account: str, kind: str, sha: str) -> str | None:
        """See `Uploads`."""
        here = (uploads.c.account == account, uploads.c.kind == kind, uploads.c.sha == sha)
        with self._core.reading() as connection:
            return connection.scalar(select(uploads.c.value).where(*here))

    def put(self, account: str, kind: str, sha: str, value: str, now: datetime) -> None:
        """See `Uploads`."""
        row = {"account": account, "kind": kind, "sha": sha, "value": value, "at": now}
        with self._core.writing() as connection:
            statement = upsert(connection, uploads).values(row)
            newer = {"value": statement.excluded.value, "at": statement.excluded.at}
            keys = list(uploads.primary_key.columns)
            connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=newer))
