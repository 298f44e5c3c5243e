"""A server's replies, out of bytes as they come: split anywhere, several at once, or garbage."""

from __future__ import annotations

# RFC 5321 §4.5.3.1.5 gives a reply line 512 octets; servers exceed it, though never so far.
_LONGEST_LINE = 8192
_MOST_LINES = 128
_CODES = {b"%d" % code: code for code in range(200, 600)}
_LAST = (b" ", b"\r", b"")

GARBAGE = 0


class Replies:
    """Reads (code, text) pairs; a reply of several lines is one, its lines joined by blanks.

    What is no reply has the code GARBAGE, and what comes after it is not read any more.
    """

    def __init__(self) -> None:
        self._tail = b""
        self._begun: list[bytes] = []
        self._code = b""

    def feed(self, octets: bytes) -> list[tuple[int, bytes]]:
        """The replies that these bytes complete."""
        lines = (self._tail + octets).split(b"\n")
        self._tail = lines.pop()
        if len(self._tail) > _LONGEST_LINE:
            lines.append(self._tail)
        replies: list[tuple[int, bytes]] = []
        for line in lines:
            head, mark = line[:3], line[3:4]
            code = _CODES.get(head, GARBAGE)
            if not code or len(line) > _LONGEST_LINE or (self._begun and head != self._code):
                return [*replies, (GARBAGE, line)]
            if mark in _LAST:
                text = line[4:].strip()
                if self._begun:
                    text = b" ".join([*self._begun, text])
                    self._begun.clear()
                replies.append((code, text))
            elif mark == b"-" and len(self._begun) < _MOST_LINES:
                self._code = head
                self._begun.append(line[4:].strip())
            else:
                return [*replies, (GARBAGE, line)]
        return replies
