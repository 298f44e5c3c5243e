"""`announce log`: every delivery of a campaign, and every event of it."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import click

from announce.cells import defused
from announce.cli.common import project_campaign
from announce.cli.screen import Screen
from announce.errors import InputError
from announce.gathering import open_project
from announce.model.delivery import CHANNELS, Delivery, Event
from announce.model.wording import channel_name, language_name, state_name
from announce.outlets import open_ledger_of
from announce.texts import say


@click.command("log", help=say("List every delivery of a campaign and what happened to it."))
@click.argument("campaign", type=click.Path())
@click.option("--key", help=say("Only this recipient."))
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "csv", "json"]),
    default="table",
    help=say("How to print it; table is for people."),
)
@click.pass_obj
def command(screen: Screen, campaign: str, key: str | None, form: str) -> int:
    """Show the log."""
    root, name = project_campaign(screen, campaign)
    project = open_project(root)
    zone = ZoneInfo(project.settings.timezone)
    entries: list[dict[str, Any]] = []
    for channel in CHANNELS:
        with closing(open_ledger_of(project, channel)) as ledger:
            entries += [
                _entry(row, events, zone)
                for row, events in ledger.history(name or campaign)
                if row.key.channel == channel and key in (None, row.key.recipient)
            ]
    if key is not None and not entries:
        raise InputError(
            say('no delivery of {campaign} has the key "{key}"', campaign=name, key=key),
            hint=say("`announce log {campaign}` lists the keys", campaign=campaign),
        )
    if screen.as_json or form == "json":
        screen.document(entries)
    elif form == "csv":
        click.echo(_csv(entries), nl=False)
    else:
        _table(screen, entries, with_events=key is not None)
    return 0


def _entry(row: Delivery, events: list[Event], zone: ZoneInfo) -> dict[str, Any]:
    return {
        "key": row.key.recipient,
        "channel": row.key.channel,
        "occurrence": row.key.occurrence,
        "to": list(row.to),
        "language": row.language,
        "subject": row.subject,
        "state": row.state.value,
        "reason": row.reason,
        "message_id": row.message_id,
        "events": [
            {
                "at": event.at.astimezone(zone).isoformat(timespec="milliseconds"),
                "event": event.event,
                "detail": event.detail,
            }
            for event in events
        ],
    }


def _csv(entries: list[dict[str, Any]]) -> str:
    out = io.StringIO()
    columns = [
        "key",
        "channel",
        "occurrence",
        "to",
        "language",
        "subject",
        "state",
        "reason",
        "message_id",
        "last_event_at",
    ]
    writer = csv.DictWriter(out, columns)
    writer.writeheader()
    for entry in entries:
        last = entry["events"][-1]["at"] if entry["events"] else ""
        row = {name: defused(entry.get(name, "")) for name in columns}
        writer.writerow(row | {"to": defused(";".join(entry["to"])), "last_event_at": last})
    return out.getvalue()


def _table(screen: Screen, entries: list[dict[str, Any]], *, with_events: bool) -> None:
    if not entries:
        screen.line(say("The ledger holds no delivery of this campaign yet."))
        return
    several = len({entry["channel"] for entry in entries}) > 1
    heads = [say("key"), *([say("channel")] if several else [])]
    screen.table(
        [*heads, say("to"), say("language"), say("state"), say("last event"), say("reason")],
        [
            (
                entry["key"],
                *([channel_name(entry["channel"])] if several else []),
                ", ".join(entry["to"]),
                language_name(entry["language"]),
                state_name(entry["state"]),
                _moment(entry),
                entry["reason"],
            )
            for entry in entries
        ],
    )
    if with_events:
        for line in _event_lines(entries):
            screen.line(line)


def _moment(entry: dict[str, Any]) -> str:
    """When the last event was, on the project's clock."""
    if not entry["events"]:
        return ""
    return f"{datetime.fromisoformat(entry['events'][-1]['at']):%Y-%m-%d %H:%M:%S %z}"


def _event_lines(entries: list[dict[str, Any]]) -> Iterator[str]:
    for entry in entries:
        yield f"{entry['key']}  {entry['message_id']}".rstrip()
        for event in entry["events"]:
            detail = "  ".join(
                f"{name}={json.dumps(value, ensure_ascii=False, default=str)}"
                for name, value in event["detail"].items()
                if value not in (None, "", [], {})
            )
            yield f"  {event['at']}  {event['event']}  {detail}".rstrip()
