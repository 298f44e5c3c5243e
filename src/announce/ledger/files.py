"""Files that a crash leaves whole: the old one or the new one."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from secrets import token_hex


def write_whole(
    path: Path, text: str | Iterable[str], *, folder_mode: int = 0o777, mode: int = 0o666
) -> None:
    """Replace a file in one step, synced; a text may come in pieces. OSError where that cannot be
    done."""
    make_folder(path.parent, folder_mode)
    fresh = path.with_name(f".{path.name}.{token_hex(4)}.new")
    try:
        with open(os.open(fresh, os.O_CREAT | os.O_EXCL | os.O_WRONLY, mode), "wb") as file:  # noqa: PTH123
            for piece in [text] if isinstance(text, str) else text:
                file.write(piece.encode())
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)
    sync_folder(path.parent)


def make_folder(folder: Path, mode: int) -> None:
    """Make a folder and those above it that are missing, all with this mode."""
    if not folder.is_dir():
        make_folder(folder.parent, mode)
        folder.mkdir(mode=mode, exist_ok=True)


def sync_folder(folder: Path) -> None:
    """Make new names in a folder survive the power, where the system can."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
