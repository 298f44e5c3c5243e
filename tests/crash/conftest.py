"""The other side, the processes to kill, and what became of all kills, told at the end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from crash_support import Case, MakeCase, Server, Sink, make_project

# Under these names tests leave their figures (`record_property`), for the summary.
FIGURES = ("kills", "in doubt")


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Forks the commands of all tests."""
    with Server(tmp_path_factory.mktemp("said")) as started:
        yield started


@pytest.fixture
def make_case(server: Server, tmp_path: Path) -> Iterator[MakeCase]:
    """Makes campaigns, each with a sink of its own: `make_case(200)` for 200 people."""
    with ExitStack() as stack:

        def make(people: int, *, processes: int = 2) -> Case:
            sink = stack.enter_context(Sink())
            folder = tmp_path / f"project-{sink.port}"
            case = Case(server, sink, make_project(folder, sink.port, processes=processes))
            case.invite(people)
            return case

        yield make


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how many processes were killed, and where in their work they were."""
    told = {name: Counter[str]() for name in FIGURES}
    for report in terminalreporter.stats.get("passed", []):
        for name, figures in getattr(report, "user_properties", ()):
            if name in told:
                told[name].update(figures)
    for name, figures in told.items():
        if figures:
            parts = ", ".join(f"{part} {number}" for part, number in sorted(figures.items()))
            terminalreporter.write_line(f"{name}: {figures.total()} ({parts})")
