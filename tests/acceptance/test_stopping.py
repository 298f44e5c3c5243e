"""Before the rest: holding, the first few, steps with a look between them, and stopping."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

CFP = "campaigns/cfp.yaml"
DECISIONS = "campaigns/decisions.yaml"
PATIENCE = 60.0


def add(path: Path, text: str) -> None:
    """Add lines to a file."""
    with path.open("a", encoding="utf-8") as file:
        file.write(f"\n{text}\n")


def until(true: Callable[[], bool]) -> None:
    """Wait for something that another process does."""
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.05)


Begin = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def begin(live: Path) -> Iterator[Begin]:
    """Begins a command in a process of its own."""
    begun = []

    def start(*arguments: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "announce", *arguments],
            cwd=live,
            env=dict(os.environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        begun.append(process)
        return process

    yield start
    for process in begun:
        process.kill()
        process.communicate()


def slow(project: Path) -> None:
    """A limit that lets a mail go now and then."""
    path = project / "announce.yaml"
    text = path.read_text("utf-8")
    path.write_text(
        text.replace("security: none}", "security: none}\n  limits: {per_minute: 20}"), "utf-8"
    )


def test_stop_ends_a_send_and_says_who_got_it(announce, live, servers, begin) -> None:
    """From another terminal; who is named is who was sent to, and the rest goes later."""
    slow(live)
    process = begin("send", "--yes", DECISIONS)
    until(lambda: len(servers[0].store.names()) >= 3)

    stopped = announce("--json", "stop", DECISIONS, cwd=live)
    _, told = process.communicate(timeout=PATIENCE)
    sent = {to for one in servers[0].store.mails() for to in one.to}

    assert process.returncode == 5, told
    assert "stopped by `announce stop`" in told
    assert stopped.code == 0
    assert stopped.json["stopped"]
    assert {to for one in stopped.json["reached"] for to in one["to"]} == sent
    assert len(stopped.json["reached"]) + stopped.json["left"] == 68


def test_stop_without_a_send_is_no_fault(announce, project) -> None:
    """It says so, and stops no later one."""
    announce("send", "--limit", "2", DECISIONS, cwd=project)

    stopped = announce("stop", DECISIONS, cwd=project)
    later = announce("send", DECISIONS, cwd=project)

    assert stopped.code == 0
    assert "Nothing of scifm-2025-decisions is being sent." in stopped.out
    assert "2 of 68 were sent" in stopped.out
    assert later.code == 0


def test_held_send_is_stopped_before_the_first_message(announce, live, servers, begin) -> None:
    """Nobody got it."""
    add(live / DECISIONS, "hold: 10m")
    process = begin("send", "--yes", DECISIONS)
    assert process.stderr is not None
    heard = []
    until(lambda: heard.append(process.stderr.readline()) or "first message" in heard[-1])

    stopped = announce("--json", "stop", DECISIONS, cwd=live)
    _, told = process.communicate(timeout=PATIENCE)

    assert (stopped.json["stopped"], stopped.json["reached"]) == (True, [])
    assert process.returncode == 5, told
    assert servers[0].store.names() == []


def test_held_send_goes_when_its_time_has_come(announce, live, servers) -> None:
    """And what goes on after its first messages is not held again."""
    add(live / DECISIONS, "hold: 1s")

    first = announce("send", "--yes", "--limit", "2", DECISIONS, cwd=live)
    second = announce("send", "--yes", DECISIONS, cwd=live)

    assert (first.code, second.code) == (0, 0)
    assert len(servers[0].store.names()) == 68


def test_first_ones_show_every_kind_and_are_sent_once(announce, live, servers) -> None:
    """Six kinds (three classes, two languages): the first six are one of each."""
    once = announce("send", "--yes", "--first", "6", DECISIONS, cwd=live)
    names = sorted(one.subject for one in servers[0].store.mails())
    twice = announce("--json", "send", "--yes", "--first", "6", DECISIONS, cwd=live)

    assert once.code == 0
    assert len(names) == 6
    assert sum("评审结果" in one for one in names) == 3
    assert twice.json["run"]["sent"] == 0


def test_rollout_pauses_until_somebody_has_looked(announce, live, servers) -> None:
    """Chairs, five more, half of all, the rest: each by a call of its own where nobody is asked."""
    add(live / "announce.yaml", "groups: {chairs: [yanqiu.shen@lab.example.org]}")
    add(live / DECISIONS, "rollout: [chairs, 5, 50%, rest]")

    ended, numbers = [], []
    for _ in range(5):
        ended.append(announce("send", "--yes", DECISIONS, cwd=live))
        numbers.append(len(servers[0].store.names()))

    chairs = numbers[0]
    assert chairs in (1, 2, 3)
    assert numbers == [chairs, chairs + 5, 34, 68, 68]
    assert [one.code for one in ended] == [5, 5, 5, 0, 0]
    assert "the rollout pauses before the step 5 (5 messages)" in ended[0].err + ended[0].out


def test_rollout_that_waits_goes_on_by_itself(announce, live, servers) -> None:
    """A pause of a second between the steps."""
    add(live / DECISIONS, "rollout: {stages: [2, rest], between: 1s}")

    ended = announce("send", "--yes", DECISIONS, cwd=live)

    assert ended.code == 0, ended.err
    assert "Step 2 of 2 (rest): 66 messages" in ended.err
    assert len(servers[0].store.names()) == 68


def test_rehearsal_of_a_rollout_waits_for_nobody(announce, project) -> None:
    """All steps in one go."""
    add(project / DECISIONS, "rollout: [2, rest]\nhold: 1h")

    ended = announce("--json", "send", DECISIONS, cwd=project)

    assert ended.code == 0
    assert ended.json["run"]["sent"] == 68


def test_rollout_without_steps_is_told(announce, project) -> None:
    """An empty list would send nothing, or all: it is a fault."""
    add(project / DECISIONS, "rollout: []")

    assert announce("check", DECISIONS, cwd=project).code == 2


@pytest.mark.parametrize("step", ["chairs", "0", "150%", "0%", "some"])
def test_step_that_is_none_is_told(announce, project, step) -> None:
    """With its place, and what there is."""
    add(project / DECISIONS, f"rollout: [{step}, rest]")

    ended = announce("check", DECISIONS, cwd=project)

    assert ended.code == 2
    assert "[rollout-step]" in ended.err + ended.out


def test_rollout_takes_articles_last(announce, live) -> None:
    """An article is seen by everybody: it is no canary."""
    add(live / CFP, "rollout: [3, rest]")

    announce("send", "--yes", CFP, cwd=live)
    status = announce("--json", "status", CFP, cwd=live).json["campaigns"][0]["channels"]

    assert status["email"]["sent"] == 3
    assert status["wechat"]["sent"] == 0
