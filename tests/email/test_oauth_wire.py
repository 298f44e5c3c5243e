"""AUTH XOAUTH2: each reply checked, a refused token renewed once, and nothing of it ever shown."""

from __future__ import annotations

import base64
import json
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from scripted import FEATURES, Authority, Fault, Heard, Script, serving
from scripted import Say as Said

from announce.channels.email.account import Account
from announce.channels.email.connect import try_login
from announce.errors import LoginRefused, MachineError, Unreachable

USER = "li@example.org"
TOKEN = "ya29.a0AfB_byC-first-token"
FRESH = "ya29.a0AfB_byC-second-token"
LONG = "EwB4A8l6BAAU" + "x9Zq" * 150
CHALLENGE = base64.b64encode(
    json.dumps({"status": "401", "schemes": "bearer", "scope": "https://mail.google.com/"}).encode()
).decode()


@dataclass
class Tokens:
    """Hands out one token, then another where the first was refused."""

    token: str = TOKEN
    fresh: str = FRESH
    refused: list[str] = field(default_factory=list)

    def current(self) -> str:
        return self.token

    def after(self, refused: str) -> str:
        self.refused.append(refused)
        return self.fresh


def _sasl(token: str) -> str:
    return base64.b64encode(f"user={USER}\x01auth=Bearer {token}\x01\x01".encode()).decode()


def _script(answers: Mapping[str, Sequence[Said]], auth: str = "PLAIN XOAUTH2") -> Script:
    return Script(features=(*FEATURES, f"AUTH {auth}"), answers=answers)


def _login(script: Script, tokens: Tokens | None = None, **settings: Any) -> Heard:
    facts: dict[str, Any] = {"security": "none", "timeout": 5.0, **settings}
    with serving(script) as (port, heard):
        account = Account(
            host="127.0.0.1", port=port, user=USER, tokens=tokens or Tokens(), **facts
        )
        try_login(account)
    return heard


def _refusal(script: Script, tokens: Tokens | None = None, **settings: Any) -> MachineError:
    with pytest.raises(MachineError) as caught:
        _login(script, tokens, **settings)
    return caught.value


def _told(error: BaseException) -> str:
    """All that a printed traceback, the causes and their parts would show."""
    seen = ["".join(traceback.format_exception(error))]
    link: BaseException | None = error
    while link is not None:
        seen += [str(link), repr(link), repr(link.__dict__)]
        link = link.__cause__ or link.__context__
    return "\n".join(seen)


def test_token_is_handed_over_with_the_command() -> None:
    """User and token in one line, as the providers document; then goodbye, and nothing sent."""
    heard = _login(_script({}))

    assert heard.verbs == [["EHLO", "AUTH", "QUIT"]]
    assert heard.sessions[0][1] == f"AUTH XOAUTH2 {_sasl(TOKEN)}"


def test_long_token_waits_for_the_servers_go() -> None:
    """A command has at most 512 octets (RFC 4954): Microsoft's tokens are longer."""
    line = _sasl(LONG)
    heard = _login(
        _script({"AUTH": ["334 "], line.upper(): ["235 2.7.0 welcome"]}), Tokens(token=LONG)
    )

    assert [session[1:-1] for session in heard.sessions] == [["AUTH XOAUTH2", line]]


def test_token_is_said_inside_tls_only(tmp_path: Path) -> None:
    """After STARTTLS, to a server whose certificate is trusted."""
    authority = Authority.make(tmp_path)
    script = Script(
        context=authority.context(tmp_path),
        features=("STARTTLS", "AUTH XOAUTH2"),
        features_after_tls=("AUTH XOAUTH2",),
    )
    heard = _login(script, security="starttls", ca=authority.path)

    assert heard.verbs == [["EHLO", "STARTTLS", "EHLO", "AUTH", "QUIT"]]


def test_server_without_starttls_hears_no_token() -> None:
    """Not offered, or stripped on the way."""
    script = _script({})
    with serving(script) as (port, heard):
        account = Account(host="127.0.0.1", port=port, user=USER, tokens=Tokens(), timeout=5.0)
        with pytest.raises(MachineError):
            try_login(account)

    assert heard.verbs == [["EHLO"]]


def test_challenge_is_answered_with_an_empty_line_and_the_no_is_read() -> None:
    """334 with JSON says why; the refusal itself comes only after it is answered."""
    script = _script({"AUTH": [f"334 {CHALLENGE}"], "": ["535 5.7.8 Not accepted"]})
    with serving(script) as (port, heard):
        account = Account(
            host="127.0.0.1", port=port, user=USER, tokens=Tokens(fresh=TOKEN), security="none"
        )
        with pytest.raises(LoginRefused) as caught:
            try_login(account)

    assert heard.sessions[0][2] == ""
    assert str(caught.value) == (
        "127.0.0.1 refused the login of li@example.org: 535 5.7.8 Not accepted "
        "(status 401, schemes bearer, scope https://mail.google.com/)"
    )
    assert "announce login" in caught.value.hint


