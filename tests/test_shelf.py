"""Finished mails on the shelf, by position, recipient and digest; some put there by a process."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from announce.model.delivery import Delivery, DeliveryKey
from announce.model.message import SealedMail
from announce.shelf import LARGEST, Shelf


def mail(name: str, size: int = 10) -> SealedMail:
    """Somebody's mail of about so many octets."""
    return SealedMail((f"{name}@example.org",), False, b"To: x\r\n", name.encode() + b"." * size)


def delivery(position: int, name: str, digest: str = "") -> Delivery:
    """Somebody's delivery in this place of the plan."""
    key = DeliveryKey("cfp", "once", "email", name)
    return Delivery(
        key=key, language="en", to=(), position=position, digest=digest or f"digest of {name}"
    )


def put(shelf: Shelf, *names: str, size: int = 10) -> Shelf:
    """The shelf with the mails of these people; "-" is a line without one."""
    for name in names:
        shelf.put(name, f"digest of {name}", None if name == "-" else mail(name, size))
    return shelf


def taken(shelf: Shelf, *names: str) -> list[str]:
    """Whose mails are to be had, each asked for in its place; "-" where there is none."""
    found = [shelf.take(delivery(position, name)) for position, name in enumerate(names)]
    return [one.to[0].partition("@")[0] if one else "-" for one in found]


def test_mail_is_taken_as_it_was_put() -> None:
    """Every octet, in any order; a line without one has none, nor has one that nobody put."""
    shelf = put(Shelf(), "ada", "-", "bo", size=60_000)

    assert shelf.take(delivery(2, "bo")) == mail("bo", 60_000)
    assert shelf.take(delivery(0, "ada")) == mail("ada", 60_000)
    assert taken(shelf, "ada", "-", "bo", "cy") == ["ada", "-", "bo", "-"]


@pytest.mark.parametrize(
    "asked", [delivery(0, "eve"), delivery(1, "ada"), delivery(0, "ada", "another")]
)
def test_mail_of_somebody_else_or_of_another_day_is_not_taken(asked: Delivery) -> None:
    """Place, recipient and digest must all be those that were checked."""
    assert put(Shelf(), "ada", "bo").take(asked) is None


def test_large_mail_is_not_kept() -> None:
    """It is composed once more; what is behind it is kept."""
    shelf = put(put(Shelf(), "ada", size=LARGEST + 1), "bo")

    assert taken(shelf, "ada", "bo") == ["-", "bo"]


def test_no_more_is_kept_than_there_is_room() -> None:
    """What does not fit is not to be had, and nothing else is lost by it."""
    shelf = put(put(put(Shelf(room=2000), "ada", "bo", size=900), "cy", size=900), "di", size=100)

    assert taken(shelf, "ada", "bo", "cy", "di") == ["ada", "bo", "-", "di"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="a second process is forked")
def test_mails_of_another_process_stand_behind_those_here() -> None:
    """It fills a shelf of its own, with half of the room, and tells where what stands."""
    shelf = Shelf(room=4000)
    beside = shelf.beside()
    assert beside is not None
    reader, writer = os.pipe()
    if (pid := os.fork()) == 0:  # pragma: no cover (another process)
        os.write(writer, put(beside, "bo", "-", "cy", "di", size=900).filled())
        os._exit(0)
    os.close(writer)
    put(shelf, "ada", "-")
    with os.fdopen(reader, "rb") as pipe:
        filled = pipe.read()
    os.waitpid(pid, 0)

    shelf.join(beside, filled)

    assert taken(shelf, "ada", "-", "bo", "-", "cy", "di") == ["ada", "-", "bo", "-", "cy", "-"]
    assert shelf.take(delivery(2, "bo")) == mail("bo", 900)


_FULL = """
import resource
from test_shelf import put, taken
from announce.shelf import Shelf

resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
names = [f"p{n}" for n in range(20)]
shelf, beside = Shelf(room=1 << 30), Shelf(room=1 << 30, opened=True)
for one in (shelf, beside):
    put(one, *names, size=50_000)
print(set(taken(shelf, *names)), beside.filled())
shelf.join(beside, b"")
print(set(taken(shelf, *names, *names)))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="such limits are of Unix")
def test_a_disk_that_takes_no_more_is_done_without() -> None:
    """Nobody's mail is to be had then, each is made once more, and nothing fails."""
    done = subprocess.run(
        [sys.executable, "-c", _FULL],
        capture_output=True, text=True, timeout=60, check=False, cwd=Path(__file__).parent,
    )  # fmt: skip
    assert (done.stdout, done.stderr) == ("{'-'} b''\n{'-'}\n", "")
