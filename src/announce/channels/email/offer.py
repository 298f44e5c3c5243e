"""What a server offered in its answer to EHLO, and how a mail's envelope is said to it."""

from __future__ import annotations

from collections.abc import Mapping

from announce.channels.email import outcomes
from announce.channels.email.letter import Letter, refuse_line_break
from announce.model.delivery import Outcome


class Offer:
    """One server's extensions. Raises ValueError for a sender with a line break."""

    def __init__(self, host: str, sender: str, features: Mapping[str, str]) -> None:
        refuse_line_break("From", sender)
        self._host = host
        self._from = f"MAIL FROM:<{sender}>"
        self.pipelining = "pipelining" in features
        self._utf8 = "smtputf8" in features
        self._eight_bit = "8bitmime" in features
        self._size = "size" in features
        limit = features.get("size", "")  # RFC 1870: may be left out
        self._size_limit = int(limit) if limit.isascii() and limit.isdigit() else 0

    def refusal(self, letter: Letter) -> Outcome | None:
        """The end of a mail that this server cannot take."""
        if letter.utf8 and not self._utf8:
            return outcomes.no_smtputf8(self._host)
        if self._size_limit and letter.octets > self._size_limit:
            return outcomes.too_large(self._host, letter.octets, self._size_limit)
        return None

    def mail(self, letter: Letter) -> str:
        """The command that begins a mail."""
        command = f"{self._from} SIZE={letter.octets}" if self._size else self._from
        if letter.utf8:
            command += " SMTPUTF8 BODY=8BITMIME" if self._eight_bit else " SMTPUTF8"
        return command

    def rcpt(self, address: str) -> str:
        """The command that names one recipient."""
        return f"RCPT TO:<{address}>"

    def group(self, letter: Letter) -> str:
        """All of the envelope in one: DATA too where no answer but one can hold the body back."""
        lines = [self.mail(letter), *map(self.rcpt, letter.to)]
        if len(letter.to) == 1:
            lines.append("DATA")
        return "\r\n".join(lines)
