"""Connections opened in the background: connecting and logging in blocks for seconds."""

from __future__ import annotations

import queue
import smtplib
import socket
import threading
import time

from announce.channels.email.account import Account
from announce.channels.email.connect import connect


class Opener:
    """Opens connections, each in a thread; `sock` can be read from when one of them is `done`.

    `pending` counts those not yet handed out.
    """

    def __init__(self, account: Account) -> None:
        self._account = account
        self._done: queue.SimpleQueue[smtplib.SMTP | BaseException] = queue.SimpleQueue()
        self.sock, self._bell = socket.socketpair()
        self.sock.setblocking(False)
        self._lock = threading.Lock()
        self._closed = False
        self._threads: list[threading.Thread] = []
        self.pending = 0

    def start(self) -> None:
        """Open one more."""
        # A daemon: Ctrl-C twice must end the process even while a server does not answer.
        thread = threading.Thread(target=self._open, daemon=True)
        self._threads = [*(one for one in self._threads if one.is_alive()), thread]
        self.pending += 1
        thread.start()

    def done(self) -> list[smtplib.SMTP | BaseException]:
        """What came of those that are finished: a connection, or the error."""
        self.sock.recv(64)
        found = []
        while not self._done.empty():
            found.append(self._done.get())
        self.pending -= len(found)
        return found

    def close(self, until: float) -> None:
        """Wait for those still opening until then (monotonic seconds); none stays open."""
        with self._lock:
            self._closed = True
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))
        while not self._done.empty():
            _discard(self._done.get())
        self.sock.close()
        self._bell.close()

    def _open(self) -> None:
        result: smtplib.SMTP | BaseException
        try:
            result = connect(self._account)
        except BaseException as error:
            # Told to whoever drives: a thread has nobody else to tell.
            result = error
        with self._lock:
            if not self._closed:
                self._done.put(result)
                self._bell.send(b"!")
                return
        _discard(result)


def _discard(result: smtplib.SMTP | BaseException) -> None:
    if isinstance(result, smtplib.SMTP):
        result.close()
