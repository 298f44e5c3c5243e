"""Conversations with a server on loopback: what is said, and what becomes of the mail."""

from __future__ import annotations

import base64
import email
import email.policy
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from scripted import FEATURES, Fault, Heard, Script, serving

from announce.channels.email.account import Account
from announce.channels.email.transport import SmtpTransport
from announce.errors import LoginRefused, MachineError
from announce.model.audience import Address
from announce.model.delivery import DeliveryKey, Outcome, State
from announce.model.message import Article, Blob, Mail

SENDER = "chairs@example.org"
KEY = DeliveryKey("cfp", "once", "email", "li@example.net")
MESSAGE_ID = "<0123456789abcdef@example.org>"
NOW = datetime(2025, 1, 6, 9, 0, tzinfo=UTC)


def _mail(*to: str, text: str = "你好\n") -> Mail:
    return Mail(
        languages=("zh",),
        subject="征稿通知",
        sender=Address(spec=SENDER, name="组委会"),
        reply_to=None,
        to=tuple(Address(spec=spec) for spec in to or ("li@example.net",)),
        text=text,
        html="<p>你好</p>",
    )


@contextmanager
def _open(script: Script, **account: Any) -> Iterator[tuple[SmtpTransport, Heard]]:
    settings: dict[str, Any] = {"security": "none", "timeout": 5.0, **account}
    with (
        serving(script) as (port, heard),
        SmtpTransport(
            Account(host="127.0.0.1", port=port, **settings), SENDER, lambda: NOW
        ) as transport,
    ):
        yield transport, heard


class _Steps:
    """A hand-over that remembers how often it was told."""

    def __init__(self) -> None:
        self.taken = 0

    def __call__(self) -> None:
        self.taken += 1


def _send(script: Script, mail: Mail | None = None, **account: Any) -> tuple[Outcome, int, Heard]:
    steps = _Steps()
    with _open(script, **account) as (transport, heard):
        outcome = transport.deliver(mail or _mail(), KEY, MESSAGE_ID, steps)
    return outcome, steps.taken, heard


def test_mail_is_sent_in_one_conversation() -> None:
    """The commands of one mail, the Message-ID and Date as given, and a goodbye."""
    outcome, handed_over, heard = _send(Script())
    written = email.message_from_bytes(heard.mails[0], policy=email.policy.default)
    assert outcome == Outcome(
        state=State.SENT, detail={"code": 250, "text": "2.0.0 queued as 4711"}
    )
    assert handed_over == 1
    assert heard.sessions == [
        [
            "ehlo [127.0.0.1]",
            f"MAIL FROM:<{SENDER}> SIZE={len(heard.mails[0])}",
            "RCPT TO:<li@example.net>",
            "DATA",
            "QUIT",
        ]
    ]
    assert written["Message-ID"] == MESSAGE_ID
    assert written["Date"].datetime == NOW


@pytest.mark.parametrize(("room", "state"), [(0, State.SENT), (-1, State.FAILED)])
def test_doubled_dots_do_not_count_as_size(room: int, state: State) -> None:
    """SIZE is that of the mail, not of its way (RFC 1870): one of just that size is taken."""
    mail = _mail(text="".join(f"{'.' * (n % 4)}{n}\n" for n in range(200)))
    size = len(_send(Script(), mail)[2].mails[0])
    outcome, _, heard = _send(Script(features=(f"SIZE {size + room}",)), mail)
    assert outcome.state is state
    said = [line for line in heard.sessions[0] if line.startswith("MAIL")]
    assert said == ([f"MAIL FROM:<{SENDER}> SIZE={size}"] if state is State.SENT else [])


def test_mails_share_a_connection() -> None:
    """Three mails, one connection."""
    with _open(Script()) as (transport, heard):
        for _ in range(3):
            transport.deliver(_mail(), KEY, MESSAGE_ID, _Steps())
    assert [verbs.count("MAIL") for verbs in heard.verbs] == [3]
    assert len(heard.mails) == 3


