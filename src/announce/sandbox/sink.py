"""A mail server that counts mails and drops them, for measuring: a catcher would be the limit.

    python sink.py

A program of the standard library only, started by its path as a process of its own, so that it
shares neither the interpreter nor its lock with the sender (`counting.py` does). The first line
of its output holds the port; each line of its input is answered by a line of counts; at the end
of its input it ends. It listens on 127.0.0.1 only and takes groups of commands (RFC 2920).
"""

from __future__ import annotations

import json
import os
import selectors
import socket
import sys
from contextlib import suppress

_END = b"\r\n.\r\n"
_LONGEST_LINE = 4096  # RFC 5321 §4.5.3.1.4 wants 512 octets of a command, extensions more
_UNREAD = 1 << 20  # replies that a client leaves unread before it is dropped
_EHLO = b"250-sink\r\n250-PIPELINING\r\n250-SIZE 52428800\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n"


class Counts:
    """What came in since the start; `octets` are those of the mails as sent, dots still doubled."""

    def __init__(self) -> None:
        self.mails = self.recipients = self.octets = self.connections = 0

    def line(self) -> str:
        """All of it as one line of JSON."""
        return json.dumps(vars(self)) + "\n"


class Session:
    """The conversation of one connection: bytes in, replies out."""

    def __init__(self, counts: Counts) -> None:
        self._counts = counts
        self._rest = b""
        self._begun = self._in_body = False
        self._people = self._size = 0
        self.ended = False

    def take(self, octets: bytes) -> bytes:
        """What to answer to these bytes, together with those that were left over."""
        octets, replies, place = self._rest + octets, [], 0
        while not self.ended:
            if self._in_body:
                end = octets.find(_END, place)
                if end < 0:
                    # The mark may be cut in two: so much of it stays for the next time.
                    kept = max(place, len(octets) - len(_END) + 1)
                    self._size += kept - place
                    place = kept
                    break
                self._size += end - place
                place = end + len(_END)
                replies.append(self._taken())
                continue
            end = octets.find(b"\n", place)
            if end < 0:
                self.ended = len(octets) - place > _LONGEST_LINE
                break
            replies.append(self._command(octets[place:end].rstrip(b"\r")))
            # The line end before a body is the first half of its mark: a body may be empty.
            place = end - 1 if self._in_body else end + 1
        self._rest = octets[place:]
        return b"".join(replies)

    def _taken(self) -> bytes:
        counts = self._counts
        counts.mails += 1
        counts.recipients += self._people
        counts.octets += self._size
        self._in_body = False
        self._forget()
        return b"250 2.0.0 counted\r\n"

    def _forget(self) -> None:
        self._begun, self._people, self._size = False, 0, 0

    def _command(self, line: bytes) -> bytes:
        verb = line[:4].upper()
        if verb == b"MAIL":
            return self._mail(line)
        if verb == b"RCPT":
            return self._rcpt(line)
        if verb == b"DATA":
            self._in_body = self._people > 0
            return b"354 go on\r\n" if self._in_body else b"503 5.5.1 nobody to send to\r\n"
        if verb in (b"EHLO", b"HELO", b"RSET"):
            self._forget()
            return _EHLO if verb == b"EHLO" else b"250 2.0.0 sink\r\n"
        if verb == b"QUIT":
            self.ended = True
            return b"221 2.0.0 goodbye\r\n"
        return b"250 2.0.0 still here\r\n" if verb == b"NOOP" else b"502 5.5.2 not known\r\n"

    def _mail(self, line: bytes) -> bytes:
        if line[:10].upper() != b"MAIL FROM:" or self._begun:
            return b"503 5.5.1 not here\r\n"
        self._begun = True
        return b"250 2.1.0 go on\r\n"

    def _rcpt(self, line: bytes) -> bytes:
        if line[:8].upper() != b"RCPT TO:" or not self._begun:
            return b"503 5.5.1 not here\r\n"
        self._people += 1
        return b"250 2.1.5 go on\r\n"


class Connection:
    """A session with its socket, and the replies that did not fit into it yet."""

    def __init__(self, link: socket.socket, selector: selectors.BaseSelector, counts: Counts):
        self._link = link
        self._selector = selector
        self._session = Session(counts)
        self._unsent = b"220 sink ESMTP\r\n"
        self._waits = False
        counts.connections += 1
        link.setblocking(False)
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        selector.register(link, selectors.EVENT_READ, self)
        self._send()

    def serve(self, events: int) -> None:
        """Do what the socket is ready for."""
        try:
            if events & selectors.EVENT_READ:
                octets = self._link.recv(262_144)
                if not octets:
                    self._close()
                    return
                self._unsent += self._session.take(octets)
            self._send()
        except BlockingIOError:
            return
        except ConnectionError:
            self._close()

    def _send(self) -> None:
        if self._unsent:
            with suppress(BlockingIOError):
                self._unsent = self._unsent[self._link.send(self._unsent) :]
        if (self._session.ended and not self._unsent) or len(self._unsent) > _UNREAD:
            self._close()
            return
        if bool(self._unsent) != self._waits:
            self._waits = bool(self._unsent)
            wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if self._waits else 0)
            self._selector.modify(self._link, wanted, self)

    def _close(self) -> None:
        self._selector.unregister(self._link)
        self._link.close()


def main() -> None:
    """Serve until the input ends."""
    counts = Counts()
    with socket.create_server(("127.0.0.1", 0), backlog=256) as door:
        door.setblocking(False)
        with selectors.DefaultSelector() as selector:
            selector.register(door, selectors.EVENT_READ, None)
            asked = sys.stdin.fileno()
            selector.register(asked, selectors.EVENT_READ, None)
            _tell(f'{{"port": {door.getsockname()[1]}}}\n')
            while True:
                for key, events in selector.select():
                    if isinstance(key.data, Connection):
                        key.data.serve(events)
                    elif key.fd == asked:
                        if not os.read(asked, 4096):
                            return
                        _tell(counts.line())
                    else:
                        with suppress(OSError):  # it gave up before it was let in
                            Connection(door.accept()[0], selector, counts)


def _tell(line: str) -> None:
    sys.stdout.write(line)
    sys.stdout.flush()


if __name__ == "__main__":
    main()
