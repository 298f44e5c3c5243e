"""Many mails over several connections: what is said in which order, and what becomes of each."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from driving import (
    PIPELINING,
    SENDER,
    Ride,
    carrying,
    drive,
    id_of,
    key_of,
    mail_to,
    people,
    ride,
)
from scripted import FEATURES, Authority, Fault, Script

from announce.errors import LoginRefused, MachineError
from announce.model.delivery import DeliveryKey, State
from announce.model.message import Article, Blob

P0, P1, P2 = (f"p{index}@example.net" for index in range(3))
PIPED = {"features": PIPELINING, "strict": True}
# Answered only when the next mail's envelope has come, too.
EAGER = {**PIPED, "holds": {"MAIL": 9, "RCPT": 9, ".": 8}}
NO_SUCH_USER = "550 5.1.1 no such user"


# -- the order of words ------------------------------------------------------------------------


def test_mail_costs_one_round_trip_where_the_server_pipelines() -> None:
    """The next envelope comes whole, and before the body ahead of it is answered."""
    ridden = ride(Script(**EAGER), mails=people(9))
    assert ridden.states == ["sent"] * 9
    assert ridden.heard.verbs == [["EHLO", *["MAIL", "RCPT", "DATA"] * 9, "QUIT"]]


def test_server_without_pipelining_hears_one_command_at_a_time() -> None:
    """No command comes before the answer to the one ahead of it."""
    with carrying(Script(strict=True)) as (carrier, ridden):
        assert carrier.room == 1
        drive(carrier, ridden, people(3))
    assert ridden.heard.verbs == [["EHLO", *["MAIL", "RCPT", "DATA"] * 3, "QUIT"]]


def test_room_is_three_mails_a_connection_with_pipelining() -> None:
    """Two under way and one that waits; those of connections still to be opened included."""
    with carrying(Script(**PIPED), connections=3) as (carrier, _):
        assert carrier.room == 9
        _take(carrier, people(1))
        assert carrier.room == 8


def test_mails_spread_over_connections() -> None:
    """While one connection waits for its answers, the others are opened, up to the number."""
    ridden = ride(Script(**{**PIPED, "holds": {".": 3}}), mails=people(40), connections=3)
    assert ridden.states == ["sent"] * 40
    assert 1 < len(ridden.heard.sessions) <= 3


def test_idle_connection_is_preferred_to_a_busy_one() -> None:
    """A mail is not put behind a body whose answer may take long."""
    slow = Script(**PIPED, answers={".": ["250 taken", Fault.SILENCE]})
    mails = people(4)
    with carrying(slow, Script(**PIPED), connections=2) as (carrier, ridden):
        _take(carrier, mails[:2])
        ready: list[DeliveryKey] = []
        while len(ready) < 2:  # the first stays at the brink, so that the second is opened
            ready += carrier.turn(5.0).ready
        carrier.go(ready)
        landed = 0
        while landed < 2:
            landed += len(carrier.turn(5.0).landed)
        _take(carrier, [mails[2]])
        carrier.go(carrier.turn(5.0).ready)
        assert carrier.turn(0.0).landed == []
        drive(carrier, ridden, [mails[3]])
    assert [verbs.count("MAIL") for verbs in ridden.heard.verbs] == [2, 2]


def test_nothing_of_a_body_leaves_before_it_may() -> None:
    """At the brink, and left there: the server gets neither a body nor a goodbye in its place."""
    with carrying(Script(**PIPED)) as (carrier, ridden):
        _take(carrier, people(2))
        turn = carrier.turn(5.0)
        assert turn.ready == [key_of(people(1)[0])]
        assert carrier.turn(0.05).landed == []
    assert ridden.heard.taken == []
    assert ridden.heard.cut == [b""]
    assert ridden.heard.verbs == [["EHLO", "MAIL", "RCPT", "DATA"]]


def test_leaving_waits_for_no_answer_to_a_body() -> None:
    """A server that is silent after the final dot does not hold up the end."""
    with carrying(Script(**PIPED, answers={".": [Fault.SILENCE]}), timeout=600.0) as (
        carrier,
        ridden,
    ):
        _take(carrier, people(1))
        carrier.go(carrier.turn(5.0).ready)
        assert carrier.turn(0.05).landed == []
    assert [verbs[-1] for verbs in ridden.heard.verbs] == ["DATA"]


# -- refusals ----------------------------------------------------------------------------------


def test_body_asked_for_after_a_refused_recipient_is_ended_at_once() -> None:
    """354 though the only recipient was refused: a lone dot, and the next mail in peace."""
    script = Script(features=PIPELINING, answers={"RCPT": [NO_SUCH_USER, "250 fine"]})
    ridden = ride(script, mails=people(2))
    assert ridden.states == ["failed", "sent"]
    assert ridden.ended[P0].detail["class"] == "recipient_refused"
    assert ridden.brinks == {P1: 1}
    assert [(taken.to, bool(taken.mail)) for taken in ridden.heard.taken] == [
        ((), False),
        ((P1,), True),
    ]
    assert ridden.heard.verbs == [
        ["EHLO", "MAIL", "RCPT", "DATA", "RSET", "MAIL", "RCPT", "DATA", "QUIT"]
    ]


@pytest.mark.parametrize("answer", ["554 no recipients", "250 kept for nobody", "421 bye", "what?"])
def test_answer_to_a_mail_to_nobody_says_nothing(answer: str) -> None:
    """Whatever becomes of the lone dot, the refusal before it is what is told."""
    script = Script(
        features=PIPELINING,
        answers={"RCPT": [NO_SUCH_USER, "250 fine"], ".": [answer, "250 taken"]},
    )
    ridden = ride(script, mails=people(2))
    assert ridden.states == ["failed", "sent"]
    assert ridden.ended[P0].detail["code"] == 550


def test_body_asked_for_after_a_refused_sender_is_ended_at_once() -> None:
    """354 though neither sender nor recipient was taken."""
    answers = {"MAIL": ["451 later", "250 fine"], "RCPT": ["503 need MAIL", "250 fine"]}
    ridden = ride(Script(features=PIPELINING, answers=answers), mails=people(2))
    assert ridden.states == ["failed", "sent"]
    assert ridden.ended[P0].detail["code"] == 451
    assert ridden.kept == {"": 1, P1: 1}
    assert len(ridden.heard.sessions) == 1


def test_no_empty_mail_goes_to_a_recipient_whose_sender_was_refused() -> None:
    """354 after a refused MAIL and an accepted RCPT: a dot would deliver an empty mail."""
    script = Script(features=PIPELINING, answers={"MAIL": ["451 later", "250 fine"]})
    ridden = ride(script, mails=people(2))
    assert ridden.states == ["failed", "sent"]
    assert ridden.ended[P0].detail["code"] == 451
    assert ridden.kept == {P1: 1}
    assert len(ridden.heard.sessions) == 2


@pytest.mark.parametrize("features", [PIPELINING, FEATURES])
def test_some_of_several_recipients_refused(features: tuple[str, ...]) -> None:
    """The mail leaves for the others, and those refused are named."""
    script = Script(features=features, answers={"RCPT": ["250 fine", NO_SUCH_USER, "250 fine"]})
    ridden = ride(script, mails=[mail_to(P0, P1, P2)])
    outcome = ridden.ended[P0]
    assert outcome.state is State.SENT
    assert outcome.detail["refused"] == {P1: [550, "5.1.1 no such user"]}
    assert [taken.to for taken in ridden.heard.taken] == [(P0, P2)]


@pytest.mark.parametrize("features", [PIPELINING, FEATURES])
def test_one_of_several_recipients_put_off_sends_to_none(features: tuple[str, ...]) -> None:
    """One mail reaches them all, later: the server is not even asked whether it would go on."""
    script = Script(features=features, answers={"RCPT": ["250 fine", "450 greylisted"]})
    ridden = ride(script, mails=[mail_to(P0, P1)], last=False)
    outcome = ridden.ended[P0]
    assert outcome.state is State.FAILED
    assert (outcome.detail["code"], outcome.detail["transient"]) == (450, True)
    assert ridden.heard.taken == []
    assert "DATA" not in ridden.heard.verbs[0]


def test_one_of_several_recipients_put_off_at_the_last_try() -> None:
    """The others get it now."""
    script = Script(**PIPED, answers={"RCPT": ["250 fine", "450 greylisted"]})
    ridden = ride(script, mails=[mail_to(P0, P1)], last=True)
    assert ridden.states == ["sent"]
    assert ridden.ended[P0].detail["refused"] == {P1: [450, "greylisted"]}


def test_refusals_in_a_row_keep_their_mails() -> None:
    """Answers belong to the mails in the order they were said, whoever is refused."""
    answers = ["250 fine" if index % 3 else NO_SUCH_USER for index in range(12)]
    ridden = ride(Script(**PIPED, answers={"RCPT": answers}), mails=people(12))
    assert sorted(ridden.kept) == sorted(
        f"p{index}@example.net" for index in range(12) if index % 3
    )
    assert len(ridden.heard.sessions) == 1


def test_server_that_wants_a_login_stops_the_run() -> None:
    """530 to MAIL: every further mail would fare alike."""
    script = Script(**PIPED, answers={"MAIL": ["250 fine", "530 5.7.0 Authentication required"]})
    with carrying(script) as (carrier, ridden), pytest.raises(LoginRefused, match="wants a login"):
        drive(carrier, ridden, people(5))
    assert list(ridden.ended) == [P0]


@pytest.mark.parametrize(
    ("features", "mail", "kind"),
    [
        (("SIZE 100", "PIPELINING"), mail_to(P0), "message_refused"),
        (("8BITMIME", "PIPELINING"), mail_to("用户@example.net"), "unsupported_address"),
    ],
)
def test_mail_beyond_the_server_is_not_begun(
    features: tuple[str, ...], mail: Any, kind: str
) -> None:
    """A mail too large, or an address beyond ASCII: told at once, nothing said."""
    ridden = ride(Script(features=features), mails=[mail])
    (outcome,) = ridden.ended.values()
    assert (outcome.state, outcome.detail["class"]) == (State.FAILED, kind)
    assert ridden.heard.verbs == [["EHLO", "QUIT"]]


@pytest.mark.parametrize(
    ("features", "options"),
    [
        (PIPELINING, " SMTPUTF8 BODY=8BITMIME"),
        (("SMTPUTF8", "PIPELINING"), " SMTPUTF8"),
    ],
)
def test_chinese_address_is_said_as_the_server_can(features: tuple[str, ...], options: str) -> None:
    """BODY=8BITMIME only where it was offered."""
    ridden = ride(Script(features=features), mails=[mail_to("用户@example.net")])
    assert ridden.heard.sessions[0][1].endswith(options)
    assert ridden.heard.sessions[0][2] == "RCPT TO:<用户@example.net>"


def test_server_without_any_extension_gets_its_mail() -> None:
    """No SIZE, no 8BITMIME, no PIPELINING."""
    ridden = ride(Script(features=()), mails=people(2))
    assert ridden.states == ["sent", "sent"]
    assert ridden.heard.sessions[0][1] == f"MAIL FROM:<{SENDER}>"


def test_address_with_a_line_break_is_refused() -> None:
    """It would put words into the conversation."""
    with carrying(Script()) as (carrier, ridden):
        with pytest.raises(ValueError, match="address"):
            _take(carrier, [mail_to("p0@example.net>\r\nRCPT TO:<p1@example.net")])
        drive(carrier, ridden, people(1))
    assert ridden.kept == {P0: 1}


def test_article_is_not_for_this_carrier() -> None:
    """An article handed to it is a mistake of the program."""
    cover = Blob(name="c.png", media_type="image/png", data=b"x")
    article = Article(
        language="zh", title="题", summary="", author="", html="", original_url="", cover=cover
    )
    with carrying(Script()) as (carrier, _), pytest.raises(TypeError):
        carrier.take(article, key_of(people(1)[0]), "<1@example.org>", last=True)


# -- connections -------------------------------------------------------------------------------


def test_connection_is_renewed_after_so_many_mails() -> None:
    """None carries more, and each is left with a goodbye."""
    ridden = ride(Script(**PIPED), mails=people(25), renew_after=10)
    assert ridden.states == ["sent"] * 25
    assert [verbs.count("MAIL") for verbs in ridden.heard.verbs] == [10, 10, 5]
    assert [verbs[-1] for verbs in ridden.heard.verbs] == ["QUIT"] * 3


def test_renewal_does_not_hold_up_the_others() -> None:
    """Several connections, each renewed in its turn."""
    ridden = ride(Script(**PIPED), mails=people(60), connections=3, renew_after=7)
    assert ridden.states == ["sent"] * 60
    assert max(verbs.count("MAIL") for verbs in ridden.heard.verbs) == 7


def test_throttled_account_meets_the_server_afresh() -> None:
    """After "too fast" the connection finishes what is under way and is left."""
    answers = {".": ["451 MI:DMC 163 smtp1", "250 taken"]}
    ridden = ride(Script(**PIPED, answers=answers), mails=people(4))
    assert ridden.states == ["failed", "sent", "sent", "sent"]
    assert ridden.ended[P0].detail["class"] == "throttled"
    assert [verbs[-1] for verbs in ridden.heard.verbs] == ["QUIT", "QUIT"]


@pytest.mark.parametrize("stage", ["MAIL", "RCPT", "DATA"])
def test_goodbye_of_the_server_moves_the_mail(stage: str) -> None:
    """421 on a connection that has served: a fresh one takes the mail, and nobody hears of it."""
    welcome = "354 go on" if stage == "DATA" else "250 fine"
    answers = {stage: [welcome, "421 4.7.0 too many mails", welcome]}
    ridden = ride(Script(**PIPED, answers=answers), mails=people(3))
    assert ridden.states == ["sent"] * 3
    assert len(ridden.heard.sessions) == 2


@pytest.mark.parametrize("stage", ["MAIL", "RCPT", "DATA"])
def test_goodbye_on_a_fresh_connection_is_told(stage: str) -> None:
    """421 to the first mail of a connection: to be tried again later."""
    answers = {stage: ["421 4.7.0 busy", "354 go on" if stage == "DATA" else "250 fine"]}
    ridden = ride(Script(**PIPED, answers=answers), mails=people(2))
    assert ridden.states == ["failed", "sent"]
    assert (ridden.ended[P0].detail["code"], ridden.ended[P0].detail["transient"]) == (421, True)


def test_goodbye_after_the_body_is_a_refusal() -> None:
    """421 in place of the answer to a body: not taken; the envelope behind it moves."""
    ridden = ride(Script(**PIPED, answers={".": ["421 bye", "250 taken"]}), mails=people(3))
    assert ridden.states == ["failed", "sent", "sent"]
    assert ridden.ended[P0].detail["transient"] is True


def test_mail_is_moved_once_only() -> None:
    """A server that drops it on a second connection too is told as a loss."""
    answers = {"MAIL": ["250 fine", Fault.DROP, Fault.DROP, "250 fine"]}
    ridden = ride(Script(**PIPED, answers=answers), mails=people(3))
    assert ridden.states == ["sent", "failed", "sent"]
    assert (ridden.ended[P1].detail["class"], ridden.ended[P1].detail["transient"]) == (
        "connection_lost",
        True,
    )


def test_server_that_takes_one_mail_a_connection() -> None:
    """Each gets its connection, and each mail arrives."""
    script = Script(**PIPED, answers={"MAIL": ["250 fine", Fault.DROP] * 5})
    ridden = ride(script, mails=people(5))
    assert ridden.states == ["sent"] * 5
    assert len(ridden.heard.sessions) == 5


LEAVING = Script(**PIPED, answers={"EHLO": ["250 scripted\r\n421 4.4.2 idle"]})


def test_server_that_leaves_between_mails_is_called_again() -> None:
    """421 said into the silence: the next mail opens a connection."""
    ridden = ride(LEAVING, Script(**PIPED), mails=people(2))
    assert ridden.states == ["sent", "sent"]
    assert ridden.heard.verbs[0] == ["EHLO"]


def test_server_that_is_lost_is_called_by_one_connection_first() -> None:
    """However many may be open and however many mails wait."""
    bad = Script(greeting="421 4.3.2 shutting down")
    with (
        carrying(LEAVING, bad, connections=4) as (carrier, ridden),
        pytest.raises(MachineError, match="421"),
    ):
        drive(carrier, ridden, people(4))
    assert len(ridden.heard.sessions) == 2


def test_server_that_is_gone_for_good_ends_the_run() -> None:
    """The last connection lost and no other to be had: an error, once; what was told stays."""
    script = Script(**PIPED, answers={"MAIL": ["250 fine", Fault.DROP]})
    with carrying(script, connections=3) as (carrier, ridden):
        drive(carrier, ridden, people(1))
        script.greeting = "421 4.3.2 shutting down"
        with pytest.raises(MachineError, match="421"):
            drive(carrier, Ride(ridden.heard), people(1))
        assert carrier.turn(0).landed == []
    assert len(ridden.heard.sessions) == 2


def test_loss_while_a_body_is_at_the_brink_is_told() -> None:
    """The server leaves before the hand-over is written down: letting go then does no harm."""
    script = Script(**PIPED, answers={"DATA": ["354 go on\r\n421 4.4.2 too late", "354 go on"]})
    with carrying(script) as (carrier, ridden):
        mails = people(1)
        _take(carrier, mails)
        turns = [carrier.turn(5.0)]
        while not turns[-1].landed:
            carrier.go([key_of(mails[0])])
            turns.append(carrier.turn(5.0))
    ((key, outcome),) = turns[-1].landed
    assert turns[-1].ready == []
    carrier.go([key])
    assert key == key_of(mails[0])
    assert outcome.state is not State.SENT
    assert ridden.heard.taken == []


# -- large mails, and TLS ----------------------------------------------------------------------

LARGE = "征稿通知，" * 250_000 + "\n"


def test_large_mail_arrives_whole() -> None:
    """More than the system takes at once, with the next envelope behind it."""
    ridden = ride(Script(features=("PIPELINING",)), mails=[mail_to(P0, text=LARGE), mail_to(P1)])
    assert ridden.states == ["sent", "sent"]
    assert len(ridden.heard.taken[0].mail) > 4_000_000


@pytest.mark.parametrize("refusal", ["552 5.3.4 too large", "452 4.3.1 disk full"])
def test_refusal_in_the_middle_of_a_large_body(refusal: str) -> None:
    """Said before the body was out, and believed: the rest is not sent, the next mail moves."""
    script = Script(features=("PIPELINING",), in_body=[refusal], after=200_000)
    ridden = ride(script, mails=[mail_to(P0, text=LARGE), mail_to(P1)])
    assert ridden.states == ["failed", "sent"]
    assert ridden.ended[P0].detail["code"] == int(refusal[:3])


@pytest.mark.parametrize("fault", [Fault.DROP, "250 taken already", "what?"])
def test_loss_in_the_middle_of_a_large_body_is_in_doubt(fault: Any) -> None:
    """A yes to half a mail is none."""
    script = Script(features=("PIPELINING",), in_body=[fault], after=200_000)
    ridden = ride(script, mails=[mail_to(P0, text=LARGE), mail_to(P1)])
    assert ridden.states == ["in_doubt", "sent"]


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_mails_go_inside_tls(tmp_path: Path, security: str) -> None:
    """Small ones and a large one, over several connections, renewed too."""
    authority = Authority.make(tmp_path)
    script = Script(
        features=PIPELINING if security == "tls" else ("STARTTLS",),
        features_after_tls=("PIPELINING",),
        context=authority.context(tmp_path),
        implicit=security == "tls",
        strict=True,
        holds={".": 2},
        answers={".": ["250 taken", "250-" + "\r\n250-".join(["x" * 90] * 99) + "\r\n250 taken"]},
    )
    mails = [*people(30), mail_to("large@example.net", text=LARGE[:200_000])]
    ridden = ride(
        script, mails=mails, connections=3, renew_after=10, security=security, ca=authority.path
    )
    assert ridden.states == ["sent"] * 31
    assert len(ridden.heard.taken) == 31


@pytest.mark.parametrize("stage", ["MAIL", "DATA", "."])
def test_loss_inside_tls(tmp_path: Path, stage: str) -> None:
    """A connection cut without TLS's own goodbye is a loss like any other."""
    authority = Authority.make(tmp_path)
    script = Script(
        **PIPED,
        context=authority.context(tmp_path),
        implicit=True,
        answers={stage: ["354 go on" if stage == "DATA" else "250 fine", Fault.DROP]},
    )
    ridden = ride(script, Script(**PIPED, context=script.context, implicit=True),
                  mails=people(3), security="tls", ca=authority.path)  # fmt: skip
    assert ridden.states == ["sent", "in_doubt" if stage == "." else "sent", "sent"]


def _take(carrier: Any, mails: list[Any]) -> None:
    for mail in mails:
        carrier.take(mail, key_of(mail), id_of(mail), last=True)
