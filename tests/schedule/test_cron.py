"""A real cron calls it: an occurrence that is due in the next minute is sent, nobody present."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

CRON = shutil.which("cron")
_RUNNING = Path("/run/crond.pid")


def _why_not() -> str:
    if sys.platform != "linux" or CRON is None:
        return "cron is not installed"
    if os.geteuid() != 0:
        return "only root may start cron"
    if not os.environ.get("ANNOUNCE_TEST_CRON"):
        return "it writes into this machine's crontab for a while: set ANNOUNCE_TEST_CRON=1"
    return "cron is running already" if _is_running() else ""


def _is_running() -> bool:
    try:
        return Path(f"/proc/{_RUNNING.read_text('ascii').strip()}").exists()
    except OSError:
        return False


REASON = _why_not()
pytestmark = pytest.mark.skipif(bool(REASON), reason=REASON or "cron runs")


@pytest.fixture
def cron() -> Iterator[None]:
    """Cron, started for the test; the user's crontab is put back afterwards."""
    before = subprocess.run(["crontab", "-l"], capture_output=True, text=True, check=False).stdout
    assert CRON
    daemon = subprocess.Popen([CRON, "-f"], stdin=subprocess.DEVNULL)
    try:
        yield
    finally:
        daemon.terminate()
        daemon.wait(20)
        if before:
            subprocess.run(["crontab", "-"], input=before, text=True, check=True)
        else:
            subprocess.run(["crontab", "-r"], check=False, capture_output=True)


@pytest.mark.usefixtures("cron")
def test_cron_sends_what_is_due_in_the_next_minute(season, monkeypatch) -> None:
    """Once, however often it is called; and after uninstalling nothing more."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(one for one in sys.path if one))
    due = datetime.now(UTC).replace(second=0, microsecond=0) + timedelta(minutes=1)
    season.write(f"  - {{at: {due:%Y-%m-%d %H:%M} UTC, id: soon}}\n")
    announce = [sys.executable, "-m", "announce", "schedule"]
    ended = subprocess.run(
        [*announce, "install", "--yes", "--every", "1"],
        cwd=season.root, check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    assert season.arrived == []
    until = time.monotonic() + 180
    while len(season.arrived) < 2 and time.monotonic() < until:
        time.sleep(0.5)
    found = subprocess.run(
        ["crontab", "-l"], capture_output=True, text=True, check=False
    ).stdout  # fmt: skip
    assert "announce schedule run" in found
    assert sorted(to for to, _ in season.arrived) == ["lee@example.org", "mo@example.org"]
    assert datetime.now(UTC) >= due
    subprocess.run([*announce, "uninstall"], cwd=season.root, check=True, capture_output=True)
    found = subprocess.run(
        ["crontab", "-l"], capture_output=True, text=True, check=False
    ).stdout  # fmt: skip
    assert "announce" not in found
