"""Connecting and logging in, by yagmail, with certificates verified and no surprises.

Left to itself yagmail verifies no certificate, adds "@gmail.com" to a login without "@", asks
the terminal for a missing password, and adds a log handler with every client. Its own OAuth2
does not look at the server's answer: an access token is handed over by `xoauth2` instead.
A connection in clear text without a login, to a server on this machine, needs none of it.
"""

from __future__ import annotations

import contextlib
import ipaddress
import smtplib
import socket
import ssl
from typing import TYPE_CHECKING

from announce.channels.email.account import Account
from announce.channels.email.failures import failure
from announce.channels.email.xoauth2 import log_in
from announce.errors import LoginRefused, MachineError
from announce.errors import Unreachable as Unreachable
from announce.texts import say

if TYPE_CHECKING:
    import yagmail

_GOODBYE = 5.0  # seconds
# An address literal: asking for this machine's own name can take seconds and tells it to the world.
_HELO = "[127.0.0.1]"


def connect(account: Account) -> smtplib.SMTP:
    """An open connection, greeted and logged in.

    Raises LoginRefused, Unreachable, and MachineError for what no later try will mend: a
    certificate that does not verify, a server without STARTTLS, a clear-text connection to
    another machine. Nothing of the login is sent before the connection is known to be safe.
    An access token that is refused is renewed and tried once more, over a new connection.
    """
    if account.security == "none":
        _refuse_clear_text_abroad(account)
    secret = account.tokens.current() if account.tokens else account.password or ""
    result = _tried(account, secret)
    if account.tokens and isinstance(result, LoginRefused):
        fresh = account.tokens.after(secret)
        if fresh != secret:
            result = _tried(account, fresh)
    if isinstance(result, LoginRefused):
        raise result
    return result


def try_login(account: Account) -> None:
    """Connect, log in and say goodbye; nothing is sent. Raises as `connect`."""
    smtp = connect(account)
    if smtp.sock is not None:
        smtp.sock.settimeout(min(account.timeout, _GOODBYE))
    with contextlib.suppress(smtplib.SMTPException, OSError):
        smtp.quit()
    smtp.close()


def _tried(account: Account, secret: str) -> smtplib.SMTP | LoginRefused:
    """An open connection, or the server's no to this secret."""
    smtp: smtplib.SMTP | None = None
    try:
        smtp = _opened(account, secret)
        if account.tokens:
            log_in(smtp, account.user or "", secret)
        # Not said yet where nothing needed it; the server's features are needed here.
        smtp.ehlo_or_helo_if_needed()
    except (smtplib.SMTPException, OSError, UnicodeError) as error:
        _let_go(smtp)
        told = failure(account, secret, error)
        refused = isinstance(error, smtplib.SMTPAuthenticationError)
    except BaseException:
        _let_go(smtp)
        raise
    else:
        return smtp
    if refused and isinstance(told, LoginRefused):
        return told
    # Outside the handler, so that the error does not carry the original as its context.
    raise told


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


def _opened(account: Account, secret: str) -> smtplib.SMTP:
    """An open connection, logged in where a password does it."""
    if account.user is None and account.security == "none":
        # Nothing to encrypt and nobody to log in: yagmail would only be slow to import.
        return smtplib.SMTP(
            account.host, account.port, timeout=account.timeout, local_hostname=_HELO
        )
    client = _client(account, secret)
    try:
        client.login()
    except BaseException:
        _let_go(client.smtp)
        raise
    finally:
        client.is_closed = True  # the connection is ours: its __del__ must not say QUIT
    smtp: smtplib.SMTP = client.smtp
    return smtp


def _client(account: Account, secret: str) -> yagmail.SMTP:
    import yagmail  # with the keyring of the system: slow, and only for those who log in

    if not (account.user or "").isascii() or not secret.isascii():
        # smtplib would raise an error that carries the password.
        raise LoginRefused(
            say("user name or password of {host} has characters outside ASCII", host=account.host),
            hint=say("mail servers take ASCII only: look for a full-width or pasted character"),
        )
    # Encrypted or not is decided here for both at once.
    options: dict[str, object] = {"timeout": account.timeout, "local_hostname": _HELO}
    context = None if account.security == "none" else verifying_context(account)
    if account.security == "tls":
        options["context"] = context
    client = yagmail.SMTP(
        {account.user: account.user} if account.user else None,
        secret,
        account.host,
        account.port,
        smtp_ssl=account.security == "tls",
        smtp_starttls={"context": context} if account.security == "starttls" else False,
        smtp_skip_login=account.user is None or account.tokens is not None,
        soft_email_validation=False,
        **options,
    )
    client.set_logging(None)
    return client


def _let_go(smtp: smtplib.SMTP | None) -> None:
    if smtp is not None:
        smtp.close()


def _refuse_clear_text_abroad(account: Account) -> None:
    try:
        found = socket.getaddrinfo(account.host, account.port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise failure(account, "", error) from error
    if not all(ipaddress.ip_address(entry[4][0]).is_loopback for entry in found):
        raise MachineError(
            say("{host} is another machine: a connection must be encrypted", host=account.host),
            hint=say("set email.smtp.security to starttls (port 587) or tls (port 465)"),
        )
