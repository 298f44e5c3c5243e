"""One mail on its way over the wire."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from announce.channels.email.answers import Answer, most_hopeful
from announce.model.delivery import DeliveryKey
from announce.texts import say

# What a letter waits for: the answer to a command, `go` at the brink, the answer to its body,
# or to the lone dot that ends a body which must not leave.
Step = Literal["rset", "mail", "rcpt", "data", "brink", "body", "blank"]


@dataclass(slots=True, eq=False)
class Letter:
    """A mail as bytes with its envelope, and how far it has come on its present connection.

    `wire` is the body as DATA takes it, its dots doubled (see `mime.dots_doubled`).
    `to` names each address once; `last` as in `Transport.deliver`. `first` says that no mail was
    begun before it on the connection, `moved` that it was begun on another one. `named` counts
    the addresses that were answered, `refusal` is a no to all of it, `goodbye` the server's
    leave (421) instead of an answer. Raises ValueError for an address with a line break.
    """

    key: DeliveryKey
    to: tuple[str, ...]
    wire: bytes
    utf8: bool
    last: bool
    step: Step = "mail"
    first: bool = False
    moved: bool = False
    named: int = 0
    refused: dict[str, Answer] = field(default_factory=dict)
    refusal: Answer | None = None
    goodbye: Answer | None = None

    def __post_init__(self) -> None:
        for address in self.to:
            refuse_line_break("To", address)

    def begin(self, step: Step, *, first: bool) -> None:
        """Start from the envelope, as on a connection that has heard nothing of it."""
        self.step, self.first, self.named = step, first, 0
        self.refusal = self.goodbye = None
        self.refused.clear()

    @property
    def octets(self) -> int:
        """Its size as SIZE counts it: without the dots that were doubled for the way (RFC 1870,
        section 3)."""
        return len(self.wire) - self.wire.count(b"\r\n..") - self.wire.startswith(b"..")

    @property
    def accepted(self) -> int:
        """How many addresses the server has taken."""
        return self.named - len(self.refused)

    @property
    def no(self) -> Answer | None:
        """The answer that decides against it so far; None as long as it may go on."""
        if self.refusal is not None or not self.refused:
            return self.refusal
        if len(self.refused) == len(self.to):
            return most_hopeful(self.refused.values())
        if self.last:
            return None
        return next((answer for answer in self.refused.values() if answer.deferred), None)


def refuse_line_break(header: str, address: str) -> None:
    """Raise ValueError for an address that would put words into the conversation."""
    if "\r" in address or "\n" in address:
        raise ValueError(say("{header}: not a mail address", header=header))
