"""A second process of a run: it gets its order, is heard of, stopped, and may die."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from typing import Any

import pytest

# A process of its own: the tests' has threads, and what forks must have none.
_FRAME = """
import json, os, signal, sys
from announce.errors import LoginRefused
from announce.forking import can_fork
from announce.model.delivery import Delivery, DeliveryKey, Outcome, State
from announce.tally import Tally
from announce.workers import Line, Order, Worker

class Seen:
    def __init__(self):
        self.told = []
    def delivered(self, delivery, outcome):
        self.told.append([delivery.key.recipient, outcome.state.value])
    def paused(self, reason, seconds):
        self.told.append([reason, seconds])
    def sent_elsewhere(self, number):
        self.told.append(["sent", number])

def delivery(name):
    return Delivery(key=DeliveryKey("cfp", "once", "email", name), language="en", to=(name,))

SENT, FAILED = Outcome(state=State.SENT), Outcome(state=State.FAILED, reason="550 no")

def hear(worker):
    seen, tally = Seen(), Tally()
    while worker.is_busy:
        worker.listen(seen, tally, patience=5)
    print(json.dumps({
        "told": seen.told, "counts": tally.counts, "in_part": tally.in_part,
        "stopped": tally.stopped,
        "error": tally.error and [type(tally.error).__name__, tally.error.message],
    }))
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


pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="a second process is for Linux")


def test_worker_does_its_order_and_is_heard_of() -> None:
    """The order arrives; what went well is counted, what did not is told; the tally is added."""
    heard = run(
        """
        def work(order, line):
            for number in range(order.connections):
                line.delivered(delivery(f"p{number}"), SENT)
            line.delivered(delivery(f"run{order.run}"), FAILED)
            line.end(Tally(counts={State.SENT: 3, State.FAILED: 1}, in_part=1))

        with Worker.fork(work) as worker:
            worker.begin(Order(run=7, connections=3))
            hear(worker)
        """
    )

    assert heard == {
        "told": [["run7", "failed"], ["sent", 3]],
        "counts": {"sent": 3, "failed": 1},
        "in_part": 1,
        "stopped": "",
        "error": None,
    }


def test_worker_without_an_order_does_nothing() -> None:
    """Leaving before an order sends it away; what it would have done is not done."""
    assert run(
        """
        with Worker.fork(lambda order, line: print("worked")) as worker:
            pass
        print(json.dumps(worker.is_busy))
        """
    ) is False  # fmt: skip


def test_worker_is_told_to_stop() -> None:
    """A stop of the first process is one of the second."""
    heard = run(
        """
        def work(order, line):
            while not line.is_set():
                pass
            line.end(Tally(stopped="interrupted"))

        with Worker.fork(work) as worker:
            worker.begin(Order(run=1, connections=1))
            worker.stop()
            hear(worker)
        """
    )

    assert heard["stopped"] == "interrupted"


def test_worker_that_dies_is_noticed() -> None:
    """Killed in the middle: the run stops and says why."""
    heard = run(
        """
        def work(order, line):
            line.delivered(delivery("p0"), FAILED)
            os.kill(os.getpid(), signal.SIGKILL)

        with Worker.fork(work) as worker:
            worker.begin(Order(run=1, connections=1))
            hear(worker)
        """
    )

    assert heard["told"] == [["p0", "failed"]]
    assert heard["stopped"] == "the second process died"


def test_worker_ends_with_its_error() -> None:
    """A refused login over there is one here, with its words."""
    heard = run(
        """
        def work(order, line):
            line.end(Tally(error=LoginRefused("535 no", hint="log in again")))

        with Worker.fork(work) as worker:
            worker.begin(Order(run=1, connections=1))
            hear(worker)
        """
    )

    assert heard["error"] == ["LoginRefused", "535 no"]


def test_worker_stops_when_the_first_process_is_gone() -> None:
    """Orphaned it sees that it is to stop; here the first one is replaced by a third."""
    assert run(
        """
        read, write = os.pipe()

        def work(order, line):
            while not line.is_set():
                pass
            os.write(write, b"stopped")

        first = os.fork()
        if first == 0:
            worker = Worker.fork(work)
            worker.begin(Order(run=1, connections=1))
            os.kill(os.getpid(), signal.SIGKILL)
        os.waitpid(first, 0)
        os.close(write)
        print(json.dumps(os.read(read, 7).decode()))
        """
    ) == "stopped"  # fmt: skip


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
