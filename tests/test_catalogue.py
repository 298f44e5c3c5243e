"""The interface speaks Chinese as completely as English."""

from __future__ import annotations

import importlib.util
import re
from io import BytesIO
from pathlib import Path
from types import ModuleType

from babel.messages.catalog import Message
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
    kept = {first(message): message.string for message in catalogue.current() if message.id}

    wanted = [first(message) for message in catalogue.collected() if message.id]
    assert [text for text in wanted if not catalogue.filled(kept.get(text))] == []


def test_chinese_fills_the_same_holes() -> None:
    """A translation names exactly the values that its text names; of two forms, some of them."""
    wrong = []
    for message in script().current():
        wanted, given = holes(message.id), holes(message.string)
        if not given <= wanted or (isinstance(message.id, str) and given != wanted):
            wrong.append(first(message))

    assert wrong == []


def first(message: Message) -> str:
    """A message's text, the singular where there are two."""
    return str(message.id if isinstance(message.id, str) else message.id[0])


def holes(text: str | tuple[str, ...] | list[str]) -> set[str]:
    """The values that a text or its forms name."""
    forms = [text] if isinstance(text, str) else text
    return {hole for form in forms for hole in HOLE.findall(form)}


def test_compiled_catalogue_is_current() -> None:
    """What the program reads is what the .po file says."""
    catalogue = script()
    compiled = BytesIO()
    write_mo(compiled, catalogue.current())

    assert catalogue.MO.read_bytes() == compiled.getvalue()
