"""A sandbox with a clock of its own, and a plain client of the official-account API."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from sandbox_support import Client, Clock

from announce.sandbox.wechat import AccountKind, OfficialAccountServer

Opened = Callable[..., Client]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def account(tmp_path: Path, clock: Clock) -> Iterator[Opened]:
    """Opens emulators over one folder, each with a client of its own."""
    open_ones: list[tuple[OfficialAccountServer, requests.Session]] = []

    def opened(**settings: Any) -> Client:
        server = OfficialAccountServer(tmp_path / "wechat", now=clock, **settings)
        session = requests.Session()
        session.trust_env = False
        server.__enter__()
        open_ones.append((server, session))
        return Client(server, session)

    yield opened
    for server, session in open_ones:
        session.close()
        server.__exit__(None, None, None)


@pytest.fixture
def api(account: Opened) -> Client:
    """A client that is logged in to a personal subscription account."""
    client = account()
    client.login()
    return client


@pytest.fixture
def service(account: Opened) -> Client:
    """A client that is logged in to a verified service account."""
    client = account(kind=AccountKind.VERIFIED_SERVICE)
    client.login()
    return client


@pytest.fixture
def subscription(account: Opened) -> Client:
    """A client that is logged in to a verified subscription account."""
    client = account(kind=AccountKind.VERIFIED_SUB)
    client.login()
    return client
