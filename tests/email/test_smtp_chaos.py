"""Faults at random and interrupts at every turn: the promise holds."""

from __future__ import annotations

import contextlib
import random
import smtplib
import socket
import sys
from types import FrameType
from typing import Any

import pytest
from driving import PIPELINING, SENDER, carrying, drive, key_of, mail_to, people, ride
from scripted import FEATURES, Fault, Script

from announce.channels.email.account import Account
from announce.channels.email.letter import Letter
from announce.channels.email.line import Line
from announce.model.delivery import State

PIPED = {"features": PIPELINING, "strict": True}

TROUBLE: list[Any] = [
    "250 fine", "250 fine", "250 fine", "250 fine", "250 fine", "451 later", "550 no",
    "421 leaving", "what?", "354 go on", Fault.DROP,
]  # fmt: skip


@pytest.mark.parametrize("seed", range(24))
def test_any_mixture_of_faults_keeps_the_promise(seed: int) -> None:
    """Faults at random, several connections: each mail ends once, none arrives twice, each that
    is told as sent arrived, each that is told as failed did not."""
    chance = random.Random(seed)
    script = Script(
        features=chance.choice([PIPELINING, FEATURES]),
        strict=chance.random() < 0.5,
        answers={
            verb: [*chance.choices(TROUBLE, k=60), "250 fine"] for verb in ("MAIL", "RCPT", ".")
        },
        in_body=chance.choices([None, None, None, *TROUBLE[5:]], k=10),
    )
    mails = [
        mail_to(*(f"p{index}{letter}@example.net" for letter in "abc"[: chance.choice([1, 1, 3])]))
        for index in range(40)
    ]
    ridden = ride(script, mails=mails, connections=3, renew_after=9, last=chance.random() < 0.5)
    assert len(ridden.ended) == 40


class Interrupted(socket.socket):
    """A socket whose user is interrupted once, as soon as something has gone out or come in."""

    def __init__(self, there: socket.socket) -> None:
        super().__init__(there.family, there.type, fileno=there.detach())
        self.moment = ""

    def send(self, data: Any, flags: int = 0) -> int:
        """Send, and be interrupted."""
        return self._after("send", super().send(data, flags))

    def recv(self, size: int, flags: int = 0) -> bytes:
        """Receive, and be interrupted."""
        return self._after("recv", super().recv(size, flags))

    def _after(self, moment: str, result: Any) -> Any:
        if moment == self.moment:
            self.moment = ""
            raise KeyboardInterrupt
        return result


@pytest.mark.parametrize("moment", ["send", "recv"])
def test_interrupted_connection_is_not_used_again(moment: str) -> None:
    """Whether the octets have gone or come is not known: said again, a body might become that of
    the next mail; heard without what was lost, an answer might be taken for another's."""
    here, there = socket.socketpair()
    smtp = smtplib.SMTP()
    smtp.sock, smtp.esmtp_features = Interrupted(here), {"pipelining": ""}
    line = Line(smtp, Account(host="127.0.0.1", port=25), SENDER)
    first, second = (
        Letter(key_of(mail), (mail.to[0].spec,), b"a: b\r\n", False, True) for mail in people(2)
    )
    line.dialogue.begin(first)
    line.flush()
    there.sendall(b"250 fine\r\n250 fine\r\n354 go on\r\n")
    assert line.read() == [(first, None)]
    line.dialogue.go()
    line.dialogue.begin(second)
    smtp.sock.moment = moment
    there.sendall(b"250 taken\r\n")
    with pytest.raises(KeyboardInterrupt):
        _ = line.flush() or line.read()
    for _ in range(2):
        assert line.flush() == line.read() == []
    assert there.recv(9999).count(b"a: b\r\n.\r\nMAIL") == 1
    assert [end.state for _, end, _ in line.dialogue.left()] == [State.IN_DOUBT, State.FAILED]
    line.close()
    there.close()


# A connection that was being taken over at that instant is left to the end of the process.
@pytest.mark.filterwarnings("ignore:.*socket:pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("line", range(13, 6000, 199))
def test_interrupt_at_any_line_keeps_the_promise(line: int) -> None:
    """Ctrl-C in the middle of whatever is done, then what answers have come, then the end."""
    let_go: set[str] = set()
    with carrying(Script(**PIPED), connections=3) as (carrier, ridden):
        with contextlib.suppress(KeyboardInterrupt):
            sys.settrace(_interrupt_at(line))
            try:
                drive(carrier, ridden, people(2000), let_go=let_go)
            finally:
                sys.settrace(None)
        for key, outcome in carrier.turn(0.05).landed:
            ridden.ended[key.recipient] = outcome
    ridden.check(people(2000))
    assert set(ridden.kept) <= let_go
    assert len(let_go) < 2000


def _interrupt_at(line: int) -> Any:
    """A trace function that interrupts at the so manieth line run in the channel's modules."""
    left = line

    def trace(frame: FrameType, event: str, _argument: Any) -> Any:
        nonlocal left
        if "/channels/email/" not in frame.f_code.co_filename.replace("\\", "/"):
            return None
        left -= event == "line"
        if left == 0:
            sys.settrace(None)
            raise KeyboardInterrupt
        return trace

    return trace
