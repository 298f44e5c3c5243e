"""`announce schedule install --with github`: its steps, run on a remote that is on disk."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from importlib.metadata import Distribution
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml

pytestmark = pytest.mark.skipif(
    sys.platform == "win32" or shutil.which("git") is None, reason="needs git and a POSIX shell"
)

DUE = "  - {at: 2025-02-01 09:00 UTC, id: past, if_late: send}\n"
COMING = "  - {at: 2199-02-01 09:00 UTC, id: far}\n"
NOW = "2025-01-20 00:00 UTC"
WORKFLOW = ".github/workflows/announce-schedule.yml"


class Hub:
    """A repository on disk whose workflow is run in clones of it."""

    def __init__(self, season, folder: Path) -> None:
        self.season, self.folder, self.number = season, folder, 0
        self.origin = folder / "origin.git"
        self.bin = folder / "bin"
        self.bin.mkdir(parents=True)
        self.program("announce", f'exec "{sys.executable}" -m announce "$@"')
        self.program("python", f'exec "{sys.executable}" "$@"')
        self.private("true")

    def program(self, name: str, text: str) -> None:
        """A program that the steps find first."""
        path = self.bin / name
        path.write_text(f"#!/bin/sh\n{text}\n", "utf-8")
        path.chmod(0o755)

    def private(self, answer: str) -> None:
        """What GitHub says of the repository."""
        self.program("gh", f"echo {answer}")

    def publish(self) -> None:
        """The project as the remote's main branch."""
        root = self.season.root
        layouts = root / "templates/layouts"
        if layouts.is_symlink():
            whole = layouts.resolve()
            layouts.unlink()
            shutil.copytree(whole, layouts)
        (root / ".gitignore").write_text(".announce/\ndue.json\n", "utf-8")
        git(self.folder, "init", "-q", "--bare", "-b", "main", str(self.origin))
        git(root, "init", "-q", "-b", "main")
        git(root, "add", "-A")
        git(root, "-c", "user.name=x", "-c", "user.email=x@example.org", "commit", "-qm", "x")
        git(root, "push", "-q", str(self.origin), "main")

    def run(self, *, dies_after: str = "") -> list[str]:
        """One run of the workflow; the names of steps that failed."""
        self.number += 1
        clone = self.folder / f"run{self.number}"
        git(self.folder, "clone", "-q", "--branch", "main", str(self.origin), str(clone))
        document = yaml.safe_load((clone / WORKFLOW).read_text("utf-8"))
        outputs = self.folder / f"outputs{self.number}"
        outputs.touch()
        failed: list[str] = []
        for step in document["jobs"]["run"]["steps"]:
            name = step.get("name", "")
            if "run" not in step or name == "Install announce":
                continue
            if self._is_left_out(step.get("if", "success()"), outputs, failed):
                continue
            ended = subprocess.run(
                ["bash", "-e", "-c", step["run"]], cwd=clone, check=False,
                env=os.environ | {
                    "PATH": f"{self.bin}:{os.environ['PATH']}",
                    "PYTHONPATH": os.pathsep.join(one for one in sys.path if one),
                    "GITHUB_OUTPUT": str(outputs), "GITHUB_RUN_ID": str(self.number),
                    "GITHUB_REPOSITORY": "x/y",
                },
            )  # fmt: skip
            if ended.returncode:
                failed.append(name)
            if name == dies_after:
                break
        return failed

    def _is_left_out(self, condition: str, outputs: Path, failed: list[str]) -> bool:
        due = "due=yes" in outputs.read_text("utf-8")
        if "steps.take.outputs.due" in condition and not due:
            return True
        return bool(failed) and "always()" not in condition

    @property
    def branches(self) -> list[str]:
        """The remote's."""
        return git(self.origin, "branch", "--format=%(refname:short)").split()


def git(folder: Path, *words: str) -> str:
    """What git says."""
    return subprocess.run(
        ["git", *words], cwd=folder, capture_output=True, text=True, check=True
    ).stdout  # fmt: skip


@pytest.fixture
def hub(season, tmp_path) -> Hub:
    """A remote with nothing in it yet."""
    return Hub(season, tmp_path / "hub")


def installed(hub: Hub, schedule: str) -> Hub:
    """The workflow stands in the remote."""
    hub.season.write(schedule)
    ended = hub.season.call(NOW, "schedule", "install", "--with", "github", "--yes")
    assert ended.code == 0, ended.err
    hub.publish()
    return hub


