"""An SMTP account: where it is, what it may send, and how to log in there."""

from __future__ import annotations

from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any, Literal, Self

import yaml

from announce.model.hosts import is_loopback
from announce.model.project import Limits, Smtp
from announce.texts import say, spoken

Security = Literal["tls", "starttls", "none"]

_DATA = Path(__file__).parents[2] / "data" / "smtp_providers.yaml"
UNKNOWN_PER_MINUTE = 20
UNKNOWN_PER_DAY = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """All that a connection needs. `password` is the secret itself and never shown.

    `ca` is a file of certificate authorities to trust instead of the system's; `timeout` is in
    seconds, for one answer.
    """

    host: str
    port: int
    security: Security = "starttls"
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    ca: Path | None = None
    timeout: float = 60.0

    def __post_init__(self) -> None:
        if (self.user is None) != (self.password is None):
            raise ValueError("user and password go together")

    @classmethod
    def of(cls, smtp: Smtp, *, password: str | None, root: Path) -> Self:
        """The account of the settings, with the secret looked up; `ca` is relative to `root`."""
        return cls(
            host=smtp.host,
            port=smtp.port,
            security=smtp.security,
            user=smtp.user,
            password=password,
            ca=root / smtp.ca if smtp.ca else None,
            timeout=smtp.timeout.total_seconds(),
        )

    @property
    def id(self) -> str:
        """What the ledger knows it by: its limits are shared by all campaigns, and by whichever
        port is used."""
        host = self.host.lower()
        return f"{self.user}@{host}" if self.user else f"{host}:{self.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountLimits:
    """What an account may send; None: no limit.

    `guessed` says that some figure is ours and not the provider's or the user's; `warning` and
    `hint` tell a person so then. `login` is advice for people, "" where there is none.
    """

    provider: str
    per_minute: int | None
    per_day: int | None
    guessed: bool = False
    warning: str = ""
    hint: str = ""
    login: str = ""
    from_is_login: bool = False


def limits_for(host: str, own: Limits | None = None) -> AccountLimits:
    """The limits in force: the account's own first, then its provider's profile by host name.

    Without either, 20 recipients a minute and 500 a day, with a warning; loopback has
    none.
    """
    minute, day = (own.per_minute, own.per_day) if own else (None, None)
    if is_loopback(host):
        return AccountLimits(provider="", per_minute=minute, per_day=day)
    profile = _profile(host.lower().rstrip("."))
    if profile is None:
        return _unknown(host, minute, day)
    guessed = not profile["published"] and (minute is None or day is None)
    return AccountLimits(
        provider=profile["name"],
        per_minute=minute or profile["per_minute"],
        per_day=day or profile["per_day"],
        guessed=guessed,
        warning=say("{provider} does not publish its limits", provider=profile["name"])
        if guessed
        else "",
        hint=_own_limits_hint() if guessed else "",
        login=profile["login"][spoken()],
        from_is_login=profile["from_is_login"],
    )


def _unknown(host: str, minute: int | None, day: int | None) -> AccountLimits:
    guessed = minute is None or day is None
    return AccountLimits(
        provider="",
        per_minute=minute or UNKNOWN_PER_MINUTE,
        per_day=day or UNKNOWN_PER_DAY,
        guessed=guessed,
        warning=say("the limits of {host} are not known", host=host) if guessed else "",
        hint=_own_limits_hint() if guessed else "",
    )


def _own_limits_hint() -> str:
    return say("ask the provider, and write email.limits.per_minute and email.limits.per_day")


def _profile(host: str) -> dict[str, Any] | None:
    for profile in _profiles():
        if any(fnmatchcase(host, pattern) for pattern in profile["hosts"]):
            return profile
    return None


@cache
def _profiles() -> tuple[dict[str, Any], ...]:
    return tuple(yaml.safe_load(_DATA.read_text(encoding="utf-8")))
