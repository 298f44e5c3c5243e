"""Files that a campaign names: there, inside the project, and of the kind they must be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from announce.problems import Problem
from announce.reading.files import FileFault, project_file
from announce.reading.places import Loc
from announce.reading.project import text_at
from announce.reading.schema import value_at
from announce.reading.yamlfile import Loaded
from announce.texts import say

_PICTURES = {
    ".png": (b"\x89PNG",),
    ".jpg": (b"\xff\xd8\xff",),
    ".jpeg": (b"\xff\xd8\xff",),
    ".gif": (b"GIF8",),
}


def named_file_problems(root: Path, loaded: Loaded) -> Iterator[Problem]:
    """Faults of the audience, exclusions, attachments, covers and pictures named in a campaign."""
    for loc in _plain_files(loaded):
        yield from _file(root, loaded, loc)
    for loc in _covers(loaded):
        yield from _picture(root, loaded, loc)
    for loc in _texts(loaded, ("pictures",)):
        text = text_at(loaded, loc) or ""
        if text.lower().startswith("https://"):
            continue
        if "://" in text:
            yield Problem(
                code="picture",
                place=loaded.places.of(loc),
                message=say("a picture loaded from afar needs an https address"),
                hint=say("write https://…, or a file of the project"),
            )
        else:
            yield from _picture(root, loaded, loc)


def _items(loaded: Loaded, loc: Loc) -> Iterator[Loc]:
    found = value_at(loaded.value, loc)
    yield from ((*loc, n) for n in range(len(found) if isinstance(found, list) else 0))


def _texts(loaded: Loaded, loc: Loc) -> Iterator[Loc]:
    """Ways down to every text at or below."""
    found: Any = value_at(loaded.value, loc)
    if isinstance(found, str):
        yield loc
    elif isinstance(found, Mapping):
        for key in found:
            yield from _texts(loaded, (*loc, key))


def _plain_files(loaded: Loaded) -> Iterator[Loc]:
    yield ("audience", "file")
    yield from _items(loaded, ("audience", "exclude"))
    for loc in _items(loaded, ("schedule",)):
        yield from _items(loaded, (*loc, "exclude"))
    for loc in _items(loaded, ("email", "attachments")):
        yield from _texts(loaded, (*loc, "file"))


def _covers(loaded: Loaded) -> Iterator[Loc]:
    for article in _items(loaded, ("wechat",)):
        for loc in (article, *_items(loaded, (*article, "also"))):
            yield from _texts(loaded, (*loc, "cover"))


def _file(root: Path, loaded: Loaded, loc: Loc) -> Iterator[Problem]:
    text = text_at(loaded, loc)
    # An empty name is told as an empty text already.
    if text is None or not text.strip():
        return
    try:
        project_file(root, text)
    except FileFault as fault:
        yield fault.at(loaded.places.of(loc))


def _picture(root: Path, loaded: Loaded, loc: Loc) -> Iterator[Problem]:
    text = text_at(loaded, loc)
    if text is None or not text.strip():
        return
    try:
        path = project_file(root, text)
    except FileFault as fault:
        yield fault.at(loaded.places.of(loc))
        return
    if not _is_picture(path):
        yield Problem(
            code="picture",
            place=loaded.places.of(loc),
            message=say('"{file}" is no PNG, JPEG or GIF picture', file=text),
            hint=say(
                "save it as .png, .jpg or .gif; renaming alone does not change a picture's kind"
            ),
        )


def _is_picture(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            head = file.read(8)
    except OSError:
        return False
    return head.startswith(_PICTURES.get(path.suffix.lower(), ()))
