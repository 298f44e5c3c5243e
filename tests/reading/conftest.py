"""The project in a temporary folder that the tests of reading write into."""

from __future__ import annotations

from pathlib import Path

import pytest
from reading_support import PNG, SETTINGS, Folder


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """A project with settings, one campaign's audience and a picture."""
    folder = Folder((tmp_path / "p").resolve())
    folder.write("announce.yaml", SETTINGS)
    folder.write("audiences/people.csv", "address\nli@example.org\n")
    folder.write("assets/cover.png", PNG)
    return folder
