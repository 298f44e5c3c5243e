"""The command feels quick: what it does not need it does not import."""

from __future__ import annotations

import gc
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from scripted import Script, serving

from announce.importing import importing

HEAVY = {
    "pydantic", "yaml", "jinja2", "sqlalchemy", "rich", "babel", "wechatpy", "yagmail", "requests",
    "email_validator", "css_inline", "lxml", "aiosmtpd", "icalendar", "markdown_it", "asyncio",
    "ssl", "PIL", "segno",
}  # fmt: skip
# Of other channels, of what a campaign may have and this one has not, of other databases and
# systems.
ELSEWHERE = {
    "wechatpy", "requests", "lxml", "xmltodict", "announce.channels.wechat", "icalendar",
    "email_validator", "sqlalchemy.dialects.postgresql", "multiprocessing", "announce.oauth",
    "oauthlib", "PIL", "segno",
} | ({"psutil"} if sys.platform == "linux" else set())  # fmt: skip
# This campaign prints no date.
UNASKED = {"babel", "rich"}
WIRE = {"yagmail", "smtplib", "keyring", "announce.channels.email.carrier"}
SANDBOX = {"aiosmtpd", "announce.sandbox"}
LEDGER = {"sqlalchemy", "sqlite3", "asyncio", "ssl"}
WORDS = {"jinja2", "markdown_it", "babel", "css_inline", "announce.rendering.renderer"}

PROGRAM = """
import sys
from announce.texts import speak
speak("en")
from announce.cli.app import run
code = run(sys.argv[1:])
print("|".join(sorted(sys.modules)), file=sys.stderr)
sys.exit(code)
"""
CAMPAIGN = """
campaign: hello
kind: hello
title: Hello
audience: {file: audiences/hello.csv}
email: {languages: en}
"""
TEMPLATE = "---\nsubject: Hello {{ recipient.name }}\npreheader: A word\n---\nDear reader,\n"
AUDIENCE = "address,name\nada@example.org,Ada\nlin@example.net,Lin\n"


@pytest.fixture
def mailing(project: Path) -> Path:
    """The example project with one more campaign: two mails, and nothing else in it."""
    for name in list((project / "campaigns").iterdir()):
        name.unlink()
    (project / "campaigns" / "hello.yaml").write_text(CAMPAIGN, encoding="utf-8")
    (project / "audiences" / "hello.csv").write_text(AUDIENCE, encoding="utf-8")
    for language in ("en", "zh"):
        path = project / "templates" / language / "hello.md.j2"
        path.write_text(TEMPLATE, encoding="utf-8")
    return project


def imported(*arguments: str, cwd: Path | None = None) -> set[str]:
    """The modules of a process that ran this command."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=cwd,
    )
    assert done.returncode == 0, done.stderr[:2000]
    return set(done.stderr.strip().splitlines()[-1].split("|"))


def test_help_imports_nothing_heavy() -> None:
    """`announce --help` reads a table of commands, and none of the rooms behind them."""
    assert HEAVY & imported("--help") == set()


@pytest.mark.parametrize(
    ("command", "not_for_it"),
    [
        (["status"], ELSEWHERE | WIRE | SANDBOX | WORDS | LEDGER | {"announce.reading.audiences"}),
        (["suppress", "list"], ELSEWHERE | WIRE | SANDBOX | WORDS | LEDGER),
        (["plan", "campaigns/hello.yaml"], ELSEWHERE | WIRE | SANDBOX | LEDGER),
        (["--json", "plan", "campaigns/hello.yaml"], ELSEWHERE | WIRE | SANDBOX | {"rich"}),
        (["send", "campaigns/hello.yaml"], ELSEWHERE | {"rich"}),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_command_imports_what_its_way_needs(
    mailing: Path, command: Sequence[str], not_for_it: set[str]
) -> None:
    """A look at the ledger composes nothing, and where there is none yet nothing opens one; an
    e-mail campaign knows no other channel; what is on the wire waits for the wire."""
    assert not_for_it & imported(*command, cwd=mailing) == set()


def test_real_send_imports_no_sandbox(mailing: Path) -> None:
    """With an account of its own it needs no catcher; once all is sent, hardly anything."""
    with serving(Script()) as (port, heard):
        with (mailing / "announce.yaml").open("a", encoding="utf-8") as file:
            file.write(f"email:\n  smtp: {{host: 127.0.0.1, port: {port}, security: none}}\n")
        first = imported("send", "--yes", "campaigns/hello.yaml", cwd=mailing)
        again = imported("send", "--yes", "campaigns/hello.yaml", cwd=mailing)
        status = imported("status", cwd=mailing)

    assert len(heard.mails) == 2
    assert (ELSEWHERE | SANDBOX | UNASKED) & first == set()
    assert (ELSEWHERE | SANDBOX | WIRE | WORDS | {"rich"}) & again == set()
    assert (ELSEWHERE | SANDBOX | WIRE | WORDS) & status == set()


def test_importing_fails_with_collector_on_again() -> None:
    """The garbage collector rests while modules are imported, and no longer, come what may."""
    seen = []
    with pytest.raises(ImportError), importing():
        seen.append(gc.isenabled())
        raise ImportError("no such module")
    assert [*seen, gc.isenabled()] == [False, True]


def test_importing_leaves_collector_off_where_it_was() -> None:
    """A program that runs without the collector goes on without it."""
    gc.disable()
    try:
        with importing():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
