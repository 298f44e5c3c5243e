"""Telling a live process from a dead one."""

from __future__ import annotations

import os
import subprocess
import sys

from announce.ledger.machine import Machine


def test_this_process_is_alive() -> None:
    """A process sees itself alive, as the one it is."""
    here = Machine.this()

    assert here.pid == os.getpid()
    assert Machine.alive(here.pid, here.started)
    assert here == Machine.this()


def test_a_later_process_with_the_pid_is_another() -> None:
    """A pid that was given to a new process is not the holder."""
    here = Machine.this()

    assert not Machine.alive(here.pid, f"{here.started}0")
    assert not Machine.alive(here.pid, "")


def test_an_ended_process_is_gone() -> None:
    """Nobody has the pid any more."""
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()

    assert not Machine.alive(ended.pid, Machine.this().started)