def test_leading_dots_arrive() -> None:
    """Lines that begin with a dot are neither lost nor do they end the mail."""
    text = ".\n..\n.hidden\nend\n"
    _, _, heard = _send(Script(), _mail(text=text))
    written = email.message_from_bytes(heard.mails[0], policy=email.policy.default)
    body = written.get_body(("plain",))
    assert body is not None
    assert body.get_content().replace("\r\n", "\n") == text


def test_repeated_address_is_named_once() -> None:
    """An address that stands twice gets one RCPT."""
    _, _, heard = _send(Script(), _mail("li@example.net", "li@example.net"))
    assert heard.verbs[0].count("RCPT") == 1


@pytest.mark.parametrize(
    ("stage", "answer", "kind", "transient"),
    [
        ("MAIL", "550 5.1.8 sender unwanted", "sender_refused", False),
        ("MAIL", "451 4.3.0 later", "transient", True),
        ("MAIL", '550 The "From" header is missing or invalid', "sender_refused", False),
        ("RCPT", "550 5.1.1 no such user", "recipient_refused", False),
        ("RCPT", "450 4.2.0 greylisted", "transient", True),
        ("RCPT", "552 5.2.2 mailbox full", "recipient_unavailable", False),
        ("RCPT", "554 5.7.1 Relay access denied", "sender_refused", False),
        ("DATA", "554 5.5.1 no valid recipients", "message_refused", False),
        ("DATA", "451 MI:SFQ 163 smtp1", "throttled", True),
        (".", "554 DT:SPM 163 smtp1", "message_refused", False),
        (".", "550 5.4.5 Daily user sending limit exceeded", "quota", False),
        (".", "452 4.3.1 disk full", "transient", True),
    ],
)
def test_refusal_fails_with_its_class(stage: str, answer: str, kind: str, transient: bool) -> None:
    """A no at any stage: failed, with code, text and class, and the connection put in order."""
    outcome, handed_over, heard = _send(Script(answers={stage: [answer]}))
    code, _, text = answer.partition(" ")
    assert outcome.state is State.FAILED
    assert {name: outcome.detail[name] for name in ("code", "text", "class", "transient")} == {
        "code": int(code), "text": text, "class": kind, "transient": transient,
    }  # fmt: skip
    assert answer in outcome.reason
    assert handed_over == (1 if stage == "." else 0)
    assert heard.verbs[0][-1] == "QUIT"


def test_next_mail_goes_out_after_a_refusal() -> None:
    """A refusal is forgotten with RSET, and the same connection takes the next mail."""
    answers = {"RCPT": ["550 5.1.1 no such user", "250 fine"]}
    with _open(Script(answers=answers)) as (transport, heard):
        states = [transport.deliver(_mail(), KEY, MESSAGE_ID, _Steps()).state for _ in range(2)]
    assert states == [State.FAILED, State.SENT]
    assert heard.verbs == [
        ["EHLO", "MAIL", "RCPT", "RSET", "MAIL", "RCPT", "DATA", "QUIT"],
    ]


def test_throttled_account_meets_the_server_afresh() -> None:
    """After "too fast" the connection is closed politely and a new one opened for the next."""
    answers = {"MAIL": ["451 MI:DMC 163 smtp1", "250 fine"]}
    with _open(Script(answers=answers)) as (transport, heard):
        outcomes = [transport.deliver(_mail(), KEY, MESSAGE_ID, _Steps()) for _ in range(2)]
    assert [outcome.state for outcome in outcomes] == [State.FAILED, State.SENT]
    assert heard.verbs == [
        ["EHLO", "MAIL", "QUIT"],
        ["EHLO", "MAIL", "RCPT", "DATA", "QUIT"],
    ]


def test_some_recipients_refused_is_sent_with_them_named() -> None:
    """The mail leaves for those accepted; the refused stand in the outcome."""
    answers = {"RCPT": ["250 fine", "550 5.1.1 无此用户"]}
    outcome, handed_over, heard = _send(
        Script(answers=answers), _mail("li@example.net", "wang@example.net")
    )
    assert outcome == Outcome(
        state=State.SENT,
        reason="wang@example.net was refused: 550 5.1.1 无此用户",
        detail={
            "code": 250,
            "text": "2.0.0 queued as 4711",
            "refused": {"wang@example.net": [550, "5.1.1 无此用户"]},
            "refused_class": {"wang@example.net": "recipient_refused"},
        },
    )
    assert handed_over == 1
    assert len(heard.mails) == 1


