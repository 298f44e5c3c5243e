"""AUTH XOAUTH2, each reply checked.

https://developers.google.com/workspace/gmail/imap/xoauth2-protocol
"""

from __future__ import annotations

import base64
import binascii
import json
import smtplib

from announce.texts import say

_LONGEST_COMMAND = 512  # octets with the line end (RFC 4954 §4)


def log_in(smtp: smtplib.SMTP, user: str, token: str) -> None:
    """Log in with an access token.

    Raises SMTPAuthenticationError for a no, SMTPNotSupportedError where the server has no
    XOAUTH2, ConnectionError for an answer out of turn, and what smtplib raises for a lost
    connection.
    """
    smtp.ehlo_or_helo_if_needed()
    if "XOAUTH2" not in smtp.esmtp_features.get("auth", "").upper().split():
        raise smtplib.SMTPNotSupportedError("XOAUTH2")
    response = spelling(user, token)
    if len(f"AUTH XOAUTH2 {response}\r\n") <= _LONGEST_COMMAND:
        code, text = smtp.docmd("AUTH", f"XOAUTH2 {response}")
    else:
        code, text = smtp.docmd("AUTH", "XOAUTH2")
        if code == 334:
            code, text = smtp.docmd(response)
    if code == 235:
        return
    if code == 334:
        # The reason, as JSON; the no itself comes only after an empty line.
        reason = _reason(text)
        code, text = smtp.docmd("")
        text += f" ({reason})".encode() if reason else b""
    if not 400 <= code < 600:
        raise ConnectionError(say("an answer out of turn: {answer}", answer=code))
    raise smtplib.SMTPAuthenticationError(code, text)


def spelling(user: str, token: str) -> str:
    """What goes over the wire for a token."""
    return base64.b64encode(f"user={user}\1auth=Bearer {token}\1\1".encode()).decode()


def _reason(challenge: bytes) -> str:
    try:
        facts = json.loads(base64.b64decode(challenge, validate=True))
    except (binascii.Error, ValueError, RecursionError):
        return ""
    if not isinstance(facts, dict):
        return ""
    return ", ".join(f"{name} {value}" for name, value in facts.items() if isinstance(value, str))
