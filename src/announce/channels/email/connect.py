"""Connecting and logging in, by yagmail, with certificates verified and no surprises.

Left to itself yagmail verifies no certificate, adds "@gmail.com" to a login without "@", asks
the terminal for a missing password, and adds a log handler with every client.
"""

from __future__ import annotations

import base64
import ipaddress
import smtplib
import socket
import ssl

import yagmail

from announce.channels.email.account import Account, limits_for
from announce.channels.email.answers import Answer, AnswerClass, one_line, read_answer
from announce.errors import LoginRefused, MachineError
from announce.texts import say

# X509_V_ERR_* (https://docs.openssl.org/3.0/man3/X509_STORE_CTX_get_error/)
_EXPIRED, _NOT_YET_VALID = 10, 9
_SELF_SIGNED = (18, 19)
_OTHER_HOST = (62, 64)


class Unreachable(MachineError):
    """No connection came about, and a later try may well succeed."""


def connect(account: Account) -> smtplib.SMTP:
    """An open connection, greeted and logged in.

    Raises LoginRefused, Unreachable, and MachineError for what no later try will mend: a
    certificate that does not verify, a server without STARTTLS, a clear-text connection to
    another machine. Nothing of the login is sent before the connection is known to be safe.
    """
    if account.security == "none":
        _refuse_clear_text_abroad(account)
    client = _client(account)
    try:
        client.login()
        # yagmail skips the greeting where nothing needs it; its features are needed here.
        client.smtp.ehlo_or_helo_if_needed()
    except (smtplib.SMTPException, OSError) as error:
        _let_go(client)
        failure = _failure(account, error)
        cause = _without_secret(account, error)
    except BaseException:
        _let_go(client)
        raise
    else:
        smtp: smtplib.SMTP = client.smtp
        client.is_closed = True  # the connection is ours: its __del__ must not say QUIT
        return smtp
    # Outside the handler, so that the error does not carry the original as its context.
    raise failure from cause


def verifying_context(account: Account) -> ssl.SSLContext:
    """A TLS context that checks certificate and host name; `SSL_CERT_FILE` is honoured.

    Raises MachineError where the `ca` file cannot be used.
    """
    try:
        return ssl.create_default_context(cafile=account.ca)
    except (OSError, ssl.SSLError) as error:
        raise MachineError(
            say("the certificate file {path} cannot be used", path=account.ca),
            hint=say("email.smtp.ca must name a file of certificates in PEM form"),
        ) from error


def _client(account: Account) -> yagmail.SMTP:
    if not (account.user or "").isascii() or not (account.password or "").isascii():
        # smtplib would raise an error that carries the password.
        raise LoginRefused(
            say("user name or password of {host} has characters outside ASCII", host=account.host),
            hint=say("mail servers take ASCII only: look for a full-width or pasted character"),
        )
    # Encrypted or not is decided here for both at once; the HELO name is an address literal,
    # as asking for this machine's own name can take seconds and tells it to the world.
    options: dict[str, object] = {"timeout": account.timeout, "local_hostname": "[127.0.0.1]"}
    context = None if account.security == "none" else verifying_context(account)
    if account.security == "tls":
        options["context"] = context
    client = yagmail.SMTP(
        {account.user: account.user} if account.user else None,
        account.password or "",
        account.host,
        account.port,
        smtp_ssl=account.security == "tls",
        smtp_starttls={"context": context} if account.security == "starttls" else False,
        smtp_skip_login=account.user is None,
        soft_email_validation=False,
        **options,
    )
    client.set_logging(None)
    return client


def _let_go(client: yagmail.SMTP) -> None:
    client.is_closed = True
    if client.smtp is not None:
        client.smtp.close()


