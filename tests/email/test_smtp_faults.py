"""Whatever goes wrong at whatever point: nobody gets a mail twice, and what is told is true."""

from __future__ import annotations

import socket
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from driving import NOW, PIPELINING, SENDER, carrying, drive, people, ride
from scripted import FEATURES, Fault, Script

from announce.channels.email.account import Account
from announce.channels.email.carrier import SmtpCarrier
from announce.errors import LoginRefused, MachineError

FAULTS: dict[str, Any] = {
    "4xx": "451 4.3.0 later",
    "5xx": "550 no",
    "garbage": "what?",
    "drop": Fault.DROP,
    "stall": Fault.SILENCE,
}
OFFERS = {"pipelining": PIPELINING, "lock-step": FEATURES}
WELCOME = {
    "MAIL": "250 fine",
    "RCPT": "250 fine",
    "DATA": "354 go on",
    "body": None,
    ".": "250 taken",
}
CLASSES = {
    "MAIL": "sender_refused",
    "RCPT": "recipient_refused",
    "DATA": "message_refused",
    "body": "message_refused",
    ".": "message_refused",
}


@pytest.mark.parametrize("offer", OFFERS)
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("stage", WELCOME)
def test_fault_meets_the_first_mail_of_a_connection(stage: str, fault: str, offer: str) -> None:
    """Before the body: not sent, and to be tried again where that may help. After: in doubt,
    unless the server said no. The other mails arrive."""
    timeout = 5.0 if fault != "stall" else 0.2 if stage in ("MAIL", "RCPT", "DATA") else 0.1
    ridden = ride(_script(stage, 0, fault, offer), mails=people(3), timeout=timeout)
    first = ridden.ended["p0@example.net"]
    handed_over = stage in ("body", ".")
    lost = fault in ("garbage", "drop", "stall")
    state = "in_doubt" if lost and handed_over else "failed"
    kind = "connection_lost" if lost else "transient" if fault == "4xx" else CLASSES[stage]
    assert ridden.states == [state, "sent", "sent"]
    assert (first.detail["class"], first.detail["transient"]) == (
        kind,
        fault == "4xx" or (lost and not handed_over),
    )
    at_brink = [0] * handed_over + [1, 2]
    assert ridden.brinks == Counter(f"p{index}@example.net" for index in at_brink)
    assert set(ridden.kept) - {"p0@example.net"} == {"p1@example.net", "p2@example.net"}
    assert ("p0@example.net" in ridden.kept) == (lost and stage == ".")
    assert len(ridden.heard.sessions) == (2 if lost or stage == "body" else 1)


@pytest.mark.parametrize("offer", OFFERS)
@pytest.mark.parametrize(
    ("stage", "fault"),
    [
        (stage, fault)
        for stage in WELCOME
        for fault in FAULTS
        # A second's wait each, and the same as with the first mail.
        if not (fault == "stall" and stage in ("body", "."))
    ],
)
def test_fault_meets_a_later_mail(stage: str, fault: str, offer: str) -> None:
    """On a connection that has served, a loss before the body only moves the mail to a fresh
    one, and nobody hears of it."""
    timeout = 0.2 if fault == "stall" else 5.0
    ridden = ride(_script(stage, 1, fault, offer), mails=people(3), timeout=timeout)
    handed_over = stage in ("body", ".")
    lost = fault in ("garbage", "drop", "stall")
    state = "sent" if lost and not handed_over else "in_doubt" if lost else "failed"
    assert ridden.states == ["sent", state, "sent"]
    assert ("p1@example.net" in ridden.kept) == (lost and stage != "body")
    assert len(ridden.heard.sessions) == (2 if lost or stage == "body" else 1)


LOGIN = {"user": "li@example.org", "password": "s3cret-Pa55"}
# What the first connection's fault comes to; EHLO that is refused makes way for HELO.
DOORS = {
    "greeting": dict.fromkeys(FAULTS, MachineError),
    "EHLO": {"drop": MachineError, "stall": MachineError},
    "STARTTLS": dict.fromkeys(FAULTS, MachineError),
    "AUTH": {**dict.fromkeys(FAULTS, MachineError), "5xx": LoginRefused},
}
CASES = [(stage, fault) for stage, kinds in DOORS.items() for fault in kinds]


