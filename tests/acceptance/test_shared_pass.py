"""The first pass in two processes: the same plan, and the same faults, as in one."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from announce.first_pass import WORTH_SHARING
from announce.measuring.campaign import CAMPAIGN, PEOPLE, write_project

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="a second process is for Linux")


def planned(folder: Path) -> Any:
    """What `announce plan --json` prints, in a process of its own: the tests' has threads."""
    done = subprocess.run(
        [sys.executable, "-m", "announce", "--json", "--project", str(folder), "plan",
         str(folder / CAMPAIGN)],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    return done.returncode, json.loads(done.stdout)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A campaign to just as many people as make a second process worth it."""
    return write_project(tmp_path / "letter", WORTH_SHARING, server="127.0.0.1:9")


def in_one(folder: Path) -> Path:
    """The same project with one process only."""
    settings = folder / "announce.yaml"
    found = json.loads(settings.read_text("utf-8"))
    found["email"]["processes"] = 1
    settings.write_text(json.dumps(found, ensure_ascii=False), "utf-8")
    return folder


def test_plan_of_two_processes_is_that_of_one(folder: Path) -> None:
    """Every line, subject, digest and figure is the same."""
    assert planned(folder) == planned(in_one(folder))


def test_faults_met_by_the_second_process_are_told_as_by_one(folder: Path) -> None:
    """A blank name near the end of the file is told with its template's line, once."""
    path = folder / PEOPLE
    rows = path.read_text("utf-8").splitlines()
    address, _name, rest = rows[-3].split(",", 2)
    rows[-3] = f"{address},,{rest}"
    path.write_text("\n".join(rows) + "\n", "utf-8")

    code, document = planned(folder)

    assert (code, document) == planned(in_one(folder))
    assert (code, [problem["code"] for problem in document["problems"]]) == (2, ["value-blank"])


_KEPT = """
import resource, sys
from datetime import UTC, datetime
from announce.channels.email.mime import sealed
from announce.gathering import open_campaign
from announce.preparing import prepare_opened

now = datetime(2025, 1, 6, tzinfo=UTC)
made = prepare_opened(open_campaign(sys.argv[1], sys.argv[2]), now, to_send=True)
kept = [made.shelf.take(line.delivery) for line in made.plan.lines]
theirs = resource.getrusage(resource.RUSAGE_CHILDREN)
print(len(kept), kept == [sealed(made.composer.compose(line)) for line in made.plan.lines],
      theirs.ru_utime > 0)
"""


@pytest.mark.parametrize("processes", [1, 2])
def test_mails_are_kept_whichever_process_made_them(folder: Path, processes: int) -> None:
    """All of them, each as this process makes it, and the second one did something for it."""
    settings = in_one(folder) if processes == 1 else folder
    done = subprocess.run(
        [sys.executable, "-c", _KEPT, str(settings), str(folder / CAMPAIGN)],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip

    assert (done.stdout, done.stderr) == (f"{WORTH_SHARING} True {processes == 2}\n", "")
