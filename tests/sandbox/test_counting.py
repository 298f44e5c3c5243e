"""The counting sink: what it counts must be what was sent, however the bytes are cut."""

from __future__ import annotations

import smtplib
import socket

import pytest

from announce.errors import MachineError
from announce.sandbox.counting import Counted, CountingSink
from announce.sandbox.sink import Counts, Session

# Three mails in groups of commands: one with a stuffed dot, an empty one, one to two people.
GROUPS = (
    b"EHLO me\r\nMAIL FROM:<a@example.org>\r\nRCPT TO:<b@example.org>\r\nDATA\r\n"
    b"Subject: x\r\n\r\n..dot\r\n.\r\n"
    b"mail from:<a@example.org>\r\nrcpt to:<b@example.org>\r\ndata\r\n.\r\n"
    b"MAIL FROM:<a@example.org>\r\nRCPT TO:<b@example.org>\r\nRCPT TO:<c@example.org>\r\nDATA\r\n"
    b"\r\n.\n.\r\n\r\n.\r\nQUIT\r\n"
)
CODES = ["250"] * 5 + ["250", "250", "354", "250"] + ["250", "250", "354", "250"] + [
    "250", "250", "250", "354", "250", "221",
]  # fmt: skip


def talk(*pieces: bytes) -> tuple[list[str], Counts, Session]:
    """What a session answers to these pieces, one after another."""
    counts = Counts()
    session = Session(counts)
    replies = b"".join(session.take(piece) for piece in pieces)
    return [line[:3].decode() for line in replies.splitlines()], counts, session


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64, 1000])
def test_cut_of_the_bytes_changes_nothing(size):
    """The same answers and counts, whether a conversation comes at once or by single bytes."""
    pieces = [GROUPS[at : at + size] for at in range(0, len(GROUPS), size)]

    codes, counts, session = talk(*pieces)

    assert codes == CODES
    assert (counts.mails, counts.recipients, session.ended) == (3, 4, True)


def test_body_is_counted_as_it_came_over_the_wire():
    """Octets between DATA and the dot, its line end included, the doubled dot too."""
    _, counts, _ = talk(
        b"MAIL FROM:<a@example.org>\r\nRCPT TO:<b@example.org>\r\nDATA\r\n..dot\r\n.\r\n"
    )

    assert counts.octets == len("..dot\r\n")


def test_body_of_nobody_is_not_taken():
    """DATA without a recipient is refused, so that nothing is counted that has no reader."""
    codes, counts, _ = talk(b"MAIL FROM:<a@example.org>\r\nDATA\r\nRSET\r\nRCPT TO:<b@c.org>\r\n")

    assert (codes, counts.mails) == (["250", "503", "250", "503"], 0)


def test_endless_line_ends_the_connection():
    """A client that never ends its line is let go, and not kept in memory."""
    _, _, session = talk(b"x" * 5000)

    assert session.ended


def test_sink_counts_over_real_connections():
    """Two connections at once, the standard library's client on each."""
    body = b"Subject: x\r\n\r\n" + b"line\r\n" * 2000
    with CountingSink() as sink:
        with (
            smtplib.SMTP("127.0.0.1", sink.port) as one,
            smtplib.SMTP("127.0.0.1", sink.port) as two,
        ):
            for client in (one, two, one):
                client.sendmail("a@example.org", ["b@example.org", "c@example.org"], body)
        counted = sink.counted()

    assert counted == Counted(mails=3, recipients=6, octets=3 * len(body), connections=2)


def test_client_that_breaks_off_leaves_nothing():
    """Half a mail is none, and the sink goes on."""
    with CountingSink() as sink:
        with socket.create_connection(("127.0.0.1", sink.port)) as link:
            link.sendall(b"MAIL FROM:<a@example.org>\r\nRCPT TO:<b@example.org>\r\nDATA\r\nhalf")
        with smtplib.SMTP("127.0.0.1", sink.port) as client:
            client.sendmail("a@example.org", ["b@example.org"], b"whole\r\n")

        assert (sink.counted().mails, sink.counted().connections) == (1, 2)


def test_sink_that_is_gone_says_so():
    """A process that ended is an error with a mend, not a wrong count."""
    with CountingSink() as sink:
        assert sink._process is not None
        sink._process.kill()
        sink._process.wait()

        with pytest.raises(MachineError):
            sink.counted()
