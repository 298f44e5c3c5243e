"""A ledger for each test of sending."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sending_support import new_ledger

from announce.ledger.base import Ledger


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """A new ledger in SQLite."""
    with closing(new_ledger(tmp_path)) as opened:
        yield opened
