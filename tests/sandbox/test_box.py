"""The embedded sandbox."""

from __future__ import annotations

import smtplib
import threading

from announce.sandbox import Sandbox


def test_box_keeps_what_it_took_over_runs(tmp_path, clock):
    """A later run sees the mails of an earlier one, and the same account."""
    with Sandbox(tmp_path / "sandbox", now=clock) as box:
        identity = (box.app_id, box.app_secret)
        with smtplib.SMTP("127.0.0.1", box.smtp_port) as client:
            client.sendmail("a@example.org", ["b@example.org"], b"Subject: one\r\n\r\nx\r\n")

    with Sandbox(tmp_path / "sandbox", now=clock) as box:
        assert [mail.subject for mail in box.mails()] == ["one"]
        assert (box.drafts(), (box.app_id, box.app_secret)) == ([], identity)


def test_two_boxes_share_a_folder_at_once(tmp_path, clock):
    """The foreground sandbox and an embedded one see the same mails."""
    with (
        Sandbox(tmp_path, now=clock) as first,
        Sandbox(tmp_path, now=clock) as second,
        smtplib.SMTP("127.0.0.1", second.smtp_port) as client,
    ):
        client.sendmail("a@example.org", ["b@example.org"], b"Subject: one\r\n\r\nx\r\n")

        assert first.smtp_port != second.smtp_port
        assert [mail.to for mail in first.mails()] == [("b@example.org",)]


def test_box_leaves_no_threads(tmp_path, clock):
    """After the context nothing of it runs."""
    before = threading.active_count()
    with Sandbox(tmp_path, now=clock):
        pass

    assert threading.active_count() == before


def test_folder_is_private(tmp_path, clock):
    """Only the owner reads what was rehearsed."""
    folder = tmp_path / "project" / "sandbox"
    with Sandbox(folder, now=clock):
        pass

    assert folder.stat().st_mode & 0o777 == 0o700