@pytest.mark.parametrize("challenge", ["", "!!!", "e30", base64.b64encode(b"[1]").decode()])
def test_challenge_that_says_nothing_is_answered_all_the_same(challenge: str) -> None:
    """Garbage in the challenge hides no refusal."""
    script = _script({"AUTH": [f"334 {challenge}"], "": ["535 5.7.3 Unsuccessful"]})

    assert str(_refusal(script)).endswith("535 5.7.3 Unsuccessful")


def test_refused_token_is_renewed_and_tried_once_more() -> None:
    """Over a new connection, with the new token."""
    tokens = Tokens()
    heard = _login(_script({"AUTH": ["535 5.7.8 expired", "235 welcome"]}), tokens)

    assert tokens.refused == [TOKEN]
    assert [session[1] for session in heard.sessions] == [
        f"AUTH XOAUTH2 {_sasl(TOKEN)}",
        f"AUTH XOAUTH2 {_sasl(FRESH)}",
    ]


def test_token_that_is_refused_again_is_the_end() -> None:
    """No third try: an account that is refused is not knocked at."""
    tokens = Tokens()
    script = _script({"AUTH": ["535 5.7.8 no"]})
    with serving(script) as (port, heard):
        account = Account(host="127.0.0.1", port=port, user=USER, tokens=tokens, security="none")
        with pytest.raises(LoginRefused):
            try_login(account)

    assert (len(heard.sessions), tokens.refused) == (2, [TOKEN])


@pytest.mark.parametrize(
    ("answers", "kind", "told"),
    [
        (["535 5.7.139 SmtpClientAuthentication is disabled"], LoginRefused, "535 5.7.139"),
        (["534 5.7.9 Please log in"], LoginRefused, "534 5.7.9"),
        (["550 5.7.30 Basic authentication is not supported"], LoginRefused, "550 5.7.30"),
        (["454 4.7.0 Temporary failure"], Unreachable, "takes no login at the moment: 454 4.7.0"),
        (["421 4.3.2 busy"], Unreachable, "takes no login at the moment: 421 4.3.2"),
        (["250 fine"], Unreachable, "an answer out of turn: 250"),
        (["hello"], Unreachable, "an answer out of turn"),
        ([Fault.DROP], Unreachable, "no connection to 127.0.0.1"),
        ([Fault.SILENCE], Unreachable, "gave no answer within 0.2 s"),
    ],
)
def test_answer_to_a_token_is_told_for_what_it_is(
    answers: Sequence[Said], kind: type, told: str
) -> None:
    """A no, not now, or something that is no answer: never taken for a yes."""
    error = _refusal(_script({"AUTH": answers}), timeout=0.2)

    assert type(error) is kind
    assert told in str(error)
    assert error.hint


def test_yes_after_a_challenge_is_no_yes() -> None:
    """The challenge said no already."""
    script = _script({"AUTH": [f"334 {CHALLENGE}"], "": ["235 welcome"]})

    assert type(_refusal(script)) is Unreachable


def test_server_without_xoauth2_is_told() -> None:
    """Nothing of the token is said, and no other one is fetched."""
    tokens = Tokens()
    error = _refusal(_script({}, auth="PLAIN LOGIN"), tokens)

    assert type(error) is LoginRefused
    assert "offers no login by OAuth2 (XOAUTH2)" in str(error)
    assert tokens.refused == []


@pytest.mark.parametrize(
    "echo",
    [TOKEN, _sasl(TOKEN), f"AUTH XOAUTH2 {_sasl(TOKEN)}", _sasl(TOKEN)[9:], TOKEN[:12], "x" * 290],
)
def test_token_that_is_repeated_by_the_server_is_never_shown(echo: str) -> None:
    """Whole, encoded, or cut at either end; in the text, its causes, and their parts."""
    error = _refusal(_script({"AUTH": [f"535 wrong: {echo}{TOKEN}"]}), Tokens(fresh=TOKEN))
    told = _told(error)

    assert type(error) is LoginRefused
    pieces = [TOKEN[at : at + 8] for at in range(len(TOKEN) - 7)]
    pieces += [_sasl(TOKEN)[at : at + 8] for at in range(len(_sasl(TOKEN)) - 7)]
    assert [piece for piece in pieces if piece in told] == []


def test_account_shows_no_token_source() -> None:
    """Nor is an account without either, or with both, an account."""
    account = Account(host="smtp.example.org", port=587, user=USER, tokens=Tokens())

    assert TOKEN not in repr(account)
    for both in ({}, {"password": "x", "tokens": Tokens()}):
        with pytest.raises(ValueError, match="either a password or tokens"):
            Account(host="smtp.example.org", port=587, user=USER, **both)  # type: ignore[arg-type]
