"""A second process that makes mails ahead: they come in order, or not at all, and it may die."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from typing import Any

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="a second process is for Linux")

# A process of its own: the tests' has threads, and what forks must have none.
_FRAME = """
import json, os, signal, sys, time
from announce.errors import InputError
from announce.forking import can_fork
from announce.model.delivery import Delivery, DeliveryKey
from announce.model.message import SealedMail
from announce.press import Press

def delivery(number, digest=""):
    key = DeliveryKey("cfp", "once", "email", f"p{number}")
    return Delivery(key=key, language="en", to=(f"p{number}@example.org",), position=number,
                    digest=digest or f"{number:064x}")

def mail(number, size=100):
    return SealedMail((f"p{number}@example.org",), False, b"To: x\\r\\n", b"%d" % number * size)

def made(*numbers, size=100):
    for number in numbers:
        yield delivery(number), mail(number, size)

def numbers(taken):
    return [None if one is None else int(one.to[0][1:].partition("@")[0]) for one in taken]
"""


def run(script: str) -> Any:
    """What a script prints, as JSON; it ends well and says nothing else."""
    done = subprocess.run(
        [sys.executable, "-c", _FRAME + textwrap.dedent(script)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return json.loads(done.stdout)


def test_mails_come_as_they_were_made() -> None:
    """More than the pipe holds, each whole, however they are cut on the way."""
    assert run(
        """
        with Press.fork(lambda: made(*range(3000), size=1000)) as press:
            taken = [press.take(delivery(number)) for number in range(3000)]
        print(json.dumps(taken == [mail(number, 1000) for number in range(3000)]))
        """
    ) is True  # fmt: skip


def test_mails_that_are_not_asked_for_are_left_out() -> None:
    """Those between are dropped; one that was never made is not had, and the next one is."""
    assert run(
        """
        with Press.fork(lambda: made(0, 1, 2, 4, 5, 6)) as press:
            taken = [press.take(delivery(number)) for number in (0, 2, 3, 4, 6, 7)]
        print(json.dumps(numbers(taken)))
        """
    ) == [0, 2, None, 4, 6, None]  # fmt: skip


def test_mail_of_another_line_is_refused() -> None:
    """Neither another digest nor another recipient at the same position."""
    assert run(
        """
        stranger = Delivery(key=DeliveryKey("cfp", "once", "email", "p9"), language="en",
                            to=("p9@example.org",), position=1, digest=f"{1:064x}")
        with Press.fork(lambda: made(0, 1, 2)) as press:
            taken = [press.take(delivery(0, "f" * 64)), press.take(stranger),
                     press.take(delivery(2))]
        print(json.dumps(numbers(taken)))
        """
    ) == [None, None, 2]  # fmt: skip


@pytest.mark.parametrize("end", ["os.kill(os.getpid(), signal.SIGKILL)", "raise InputError('no')"])
def test_what_it_made_before_its_end_still_comes(end: str) -> None:
    """Killed or at an error: what had left it is there, the rest is not waited for."""
    assert run(
        f"""
        def two():
            yield from made(0, 1, size=60_000)
            {end}

        with Press.fork(two) as press:
            taken = [press.take(delivery(number)) for number in range(3)]
        print(json.dumps(numbers(taken)))
        """
    ) == [0, 1, None]  # fmt: skip


def test_large_mails_are_not_made_ahead() -> None:
    """A file for everybody in each of them: they are made where they are needed."""
    assert run(
        """
        with Press.fork(lambda: made(0, 1, size=70_000)) as press:
            taken = [press.take(delivery(number)) for number in range(2)]
        print(json.dumps(numbers(taken)))
        """
    ) == [None, None]  # fmt: skip


def test_waiting_has_an_end_whatever_comes_meanwhile() -> None:
    """Mails that nobody wants come without end; the wanted one never does."""
    assert run(
        """
        def unwanted():
            while True:
                yield from made(0, size=1000)

        with Press.fork(unwanted) as press:
            print(json.dumps([press.take(delivery(number)) for number in (99, 100)]))
        """
    ) == [None, None]  # fmt: skip


@pytest.mark.parametrize("name", ["Press", "Aside"])
def test_process_that_is_not_granted_is_done_without(name: str) -> None:
    """Where the system gives no more processes; nothing is left open."""
    assert run(
        """
        import fcntl, resource  # what is read before the user changes
        from announce.forking import Aside
        files = len(os.listdir("/proc/self/fd"))
        os.setuid(65534) if os.getuid() == 0 else None
        resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))
        if NAME == "Press":
            got = Press.fork(lambda: made(0))
        else:
            with Aside(lambda: iter([1])) as aside:
                got = aside.values()
        print(json.dumps([got, len(os.listdir("/proc/self/fd")) - files]))
        """.replace("NAME", repr(name))
    ) == [None, 0]  # fmt: skip


def test_fork_is_not_had_where_nobody_hears_of_its_end() -> None:
    """A program that ignores SIGCHLD hands that down to those it starts."""
    assert run(
        """
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        print(json.dumps(can_fork()))
        """
    ) is False  # fmt: skip


def test_one_that_stands_still_is_left_behind() -> None:
    """What it has not made is made without it; what it makes later is taken again."""
    assert run(
        """
        read, write = os.pipe()

        def halting():
            yield from made(0, 1, size=60_000)
            os.read(read, 1)
            yield from made(*range(2, 100), size=20_000)

        with Press.fork(halting) as press:
            before = [press.take(delivery(number)) for number in range(5)]
            os.write(write, b"!")
            number, after = 5, None
            while after is None:
                after = press.take(delivery(number))
                number += after is None and number < 98
            rest = [press.take(delivery(99))]
        print(json.dumps([numbers(before), after is not None, numbers(rest)]))
        """
    ) == [[0, 1, None, None, None], True, [99]]  # fmt: skip


def test_it_ends_when_the_first_process_is_gone() -> None:
    """Nobody reads its mails any more; here the first one is replaced by a third."""
    assert run(
        """
        read, write = os.pipe()
        first = os.fork()
        if first == 0:
            os.close(read)
            Press.fork(lambda: made(*range(100_000), size=1000))
            os.kill(os.getpid(), signal.SIGKILL)
        os.waitpid(first, 0)
        os.close(write)
        # The second one holds the other end until it ends.
        print(json.dumps(os.read(read, 1).decode()))
        """
    ) == ""  # fmt: skip


def test_fork_is_not_had_beside_threads() -> None:
    """A thread would be left behind in the middle of something."""
    assert run(
        """
        import threading
        wait = threading.Event()
        thread = threading.Thread(target=wait.wait)
        thread.start()
        beside = can_fork()
        wait.set()
        thread.join()
        print(json.dumps([beside, can_fork() == (len(os.sched_getaffinity(0)) > 1)]))
        """
    ) == [False, True]  # fmt: skip
