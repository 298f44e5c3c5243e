"""`announce schema`: JSON Schema for editors."""

from __future__ import annotations

import click

from announce.cli.screen import Screen
from announce.model.campaign import Campaign
from announce.model.project import Settings
from announce.texts import say, spoken


@click.command(
    "schema", help=say("Print the JSON Schema of a campaign file or of announce.yaml, for editors.")
)
@click.argument("what", type=click.Choice(["campaign", "settings"]))
@click.pass_obj
def command(screen: Screen, what: str) -> int:
    """Print a schema."""
    schema = (Campaign if what == "campaign" else Settings).model_json_schema()
    schema.get("properties", {}).pop("path", None)
    _speak(schema)
    screen.document({"$schema": "https://json-schema.org/draft/2020-12/schema", **schema})
    return 0


def _speak(node: object) -> None:
    """Give each description in the interface's language; the other one is dropped."""
    if isinstance(node, dict):
        chinese = node.pop("description_zh", None)
        if chinese and spoken() == "zh":
            node["description"] = chinese
        for value in node.values():
            _speak(value)
    elif isinstance(node, list):
        for value in node:
            _speak(value)