def test_what_is_due_is_sent_once_by_machines_that_forget(hub) -> None:
    """The ledger goes from one to the next by its branch."""
    installed(hub, DUE)
    for _ in range(3):
        assert hub.run() == []
    assert set(hub.season.counts.values()) == {1}
    assert hub.branches == ["announce-ledger", "main"]


def test_where_nothing_is_due_nothing_is_written(hub) -> None:
    """No commit every quarter of an hour."""
    installed(hub, COMING)
    assert hub.run() == []
    assert hub.branches == ["main"]


def test_after_a_machine_that_died_nothing_is_sent(hub) -> None:
    """Nobody can tell what it sent: a person is to look."""
    installed(hub, DUE)
    hub.run(dies_after="Send what is due")
    before = hub.season.counts
    assert hub.run() == ["Take the ledger where something is due"]
    assert hub.season.counts == before


def test_a_public_repository_gets_no_ledger(hub) -> None:
    """It has addresses in it."""
    installed(hub, DUE)
    hub.private("false")
    assert hub.run() == ["The ledger holds addresses, so the repository must be private"]
    assert hub.season.arrived == []


def test_a_failure_gives_the_ledger_back(hub) -> None:
    """The next run goes on."""
    installed(hub, DUE)
    hub.program("announce", f'"{sys.executable}" -m announce "$@" && [ "$1" = --json ]')
    assert hub.run() == ["Send what is due"]
    hub.program("announce", f'exec "{sys.executable}" -m announce "$@"')
    assert hub.run() == []
    assert set(hub.season.counts.values()) == {1}


def test_secrets_come_from_the_repository(season) -> None:
    """No value is written."""
    season.write(
        DUE,
        settings="wechat: {app_secret: {env: WECHAT_SECRET}, app_id: wx1}\n",
    )
    season.call(NOW, "schedule", "install", "--with", "github", "--yes", "--env", "MORE")
    document = yaml.safe_load((season.root / WORKFLOW).read_text("utf-8"))
    env = document["jobs"]["run"]["env"]
    assert env["WECHAT_SECRET"] == "${{ secrets.WECHAT_SECRET }}"
    assert env["MORE"] == "${{ secrets.MORE }}"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ("ledger: sqlite:///other/ledger.sqlite3\n", "begins without it"),
        (
            "wechat: {app_secret: {keyring: announce, user: x}, app_id: wx1}\n",
            "name a keyring",
        ),
    ],
)
def test_what_github_cannot_hold_is_refused(season, settings: str, message: str) -> None:
    """Before anything is written."""
    season.write(DUE, settings=settings)
    ended = season.call(NOW, "schedule", "install", "--with", "github", "--yes")
    assert (ended.code, message in ended.err) == (3, True)
    assert not (season.root / WORKFLOW).exists()


def test_another_workflow_of_that_name_stays(season) -> None:
    """It is none of ours."""
    season.write(DUE)
    path = season.root / WORKFLOW
    path.parent.mkdir(parents=True)
    path.write_text("name: mine\n", "utf-8")
    ended = season.call(NOW, "schedule", "install", "--with", "github", "--yes")
    assert (ended.code, path.read_text("utf-8")) == (3, "name: mine\n")
    season.call(NOW, "schedule", "uninstall")
    assert path.exists()


def test_the_workflow_can_be_taken_out(season) -> None:
    """Its file."""
    season.write(DUE)
    season.call(NOW, "schedule", "install", "--with", "github", "--yes")
    assert season.call(NOW, "schedule", "uninstall").code == 0
    assert not (season.root / WORKFLOW).exists()


@pytest.mark.parametrize(
    ("source", "installed"),
    [
        (
            '{"url": "https://git.example.org/announce.git", '
            '"vcs_info": {"vcs": "git", "commit_id": "1f2e3d4c"}}',
            'pip install "announce @ git+https://git.example.org/announce.git@1f2e3d4c"',
        ),
        ("{}", 'pip install "announce=='),
    ],
)
def test_a_runner_installs_what_is_installed_here(
    season, monkeypatch: pytest.MonkeyPatch, source: str, installed: str
) -> None:
    """From the repository that it came from; else what has to be in an index is told."""
    found = SimpleNamespace(read_text=lambda _: source)
    monkeypatch.setattr(Distribution, "from_name", lambda _: found)
    monkeypatch.setattr("announce.installing.workflow.version", lambda _: "1.0")
    season.write(DUE)
    ended = season.call(NOW, "schedule", "install", "--with", "github", "--yes")
    assert ended.code == 0, ended.err
    text = (season.root / ".github/workflows/announce-schedule.yml").read_text("utf-8")
    assert installed in text
    assert ("pip install announce==1.0` finds it" in ended.out) == (source == "{}")
