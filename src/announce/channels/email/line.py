"""One open connection that never blocks: a socket, and the dialogue on it."""

from __future__ import annotations

import contextlib
import math
import smtplib
import socket
import ssl
import time

from announce.channels.email.account import Account
from announce.channels.email.answers import one_line
from announce.channels.email.dialogue import Dialogue, Event
from announce.texts import say

# A reply is a line or two; those of a whole group fit.
_CHUNK = 8192
_GOODBYE = 5.0
_NOT_NOW = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


class Line:
    """Takes over what `connect` opened. Whatever breaks it ends up in `dialogue.over`.

    `blocked` says that the system takes no more octets for now, `watched` that somebody waits for
    the end of that; `leaving` that goodbye was said;
    `deadline` is when to give up (monotonic seconds).
    """

    def __init__(self, smtp: smtplib.SMTP, account: Account, sender: str) -> None:
        assert smtp.sock is not None
        self._smtp = smtp
        self._timeout = account.timeout
        self.sock: socket.socket = smtp.sock
        self.dialogue = Dialogue(account.host, sender, smtp.esmtp_features)
        self.blocked = False
        self.watched = False
        self.leaving = False
        self.deadline = math.inf
        self._patience = 0.0
        self._rest: bytes | memoryview = b""
        self._midway = False
        self.sock.setblocking(False)
        # Else a group waits until the server's machine has acknowledged what went before.
        with contextlib.suppress(OSError):
            self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._read_ahead()

    def flush(self) -> list[Event]:
        """Send what is to be said, as far as it goes. What the server said before it left
        comes back, where it has."""
        dialogue = self.dialogue
        if not self._entered():
            return []
        rest = self._rest or dialogue.unsaid()
        if not rest:
            self._midway = False
            return []
        try:
            while rest:
                self._rest = rest
                sent = self.sock.send(rest)
                dialogue.gone(sent)
                self._rest = memoryview(rest)[sent:] if sent < len(rest) else b""
                rest = self._rest or dialogue.unsaid()
            self.blocked = False
        except _NOT_NOW as error:
            # TLS that waits to read first goes on with the next octets that come.
            self.blocked = not isinstance(error, ssl.SSLWantReadError)
        except OSError as error:
            self._midway = False
            events = self.read()
            self.dialogue.end(one_line(str(error)))
            return events
        self._midway = False
        self._wind()
        return []

    def read(self) -> list[Event]:
        """Take in what has come."""
        events: list[Event] = []
        if not self._entered():
            return events
        try:
            octets = self.sock.recv(_CHUNK)
            if isinstance(self.sock, ssl.SSLSocket):
                # A selector does not see what TLS has decrypted already.
                while octets and (more := self.sock.pending()):
                    octets += self.sock.recv(more)
            if not octets:
                self.dialogue.end(say("the server closed the connection"))
            events = self.dialogue.receive(octets)
        except _NOT_NOW:
            pass
        except OSError as error:
            self.dialogue.end(one_line(str(error)))
        self._midway = False
        self._wind()
        return events

    def time_out(self) -> None:
        """Give up: the deadline has passed."""
        self.dialogue.end(say("no answer within {n} seconds", n=f"{self._patience:g}"))

    def leave(self) -> None:
        """Say goodbye, with a short while for the answer; only where no mail is under way."""
        self.dialogue.quit()
        self.flush()
        self.leaving = True
        self.deadline = time.monotonic() + min(self._timeout, _GOODBYE)

    def close(self) -> None:
        """Close without a word."""
        self._smtp.close()

    def _entered(self) -> bool:
        # An interrupt in the middle of a system call leaves open what has gone out or come in:
        # to say it again might put one mail's body into another's place.
        if self._midway:
            self.dialogue.gone(len(self._rest))
            self.dialogue.end(say("interrupted"))
            return False
        self._midway = True
        return True

    def _wind(self) -> None:
        if not self.leaving:
            self._patience = self._timeout * (1 if self._rest else self.dialogue.patience)
            self.deadline = time.monotonic() + self._patience if self._patience else math.inf

    def _read_ahead(self) -> None:
        """Take over what smtplib has read beyond the answers that it waited for."""
        if self._smtp.file is not None:
            with contextlib.suppress(*_NOT_NOW):
                self.dialogue.receive(self._smtp.file.peek())
