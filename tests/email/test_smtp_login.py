"""Connecting and logging in: certificates, STARTTLS, refusals, and the secret that stays one."""

from __future__ import annotations

import base64
import traceback
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from scripted import FEATURES, Authority, Fault, Heard, Script, self_signed_context, serving

from announce.channels.email.account import Account
from announce.channels.email.transport import SmtpTransport
from announce.errors import LoginRefused, MachineError

SECRET = "s3cret-Pa55"
WIRE = base64.b64encode(f"\0li@example.org\0{SECRET}".encode()).decode()
LOGIN = {"user": "li@example.org", "password": SECRET}


def _enter(script: Script, *, host: str = "127.0.0.1", **settings: Any) -> Heard:
    with serving(script) as (port, heard):
        account = Account(host=host, port=port, **{"timeout": 5.0, **settings})
        with SmtpTransport(account, "li@example.org", lambda: datetime(2025, 1, 6, tzinfo=UTC)):
            pass
    return heard


def _refusal(script: Script, **settings: Any) -> tuple[MachineError, Heard]:
    with serving(script) as (port, heard):
        account = Account(host="127.0.0.1", port=port, **{"timeout": 5.0, **settings})
        with (
            pytest.raises(MachineError) as caught,
            SmtpTransport(account, "li@example.org", lambda: datetime(2025, 1, 6, tzinfo=UTC)),
        ):
            pass
    return caught.value, heard


def _told(error: BaseException) -> str:
    """All that a printed traceback, the causes and their parts would show."""
    seen: list[str] = ["".join(traceback.format_exception(error))]
    link: BaseException | None = error
    while link is not None:
        seen += [str(link), repr(link), repr(link.__dict__)]
        link = link.__cause__ or link.__context__
    return "\n".join(seen)


def test_starttls_encrypts_before_the_login(tmp_path: Path) -> None:
    """The login is said after STARTTLS only, to a server whose certificate is trusted."""
    authority = Authority.make(tmp_path)
    heard = _enter(
        Script(
            context=authority.context(tmp_path),
            features=("STARTTLS",),
            features_after_tls=(*FEATURES, "AUTH PLAIN LOGIN"),
        ),
        security="starttls",
        ca=authority.path,
        **LOGIN,
    )
    assert heard.verbs == [["EHLO", "STARTTLS", "EHLO", "AUTH", "QUIT"]]
    assert heard.sessions[0][3] == f"AUTH PLAIN {WIRE}"


def test_tls_from_the_first_byte(tmp_path: Path) -> None:
    """security: tls greets inside TLS and needs no STARTTLS."""
    authority = Authority.make(tmp_path)
    script = Script(context=authority.context(tmp_path), implicit=True)
    heard = _enter(script, security="tls", ca=authority.path)
    assert heard.verbs == [["EHLO", "QUIT"]]


def test_ssl_cert_file_is_honoured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without `ca`, the environment's certificate file is trusted."""
    authority = Authority.make(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.path))
    script = Script(context=authority.context(tmp_path), implicit=True)
    assert _enter(script, security="tls").verbs == [["EHLO", "QUIT"]]


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_self_signed_certificate_is_refused(tmp_path: Path, security: str) -> None:
    """A certificate that only vouches for itself: nothing of the login is said."""
    error, heard = _refusal(
        Script(
            context=self_signed_context(tmp_path),
            implicit=security == "tls",
            features=("STARTTLS", "AUTH PLAIN"),
        ),
        security=security,
        **LOGIN,
    )
    assert str(error).startswith("the certificate of 127.0.0.1 is self-signed")
    assert "email.smtp.ca" in error.hint
    assert "AUTH" not in [verb for verbs in heard.verbs for verb in verbs]


def test_certificate_of_an_unknown_authority_is_refused(tmp_path: Path) -> None:
    """A certificate of an authority that is not trusted here names the way to trust it."""
    script = Script(context=Authority.make(tmp_path).context(tmp_path), implicit=True)
    error, _ = _refusal(script, security="tls")
    assert str(error).startswith("the certificate of 127.0.0.1 is of an unknown authority")
    assert "email.smtp.ca" in error.hint


def test_certificate_of_another_host_is_refused(tmp_path: Path) -> None:
    """A good certificate for somebody else."""
    authority = Authority.make(tmp_path)
    context = authority.context(tmp_path, host="mail.example.net")
    error, _ = _refusal(Script(context=context, implicit=True), security="tls", ca=authority.path)
    assert str(error).startswith("the certificate is not for 127.0.0.1")
    assert "email.smtp.host" in error.hint


def test_expired_certificate_is_refused(tmp_path: Path) -> None:
    """A certificate of yesterday names clock and renewal."""
    authority = Authority.make(tmp_path)
    context = authority.context(tmp_path, days=-1)
    error, _ = _refusal(Script(context=context, implicit=True), security="tls", ca=authority.path)
    assert str(error).startswith("the certificate of 127.0.0.1 is not valid today")
    assert "clock" in error.hint


def test_server_without_starttls_hears_no_login() -> None:
    """STARTTLS not offered (or stripped on the way): the login is not sent in the clear."""
    error, heard = _refusal(Script(features=("AUTH PLAIN",)), security="starttls", **LOGIN)
    assert "offers no STARTTLS; nothing was sent" in str(error)
    assert type(error) is MachineError
    assert heard.verbs == [["EHLO"]]


