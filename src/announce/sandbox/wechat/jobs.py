"""Time passing for jobs: publications and mass messages that are due come to their end."""

from __future__ import annotations

import sqlite3

from announce.sandbox.wechat import events, mass_jobs, publishing
from announce.sandbox.wechat.account import Account, AccountKind
from announce.sandbox.wechat.mass import a_month
from announce.sandbox.wechat.state import State

_DUE = (
    "SELECT 1 FROM publications WHERE app_id = :app AND status = 1 AND due <= :at"
    " UNION ALL SELECT 1 FROM masses WHERE app_id = :app AND state IN ('asked', 'sending')"
    " AND due <= :at"
)


def settle(state: State, account: Account, at: float) -> list[str]:
    """End everything of an account that is due; the events that tell of it, as XML.

    Whichever process looks first does it, so that each job ends once.
    """
    asked = {"app": account.app_id, "at": at}
    with state.reading() as base:
        if base.execute(_DUE, asked).fetchone() is None:
            return []
    with state.changing() as base:
        return [*_publications(base, account, asked), *_masses(base, account, asked)]


def _publications(
    base: sqlite3.Connection, account: Account, asked: dict[str, object]
) -> list[str]:
    rows = base.execute(
        "SELECT * FROM publications WHERE app_id = :app AND status = 1 AND due <= :at"
        " ORDER BY due, number",
        asked,
    ).fetchall()
    return [
        events.keep(
            base, account.app_id, row["due"], events.published(publishing.finish(base, row))
        )
        for row in rows
    ]


def _masses(base: sqlite3.Connection, account: Account, asked: dict[str, object]) -> list[str]:
    monthly = a_month() if account.kind is AccountKind.VERIFIED_SERVICE else None
    rows = base.execute(
        "SELECT * FROM masses WHERE app_id = :app AND state IN ('asked', 'sending')"
        " AND due <= :at ORDER BY due, number",
        asked,
    ).fetchall()
    told = []
    for row in rows:
        ended = mass_jobs.finish(base, row, monthly=monthly)
        told.append(events.keep(base, account.app_id, row["due"], events.mass_sent(ended)))
    return told
