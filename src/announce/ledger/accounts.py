"""What is known of an account beside its deliveries: facts with their date, calls a day, turns."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy import delete, select

from announce.ledger.core import Core
from announce.ledger.moves import upsert
from announce.ledger.schema import account_calls, account_facts


class SqlAccounts:
    """See `Accounts`."""

    def __init__(self, core: Core) -> None:
        self._core = core

    def fact(self, account: str, name: str) -> tuple[str, datetime] | None:
        """See `Accounts`."""
        here = (account_facts.c.account == account, account_facts.c.name == name)
        found = select(account_facts.c.value, account_facts.c.at).where(*here)
        with self._core.reading() as connection:
            row = connection.execute(found).one_or_none()
        return None if row is None else (row.value, row.at)

    def facts(self, account: str, prefix: str = "") -> dict[str, tuple[str, datetime]]:
        """See `Accounts`."""
        here = account_facts.c.account == account
        found = select(account_facts).where(here).order_by(account_facts.c.name)
        with self._core.reading() as connection:
            rows = connection.execute(found).all()
        return {row.name: (row.value, row.at) for row in rows if row.name.startswith(prefix)}

    def keep(self, account: str, name: str, value: str, now: datetime) -> None:
        """See `Accounts`."""
        row = {"account": account, "name": name, "value": value, "at": now}
        with self._core.writing() as connection:
            statement = upsert(connection, account_facts).values(row)
            newer = {"value": statement.excluded.value, "at": statement.excluded.at}
            keys = list(account_facts.primary_key.columns)
            connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=newer))

    def forget(self, account: str, name: str) -> None:
        """See `Accounts`."""
        here = (account_facts.c.account == account, account_facts.c.name == name)
        with self._core.writing() as connection:
            connection.execute(delete(account_facts).where(*here))

    def take_turn(self, account: str, name: str, now: datetime, lasting: timedelta) -> bool:
        """See `Accounts`."""
        row = {"account": account, "name": f"turn {name}", "value": "", "at": now + lasting}
        with self._core.writing() as connection:
            statement = upsert(connection, account_facts).values(row)
            keys = list(account_facts.primary_key.columns)
            taken = connection.execute(
                statement.on_conflict_do_update(
                    index_elements=keys,
                    set_={"at": statement.excluded.at},
                    where=account_facts.c.at <= now,
                )
            )
        return taken.rowcount == 1

    def end_turn(self, account: str, name: str) -> None:
        """See `Accounts`."""
        self.forget(account, f"turn {name}")

    def count_call(self, account: str, day: date, endpoint: str) -> None:
        """See `Accounts`."""
        row = {"account": account, "day": day.isoformat(), "endpoint": endpoint, "calls": 1}
        with self._core.writing() as connection:
            statement = upsert(connection, account_calls).values(row)
            keys = list(account_calls.primary_key.columns)
            more = {"calls": account_calls.c.calls + 1}
            connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=more))

    def calls(self, account: str, day: date) -> dict[str, int]:
        """See `Accounts`."""
        here = (account_calls.c.account == account, account_calls.c.day == day.isoformat())
        found = select(account_calls).where(*here).order_by(account_calls.c.endpoint)
        with self._core.reading() as connection:
            return {row.endpoint: row.calls for row in connection.execute(found)}
