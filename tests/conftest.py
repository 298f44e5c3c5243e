"""What all tests share: a clean environment, the example project, and the command line."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
PARTS = ("announce.yaml", "campaigns", "templates", "audiences", "assets")


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No test sees the machine's settings, nor leaves anything in its user's folders."""
    for name in list(os.environ):
        if name.startswith(("ANNOUNCE_", "SMTP_", "WECHAT_")) or name in ("LC_ALL", "LC_MESSAGES"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("LANG", "C.UTF-8")
    monkeypatch.setenv("LANGUAGE", "en")
    monkeypatch.setenv("ANNOUNCE_STATE", str(tmp_path / "state"))


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the example project, untouched by any send."""
    return copied(tmp_path / "project")


@pytest.fixture(scope="session")
def copy_project() -> Callable[[Path], Path]:
    """Copies the example project into a new folder."""
    return copied


def copied(folder: Path) -> Path:
    """Copy the example project, which is the repository itself."""
    folder.mkdir()
    for name in PARTS:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name)
        else:
            shutil.copy(source, folder / name)
    return folder


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output as the one JSON document that it must be."""
        return json.loads(self.out)


Announce = Callable[..., Ended]


@pytest.fixture
def announce(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Announce]:
    """Runs a command in this process: `announce("send", "campaigns/cfp.yaml", cwd=project)`."""
    from announce.cli.app import run

    def call(*arguments: str, cwd: Path) -> Ended:
        monkeypatch.chdir(cwd)
        capfd.readouterr()
        code = run(arguments)
        out, err = capfd.readouterr()
        return Ended(code, out, err)

    yield call
