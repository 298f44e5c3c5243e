"""Keeps the interface's Chinese catalogue: collect texts from the code, then compile.

    python scripts/catalogue.py          collect new texts into the .po file, drop those gone
    python scripts/catalogue.py compile  write the .mo file that the program reads

English is the key and stands in the code (`say`, `say_n`, `mark`). Needs Babel, which the
program depends on anyway. The .mo file is committed, so that an installation needs no build step.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "announce"
PO = SOURCE / "locale" / "zh" / "LC_MESSAGES" / "announce.po"
MO = PO.with_suffix(".mo")
HEADER = """\
# The interface's texts in Chinese. See scripts/catalogue.py.
msgid ""
msgstr ""
"Language: zh\\n"
"Plural-Forms: nplurals=1; plural=0;\\n"
"Content-Type: text/plain; charset=utf-8\\n"

"""
EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
# How many forms of a text each function takes.
TABLE = "cli/commands.py"
FORMS = {"say": 1, "say_n": 2, "mark": 1}


def collected() -> Catalog:
    """Every text of the code, and those of click that people see."""
    found = Catalog(fuzzy=False)
    for path in sorted(SOURCE.rglob("*.py")):
        for message, line in texts_in(path):
            found.add(message, locations=[(str(path.relative_to(ROOT)), line)])
    for message in CLICK_TEXTS:
        found.add(message)
    return found


def texts_in(path: Path) -> Iterator[tuple[str | tuple[str, ...], int]]:
    """The texts of one module, with their lines.

    From the syntax tree and not by Babel's extractor, which sees no call inside an f-string
    before Python 3.12. A text that is no literal cannot be translated, and is refused.
    """
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
            continue
        forms = FORMS.get(node.func.id)
        if forms is None or path.name == "texts.py":
            continue
        texts = [one.value for one in node.args[:forms] if isinstance(one, ast.Constant)]
        if len(texts) == forms:
            yield (texts[0] if forms == 1 else tuple(texts)), node.lineno
        elif not path.match(TABLE):  # whose lines are marked where they stand
            raise SystemExit(f"{path}:{node.lineno}: {node.func.id} needs literal texts")


def current() -> Catalog:
    """The catalogue as it is kept."""
    if not PO.exists():
        return Catalog(locale="zh", domain="announce", fuzzy=False)
    with PO.open("rb") as file:
        catalogue = read_po(file, locale="zh")
    # Else Babel dates the compiled file now, and it would never be the same twice.
    catalogue.creation_date = catalogue.revision_date = EPOCH
    return catalogue


def update() -> None:
    """Merge the code's texts into the .po file."""
    catalogue = current()
    catalogue.update(collected(), no_fuzzy_matching=True)
    catalogue.obsolete.clear()
    PO.parent.mkdir(parents=True, exist_ok=True)
    # Babel's header has dates that would change with every run; only these two lines matter.
    body = BytesIO()
    write_po(body, catalogue, omit_header=True, no_location=True, sort_output=True, width=100)
    PO.write_bytes(HEADER.encode() + body.getvalue())
    missing = [message.id for message in catalogue if message.id and not filled(message.string)]
    print(f"{len(catalogue)} texts, {len(missing)} without Chinese")


def filled(string: str | tuple[str, ...] | list[str] | None) -> bool:
    """Whether a translation is there, in every form it needs."""
    return bool(string) if isinstance(string, str) else bool(string) and all(string)


def compile_catalogue() -> None:
    """Write the .mo file."""
    with MO.open("wb") as file:
        write_mo(file, current())


# click's own words, which it looks up in our catalogue.
CLICK_TEXTS: tuple[str | tuple[str, str], ...] = (
    "Usage:",
    "Options",
    "Commands",
    "Positional arguments",
    "Show this message and exit.",
    "Show the version and exit.",
    "Error: {message}",
    "Error: invalid input",
    "Try '{command} {option}' for help.",
    "Missing argument",
    "Missing option",
    "Missing parameter",
    "Missing command.",
    "No such option {name!r}.",
    "No such command {name!r}.",
    "Option {name!r} does not take a value.",
    "Choose from:\n\t{choices}",
    "Invalid value: {message}",
    "Invalid value for {param_hint}: {message}",
    "{value!r} is not a valid {number_type}.",
    "{value} is not in the range {range}.",
    "{name} {filename!r} is a file.",
    "{name} {filename!r} does not exist.",
    "default: {default}",
    "Aborted!",
    "required",
    ("Did you mean {possibility}?", "(Did you mean one of: {possibilities}?)"),
    ("{value!r} is not {choice}.", "{value!r} is not one of {choices}."),
    ("Got unexpected extra argument ({args})", "Got unexpected extra arguments ({args})"),
    ("Option {name!r} requires an argument.", "Option {name!r} requires {nargs} arguments."),
)

if __name__ == "__main__":
    if sys.argv[1:] == ["compile"]:
        compile_catalogue()
    else:
        update()
