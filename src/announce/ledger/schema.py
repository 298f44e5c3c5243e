"""The tables. Times are ISO 8601 text in UTC of one width, so that they sort as text."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from json.encoder import encode_basestring as _quoted
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    event,
    text,
)

SCHEMA = 4

_as_json = json.JSONEncoder(
    ensure_ascii=False, sort_keys=True, default=str, separators=(",", ":")
).encode


def stamp(moment: datetime) -> str:
    """A moment as it is stored. ValueError for one without a zone."""
    if moment.tzinfo is None:
        raise ValueError(f"{moment!r} has no time zone")
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def packed(value: Any) -> str:
    """A value as JSON, always the same text for the same value."""
    # Nearly all are one of two shapes, for which json would build an encoder each time.
    kind = type(value)
    found = _of_facts(value) if kind is dict else _of_words(value) if kind is tuple else None
    return _as_json(value) if found is None else found


def _of_facts(value: Mapping[str, Any]) -> str | None:
    """Texts and whole numbers under their names; None where there is anything else."""
    facts = []
    for name in sorted(value):
        fact = value[name]
        if type(name) is not str:
            return None
        if type(fact) is str:
            facts.append(f"{_quoted(name)}:{_quoted(fact)}")
        elif type(fact) is int:
            facts.append(f"{_quoted(name)}:{fact}")
        else:
            return None
    return f"{{{','.join(facts)}}}"


def _of_words(value: tuple[Any, ...]) -> str | None:
    """Texts; None where there is anything else."""
    words = [_quoted(word) for word in value if type(word) is str]
    return f"[{','.join(words)}]" if len(words) == len(value) else None


class Moment(TypeDecorator[datetime]):
    """An aware datetime, in UTC."""

    impl = String(32)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:
        return None if value is None else stamp(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> datetime | None:
        return None if value is None else datetime.fromisoformat(value)


class Packed(TypeDecorator[Any]):
    """A value as JSON text."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        return None if value is None else packed(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        return None if value is None else json.loads(value)


tables = MetaData()

meta = Table(
    "meta",
    tables,
    Column("name", String, primary_key=True),
    Column("value", Text, nullable=False),
)

# What shaped the messages of an occurrence when it was first claimed.
occurrences = Table(
    "occurrences",
    tables,
    Column("campaign", String, primary_key=True),
    Column("occurrence", String, primary_key=True),
    Column("content", Packed, nullable=False),
    Column("stored_at", Moment, nullable=False),
)

runs = Table(
    "runs",
    tables,
    Column("id", Integer, primary_key=True),
    Column("campaign", String, nullable=False),
    Column("occurrence", String, nullable=False),
    Column("host", String, nullable=False),
    Column("boot", String, nullable=False),
    Column("space", String, nullable=False),
    Column("pid", Integer, nullable=False),
    Column("started", String, nullable=False),
    Column("began_at", Moment, nullable=False),
    Column("lease_until", Moment, nullable=False),
    Column("ended_at", Moment),
    Column("outcome", String),
)
Index(
    "one_run_a_campaign",
    runs.c.campaign,
    unique=True,
    sqlite_where=text("ended_at IS NULL"),
)

deliveries = Table(
    "deliveries",
    tables,
    Column("id", Integer, primary_key=True),
    Column("campaign", String, nullable=False),
    Column("occurrence", String, nullable=False),
    Column("channel", String, nullable=False),
    Column("recipient", String, nullable=False),
    Column("position", Integer, nullable=False),
    Column("language", String, nullable=False),
    Column("addresses", Packed, nullable=False),
    Column("state", String, nullable=False),
    Column("reason", Text, nullable=False, default=""),
    Column("subject", Text, nullable=False, default=""),
    Column("digest", String, nullable=False, default=""),
    Column("message_id", String, nullable=False, default=""),
    Column("run", Integer, ForeignKey("runs.id")),
    # When it was last handed over in the present claim.
    Column("handed_at", Moment),
    # The last adoption that was weighed for this row.
    Column("adoption", Integer, nullable=False, default=0),
    UniqueConstraint("campaign", "occurrence", "channel", "recipient"),
)
# Partial, so that the moves of a send do not touch the one and hardly the other.
PLANNED = text("state = 'planned'")
SENDING = text("state = 'sending'")
Index(
    "planned_in_order",
    deliveries.c.campaign,
    deliveries.c.occurrence,
    deliveries.c.position,
    sqlite_where=PLANNED,
)
Index("claimed_by_run", deliveries.c.run, sqlite_where=SENDING)

