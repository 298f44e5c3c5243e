"""The words exchanged over one open connection, each command with its answer (RFC 5321)."""

from __future__ import annotations

import re
import smtplib
from collections.abc import Iterable

from announce.channels.email.answers import Answer, Stage, one_line, read_answer
from announce.texts import say

# RFC 5321 §4.5.3.2.6 wants ten minutes for the answer to the final dot, against one that we
# wait for others by default: giving up early there is what makes doubt.
_PATIENCE = 10
_GOODBYE = 5.0
_LEADING_DOT = re.compile(rb"^\.", re.MULTILINE)


class Lost(Exception):
    """The connection is gone, timed out, or speaks something that is not SMTP."""


class Conversation:
    """One connection: `used` once a mail was begun on it. Not shared between threads."""

    def __init__(self, smtp: smtplib.SMTP, timeout: float) -> None:
        self._smtp = smtp
        self._timeout = timeout
        self.used = False

    def has(self, extension: str) -> bool:
        """Whether the server offered an extension."""
        return bool(self._smtp.has_extn(extension))

    @property
    def size_limit(self) -> int:
        """The largest mail that the server takes; 0 where it does not say (RFC 1870)."""
        limit = self._smtp.esmtp_features.get("size", "")
        return int(limit) if limit.isascii() and limit.isdigit() else 0

    def mail(self, sender: str, size: int, *, utf8: bool) -> Answer:
        """Begin a mail. Raises Lost."""
        self.used = True
        self._smtp.command_encoding = "utf-8" if utf8 else "ascii"
        options = [f"SIZE={size}"] if self.has("size") else []
        if utf8:
            options += ["SMTPUTF8", "BODY=8BITMIME"]
        return self.ask(" ".join([f"MAIL FROM:<{sender}>", *options]), "mail")

    def recipients(self, to: Iterable[str]) -> dict[str, Answer]:
        """Name the recipients, each once; those refused with the answer. Raises Lost, also for
        a server that says it is leaving (421): nothing was sent then."""
        refused = {}
        for address in dict.fromkeys(to):
            answer = self.ask(f"RCPT TO:<{address}>", "rcpt")
            if answer.code == 421:
                raise Lost(str(answer))
            if not answer.accepted:
                refused[address] = answer
        return refused

    def ask(self, command: str, stage: Stage, *, go_on: int | None = None) -> Answer:
        """One command, one answer: a yes, a no, or `go_on` where the command expects one.

        Raises Lost, also for an answer that is none of these; ValueError for a line break in
        the command.
        """
        try:
            self._smtp.putcmd(command)
        except smtplib.SMTPException as error:
            raise Lost(one_line(str(error))) from error
        answer = self._answer(stage)
        if not (answer.accepted if go_on is None else answer.code == go_on) and not answer.refused:
            raise Lost(say("an answer out of turn: {answer}", answer=answer))
        return answer

    def body(self, raw: bytes) -> Answer:
        """The mail itself and the final dot, then the answer, waited for with patience.

        Raises Lost: the server may have taken the mail then.
        """
        stuffed = _LEADING_DOT.sub(b"..", raw)
        end = b".\r\n" if stuffed.endswith(b"\r\n") else b"\r\n.\r\n"
        try:
            self._smtp.send(stuffed + end)
        except smtplib.SMTPException as error:
            raise Lost(one_line(str(error))) from error
        self._wait(self._timeout * _PATIENCE)
        answer = self._answer("data")
        self._wait(self._timeout)
        return answer

    def reset(self) -> bool:
        """Forget the mail that was begun; False where the connection is of no use any more."""
        try:
            return self.ask("RSET", "mail").accepted
        except Lost:
            return False

    def quit(self) -> None:
        """Say goodbye and close, whatever the server says to it."""
        self._wait(min(self._timeout, _GOODBYE))
        try:
            self.ask("QUIT", "mail")
        except Lost:
            pass
        finally:
            self.drop()

    def drop(self) -> None:
        """Close without a word."""
        self._smtp.close()

    def _answer(self, stage: Stage) -> Answer:
        try:
            code, text = self._smtp.getreply()
        except (smtplib.SMTPException, OSError) as error:
            raise Lost(one_line(str(error))) from error
        return read_answer(code, text, stage)

    def _wait(self, seconds: float) -> None:
        if self._smtp.sock is not None:
            self._smtp.sock.settimeout(seconds)
