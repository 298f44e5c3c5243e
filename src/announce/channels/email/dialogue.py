"""The conversation on one connection, without the connection: bytes in, events and bytes out.

Where the server offers PIPELINING (RFC 2920) a mail costs one round trip:

    we       body of A, ".", MAIL B, RCPT B, DATA        body of B, ".", MAIL C, …
    server   250 (A is taken), 250, 250, 354 (B may come)     250 (B is taken), …

A mail to several people never has DATA beside its RCPTs: were one of them put off and the server
ready for the body all the same, that body could no longer be held back from the others.
"""

from __future__ import annotations

from collections.abc import Mapping

from announce.channels.email import outcomes
from announce.channels.email.answers import Answer, AnswerClass, Stage, read_answer
from announce.channels.email.letter import Letter
from announce.channels.email.offer import Offer
from announce.channels.email.outcomes import End
from announce.channels.email.replies import Replies
from announce.model.delivery import Outcome
from announce.texts import say

# RFC 5321 §4.5.3.2.6 wants ten minutes for the answer to the final dot, against one that we
# wait for others by default: giving up early there is what makes doubt.
BODY_PATIENCE = 10

# A letter at its end, or at the brink (None).
Event = tuple[Letter, End | None]


class Dialogue:
    """One connection's state, from after the login on. `features` are those of EHLO.

    `over` says why nothing more can be said on it, "" as long as it can; `tired` that no
    further mail is to be begun on it. `begun` counts its mails. Raises ValueError for a sender
    with a line break.
    """

    def __init__(self, host: str, sender: str, features: Mapping[str, str]) -> None:
        self._host = host
        self._offer = Offer(host, sender, features)
        self.pipelining = self._offer.pipelining
        self.over = ""
        self.tired = False
        self.begun = 0
        self._letters: list[Letter] = []
        self._replies = Replies()
        self._unclean = False
        self._unsaid: list[bytes] = []
        # Octets so far: said, gone out, and where the body now under way begins and ends.
        self._said = self._gone = self._body_begin = self._body_end = 0

    @property
    def free(self) -> bool:
        """Whether a mail may be begun now."""
        if self.over or self.tired:
            return False
        letters = self._letters
        if not letters:
            return True
        return self.pipelining and len(letters) == 1 and letters[0].step == "body"

    @property
    def idle(self) -> bool:
        """Whether no mail is under way."""
        return not self._letters

    @property
    def patience(self) -> int:
        """How long to wait for the next answer, as a multiple of the account's timeout; 0 where
        the server owes none."""
        if not self._letters:
            return 0
        step = self._letters[0].step
        if step == "body":
            return BODY_PATIENCE
        return 0 if step == "brink" else 1

    def begin(self, letter: Letter) -> Outcome | None:
        """Say a mail's envelope, where `free`; what this server does not take ends at once, with
        nothing said."""
        if (refusal := self._offer.refusal(letter)) is not None:
            return refusal
        self.begun += 1
        letter.begin("rset" if self._unclean else "mail", first=self.begun == 1)
        self._letters.append(letter)
        if self._unclean:
            self._unclean = False
            self._say("RSET")
            if not self.pipelining:
                return None
        self._say(self._offer.group(letter) if self.pipelining else self._offer.mail(letter))
        return None

    def go(self) -> None:
        """Let the body at the brink leave."""
        letter = self._letters[0]
        letter.step = "body"
        self._body_begin = self._said
        self._put(letter.wire)
        self._put(b".\r\n" if letter.wire.endswith(b"\r\n") else b"\r\n.\r\n")
        self._body_end = self._said
        letter.wire = b""

    def quit(self) -> None:
        """Say goodbye; only where `idle`."""
        self._say("QUIT")

    def unsaid(self) -> bytes:
        """What is to go out, handed out once."""
        if not self._unsaid:
            return b""
        octets = b"".join(self._unsaid)
        self._unsaid.clear()
        return octets

    def gone(self, octets: int) -> None:
        """So many octets more have gone out."""
        self._gone += octets

    def receive(self, octets: bytes) -> list[Event]:
        """Take in what the server says."""
        events: list[Event] = []
        for code, text in self._replies.feed(octets):
            if self.over:
                break
            self._hear(code, text, events)
        return events

    def end(self, why: str) -> None:
        """The connection is gone, or to be given up."""
        self.over = self.over or why

    def left(self) -> list[tuple[Letter, End, bool]]:
        """The letters still under way when it is `over`, each with its end, and whether it may
        be begun on another connection instead: nothing of its body has left, and this
        connection had served before."""
        found = [(letter, self._end_of(letter), self._may_move(letter)) for letter in self._letters]
        self._letters.clear()
        return found

    def _hear(self, code: int, text: bytes, events: list[Event]) -> None:
        letter = self._letters[0] if self._letters else None
        step = letter.step if letter else "brink"
        if letter is None or step == "brink":
            self._out_of_turn(code, text)
        elif step == "mail":
            self._hear_mail(letter, code, text, events)
        elif step == "rcpt":
            self._hear_rcpt(letter, code, text, events)
        elif step == "data":
            self._hear_data(letter, code, text, events)
        elif step == "body":
            self._hear_body(letter, code, text, events)
        elif step == "blank":
            self._hear_blank(letter, code, text, events)
        else:
            self._hear_rset(letter, code, text)

    def _hear_rset(self, letter: Letter, code: int, text: bytes) -> None:
        if not 200 <= code < 300:
            self._out_of_turn(code, text)
            return
        letter.step = "mail"
        if not self.pipelining:
            self._say(self._offer.mail(letter))

    def _hear_mail(self, letter: Letter, code: int, text: bytes, events: list[Event]) -> None:
        if not 200 <= code < 300:
            letter.refusal = self._refusal(letter, code, text, "mail")
            if letter.refusal is None:
                return
            if not self.pipelining:
                self._end_refused(letter, events)
                return
        letter.step = "rcpt"
        if not self.pipelining:
            self._say(self._offer.rcpt(letter.to[0]))

    def _hear_rcpt(self, letter: Letter, code: int, text: bytes, events: list[Event]) -> None:
        if not 200 <= code < 300:
            answer = self._refusal(letter, code, text, "rcpt")
            if answer is None:
                return
            letter.refused[letter.to[letter.named]] = answer
        letter.named += 1
        if letter.named < len(letter.to):
            if not self.pipelining:
                self._say(self._offer.rcpt(letter.to[letter.named]))
        elif self.pipelining and len(letter.to) == 1:
            letter.step = "data"
        elif letter.no is not None:
            self._end_refused(letter, events)
        else:
            letter.step = "data"
            self._say("DATA")

    def _hear_data(self, letter: Letter, code: int, text: bytes, events: list[Event]) -> None:
        if code != 354:
            answer = self._refusal(letter, code, text, "data")
            if answer is None:
                return
            if letter.no is None:
                letter.refusal = answer
            self._end_refused(letter, events)
        elif letter.refusal is None and letter.accepted:
            letter.step = "brink"
            events.append((letter, None))
        elif letter.accepted:
            # A dot would now send somebody an empty mail.
            self._out_of_turn(code, text)
        else:
            # RFC 2920 §3.1: the body that was asked for in vain is ended at once.
            letter.step = "blank"
            self._say(".")

    def _hear_body(self, letter: Letter, code: int, text: bytes, events: list[Event]) -> None:
        whole = self._gone >= self._body_end
        answer = read_answer(code, text, "data")
        if answer.accepted and whole:
            del self._letters[0]
            events.append((letter, outcomes.sent(answer, letter.refused)))
        elif answer.refused:
            del self._letters[0]
            self._heed(answer)
            events.append((letter, outcomes.refused(answer)))
            if code == 421 or not whole:
                # The rest of a body must not follow its answer.
                self.over = str(answer)
        else:
            self._out_of_turn(code, text)

    def _hear_blank(self, letter: Letter, code: int, text: bytes, events: list[Event]) -> None:
        # Whatever the server says of a mail to nobody, what counts is what was refused before.
        if code == 421 or not (200 <= code < 300 or code >= 400):
            self._out_of_turn(code, text)
        self._end_refused(letter, events)

    def _refusal(self, letter: Letter, code: int, text: bytes, stage: Stage) -> Answer | None:
        """A no to one command; None where the conversation is over."""
        answer = read_answer(code, text, stage)
        if not answer.refused:
            self._out_of_turn(code, text)
        elif code == 421:
            letter.goodbye = answer
            self.over = str(answer)
        else:
            return answer
        return None

    def _out_of_turn(self, code: int, text: bytes) -> None:
        answer = read_answer(code, text, "mail")
        if code:
            self.over = say("an answer out of turn: {answer}", answer=answer)
        else:
            self.over = say("an answer that is not SMTP: {answer}", answer=answer.text)

    def _end_refused(self, letter: Letter, events: list[Event]) -> None:
        no = letter.no
        assert no is not None
        self._heed(no)
        self._unclean = True
        self._letters.remove(letter)
        events.append((letter, outcomes.refused_by(self._host, letter, no)))

    def _heed(self, no: Answer) -> None:
        # A server that is pressed, or counts a connection's mails, is better met afresh.
        self.tired = self.tired or no.kind is AnswerClass.THROTTLED

    def _end_of(self, letter: Letter) -> End:
        if letter.step == "body":
            begun = self._gone > self._body_begin
            return (outcomes.lost_after if begun else outcomes.lost_before)(self.over)
        if (no := letter.no) is not None:
            return outcomes.refused_by(self._host, letter, no)
        if letter.goodbye is not None:
            return outcomes.refused(letter.goodbye)
        return outcomes.lost_before(self.over)

    def _may_move(self, letter: Letter) -> bool:
        stays = letter.first or letter.moved or letter.step == "body"
        return not stays and letter.no is None

    def _say(self, words: str) -> None:
        self._put(words.encode() + b"\r\n")

    def _put(self, octets: bytes) -> None:
        self._unsaid.append(octets)
        self._said += len(octets)
