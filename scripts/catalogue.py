"""Keeps the interface's Chinese catalogue: collect texts from the code, then compile.

    python scripts/catalogue.py          collect new texts into the .po file, drop those gone
    python scripts/catalogue.py compile  write the .mo file that the program reads

English is the key and stands in the code (`say`, `say_n`, `mark`). Needs Babel, which the
program depends on anyway. The .mo file is committed, so that an installation needs no build step.
"""

from __future__ import annotations

import sys
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "announce"
PO = SOURCE / "locale" / "zh" / "LC_MESSAGES" / "announce.po"
MO = PO.with_suffix(".mo")
KEYWORDS: dict[str, tuple[int, ...] | None] = {"say": None, "say_n": (1, 2), "mark": None}
# click's own words, which it looks up in our catalogue.
CLICK = Path("click")


def collected() -> Catalog:
    """Every text of the code, and those of click that people see."""
    found = Catalog(fuzzy=False)
    for file, line, message, _, _ in extract_from_dir(SOURCE, keywords=KEYWORDS):
        found.add(message, locations=[(f"src/announce/{file}", line)])
    for message in CLICK_TEXTS:
        found.add(message)
    return found


def current() -> Catalog:
    """The catalogue as it is kept."""
    if not PO.exists():
        return Catalog(locale="zh")
    with PO.open("rb") as file:
        return read_po(file, locale="zh")


def update() -> None:
    """Merge the code's texts into the .po file."""
    catalogue = current()
    catalogue.update(collected(), no_fuzzy_matching=True)
    catalogue.obsolete.clear()
    PO.parent.mkdir(parents=True, exist_ok=True)
    with PO.open("wb") as file:
        write_po(file, catalogue, omit_header=False, no_location=True, sort_output=True, width=100)
    missing = [message.id for message in catalogue if message.id and not filled(message.string)]
    print(f"{len(catalogue)} texts, {len(missing)} without Chinese")


def filled(string: str | tuple[str, ...] | list[str] | None) -> bool:
    """Whether a translation is there, in every form it needs."""
    return bool(string) if isinstance(string, str) else bool(string) and all(string)


def compile_catalogue() -> None:
    """Write the .mo file."""
    with MO.open("wb") as file:
        write_mo(file, current())


CLICK_TEXTS = (
    "Usage:",
    "Options",
    "Commands",
    "Arguments",
    "Show this message and exit.",
    "Show the version and exit.",
    "Error: {message}",
    "Try '{command} {option}' for help.",
    "Missing argument",
    "Missing option",
    "Missing parameter",
    "Missing command.",
    "No such option: {name}",
    "No such command {name!r}.",
    "Did you mean {possibility}?",
    "Invalid value: {message}",
    "Invalid value for {param_hint}: {message}",
    "Got unexpected extra argument ({args})",
    "Option {name!r} requires an argument.",
    "[OPTIONS]",
    "COMMAND [ARGS]...",
    "required",
    "default: {default}",
    "Aborted!",
)

if __name__ == "__main__":
    if sys.argv[1:] == ["compile"]:
        compile_catalogue()
    else:
        update()
