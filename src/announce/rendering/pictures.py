"""Pictures of a mail: named in the words, given their addresses in the finished page.

A picture may differ by language, so within a page it is named with the language of its half.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from announce.model.languages import Language
from announce.rendering.document import PICTURE
from announce.rendering.markers import escape_attribute
from announce.rendering.words import Half

# Each picture's address, by language and name.
Addresses = Mapping[Language, Mapping[str, str]]


def with_language(html: str, language: Language) -> str:
    """The HTML of one half, its pictures named with its language."""
    return html.replace(f'src="{PICTURE}', f'src="{PICTURE}{language}/')


def addresses_of(halves: Sequence[Half], pictures: Addresses | None) -> tuple[tuple[str, str], ...]:
    """What stands in the page for each picture, and what will stand there in its place."""
    return tuple(
        (
            f'src="{PICTURE}{half.language}/{escape_attribute(name)}"',
            f'src="{escape_attribute(_source(name, half.language, pictures))}"',
        )
        for half in halves
        for name in half.pictures
    )


def with_addresses(html: str, addresses: Sequence[tuple[str, str]]) -> str:
    """The page with its pictures' addresses in place."""
    for placeholder, source in addresses:
        html = html.replace(placeholder, source)
    return html


def _source(name: str, language: Language, pictures: Addresses | None) -> str:
    return pictures[language][name] if pictures else PICTURE + name
