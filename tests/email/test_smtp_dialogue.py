"""The conversation without a connection: which words leave when, and whose each answer is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from announce.channels.email.dialogue import Dialogue
from announce.channels.email.letter import Letter
from announce.channels.email.mime import dots_doubled
from announce.errors import LoginRefused
from announce.model.delivery import DeliveryKey, Outcome, State

HOST, SENDER = "mail.example.org", "chairs@example.org"
PIPED = {"pipelining": "", "size": "10000", "8bitmime": "", "smtputf8": ""}
GROUP = b"250 2.1.0 fine\r\n250 2.1.5 fine\r\n354 go on\r\n"


def _letter(*to: str, raw: bytes = b"Subject: x\r\n\r\nx\r\n", last: bool = True) -> Letter:
    to = to or ("p0@example.net",)
    return Letter(DeliveryKey("cfp", "once", "email", to[0]), to, dots_doubled(raw), False, last)


def _said(dialogue: Dialogue) -> bytes:
    octets = dialogue.unsaid()
    dialogue.gone(len(octets))
    return octets


def _begun(*letters: Letter, features: dict[str, str] = PIPED) -> Dialogue:
    """The first of them with its body out, the next one's envelope behind it."""
    dialogue = Dialogue(HOST, SENDER, features)
    dialogue.begin(letters[0])
    _said(dialogue)
    assert dialogue.receive(GROUP) == [(letters[0], None)]
    dialogue.go()
    for letter in letters[1:]:
        dialogue.begin(letter)
    _said(dialogue)
    return dialogue


def test_envelope_is_one_write_and_the_next_one_goes_with_the_body() -> None:
    """MAIL, RCPT and DATA together; body, dot and the next MAIL, RCPT and DATA together."""
    dialogue = Dialogue(HOST, SENDER, PIPED)
    first, second = _letter("a@example.net"), _letter("b@example.net")
    dialogue.begin(first)
    assert not dialogue.free
    group = "MAIL FROM:<chairs@example.org> SIZE=17\r\nRCPT TO:<{}@example.net>\r\nDATA\r\n"
    assert _said(dialogue) == group.format("a").encode()
    dialogue.receive(GROUP)
    dialogue.go()
    dialogue.begin(second)
    assert _said(dialogue) == b"Subject: x\r\n\r\nx\r\n.\r\n" + group.format("b").encode()
    assert not dialogue.free


def test_without_pipelining_each_command_waits_for_the_answer() -> None:
    """One line, one answer; no envelope behind a body."""
    dialogue = Dialogue(HOST, SENDER, {})
    dialogue.begin(_letter("a@example.net"))
    said = [_said(dialogue)]
    for line in GROUP.splitlines(keepends=True):
        dialogue.receive(line)
        said.append(_said(dialogue))
    assert said == [
        b"MAIL FROM:<chairs@example.org>\r\n", b"RCPT TO:<a@example.net>\r\n", b"DATA\r\n", b"",
    ]  # fmt: skip
    dialogue.go()
    assert not dialogue.free


def test_data_to_several_waits_for_all_their_answers() -> None:
    """It is not in the group: a mail to some of them only must never leave unasked."""
    dialogue = Dialogue(HOST, SENDER, PIPED)
    dialogue.begin(_letter("a@example.net", "b@example.net"))
    assert _said(dialogue).count(b"\r\n") == 3
    assert dialogue.receive(b"250 fine\r\n250 fine\r\n") == []
    assert _said(dialogue) == b""
    dialogue.receive(b"250 fine\r\n")
    assert _said(dialogue) == b"DATA\r\n"


def test_refusal_is_forgotten_in_the_next_group() -> None:
    """RSET costs no round trip of its own."""
    dialogue = Dialogue(HOST, SENDER, PIPED)
    dialogue.begin(_letter())
    _said(dialogue)
    ((_, outcome),) = dialogue.receive(b"250 fine\r\n550 5.1.1 nobody\r\n554 no recipients\r\n")
    assert isinstance(outcome, Outcome)
    assert outcome.detail["class"] == "recipient_refused"
    dialogue.begin(_letter())
    assert _said(dialogue).startswith(b"RSET\r\nMAIL FROM")
    assert dialogue.receive(b"250 forgotten\r\n" + GROUP)[0][1] is None