def test_all_recipients_refused_takes_the_most_hopeful_class() -> None:
    """Nobody got it: one greylisted address makes the whole worth another try."""
    answers = {"RCPT": ["550 5.1.1 no such user", "450 4.2.0 greylisted"]}
    outcome, handed_over, heard = _send(
        Script(answers=answers), _mail("li@example.net", "wang@example.net")
    )
    assert outcome.state is State.FAILED
    assert (outcome.detail["class"], outcome.detail["transient"]) == ("transient", True)
    assert outcome.detail["refused"] == {
        "li@example.net": [550, "5.1.1 no such user"],
        "wang@example.net": [450, "4.2.0 greylisted"],
    }
    assert handed_over == 0
    assert heard.mails == []


@pytest.mark.parametrize("fault", [Fault.DROP, Fault.SILENCE, "gibberish", "999 what", "354 go"])
@pytest.mark.parametrize("stage", ["MAIL", "RCPT"])
def test_loss_before_the_body_is_a_failure_to_try_again(stage: str, fault: Any) -> None:
    """Whatever happens before the body leaves: nothing was sent, and a later try may work."""
    outcome, handed_over, heard = _send(Script(answers={stage: [fault]}), timeout=0.2)
    assert outcome.state is State.FAILED
    assert (outcome.detail["class"], outcome.detail["transient"]) == ("connection_lost", True)
    assert handed_over == 0
    assert heard.mails == []


@pytest.mark.parametrize("fault", [Fault.DROP, Fault.SILENCE, "gibberish", "250 thanks already"])
def test_loss_at_data_is_a_failure_to_try_again(fault: Any) -> None:
    """No go-ahead for the body: it is not sent."""
    outcome, handed_over, heard = _send(Script(answers={"DATA": [fault]}), timeout=0.2)
    assert outcome.state is State.FAILED
    assert (outcome.detail["class"], outcome.detail["transient"]) == ("connection_lost", True)
    assert handed_over == 0
    assert heard.mails == []


@pytest.mark.parametrize("fault", [Fault.DROP, Fault.SILENCE, "gibberish", "354 more?", "999 x"])
def test_loss_after_the_body_is_in_doubt(fault: Any) -> None:
    """No understandable answer to the final dot: in doubt, and never sent a second time."""
    outcome, handed_over, heard = _send(Script(answers={".": [fault]}), timeout=0.1)
    assert outcome.state is State.IN_DOUBT
    assert (outcome.detail["class"], outcome.detail["transient"]) == ("connection_lost", False)
    assert handed_over == 1
    assert len(heard.mails) == 1


def test_connection_lost_between_mails_is_opened_again() -> None:
    """A server that left between two mails is called once more; both mails arrive once."""
    answers = {"MAIL": ["250 fine", Fault.DROP, "250 fine"]}
    with _open(Script(answers=answers)) as (transport, heard):
        states = [transport.deliver(_mail(), KEY, MESSAGE_ID, _Steps()).state for _ in range(2)]
    assert states == [State.SENT, State.SENT]
    assert heard.verbs == [
        ["EHLO", "MAIL", "RCPT", "DATA", "MAIL"],
        ["EHLO", "MAIL", "RCPT", "DATA", "QUIT"],
    ]
    assert len(heard.mails) == 2


def test_goodbye_of_the_server_is_answered_with_a_new_connection() -> None:
    """421 to MAIL after a mail means the connection has served its time."""
    answers = {"MAIL": ["250 fine", "421 4.7.0 too many mails", "250 fine"]}
    with _open(Script(answers=answers)) as (transport, heard):
        states = [transport.deliver(_mail(), KEY, MESSAGE_ID, _Steps()).state for _ in range(2)]
    assert states == [State.SENT, State.SENT]
    assert len(heard.sessions) == 2


