"""`announce sandbox`: what it says, and that a stranger's program can work with it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

Started = Callable[..., dict[str, Any]]


@pytest.fixture
def started(project: Path) -> Iterator[Started]:
    """Starts the command in the foreground of another process, and ends it as Ctrl-C does."""
    running: list[subprocess.Popen[str]] = []

    def start(*options: str) -> dict[str, Any]:
        command = [sys.executable, "-m", "announce", "--json", "sandbox", *options]
        process = subprocess.Popen(
            command,
            cwd=project,
            env=os.environ | {"PYTHONUNBUFFERED": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        running.append(process)
        assert process.stdout is not None
        lines = []
        for line in process.stdout:
            lines.append(line)
            if line.startswith("}"):
                break
        return json.loads("".join(lines))  # type: ignore[no-any-return]

    yield start
    for process in running:
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=60) == 0
        assert process.stdout is not None
        process.stdout.close()


def login(told: dict[str, Any], secret: str) -> requests.Session:
    session = requests.Session()
    session.trust_env = False
    asked = {"grant_type": "client_credential", "appid": told["app_id"], "secret": secret}
    answer = session.post(f"{told['api_base']}/cgi-bin/stable_token", json=asked, timeout=10)
    session.params = {"access_token": answer.json()["access_token"]}
    return session


def test_program_of_another_logs_in_with_what_is_told(started):
    """Base, AppID, kind, and the file where the secret is; the secret itself only if asked."""
    told = started("--kind", "verified_sub", "--fault", "draft/count=45011")
    secret = Path(told["app_secret_file"]).read_text().strip()

    assert secret not in json.dumps(told)
    assert Path(told["app_secret_file"]).stat().st_mode & 0o777 == 0o600
    with login(told, secret) as session:
        counts = [
            session.get(f"{told['api_base']}/cgi-bin/draft/count", timeout=10).json()
            for _ in range(2)
        ]
        listed = session.post(
            f"{told['api_base']}/cgi-bin/freepublish/batchget",
            json={"offset": 0, "count": 1},
            timeout=10,
        ).json()

    assert (told["kind"], counts[0]["errcode"], counts[1]) == (
        "verified_sub",
        45011,
        {"total_count": 0},
    )
    assert listed["total_count"] == 0


def test_address_is_the_same_at_the_next_start(started):
    """But for the port, which can be given."""
    first, second = started("--show-secret"), started()

    paths = [told["api_base"].rsplit("/", 1)[1] for told in (first, second)]

    assert paths[0] == paths[1]
    assert first["app_secret"] == Path(second["app_secret_file"]).read_text().strip()


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--fault", "draft/add"], "is not a fault"),
        (["--fault", "draft/add=nonsense"], "lost_before, lost_after"),
        (["--fault", "=lost_after"], "is not a fault"),
        (["--publish-delay", "soon"], '"soon" is not a duration'),
        (["--kind", "test"], "'test' is not one of"),
        (["--events-to", "http://example.org/"], "on this machine only"),
    ],
)
def test_option_that_makes_no_sense(project, announce, options, told):
    """Each is refused with what would do."""
    ended = announce("sandbox", *options, cwd=project)

    assert (ended.code, told in ended.err) == (2, True)