@pytest.mark.parametrize(
    ("raw", "wire"),
    [
        (b"a: b\r\n\r\n.\r\n..x\r\ny.\r\n", b"a: b\r\n\r\n..\r\n...x\r\ny.\r\n.\r\n"),
        (b".a: b\r\n", b"..a: b\r\n.\r\n"),
        (b"a: b", b"a: b\r\n.\r\n"),
        (b"a: b\n.\nc\r\n", b"a: b\n..\nc\r\n.\r\n"),
        (b"." * 99 + b"\r\n.\r\n", b"." * 100 + b"\r\n..\r\n.\r\n"),
        (b"a.b\r\n" * 99 + b".\r\n", b"a.b\r\n" * 99 + b"..\r\n.\r\n"),
    ],
)
def test_dots_that_begin_a_line_are_doubled(raw: bytes, wire: bytes) -> None:
    """Few dots or many: none ends the mail but the last."""
    dialogue = Dialogue(HOST, SENDER, PIPED)
    dialogue.begin(_letter(raw=raw))
    _said(dialogue)
    dialogue.receive(GROUP)
    dialogue.go()
    assert _said(dialogue) == wire


REPLIES = (
    b"250-2.0.0 taken\r\n250-as\r\n250 4711\r\n"
    b"250 2.1.0 fine\r\n550-5.1.1 \xd3\xc3\xbb\xa7\r\n550 \xb2\xbb\xb4\xe6\xd4\xda\r\n"
    b"554 5.5.1 no valid recipients\r\n"
)


def _told(chunks: Iterable[bytes]) -> list[Any]:
    first, second = _letter("a@example.net"), _letter("b@example.net")
    dialogue = _begun(first, second)
    events = [event for chunk in chunks for event in dialogue.receive(chunk)]
    assert not dialogue.over
    return [(letter.key.recipient, end) for letter, end in events]


def test_replies_may_be_split_anywhere() -> None:
    """At every byte, or each byte alone: the same events, several lines being one answer."""
    whole = _told([REPLIES])
    assert [(name, end.state, end.detail["text"]) for name, end in whole] == [
        ("a@example.net", State.SENT, "2.0.0 taken as 4711"),
        ("b@example.net", State.FAILED, "5.1.1 用户 不存在"),
    ]
    for at in range(1, len(REPLIES)):
        assert _told([REPLIES[:at], REPLIES[at:]]) == whole
    assert _told(REPLIES[at : at + 1] for at in range(len(REPLIES))) == whole


@pytest.mark.parametrize("line", [b"250\r\n", b"250 \r\n", b"250 ok\n", b"250-a\r\n250\r\n"])
def test_bare_replies_are_understood(line: bytes) -> None:
    """A code alone, or a bare line feed: servers do it."""
    dialogue = _begun(_letter())
    ((_, end),) = dialogue.receive(line)
    assert isinstance(end, Outcome)
    assert end.state is State.SENT


@pytest.mark.parametrize(
    "line",
    [
        b"what?\r\n",
        b"\r\n",
        b"25 ok\r\n",
        b"2500 ok\r\n",
        b"250ok\r\n",
        b"999 ok\r\n",
        b"123 ok\r\n",
        b"\xff\xfe\x00\r\n",
        b"250-a\r\n550 b\r\n",
        b"250 " + b"x" * 9000 + b"\r\n",
        b"x" * 9000,
        b"250-x\r\n" * 200,
        b"354 more?\r\n",
    ],
)
def test_what_is_no_answer_ends_the_conversation(line: bytes) -> None:
    """After a body: in doubt. The envelope behind it may move to another connection."""
    first, second = _letter("a@example.net"), _letter("b@example.net")
    dialogue = _begun(first, second)
    assert dialogue.receive(line) == []
    assert dialogue.over
    left = dialogue.left()
    assert [(letter, may_move) for letter, _, may_move in left] == [(first, False), (second, True)]
    assert isinstance(left[0][1], Outcome)
    assert left[0][1].state is State.IN_DOUBT


