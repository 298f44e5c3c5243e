"""The mail catcher, over real SMTP conversations."""

from __future__ import annotations

import json
import smtplib
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from announce.errors import MachineError
from announce.sandbox.mailcatcher import MailCatcher
from announce.sandbox.store import MailStore

BODY = "Subject: =?utf-8?b?5b6B56i/?=\r\nTo: a@example.org\r\n\r\n.dot\r\n征稿\r\n"


@pytest.fixture
def catcher(tmp_path: Path, clock) -> Iterator[MailCatcher]:
    with MailCatcher(tmp_path / "mail", now=clock) as running:
        yield running


def test_mail_is_kept_byte_for_byte(catcher):
    """The file holds what followed DATA, dots unstuffed, and nothing else."""
    with smtplib.SMTP("127.0.0.1", catcher.port) as client:
        client.sendmail("chairs@example.org", ["a@example.org"], BODY.encode())

    (mail,) = catcher.store.mails()

    assert mail.path.read_bytes() == BODY.encode()
    assert mail.path.name == "20250106T090000.000000Z-0001.eml"


def test_envelope_is_kept_beside_the_mail(catcher):
    """Who it was for is known even where the headers say otherwise."""
    with smtplib.SMTP("127.0.0.1", catcher.port) as client:
        client.sendmail("chairs@example.org", ["b@example.org", "c@example.net"], BODY.encode())

    (mail,) = catcher.store.mails()

    assert json.loads(mail.path.with_suffix(".json").read_text()) == {
        "from": "chairs@example.org",
        "to": ["b@example.org", "c@example.net"],
        "at": "2025-01-06T09:00:00+00:00",
    }
    assert (mail.sender, mail.to, mail.subject) == (
        "chairs@example.org",
        ("b@example.org", "c@example.net"),
        "征稿",
    )


def test_extensions_offered(catcher):
    """The client learns of the extensions that a fast conversation uses."""
    with smtplib.SMTP("127.0.0.1", catcher.port) as client:
        client.ehlo()

        assert set(client.esmtp_features) == {
            "pipelining",
            "size",
            "8bitmime",
            "smtputf8",
            "help",
        }


def test_pipelined_groups_are_answered_in_order(catcher):
    """Two mails sent in groups, the second group behind the first body, both arrive."""
    head = "MAIL FROM:<chairs@example.org>\r\nRCPT TO:<{}@example.org>\r\nDATA\r\n"
    with socket.create_connection(("127.0.0.1", catcher.port), timeout=10) as client:
        answers = client.makefile("rb")
        client.sendall(b"EHLO sender.example.org\r\n" + head.format("a").encode())
        _until(answers, b"354")
        client.sendall(b"Subject: 1\r\n\r\n1\r\n.\r\n" + head.format("b").encode())
        _until(answers, b"354")
        client.sendall(b"Subject: 2\r\n\r\n2\r\n.\r\nQUIT\r\n")
        _until(answers, b"221")
        answers.close()

    assert [(mail.subject, mail.to) for mail in catcher.store.mails()] == [
        ("1", ("a@example.org",)),
        ("2", ("b@example.org",)),
    ]


def test_unicode_address_is_taken(catcher):
    """An address whose local part is Chinese passes with SMTPUTF8."""
    with smtplib.SMTP("127.0.0.1", catcher.port) as client:
        client.ehlo()
        client.sendmail(
            "chairs@example.org", ["用户@example.org"], BODY.encode(), mail_options=["SMTPUTF8"]
        )

    assert [mail.to for mail in catcher.store.mails()] == [("用户@example.org",)]


def test_line_beyond_the_limit_is_refused(catcher):
    """A body line of more than a thousand octets meets what strict servers answer."""
    long_line = b"\r\n" + b"x" * 1200 + b"\r\n"
    with (
        smtplib.SMTP("127.0.0.1", catcher.port) as client,
        pytest.raises(smtplib.SMTPDataError) as refused,
    ):
        client.sendmail("a@example.org", ["b@example.org"], long_line)

    assert refused.value.smtp_code == 500
    assert catcher.store.mails() == []


def test_disk_trouble_is_a_transient_answer(tmp_path, clock):
    """A mail that cannot be kept is not taken."""
    (tmp_path / "mail").write_text("a file where the folder should be")
    with (
        MailCatcher(tmp_path / "mail", now=clock) as catcher,
        smtplib.SMTP("127.0.0.1", catcher.port) as client,
        pytest.raises(smtplib.SMTPDataError) as refused,
    ):
        client.sendmail("a@example.org", ["b@example.org"], BODY.encode())

    assert refused.value.smtp_code == 452


def test_stopping_with_a_client_connected_leaves_nothing(tmp_path, clock):
    """The catcher ends at once, whoever still holds a connection."""
    before = threading.active_count()
    with MailCatcher(tmp_path / "mail", now=clock) as catcher:
        client = socket.create_connection(("127.0.0.1", catcher.port), timeout=10)
        client.recv(100)

    assert threading.active_count() == before
    assert client.recv(100) == b""
    client.close()


def test_taken_port_is_a_machine_error(catcher, tmp_path, clock):
    """Two catchers cannot share a port."""
    with (
        pytest.raises(MachineError),
        MailCatcher(tmp_path / "other", now=clock, port=catcher.port),
    ):
        pass


def test_mails_of_one_instant_get_names_of_their_own(tmp_path, clock):
    """Two processes that write at one moment replace nothing."""
    for text in (b"1", b"2"):
        MailStore(tmp_path).save(text, sender="", to=["a@example.org"], at=clock())

    assert [mail.path.read_bytes() for mail in MailStore(tmp_path).mails()] == [b"1", b"2"]


def test_store_emptied(tmp_path, clock):
    """Emptying removes mails with their envelopes, and counts them."""
    store = MailStore(tmp_path)
    store.save(b"1", sender="", to=["a@example.org"], at=clock())

    assert (store.empty(), store.mails(), list(tmp_path.iterdir())) == (1, [], [])


def test_folder_is_private(tmp_path, clock):
    """Nobody else on the machine reads caught mails."""
    MailStore(tmp_path / "a" / "mail").save(b"1", sender="", to=[], at=clock())

    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "a", tmp_path / "a/mail")} == {
        0o700
    }


def test_name_outside_the_folder_is_unknown(tmp_path, clock):
    """A name with a path in it finds nothing."""
    store = MailStore(tmp_path / "mail")
    store.save(b"1", sender="", to=[], at=clock())
    MailStore(tmp_path).save(b"2", sender="", to=[], at=clock())

    assert store.mail("../20250106T090000.000000Z-0001") is None


def _until(answers, code: bytes) -> None:
    while not (line := answers.readline()).startswith(code):
        assert line, "the connection closed"