def test_starttls_refused_hears_no_login() -> None:
    """STARTTLS offered and then refused: no login either."""
    error, heard = _refusal(
        Script(features=("STARTTLS", "AUTH PLAIN"), answers={"STARTTLS": ["454 not now"]}),
        security="starttls",
        **LOGIN,
    )
    assert "454 not now" in str(error)
    assert heard.verbs == [["EHLO", "STARTTLS"]]


def test_tls_to_a_clear_text_port_names_the_ports() -> None:
    """TLS spoken to a port that speaks plain SMTP."""
    error, _ = _refusal(Script(), security="tls", **LOGIN)
    assert "no TLS connection" in str(error)
    assert "465" in error.hint


def test_missing_ca_file_is_named(tmp_path: Path) -> None:
    """A `ca` that is not there is told before anything is opened."""
    error, heard = _refusal(Script(), security="tls", ca=tmp_path / "none.pem")
    assert str(error) == f"the certificate file {tmp_path / 'none.pem'} cannot be used"
    assert heard.sessions == []


def test_clear_text_to_another_machine_is_refused() -> None:
    """security: none is for this machine itself: 192.0.2.1 is not even called."""
    account = Account(host="192.0.2.1", port=25, security="none")
    transport = SmtpTransport(account, "li@example.org", lambda: datetime(2025, 1, 6, tzinfo=UTC))
    with pytest.raises(MachineError) as caught, transport:
        pass
    assert str(caught.value) == "192.0.2.1 is another machine: a connection must be encrypted"


def test_clear_text_to_localhost_is_allowed() -> None:
    """The name of this machine itself resolves to loopback only."""
    assert _enter(Script(), host="localhost", security="none").verbs == [["EHLO", "QUIT"]]


@pytest.mark.parametrize(
    "answers",
    [
        ["535 5.7.8 Username and Password not accepted"],
        ["535 Error: authentication failed, system busy"],
        ["534 5.7.9 Application-specific password required"],
        ["550 5.7.30 Basic authentication is not supported for Client Submission."],
        ["550 User has no permission"],
        [f"535 wrong: {SECRET}"],
        [f"535 wrong: {WIRE}"],
        [f"535 {'x' * 290}{SECRET}"],
    ],
)
def test_refused_login_never_shows_the_secret(answers: Sequence[str]) -> None:
    """Refused is refused, and neither text nor causes show the password, even if echoed."""
    error, _ = _refusal(
        Script(features=("AUTH PLAIN LOGIN",), answers={"AUTH": answers}), security="none", **LOGIN
    )
    told = _told(error)
    assert type(error) is LoginRefused
    assert str(error).startswith("127.0.0.1 refused the login of li@example.org: 5")
    assert SECRET not in told
    assert SECRET[:6] not in told
    assert WIRE not in told


def test_login_refused_for_now_is_not_the_secrets_fault() -> None:
    """454 4.7.0 to a login is a passing fault of the server."""
    error, _ = _refusal(
        Script(features=("AUTH PLAIN",), answers={"AUTH": ["454 4.7.0 Temporary failure"]}),
        security="none",
        **LOGIN,
    )
    assert type(error) is not LoginRefused
    assert str(error) == "127.0.0.1 takes no login at the moment: 454 4.7.0 Temporary failure"


@pytest.mark.parametrize("features", [(), ("AUTH GSSAPI",)])
def test_server_without_passwords_refuses_the_login(features: Sequence[str]) -> None:
    """No AUTH, or none by password: told as such."""
    error, _ = _refusal(Script(features=features), security="none", **LOGIN)
    assert type(error) is LoginRefused
    assert "offers no login by password" in str(error)


@pytest.mark.parametrize(("user", "password"), [("li", "密码s3cret"), ("李", "s3cret")])
def test_secret_beyond_ascii_is_refused_here(user: str, password: str) -> None:
    """smtplib would raise an error that carries it; nothing is opened."""
    error, heard = _refusal(Script(), security="none", user=user, password=password)
    assert type(error) is LoginRefused
    assert password not in _told(error)
    assert heard.sessions == []


@pytest.mark.parametrize(
    ("greeting", "told"),
    [
        ("554 5.7.1 go away", "refuses connections: 554 5.7.1 go away"),
        ("421 4.3.2 busy", "refuses connections: 421 4.3.2 busy"),
        (Fault.DROP, "no connection to 127.0.0.1"),
        (Fault.SILENCE, "gave no answer within 0.2 s"),
    ],
)
def test_server_that_does_not_greet_is_a_machine_error(greeting: Any, told: str) -> None:
    """No welcome: what the server said, or that it said nothing."""
    error, _ = _refusal(Script(greeting=greeting), security="none", timeout=0.2)
    assert type(error) is not LoginRefused
    assert told in str(error)
    assert error.hint


def test_connection_lost_during_login_is_not_a_refusal() -> None:
    """A server that hangs up at AUTH has not said no."""
    error, _ = _refusal(
        Script(features=("AUTH PLAIN",), answers={"AUTH": [Fault.DROP]}), security="none", **LOGIN
    )
    assert type(error) is not LoginRefused
    assert SECRET not in _told(error)