def test_answer_before_the_end_of_a_body_is_no_yes() -> None:
    """250 while octets of the body are still here: the server means something else."""
    dialogue = Dialogue(HOST, SENDER, PIPED)
    dialogue.begin(_letter())
    _said(dialogue)
    dialogue.receive(GROUP)
    dialogue.go()
    dialogue.gone(len(dialogue.unsaid()) - 1)
    assert dialogue.receive(b"250 taken\r\n") == []
    ((_, end, may_move),) = dialogue.left()
    assert isinstance(end, Outcome)
    assert (end.state, may_move) == (State.IN_DOUBT, False)


def test_refusal_before_the_end_of_a_body_ends_the_conversation() -> None:
    """It is believed; but the rest of the body must not be taken for commands."""
    first = _letter()
    dialogue = Dialogue(HOST, SENDER, PIPED)
    dialogue.begin(first)
    _said(dialogue)
    dialogue.receive(GROUP)
    dialogue.go()
    ((letter, end),) = dialogue.receive(b"552 5.3.4 too large\r\n")
    assert letter is first
    assert isinstance(end, Outcome)
    assert end.detail["code"] == 552
    assert dialogue.over == "552 5.3.4 too large"


@pytest.mark.parametrize(("moved", "may_move"), [(False, True), (True, False)])
def test_envelope_moves_once_only(moved: bool, may_move: bool) -> None:
    """A second loss is told."""
    second = _letter("b@example.net")
    second.moved = moved
    dialogue = _begun(_letter(), second)
    dialogue.receive(b"250 taken\r\n250 fine\r\n")
    dialogue.end("reset")
    ((_, end, found),) = dialogue.left()
    assert isinstance(end, Outcome)
    assert (end.detail["class"], found) == ("connection_lost", may_move)


def test_loss_before_the_first_octet_of_a_body_is_no_doubt() -> None:
    """Let go, and nothing went: it was not sent."""
    dialogue = Dialogue(HOST, SENDER, PIPED)
    dialogue.begin(_letter())
    _said(dialogue)
    dialogue.receive(GROUP)
    dialogue.go()
    dialogue.end("broken pipe")
    ((_, end, _),) = dialogue.left()
    assert isinstance(end, Outcome)
    assert (end.state, end.detail["transient"]) == (State.FAILED, True)


def test_patience_is_longest_for_a_body() -> None:
    """Nothing is awaited at the brink, nor while nothing is under way."""
    dialogue = Dialogue(HOST, SENDER, PIPED)
    found = [dialogue.patience]
    dialogue.begin(_letter())
    found.append(dialogue.patience)
    dialogue.receive(GROUP)
    found.append(dialogue.patience)
    dialogue.go()
    found.append(dialogue.patience)
    assert found == [0, 1, 0, 10]


# -- any server at all -------------------------------------------------------------------------

YES, GO_ON = b"250 fine\r\n", b"354 go on\r\n"
ODD = [b"451 later\r\n", b"550-no\r\n550 never\r\n", b"421 leaving\r\n", b"?\r\n", b"530 login\r\n"]


@dataclass
class Server:
    """Answers what it hears: by the choices that are left, then with yes. A strict one minds
    the order of commands."""

    choices: list[bytes | None]
    strict: bool
    heard: bytes = b""
    replies: bytes = b""
    in_body: bool = False
    begun: bool = False
    to: list[str] = field(default_factory=list)
    kept: list[tuple[tuple[str, ...], bytes]] = field(default_factory=list)

    def hear(self, octets: bytes) -> None:
        """Take in what was said, and answer all that is whole."""
        self.heard += octets
        while True:
            end = b"\r\n.\r\n" if self.in_body and not self.heard.startswith(b".\r\n") else b"\r\n"
            words, found, rest = self.heard.partition(end)
            if not found:
                return
            self.heard = rest
            if self.in_body:
                self._body(b"" if words == b"." else words)
            else:
                self._command(words)

    def _command(self, words: bytes) -> None:
        verb = words[:4]
        odd = self.choices.pop(0) if self.choices else None
        wrong = self.strict and (
            (verb == b"MAIL" and self.begun)
            or (verb == b"RCPT" and not self.begun)
            or (verb == b"DATA" and not self.to)
        )
        answer = b"503 order\r\n" if wrong else odd or (GO_ON if verb == b"DATA" else YES)
        self.replies += answer
        accepted = answer in (YES, GO_ON)
        if verb in (b"MAIL", b"RSET"):
            self.begun, self.to = accepted and verb == b"MAIL", []
        elif verb == b"RCPT" and accepted:
            self.to.append(words[9:-1].decode())
        elif verb == b"DATA":
            self.in_body = answer == GO_ON

    def _body(self, words: bytes) -> None:
        answer = (self.choices.pop(0) if self.choices else None) or YES
        if answer[:1] not in b"45":
            self.kept.append((tuple(self.to), words))
        self.replies += answer
        self.in_body, self.begun, self.to = False, False, []


