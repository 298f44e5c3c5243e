"""What a person is told when no connection or login came about, with the mend and no secret."""

from __future__ import annotations

import base64
import smtplib
import ssl

from announce.channels.email.account import Account, limits_for
from announce.channels.email.answers import Answer, AnswerClass, one_line, read_answer
from announce.channels.email.xoauth2 import spelling
from announce.errors import LoginRefused, MachineError, PutOff, Unreachable
from announce.masking import masked
from announce.texts import say

# X509_V_ERR_* (https://docs.openssl.org/3.0/man3/X509_STORE_CTX_get_error/)
_EXPIRED, _NOT_YET_VALID = 10, 9
_SELF_SIGNED = (18, 19)
_OTHER_HOST = (62, 64)


def failure(account: Account, secret: str, error: Exception) -> MachineError:
    """What became of connecting with this secret, its cause attached unless it holds the secret."""
    told = _Told(account, secret).failure(error)
    told.__cause__ = error if _is_clean(account, secret, error) else None
    return told


class _Told:
    """One failed try, put into words."""

    def __init__(self, account: Account, secret: str) -> None:
        self._account = account
        self._secret = secret
        self._place = {"host": account.host, "port": account.port}

    def failure(self, error: Exception) -> MachineError:
        match error:
            case ssl.SSLCertVerificationError():
                return _bad_certificate(self._account.host, error)
            case ssl.SSLError():
                return self._no_tls(error)
            case smtplib.SMTPAuthenticationError():
                return self._refused_login(error)
            case smtplib.SMTPNotSupportedError() if "STARTTLS" in str(error):
                return MachineError(
                    say("{host}:{port} offers no STARTTLS; nothing was sent", **self._place),
                    hint=say("use port 465 with security: tls, or ask the provider"),
                )
            case smtplib.SMTPResponseException(smtp_code=-1):
                return MachineError(
                    say("{host}:{port} does not speak SMTP", **self._place),
                    hint=say("check email.smtp.host and port: 587 with starttls, 465 with tls"),
                )
            case smtplib.SMTPResponseException():
                return self._refused_connection(error)
            case smtplib.SMTPException() if not isinstance(error, smtplib.SMTPServerDisconnected):
                # No AUTH at all, or no method that we have.
                return LoginRefused(self._no_such_login(), hint=self._no_such_login_hint())
            case _:
                return self._unreachable(error)

    def _no_tls(self, error: ssl.SSLError) -> MachineError:
        return MachineError(
            say(
                "no TLS connection with {host}:{port}: {cause}",
                cause=one_line(str(error)),
                **self._place,
            ),
            hint=say("security: tls goes with port 465, security: starttls with port 587"),
        )

    def _refused_login(self, error: smtplib.SMTPAuthenticationError) -> MachineError:
        answer = self._answer(error)
        host, user = self._account.host, self._account.user
        if answer.kind is AnswerClass.LOGIN_REFUSED:
            return LoginRefused(
                say(
                    "{host} refused the login of {user}: {answer}",
                    host=host,
                    user=user,
                    answer=answer,
                ),
                hint=self._login_hint(),
            )
        return Unreachable(
            say("{host} takes no login at the moment: {answer}", host=host, answer=answer),
            hint=say("wait, and run again"),
        )

    def _no_such_login(self) -> str:
        if self._account.tokens is not None:
            return say("{host}:{port} offers no login by OAuth2 (XOAUTH2)", **self._place)
        return say("{host}:{port} offers no login by password", **self._place)

    def _no_such_login_hint(self) -> str:
        if self._account.tokens is not None:
            return self._login_hint()
        return say(
            "another port or security may offer it; for a server that wants no login leave out "
            "user and password"
        )

    def _login_hint(self) -> str:
        if self._account.tokens is not None:
            return say(
                "log in again as {user}: announce login; the mailbox must allow SMTP too",
                user=self._account.user,
            )
        return limits_for(self._account.host).login or say("check email.smtp.user and the secret")

    def _refused_connection(self, error: smtplib.SMTPResponseException) -> MachineError:
        kind = MachineError if error.smtp_code >= 500 else Unreachable
        if 400 <= error.smtp_code < 500:
            kind = PutOff
        return kind(
            say(
                "{host}:{port} refuses connections: {answer}",
                answer=self._answer(error),
                **self._place,
            ),
            hint=say("wait, and run again; if it stays so, ask the provider"),
        )

    def _unreachable(self, error: Exception) -> Unreachable:
        # smtplib's words for a connection that stood and on which no greeting came.
        silent = isinstance(error, smtplib.SMTPServerDisconnected) and "timed out" in str(error)
        if silent:
            return Unreachable(
                say(
                    "{host}:{port} took the connection and gave no answer within {seconds} s",
                    seconds=f"{self._account.timeout:g}",
                    **self._place,
                ),
                hint=say("is an SMTP server there, and is tls the right security for this port?"),
            )
        return Unreachable(
            say(
                "no connection to {host}:{port}: {cause}",
                cause=one_line(masked(str(error), _spellings(self._account, self._secret))),
                **self._place,
            ),
            hint=say("check email.smtp.host and port, and that the network lets SMTP through"),
        )

    def _answer(self, error: smtplib.SMTPResponseException) -> Answer:
        said = error.smtp_error
        text = said.decode("latin-1") if isinstance(said, bytes) else said
        clean = masked(text, _spellings(self._account, self._secret))
        octets = clean.encode("latin-1") if isinstance(said, bytes) else clean.encode()
        return read_answer(error.smtp_code, octets, "login")


def _bad_certificate(host: str, error: ssl.SSLCertVerificationError) -> MachineError:
    code = error.verify_code
    if code in _OTHER_HOST:
        message = say("the certificate is not for {host}", host=host)
        hint = say("write email.smtp.host as the provider names it (the certificate's name)")
    elif code in (_EXPIRED, _NOT_YET_VALID):
        message = say("the certificate of {host} is not valid today", host=host)
        hint = say("check this machine's clock; else the server's owner must renew it")
    elif code in _SELF_SIGNED:
        message = say("the certificate of {host} is self-signed", host=host)
        hint = say("if it is your own server, save its certificate and name it: email.smtp.ca")
    else:
        message = say("the certificate of {host} is of an unknown authority", host=host)
        hint = say(
            "if it is your organisation's own authority, name its file: email.smtp.ca "
            "(or SSL_CERT_FILE)"
        )
    return MachineError(f"{message} ({error.verify_message})", hint=hint)


def _is_clean(account: Account, secret: str, error: Exception) -> bool:
    words = f"{error!s} {error!r}"
    return masked(words, _spellings(account, secret)) == words


def _spellings(account: Account, secret: str) -> list[str]:
    """The secret as it is, and as it goes over the wire."""
    if not secret:
        return []
    user = account.user or ""
    wire = [secret, f"\0{user}\0{secret}"]
    spelled = [secret, *(base64.b64encode(text.encode()).decode() for text in wire)]
    return [*spelled, spelling(user, secret)] if account.tokens else spelled
