"""Whether any file of a project has changed since the last look."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from pathlib import Path

# Nothing that shapes a message lies in these, and some are large.
_PASSED = frozenset({"node_modules", "venv", "__pycache__"})


class Watch:
    """Looks at names, times and sizes of a project's files; not into hidden folders, nor into those
    it is told to leave out."""

    def __init__(self, root: Path, *, without: Collection[Path]) -> None:
        self._root = root.resolve()
        self._without = {folder.resolve() for folder in without}
        self._known = self._look()

    def changed(self) -> bool:
        """Whether anything is otherwise than at the last call, or at the beginning."""
        before, self._known = self._known, self._look()
        return self._known != before

    def _look(self) -> dict[str, tuple[int, int]]:
        return dict(self._walk(str(self._root)))

    def _walk(self, folder: str) -> Iterator[tuple[str, tuple[int, int]]]:
        try:
            entries = list(os.scandir(folder))
        except OSError:  # gone between two looks: its name is missing then
            return
        for entry in entries:
            if entry.name.startswith(".") or entry.name in _PASSED:
                continue
            if entry.is_dir(follow_symlinks=False):
                if Path(entry.path) not in self._without:
                    yield from self._walk(entry.path)
                continue
            try:
                found = entry.stat()
            except OSError:
                continue
            yield entry.path, (found.st_mtime_ns, found.st_size)