CHOICES = st.lists(
    st.one_of(st.none(), st.none(), st.none(), st.sampled_from([*ODD, YES, GO_ON])), max_size=40
)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    choices=CHOICES,
    strict=st.booleans(),
    features=st.sampled_from([PIPED, {}]),
    people=st.lists(st.sampled_from([1, 1, 1, 2, 3]), min_size=1, max_size=8),
    last=st.booleans(),
    cuts=st.lists(st.integers(1, 40), min_size=1),
    pauses=st.lists(st.booleans(), min_size=1),
)
def test_any_server_any_chunks(
    choices: list[bytes | None],
    strict: bool,
    features: dict[str, str],
    people: list[int],
    last: bool,
    cuts: list[int],
    pauses: list[bool],
) -> None:
    """Each mail ends once; a body leaves only after `go`, and only to those who were accepted;
    what the server keeps is what was told as sent, or may be in doubt."""
    server = Server(list(choices), strict)
    letters = [
        _letter(
            *(f"{index}{sign}@example.net" for sign in "abc"[:number]),
            raw=b"To: %d\r\n\r\n.%d\r\n" % (index, index),
            last=last,
        )
        for index, number in enumerate(people)
    ]
    ended = _converse(Dialogue(HOST, SENDER, features), server, letters, cuts, pauses)
    bodies: dict[bytes, tuple[str, ...]] = {}
    for to, body in server.kept:
        assert body not in bodies or not body
        assert bool(body) == bool(to)
        bodies[body] = to
    for index, letter in enumerate(letters):
        end = ended.pop(letter.key.recipient, None)
        to = bodies.pop(b"To: %d\r\n\r\n..%d" % (index, index), ())
        assert set(to) <= set(letter.to)
        if isinstance(end, Outcome) and end.state is State.SENT:
            assert set(to) == set(letter.to) - set(end.detail.get("refused", {}))
            assert last or to == letter.to or not _deferred(end)
        elif not (isinstance(end, Outcome) and end.state is State.IN_DOUBT):
            assert to == ()
    assert ended == {}
    assert set(bodies) <= {b""}


def _deferred(end: Outcome) -> bool:
    return any(code < 500 for code, _ in end.detail.get("refused", {}).values())


def _converse(
    dialogue: Dialogue, server: Server, letters: list[Letter], cuts: list[int], pauses: list[bool]
) -> dict[str, Any]:
    """Carry the letters in turn, as far as the conversation lasts, and give it up then."""
    waiting, ready, held = list(letters), list[Letter](), set(range(len(letters)))
    ended: dict[str, Any] = {}

    def tell(letter: Letter, end: Any) -> None:
        assert letter.key.recipient not in ended
        ended[letter.key.recipient] = end

    for step in range(10_000):
        if dialogue.over:
            break
        nothing_else = not (ready or server.replies)
        if waiting and dialogue.free and (pauses[step % len(pauses)] or nothing_else):
            dialogue.begin(waiting.pop(0))
        elif ready:
            held.remove(letters.index(ready.pop()))
            dialogue.go()
        elif server.replies:
            cut = cuts[step % len(cuts)]
            chunk, server.replies = server.replies[:cut], server.replies[cut:]
            for letter, end in dialogue.receive(chunk):
                if end is None:
                    ready.append(letter)
                else:
                    tell(letter, end)
        else:
            # All are at their ends, or the server owes an answer that it will never give.
            dialogue.end("no answer")
        said = _said(dialogue)
        assert [b"To: %d\r\n" % index in said for index in held].count(True) == 0
        server.hear(said)
    else:
        pytest.fail("never ended")
    for letter, end, may_move in dialogue.left():
        assert not (may_move and isinstance(end, Outcome) and end.state is not State.FAILED)
        assert not (may_move and isinstance(end, LoginRefused))
        tell(letter, end)
    return ended