# `id` is the ledger's sequence. Rows are never changed or deleted. Without an index by delivery:
# four entries a message would cost more than the rare question what happened to one of them.
events = Table(
    "events",
    tables,
    Column("id", Integer, primary_key=True),
    Column("delivery", Integer, ForeignKey("deliveries.id"), nullable=False),
    Column("at", Moment, nullable=False),
    Column("event", String, nullable=False),
    Column("detail", Packed, nullable=False, default={}),
    # Of a hand-over: whose window it counts against, and for how many recipients.
    Column("account", String),
    Column("recipients", Integer),
)
HANDED = text("account IS NOT NULL")
Index(
    "windows",
    events.c.account,
    events.c.at,
    events.c.recipients,
    sqlite_where=HANDED,
)

# Marks and answers not yet sorted into deliveries and events (`journal`).
journal = Table(
    "journal",
    tables,
    Column("id", Integer, primary_key=True),
    Column("delivery", Integer, nullable=False),
    Column("at", Moment, nullable=False),
    Column("event", String, nullable=False),
    Column("detail", Packed, nullable=False),
    Column("account", String),
    Column("recipients", Integer),
    Column("reason", Text),
    Column("message_id", String),
)

suppressions = Table(
    "suppressions",
    tables,
    Column("identity", String, primary_key=True),
    Column("reason", String, primary_key=True),
    Column("address", String, nullable=False),
    Column("scope", String, nullable=False),
    Column("at", Moment, nullable=False),
    Column("note", Text, nullable=False),
)

uploads = Table(
    "uploads",
    tables,
    Column("account", String, primary_key=True),
    Column("kind", String, primary_key=True),
    Column("sha", String, primary_key=True),
    Column("value", Text, nullable=False),
    Column("at", Moment, nullable=False),
)

# What an account told of itself, or was told: rights, the sealed token, whose turn something is.
account_facts = Table(
    "account_facts",
    tables,
    Column("account", String, primary_key=True),
    Column("name", String, primary_key=True),
    Column("value", Text, nullable=False),
    Column("at", Moment, nullable=False),
)

# How often an endpoint was called on a day of the account's own calendar.
account_calls = Table(
    "account_calls",
    tables,
    Column("account", String, primary_key=True),
    Column("day", String, primary_key=True),
    Column("endpoint", String, primary_key=True),
    Column("calls", Integer, nullable=False),
)

# Each time that witnesses of an occurrence were taken over.
adoptions = Table(
    "adoptions",
    tables,
    Column("id", Integer, primary_key=True),
    Column("campaign", String, nullable=False),
    Column("occurrence", String, nullable=False),
    Column("ledgers", Packed, nullable=False),
    Column("unknown", Boolean, nullable=False),
    Column("at", Moment, nullable=False),
)

# Deliveries that another ledger served, known by keyed hashes only.
adopted = Table(
    "adopted",
    tables,
    Column("campaign", String, primary_key=True),
    Column("occurrence", String, primary_key=True),
    Column("key", String, primary_key=True),
    Column("hash", String, primary_key=True),
    Column("state", String, nullable=False),
)


# What became of an occurrence of a schedule, or of one zone's part of it.
decisions = Table(
    "decisions",
    tables,
    Column("campaign", String, primary_key=True),
    Column("occurrence", String, primary_key=True),
    Column("zone", String, primary_key=True),
    Column("what", String, nullable=False),
    Column("reason", Text, nullable=False),
    # When it was due then, and when this was decided.
    Column("due", Moment),
    Column("at", Moment, nullable=False),
)


@event.listens_for(tables, "before_create")
def _partial_there_too(_: MetaData, connection: Connection, **_more: Any) -> None:
    """Make partial indexes partial in PostgreSQL as well. Not where they are declared: naming a
    dialect imports it, and every command would wait for it."""
    if connection.dialect.name == "postgresql":
        for index in (index for table in tables.tables.values() for index in table.indexes):
            if (where := index.dialect_kwargs.get("sqlite_where")) is not None:
                index.dialect_kwargs["postgresql_where"] = where
