"""Work in a second process: where it may be had, and what it cannot spoil.

In processes of their own: the tests' has threads, with which nothing is forked.
"""

from __future__ import annotations

import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="a second process is for Linux")

_BEGIN = """
import os, resource, signal, sys, threading, time
from announce.forking import Aside, can_fork
os.sched_getaffinity = lambda _: {0, 1}  # however many cores this machine has
"""


def printed(script: str) -> str:
    """What a program prints that ends well and says nothing else."""
    done = subprocess.run(
        [sys.executable, "-c", _BEGIN + script],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.strip()


def test_values_come_back_in_their_order() -> None:
    """They are made in another process, whose number is not this one's."""
    script = """
def make():
    yield from ("a", "b", os.getpid() != parent)
parent = os.getpid()
with Aside(make) as aside:
    print(can_fork(), list(aside.values(30)))
"""
    assert printed(script) == "True ['a', 'b', True]"


def test_a_process_that_fails_has_no_values() -> None:
    """Not even those from before its error: what is asked for is made anew."""
    script = """
def make():
    yield "a"
    raise ValueError
with Aside(make) as aside:
    print(aside.values(30))
"""
    assert printed(script) == "None"


def test_a_process_that_takes_too_long_is_done_without() -> None:
    """And it is gone when the block is left."""
    script = """
def make():
    time.sleep(600)
    yield "a"
with Aside(make) as aside:
    pid = aside._pid
    print(aside.values(0.05))
try:
    os.kill(pid, 0)
except ProcessLookupError:
    print("gone")
"""
    assert printed(script) == "None\ngone"


@pytest.mark.parametrize("free", [0, 1, 2])
def test_without_file_descriptors_there_is_no_second_process(free: int) -> None:
    """However few are left, it is no error."""
    script = f"""
taken = [os.dup(0) for _ in range(20)]
top = max(taken)
for one in taken[:{free}]:
    os.close(one)
resource.setrlimit(resource.RLIMIT_NOFILE, (top + 1, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
with Aside(lambda: iter("a")) as aside:
    print(aside.values(30))
"""
    assert printed(script) == "None"


@pytest.mark.parametrize(
    "reason",
    [
        "signal.signal(signal.SIGCHLD, signal.SIG_IGN)",
        "threading.Thread(target=time.sleep, args=(0.2,)).start()",
        "os.sched_getaffinity = lambda _: {0}",
    ],
)
def test_nothing_is_forked_where_that_is_not_safe(reason: str) -> None:
    """Nobody could tell its end, a thread would be left behind, or there is no core for it."""
    assert printed(f"{reason}\nprint(can_fork())") == "False"
