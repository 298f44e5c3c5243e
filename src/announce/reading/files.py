"""Files that a project's files name: inside the project, there, and not its private parts."""

from __future__ import annotations

import os
from difflib import get_close_matches
from pathlib import Path

from announce.errors import InputError
from announce.problems import Place, Problem
from announce.texts import say

# Never sent, never read as input: the ledger and its secret, and what git keeps.
_PRIVATE = (".announce", ".git")


class FileFault(InputError):
    """A named file that cannot be used; `code` names the kind of fault."""

    def __init__(self, code: str, message: str, *, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.code = code

    def at(self, place: Place) -> Problem:
        """The same as a Problem at the place that names the file."""
        return Problem(code=self.code, place=place, message=self.message, hint=self.hint)


def project_file(project_root: Path, text: str) -> Path:
    """The resolved path of a file named in a project's file; it is there and may be read.

    Raises FileFault where it is missing, no file, in `.announce/` or `.git/`, or outside the
    project once symbolic links are followed.
    """
    resolved = inside(project_root, text)
    # Unlike Path's, these answer for names that are too long or lead round in circles.
    if os.path.isfile(resolved):  # noqa: PTH113
        return resolved
    if os.path.isdir(resolved):  # noqa: PTH112
        raise FileFault(
            "file-missing", say('"{file}" is a folder', file=text), hint=say("name a file")
        )
    raise FileFault(
        "file-missing", say('there is no file "{file}"', file=text), hint=_nearest(resolved, text)
    )


def inside(project_root: Path, text: str) -> Path:
    """The resolved path of a project's file, whether it is there or not. Raises FileFault."""
    if not text.strip() or "\0" in text or len(text) > 1000:
        raise FileFault(
            "file-missing",
            say("this is not a file name"),
            hint=say("write a path relative to the project, such as assets/poster.png"),
        )
    root = os.path.realpath(project_root)
    resolved = Path(os.path.realpath(os.path.join(root, text)))  # noqa: PTH118 (absolute stays absolute)
    if Path(text).is_absolute() or not resolved.is_relative_to(root):
        raise FileFault(
            "file-outside",
            say('"{file}" is outside the project', file=text),
            hint=say("copy the file into the project and name it by its path there"),
        )
    if resolved.relative_to(root).parts[:1] and resolved.relative_to(root).parts[0] in _PRIVATE:
        raise FileFault(
            "file-outside",
            say('"{file}" is in a private folder', file=text),
            hint=say("copy the file to another folder of the project"),
        )
    return resolved


def _nearest(missing: Path, text: str) -> str:
    if "\\" in text:
        return say("write / between folders: {file}", file=text.replace("\\", "/"))
    try:
        names = sorted(entry.name for entry in missing.parent.iterdir() if entry.is_file())
    except OSError:
        return say('there is no folder "{folder}" either', folder=missing.parent.name)
    if near := get_close_matches(missing.name, names, n=1, cutoff=0.6):
        return say('did you mean "{name}"?', name=str(Path(text).with_name(near[0])))
    return say("paths are relative to the project's folder")
