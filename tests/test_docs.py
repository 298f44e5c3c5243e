"""Documentation tells the truth: pages made from the code are current, commands are named."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from announce.cli.app import COMMANDS

ROOT = Path(__file__).parents[1]
READMES = ["README.md", "README.zh.md"]


def test_reference_pages_are_current() -> None:
    """Settings, campaign and command pages are what the script would write."""
    done = subprocess.run(
        [sys.executable, "scripts/reference.py", "--check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize("readme", READMES)
def test_links_and_pictures_of_the_readme_exist(readme: str) -> None:
    """Every relative link and picture leads somewhere."""
    text = (ROOT / readme).read_text(encoding="utf-8")
    targets = re.findall(r"\]\(([^)#\s]+)[^)]*\)", text) + re.findall(r'src="([^"]+)"', text)

    assert [one for one in targets if "://" not in one and not (ROOT / one).exists()] == []


@pytest.mark.parametrize("readme", READMES)
def test_commands_in_the_readme_exist(readme: str) -> None:
    """No README names a command that there is not."""
    text = (ROOT / readme).read_text(encoding="utf-8")
    named = set(re.findall(r"`announce ([a-z]+)", text)) | set(
        re.findall(r"^\$? ?(?:\.venv/bin/)?announce ([a-z]+)", text, re.M)
    )

    assert named - set(COMMANDS) == set()


def test_readmes_give_the_same_commands() -> None:
    """What stands in code blocks of one README stands in the other's."""
    texts = [(ROOT / one).read_text(encoding="utf-8") for one in READMES]
    blocks = [re.findall(r"```(?:sh|bash)\n(.*?)```", text, re.S) for text in texts]
    commands = [
        [re.sub(r"\s*#.*", "", line) for block in found for line in block.splitlines()]
        for found in blocks
    ]

    assert commands[0] == commands[1]


def test_changelog_has_the_version() -> None:
    """The newest heading of the changelog is the package's version."""
    from announce import __version__

    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    newest = re.search(r"^## \[?(\d+\.\d+\.\d+)", text, re.M)

    assert newest is not None and newest[1] == __version__
