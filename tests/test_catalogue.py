"""The interface speaks Chinese as completely as English."""

from __future__ import annotations

import importlib.util
import re
from io import BytesIO
from pathlib import Path
from types import ModuleType

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo

ROOT = Path(__file__).parents[1]
HOLE = re.compile(r"\{[^{}]*\}")


def script() -> ModuleType:
    """The catalogue's own script."""
    spec = importlib.util.spec_from_file_location("catalogue", ROOT / "scripts" / "catalogue.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_text_has_chinese() -> None:
    """No text of the code lacks its Chinese."""
    catalogue = script()
    kept = {m.id: m.string for m in catalogue.current() if m.id}

    missing = [
        m.id for m in catalogue.collected() if m.id and not catalogue.filled(kept.get(m.id, ""))
    ]

    assert missing == []


def test_chinese_fills_the_same_holes() -> None:
    """A translation names exactly the values that its text names."""
    wrong = []
    for message in script().current():
        if not message.id:
            continue
        ids = [message.id] if isinstance(message.id, str) else message.id
        strings = [message.string] if isinstance(message.string, str) else message.string
        wanted = {hole for text in ids for hole in HOLE.findall(text)}
        wrong += [text for text in strings if not set(HOLE.findall(text)) <= wanted]
        if isinstance(message.id, str):
            wrong += [text for text in strings if set(HOLE.findall(text)) != wanted]

    assert wrong == []


def test_compiled_catalogue_is_current() -> None:
    """What the program reads is what the .po file says."""
    catalogue = script()
    compiled = BytesIO()
    write_mo(compiled, catalogue.current())

    assert catalogue.MO.read_bytes() == compiled.getvalue()


def by_text_ids(catalogue: Catalog) -> list[str]:
    """The English texts, the singular where there are two forms."""
    ids = [message.id for message in catalogue if message.id]
    return [one if isinstance(one, str) else one[0] for one in ids]


def by_text(catalogue: Catalog) -> dict[str, list[str]]:
    """Chinese by English, the singular where there are two forms."""
    return {
        message.id if isinstance(message.id, str) else message.id[0]: (
            [message.string] if isinstance(message.string, str) else list(message.string)
        )
        for message in catalogue
        if message.id and message.string
    }
