"""Accounts that are real to the tool: other servers than its sandbox, on loopback."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from announce.sandbox.mailcatcher import MailCatcher
from announce.sandbox.wechat import OfficialAccountServer


def without_list(project: Path) -> None:
    """Have the decisions name no list of all submissions, which would tell of every other row."""
    path = project / "campaigns" / "decisions.yaml"
    path.write_text(re.sub(r"\n  known: .*", "", path.read_text("utf-8")), "utf-8")


@pytest.fixture
def unlisted(request: pytest.FixtureRequest) -> None:
    """Projects whose decisions name no list of all submissions."""
    name = "live" if "live" in request.fixturenames else "project"
    without_list(request.getfixturevalue(name))


def clock() -> datetime:
    """The clock of the servers."""
    return datetime.now(UTC)


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[tuple[MailCatcher, OfficialAccountServer]]:
    """An SMTP server and an official account that are not the project's sandbox."""
    with (
        MailCatcher(tmp_path / "elsewhere" / "mail", now=clock) as mail,
        OfficialAccountServer(tmp_path / "elsewhere" / "wechat", now=clock) as account,
    ):
        yield mail, account


@pytest.fixture
def live(project, servers, monkeypatch) -> Path:
    """The example project with accounts on those servers."""
    mail, account = servers
    with (project / "announce.yaml").open("a", encoding="utf-8") as file:
        file.write(
            f"email:\n  smtp: {{host: 127.0.0.1, port: {mail.port}, security: none}}\n"
            f"wechat:\n  app_id: {account.app_id}\n  app_secret: {{env: TEST_APP_SECRET}}\n"
            f"  api_base: {account.api_base}\n"
        )
    monkeypatch.setenv("TEST_APP_SECRET", account.app_secret)
    return project