@pytest.mark.parametrize(("stage", "fault"), CASES)
def test_fault_on_the_way_in_stops_the_run(stage: str, fault: str) -> None:
    """Nothing was sent, and the error is that of the first connection."""
    script, account = _door(stage, fault)
    with pytest.raises(MachineError) as caught, carrying(script, **account) as (_, ridden):
        pytest.fail(f"entered: {ridden}")
    assert (type(caught.value) is LoginRefused) == (DOORS[stage][fault] is LoginRefused)


@pytest.mark.parametrize("fault", ["4xx", "5xx", "garbage"])
def test_server_without_ehlo_is_spoken_to_plainly(fault: str) -> None:
    """Where EHLO is refused HELO may do: no extensions, one command at a time."""
    ridden = ride(Script(answers={"EHLO": [FAULTS[fault]]}, strict=True), mails=people(2))
    assert ridden.states == ["sent", "sent"]
    assert ridden.heard.sessions[0][1:3] == ["helo [127.0.0.1]", f"MAIL FROM:<{SENDER}>"]


@pytest.mark.parametrize(
    ("stage", "fault"),
    [case for case in CASES if case != ("AUTH", "5xx") and case[0] != "STARTTLS"],
)
def test_fault_of_a_further_connection_only_lowers_their_number(stage: str, fault: str) -> None:
    """The first connection carries on alone, and the server is not asked for another again."""
    bad, account = _door(stage, fault)
    good = replace(bad, greeting=Script.greeting, answers={}, holds={".": 1})
    ridden = ride(good, bad, mails=people(12), connections=4, **account)
    assert ridden.states == ["sent"] * 12
    assert len(ridden.heard.taken) == 12
    assert len(ridden.heard.sessions) <= 4
    assert [verbs.count("MAIL") for verbs in ridden.heard.verbs] == [
        12, *[0] * (len(ridden.heard.sessions) - 1),
    ]  # fmt: skip


def test_refused_login_of_a_further_connection_stops_the_run() -> None:
    """Whatever else is under way: the secret has been changed, or the account closed."""
    bad, account = _door("AUTH", "5xx")
    good = replace(bad, answers={}, holds={".": 1})
    with carrying(good, bad, connections=2, **account) as (carrier, ridden):
        with pytest.raises(LoginRefused):
            drive(carrier, ridden, people(200))
        assert carrier.turn(0).ready == []


def test_nobody_listens() -> None:
    """A port that refuses connections is told on entering."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port = sock.getsockname()[1]
    account = Account(host="127.0.0.1", port=port, security="none")
    with (
        pytest.raises(MachineError, match=r"no connection to 127\.0\.0\.1"),
        SmtpCarrier(account, SENDER, lambda: NOW, connections=2),
    ):
        pass


def _door(stage: str, fault: str) -> tuple[Script, dict[str, Any]]:
    what, account = FAULTS[fault], {**LOGIN, "security": "none"}
    account["timeout"] = 0.3 if fault == "stall" else 5.0
    script = Script(features=(*PIPELINING, "AUTH PLAIN"), strict=True)
    if stage == "greeting":
        return replace(script, greeting=what), account
    if stage == "STARTTLS":
        script = replace(script, features=("STARTTLS",))
        account["security"] = "starttls"
    return replace(script, answers={stage: [what]}), account


def _script(stage: str, turn: int, fault: str, offer: str) -> Script:
    steps = [*[WELCOME[stage]] * turn, FAULTS[fault], WELCOME[stage]]
    if stage == "body":
        return Script(features=OFFERS[offer], strict=True, in_body=steps)
    answers = {stage: [step for step in steps if step is not None]}
    return Script(features=OFFERS[offer], strict=True, answers=answers)
