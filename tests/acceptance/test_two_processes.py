"""Mails that a second process made are those that one process makes."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from scripted import Script, serving

from announce.measuring.campaign import CAMPAIGN, write_project
from announce.shelf import LARGEST

CORES = len(os.sched_getaffinity(0)) if sys.platform == "linux" else 1
pytestmark = pytest.mark.skipif(CORES < 2, reason="a second process needs Linux and two cores")


def sent(folder: Path, processes: int, attached: int) -> list[bytes]:
    """What a server got, but for each mail's Date and Message-ID. To each mail a file of so many
    octets is attached."""
    with serving(Script(features=("PIPELINING", "8BITMIME"))) as (port, heard):
        account: dict[str, object] = {"processes": processes, "connections": 1}
        project = write_project(folder, 40, server=f"127.0.0.1:{port}", email=account)
        if attached:
            (project / "map.pdf").write_bytes(b"." * attached)
            campaign = project / CAMPAIGN
            words = campaign.read_text("utf-8")
            line = "email: {languages: [zh, en], attachments: [{file: map.pdf}]}"
            campaign.write_text(words.replace("email: {languages: [zh, en]}", line), "utf-8")
        done = subprocess.run(
            [sys.executable, "-m", "announce", "send", "--yes", str(project / CAMPAIGN)],
            cwd=project,
            env=os.environ | {"ANNOUNCE_STATE": str(folder / "state")},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    stamp = re.compile(rb"^(Date|Message-ID): [^\r]*\r?\n", re.MULTILINE)
    return [stamp.sub(b"", mail, count=2) for mail in heard.mails]


@pytest.mark.parametrize("attached", [0, 2 * LARGEST])
def test_mails_are_the_same_with_one_process_and_with_two(tmp_path: Path, attached: int) -> None:
    """Every octet, in the plan's order, whether they wait on the shelf or are too large for it."""
    alone, beside = (sent(tmp_path / str(n), n, attached) for n in (1, 2))

    assert len(alone) == 40
    assert beside == alone
    assert (len(alone[0]) > LARGEST) == bool(attached)