def _refuse_clear_text_abroad(account: Account) -> None:
    try:
        found = socket.getaddrinfo(account.host, account.port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise _unreachable(account, error) from error
    if not all(ipaddress.ip_address(entry[4][0]).is_loopback for entry in found):
        raise MachineError(
            say("{host} is another machine: a connection must be encrypted", host=account.host),
            hint=say("set email.smtp.security to starttls (port 587) or tls (port 465)"),
        )


def _failure(account: Account, error: Exception) -> MachineError:
    match error:
        case ssl.SSLCertVerificationError():
            return _bad_certificate(account, error)
        case ssl.SSLError():
            return _no_tls(account, error)
        case smtplib.SMTPAuthenticationError():
            return _refused_login(account, error)
        case smtplib.SMTPNotSupportedError() if account.security == "starttls" and (
            "STARTTLS" in str(error)
        ):
            return MachineError(
                say("{host}:{port} offers no STARTTLS; nothing was sent", **_place(account)),
                hint=say("use port 465 with security: tls, or ask the provider"),
            )
        case smtplib.SMTPResponseException():
            return _refused_connection(account, error)
        case smtplib.SMTPException() if not isinstance(error, smtplib.SMTPServerDisconnected):
            # No AUTH at all, or no method that we have.
            return LoginRefused(
                say("{host}:{port} offers no login by password", **_place(account)),
                hint=_login_hint(account),
            )
        case _:
            return _unreachable(account, error)


def _bad_certificate(account: Account, error: ssl.SSLCertVerificationError) -> MachineError:
    code = error.verify_code
    if code in _OTHER_HOST:
        message = say("the certificate is not for {host}", host=account.host)
        hint = say("write email.smtp.host as the provider names it (the certificate's name)")
    elif code in (_EXPIRED, _NOT_YET_VALID):
        message = say("the certificate of {host} is not valid today", host=account.host)
        hint = say("check this machine's clock; else the server's owner must renew it")
    elif code in _SELF_SIGNED:
        message = say("the certificate of {host} is self-signed", host=account.host)
        hint = say("if it is your own server, save its certificate and name it: email.smtp.ca")
    else:
        message = say("the certificate of {host} is of an unknown authority", host=account.host)
        hint = say(
            "if it is your organisation's own authority, name its file: email.smtp.ca "
            "(or SSL_CERT_FILE)"
        )
    return MachineError(f"{message} ({error.verify_message})", hint=hint)


def _no_tls(account: Account, error: ssl.SSLError) -> MachineError:
    return MachineError(
        say(
            "no TLS connection with {host}:{port}: {cause}",
            cause=one_line(str(error)),
            **_place(account),
        ),
        hint=say("security: tls goes with port 465, security: starttls with port 587"),
    )


def _refused_login(account: Account, error: smtplib.SMTPAuthenticationError) -> MachineError:
    answer = _answer(account, error)
    if answer.kind is AnswerClass.LOGIN_REFUSED:
        return LoginRefused(
            say(
                "{host} refused the login of {user}: {answer}",
                host=account.host,
                user=account.user,
                answer=answer,
            ),
            hint=_login_hint(account),
        )
    return Unreachable(
        say("{host} takes no login at the moment: {answer}", host=account.host, answer=answer),
        hint=say("wait, and run again"),
    )


def _login_hint(account: Account) -> str:
    return limits_for(account.host).login or say("check email.smtp.user and the secret")


def _refused_connection(account: Account, error: smtplib.SMTPResponseException) -> MachineError:
    answer = _answer(account, error)
    kind = Unreachable if error.smtp_code < 500 else MachineError
    return kind(
        say("{host}:{port} refuses connections: {answer}", answer=answer, **_place(account)),
        hint=say("wait, and run again; if it stays so, ask the provider"),
    )


def _unreachable(account: Account, error: Exception) -> Unreachable:
    return Unreachable(
        say(
            "no connection to {host}:{port}: {cause}",
            cause=one_line(_mask(account, str(error))),
            **_place(account),
        ),
        hint=say("check email.smtp.host and port, and that the network lets SMTP through"),
    )


def _place(account: Account) -> dict[str, object]:
    return {"host": account.host, "port": account.port}


def _answer(account: Account, error: smtplib.SMTPResponseException) -> Answer:
    octets = error.smtp_error if isinstance(error.smtp_error, bytes) else error.smtp_error.encode()
    for secret in _spellings(account):
        octets = octets.replace(secret.encode(), b"***")
    return read_answer(error.smtp_code, octets, "login")


def _mask(account: Account, text: str) -> str:
    """The text without the password, as it is or as it went over the wire."""
    for secret in _spellings(account):
        text = text.replace(secret, "***")
    return text


def _without_secret(account: Account, error: Exception) -> Exception | None:
    """The error as the cause to tell, or None where its words hold the password."""
    words = f"{error!s} {error!r}"
    return None if any(secret in words for secret in _spellings(account)) else error


def _spellings(account: Account) -> list[str]:
    if not account.password:
        return []
    user, password = account.user or "", account.password
    wire = [password, f"\0{user}\0{password}"]
    return [password, *(base64.b64encode(text.encode()).decode() for text in wire)]