def test_goodbye_on_a_fresh_connection_is_not_chased() -> None:
    """421 to the first mail of a connection is told, not tried again at once."""
    outcome, _, heard = _send(Script(answers={"MAIL": ["421 4.7.0 busy"]}))
    assert outcome.state is State.FAILED
    assert (outcome.detail["code"], outcome.detail["transient"]) == (421, True)
    assert len(heard.sessions) == 1


def test_goodbye_while_naming_recipients_sends_nothing() -> None:
    """421 to RCPT: even the addresses accepted before get nothing, so a retry doubles nothing."""
    answers = {"RCPT": ["250 fine", "421 4.7.0 going down"]}
    outcome, handed_over, heard = _send(
        Script(answers=answers), _mail("li@example.net", "wang@example.net")
    )
    assert outcome.state is State.FAILED
    assert outcome.detail["transient"] is True
    assert handed_over == 0
    assert heard.mails == []


def test_server_gone_between_mails_is_a_failure_to_try_again() -> None:
    """When the second connection does not come about either, the mail stays due."""
    script = Script(answers={"MAIL": ["250 fine", Fault.DROP]})
    with _open(script) as (transport, _):
        transport.deliver(_mail(), KEY, MESSAGE_ID, _Steps())
        script.greeting = Fault.DROP
        outcome = transport.deliver(_mail(), KEY, MESSAGE_ID, _Steps())
    assert outcome.state is State.FAILED
    assert (outcome.detail["class"], outcome.detail["transient"]) == ("connection_lost", True)


def test_hand_over_that_fails_sends_no_body() -> None:
    """When the ledger cannot write down the hand-over, nothing leaves and the error stays."""

    def refuse() -> None:
        raise OSError("disk full")

    with _open(Script()) as (transport, heard):
        with pytest.raises(OSError, match="disk full"):
            transport.deliver(_mail(), KEY, MESSAGE_ID, refuse)
        outcome = transport.deliver(_mail(), KEY, MESSAGE_ID, _Steps())
    assert outcome.state is State.SENT
    assert heard.verbs == [
        ["EHLO", "MAIL", "RCPT", "DATA"],
        ["EHLO", "MAIL", "RCPT", "DATA", "QUIT"],
    ]
    assert len(heard.mails) == 1


def test_chinese_local_part_needs_smtputf8() -> None:
    """Without SMTPUTF8 such an address is told as unsupported, before anything is said of it."""
    mail = _mail("用户@xn--fsqu00a.xn--fiqs8s")
    outcome, handed_over, heard = _send(Script(features=("SIZE 1000000",)), mail)
    assert outcome == Outcome(
        state=State.FAILED,
        reason="unsupported address: 127.0.0.1 takes ASCII addresses only (no SMTPUTF8)",
        detail={"code": None, "text": "", "class": "unsupported_address", "transient": False},
    )
    assert handed_over == 0
    assert heard.verbs == [["EHLO", "QUIT"]]


def test_chinese_local_part_is_sent_with_smtputf8() -> None:
    """With SMTPUTF8 it goes out in UTF-8, and the next mail is plain again."""
    with _open(Script()) as (transport, heard):
        for address in ("用户@xn--fsqu00a.xn--fiqs8s", "li@example.net"):
            transport.deliver(_mail(address), KEY, MESSAGE_ID, _Steps())
    sizes = [len(mail) for mail in heard.mails]
    assert heard.sessions[0][1:3] == [
        f"MAIL FROM:<{SENDER}> SIZE={sizes[0]} SMTPUTF8 BODY=8BITMIME",
        "RCPT TO:<用户@xn--fsqu00a.xn--fiqs8s>",
    ]
    assert heard.sessions[0][4] == f"MAIL FROM:<{SENDER}> SIZE={sizes[1]}"
    assert "用户@xn--fsqu00a.xn--fiqs8s".encode() in heard.mails[0]


def test_mail_beyond_the_servers_size_is_refused_here() -> None:
    """A mail larger than the server announced is not even begun."""
    outcome, _, heard = _send(Script(features=("SIZE 100",)))
    assert outcome.state is State.FAILED
    assert outcome.detail["class"] == "message_refused"
    assert heard.verbs == [["EHLO", "QUIT"]]


