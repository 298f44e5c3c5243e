"""Many mails over several connections at once, in one thread (see `channels.base.Carrier`)."""

from __future__ import annotations

import math
import selectors
import smtplib
import time
from collections import deque
from collections.abc import Callable, Iterable
from datetime import datetime
from types import TracebackType
from typing import Self

from announce.channels.base import Turn
from announce.channels.email.account import Account
from announce.channels.email.connect import connect
from announce.channels.email.dialogue import Event
from announce.channels.email.letter import Letter
from announce.channels.email.line import Line
from announce.channels.email.mime import dots_doubled, envelope, needs_smtputf8, stamped, write
from announce.channels.email.opener import Opener
from announce.channels.email.outcomes import End
from announce.errors import AnnounceError, LoginRefused
from announce.model.delivery import DeliveryKey
from announce.model.message import Mail, SealedMail, Sendable

_TOGETHER = 64  # news that are told at once, or a few more
FAREWELL = 3.0  # seconds that all connections together get to say goodbye


class SmtpCarrier:
    """Carries mails to an account's server over up to `connections` connections.

    `sender` is the envelope's; `now` gives the Date. A connection is left after `renew_after`
    mails, and when the server asked to slow down. Further ones are opened while mails wait and
    all open ones are busy; one that does not come about lowers their number for good. A mail
    whose connection broke before its body left is begun once more on another one, where the
    connection had served before.
    """

    def __init__(
        self,
        account: Account,
        sender: str,
        now: Callable[[], datetime],
        *,
        connections: int,
        renew_after: int = 500,
    ) -> None:
        self._account, self._sender, self._now = account, sender, now
        self._limit, self._renew_after = connections, renew_after
        self._lines: list[Line] = []
        self._leaving: list[Line] = []
        self._unflushed: list[Line] = []
        self._waiting: deque[Letter] = deque()
        self._brink: dict[DeliveryKey, Line] = {}
        self._turn = Turn()
        self._held = 0
        self._each = 1  # mails for which one connection has room
        self._look_at = math.inf  # no deadline is earlier (monotonic seconds)
        self._last_hope = False  # a connection is being opened, and none was open then
        self._fatal: BaseException | None = None
        self._over = False

    def __enter__(self) -> Self:
        smtp = connect(self._account)
        self._selector = selectors.DefaultSelector()
        self._opener = Opener(self._account)
        self._selector.register(self._opener.sock, selectors.EVENT_READ)
        self._add(smtp)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over = True
        until = time.monotonic() + min(FAREWELL, self._account.timeout)
        try:
            for line in [*self._lines]:
                if line.dialogue.idle:
                    self._retire(line)
                else:
                    # Never QUIT here: it might become the body that the server waits for.
                    self._close(line, self._lines)
            while self._leaving and (left := until - time.monotonic()) > 0:
                self._select(left)
        finally:
            for line in [*self._lines, *self._leaving]:
                line.close()
            self._opener.close(until)
            self._selector.close()

    @property
    def room(self) -> int:
        """See `Carrier`."""
        return max(0, self._limit * self._each - self._held)

    def take(self, message: Sendable, key: DeliveryKey, message_id: str, *, last: bool) -> None:
        """See `Carrier`. Raises ValueError for a mail that cannot be written."""
        letter = self._letter(message, key, message_id, last)
        self._held += 1
        self._waiting.append(letter)
        if len(self._waiting) == 1 and (line := self._free_line()) is not None:
            self._move(line, [])

    def _letter(self, message: Sendable, key: DeliveryKey, message_id: str, last: bool) -> Letter:
        if isinstance(message, SealedMail):
            to, utf8, before, after = message
            wire = b"".join((before, stamped(message_id, self._now()), after))
        elif isinstance(message, Mail):
            to, utf8 = envelope(message), needs_smtputf8(message)
            wire = dots_doubled(write(message, message_id=message_id, date=self._now()))
        else:
            raise TypeError("only mails go by SMTP")
        return Letter(key, to, wire, utf8 or not self._sender.isascii(), last)

    def turn(self, patience: float) -> Turn:
        """See `Carrier`."""
        until = time.monotonic() + patience
        while self._unflushed:
            self._move(self._unflushed[-1], [])
        while True:
            if self._waiting and not self._over:
                self._share()
            told = self._has_news
            self._select(0 if told else min(until, self._look_at) - time.monotonic())
            if told or self._has_news or time.monotonic() >= until:
                self._gather()
                return self._told()

    def go(self, keys: Iterable[DeliveryKey]) -> None:
        """See `Carrier`. They leave now or, with the next mail's envelope, in the next `take` or
        `turn`."""
        for key in keys:
            line = self._brink.pop(key, None)
            if line is None:
                continue  # its connection broke: the next turn tells
            line.dialogue.go()
            if self._waiting or not line.dialogue.pipelining:
                self._move(line, [])
            else:
                self._unflushed.append(line)

    @property
    def _has_news(self) -> bool:
        return bool(self._turn.landed or self._turn.ready or self._fatal)

    def _gather(self) -> None:
        """Take in also what came while the first was looked at: each telling costs a write to
        the ledger, and one for several is the cheaper."""
        before, found = 0, self._news
        while before < found < _TOGETHER:
            self._select(0)
            before, found = found, self._news

    @property
    def _news(self) -> int:
        return len(self._turn.landed) + len(self._turn.ready)

    def _told(self) -> Turn:
        turn = self._turn
        if self._fatal is not None and not turn.landed:
            fatal, self._fatal = self._fatal, None
            raise fatal
        self._turn = Turn()
        if self._over:
            turn.ready.clear()  # nothing more is to be let go of
        return turn

    def _end(self, letter: Letter, end: End) -> None:
        if isinstance(end, LoginRefused):
            self._fail(end)
            return
        self._turn.landed.append((letter.key, end))
        self._held -= 1

    def _fail(self, error: BaseException) -> None:
        """Nothing more can be begun; what was handed over still gets its answers."""
        if not self._over:
            self._fatal, self._over = error, True

    # -- the wire --------------------------------------------------------------------------

    def _select(self, wait: float) -> None:
        for key, events in self._selector.select(wait):
            line = key.data
            if line is None:
                self._opened()
            elif events & selectors.EVENT_READ:
                self._move(line, line.read())
            else:
                self._move(line, [])
        now = time.monotonic()
        if now >= self._look_at:
            self._give_up(now)

    def _give_up(self, now: float) -> None:
        self._look_at = math.inf
        for line in [*self._lines, *self._leaving]:
            if line.deadline <= now:
                line.time_out()
            self._stand(line)

    def _move(self, line: Line, events: list[Event]) -> None:
        """Take in what happened on a connection, and give it more to do."""
        if events:
            self._take_in(line, events)
        dialogue = line.dialogue
        if not dialogue.over:
            while self._waiting and dialogue.free and not self._over:
                self._begin(line, self._waiting.popleft())
            if last_words := line.flush():
                self._take_in(line, last_words)
        if line in self._unflushed:
            self._unflushed.remove(line)
        self._stand(line)

    def _begin(self, line: Line, letter: Letter) -> None:
        refusal = line.dialogue.begin(letter)
        if refusal is not None:
            self._end(letter, refusal)
        elif line.dialogue.begun >= self._renew_after:
            line.dialogue.tired = True

    def _take_in(self, line: Line, events: list[Event]) -> None:
        for letter, end in events:
            if end is None:
                self._brink[letter.key] = line
                self._turn.ready.append(letter.key)
            else:
                self._end(letter, end)

    def _stand(self, line: Line) -> None:
        """Close a connection that is over, leave one that is tired, watch any other."""
        if line.dialogue.over:
            self._lose(line)
            return
        if line.dialogue.tired and line.dialogue.idle and not line.leaving:
            self._retire(line)
            return
        if line.blocked != line.watched:
            line.watched = line.blocked
            events = selectors.EVENT_READ | (selectors.EVENT_WRITE if line.blocked else 0)
            self._selector.modify(line.sock, events, line)
        self._look_at = min(self._look_at, line.deadline)

    def _lose(self, line: Line) -> None:
        self._close(line, self._leaving if line.leaving else self._lines)
        for letter, end, may_move in reversed(line.dialogue.left()):
            if self._brink.pop(letter.key, None) and letter.key in self._turn.ready:
                self._turn.ready.remove(letter.key)
            if may_move:
                letter.moved = True
                self._waiting.appendleft(letter)
            else:
                self._end(letter, end)

    def _retire(self, line: Line) -> None:
        self._lines.remove(line)
        self._leaving.append(line)
        line.leave()
        self._stand(line)

    def _close(self, line: Line, among: list[Line]) -> None:
        among.remove(line)
        self._selector.unregister(line.sock)
        line.close()

    # -- connections -----------------------------------------------------------------------

    def _free_line(self) -> Line | None:
        found = None
        for line in self._lines:
            if line.dialogue.free:
                if line.dialogue.idle:
                    return line
                found = found or line
        return found

    def _share(self) -> None:
        """Give what waits to connections that are free; open more where none is."""
        while self._waiting and (line := self._free_line()) is not None:
            self._move(line, [])
        more = min(self._limit - self._number, len(self._waiting) - self._opener.pending)
        if not self._lines:
            more = min(more, 1 - self._opener.pending)  # after a loss one alone tries first
        for _ in range(more):
            self._last_hope = not self._lines
            self._opener.start()

    @property
    def _number(self) -> int:
        # One that is being left counts for the server as long as it is open.
        return len(self._lines) + len(self._leaving) + self._opener.pending

    def _opened(self) -> None:
        for result in self._opener.done():
            if isinstance(result, smtplib.SMTP):
                self._add(result)
            elif isinstance(result, LoginRefused) or not isinstance(result, AnnounceError):
                self._fail(result)
            elif self._number:
                self._limit = self._number
            elif self._last_hope:
                self._fail(result)

    def _add(self, smtp: smtplib.SMTP) -> None:
        line = Line(smtp, self._account, self._sender)
        # One whose body is on its way, one whose envelope goes with it, and one that waits: so
        # several connections are fed at one go, which wakes the other side once.
        self._each = 3 if line.dialogue.pipelining else 1
        self._last_hope = False
        self._lines.append(line)
        self._selector.register(line.sock, selectors.EVENT_READ, line)
        self._move(line, [])