def test_chinese_answers_are_readable_in_both_encodings() -> None:
    """Providers answer in UTF-8 or GB 18030: the log shows characters either way."""
    answer = "550 用户不存在".encode("gb18030").decode("utf-8", "surrogateescape")
    outcome, _, _ = _send(Script(answers={"RCPT": [answer]}))
    assert outcome.detail["text"] == "用户不存在"


def test_server_that_wants_a_login_stops_the_run() -> None:
    """530 to MAIL: every further mail would fare alike."""
    with (
        _open(Script(answers={"MAIL": ["530 5.7.0 Authentication required"]})) as (transport, _),
        pytest.raises(LoginRefused) as caught,
    ):
        transport.deliver(_mail(), KEY, MESSAGE_ID, _Steps())
    assert str(caught.value) == ("127.0.0.1 wants a login: 530 5.7.0 Authentication required")


def test_article_is_not_for_this_transport() -> None:
    """An article handed to the mail transport is a mistake of the program."""
    cover = Blob(name="c.png", media_type="image/png", data=b"x")
    article = Article(
        language="zh", title="题", summary="", author="", html="", original_url="", cover=cover
    )
    with _open(Script()) as (transport, _), pytest.raises(TypeError):
        transport.deliver(article, KEY, MESSAGE_ID, _Steps())


def test_settle_cannot_look() -> None:
    """SMTP has no way to ask what became of a mail."""
    with _open(Script()) as (transport, _):
        assert transport.settle(_mail(), KEY, "<1@example.org>") is None


class _Keeper:
    """An aiosmtpd handler that keeps what it accepts."""

    def __init__(self) -> None:
        self.envelopes: list[Any] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.envelopes.append(envelope)
        return "250 kept"


def _free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


def test_real_server_takes_a_login_and_a_long_mail() -> None:
    """aiosmtpd accepts login, addresses, and every line of a long Chinese mail."""
    keeper = _Keeper()
    seen: list[tuple[bytes, bytes]] = []

    def authenticate(*arguments: Any) -> AuthResult:
        data = arguments[-1]
        seen.append((data.login, data.password))
        return AuthResult(success=True)

    controller = Controller(
        keeper,
        hostname="127.0.0.1",
        port=_free_port(),
        authenticator=authenticate,
        auth_require_tls=False,
    )
    controller.start()
    try:
        account = Account(
            host="127.0.0.1", port=controller.port, security="none", user="relay", password="s3cret"
        )
        text = "征稿通知，" * 2000 + "\n"
        with SmtpTransport(account, SENDER, lambda: NOW) as transport:
            outcome = transport.deliver(
                _mail("li@example.net", "wang@example.net", text=text), KEY, MESSAGE_ID, _Steps()
            )
    finally:
        controller.stop()
    (envelope,) = keeper.envelopes
    body = email.message_from_bytes(envelope.content, policy=email.policy.default).get_body()
    assert outcome.state is State.SENT
    assert seen == [(b"relay", b"s3cret")]
    assert envelope.rcpt_tos == ["li@example.net", "wang@example.net"]
    assert body is not None


def test_connection_refused_is_a_machine_error() -> None:
    """Nobody listens: the machine is at fault, with where to look."""
    account = Account(host="127.0.0.1", port=_free_port(), security="none", timeout=1)
    with pytest.raises(MachineError) as caught, SmtpTransport(account, SENDER, lambda: NOW):
        pass
    assert type(caught.value) is not LoginRefused
    assert "email.smtp.host" in caught.value.hint


def test_login_without_at_sign_stays_as_it_is() -> None:
    """A user name such as an API key gets no domain appended."""
    _, _, heard = _send(
        Script(features=(*FEATURES, "AUTH PLAIN")), user="apikey", password="s3cret"
    )
    login = base64.b64encode(b"\0apikey\0s3cret").decode()
    assert heard.sessions[0][1] == f"AUTH PLAIN {login}"
