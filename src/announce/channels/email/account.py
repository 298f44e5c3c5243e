"""An SMTP account: where it is, what it may send, and how to log in there."""

from __future__ import annotations

from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Literal, Protocol, Self

import yaml

from announce.model.hosts import is_loopback
from announce.model.project import Counted, EmailSettings, Limits, Smtp
from announce.texts import say, spoken

Security = Literal["tls", "starttls", "none"]

_DATA = Path(__file__).parents[2] / "data" / "smtp_providers.yaml"
UNKNOWN_PER_MINUTE = 20
UNKNOWN_PER_DAY = 500
PER_CONNECTION = 500
# Postfix counts no connections from its own machine (smtpd_client_event_limit_exceptions), and
# has a hundred processes for them: https://www.postfix.org/postconf.5.html
_AT_HOME = 16
_FIGURES = ("per_minute", "per_day", "per_connection", "connections")
_UNKNOWN = {"per_minute": {"most": UNKNOWN_PER_MINUTE}, "per_day": {"most": UNKNOWN_PER_DAY}}


class Tokens(Protocol):
    """Where OAuth2 access tokens come from, for all connections of an account at once.

    Both raise LoginRefused where no token will be given any more, Unreachable where none can be
    had at the moment, MachineError for the rest.
    """

    def current(self) -> str:
        """A token that is not known to be old."""

    def after(self, refused: str) -> str:
        """Another one than this, which the server did not take."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """All that a connection needs. `password` is the secret itself and never shown; an account
    with a user has either that or `tokens`.

    `ca` is a file of certificate authorities to trust instead of the system's; `timeout` is in
    seconds, for one answer.
    """

    host: str
    port: int
    security: Security = "starttls"
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    tokens: Tokens | None = field(default=None, repr=False, compare=False)
    ca: Path | None = None
    timeout: float = 60.0

    def __post_init__(self) -> None:
        ways = [way for way in (self.password, self.tokens) if way is not None]
        if len(ways) != (self.user is not None):
            raise ValueError("a user goes with either a password or tokens")

    @classmethod
    def of(
        cls, smtp: Smtp, *, password: str | None, root: Path, tokens: Tokens | None = None
    ) -> Self:
        """The account of the settings, with the secret looked up; `ca` is relative to `root`."""
        return cls(
            host=smtp.host,
            port=smtp.port,
            security=smtp.security,
            user=smtp.user,
            password=password,
            tokens=tokens,
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

    `minute_counts` and `day_counts` say whether the figure is of recipients or of messages.
    After `per_connection` messages a connection is renewed; `connections` is the most that the
    provider takes at once, where that is known. `guessed` says that a figure is ours and not the
    provider's or the user's; `warning` and `hint` tell a person so then. `login` is advice for
    people, "" where there is none. `from_other` is what becomes of a From address that is not the
    login's; one that is an alias of the account is never `replaced`.
    """

    provider: str
    per_minute: int | None
    per_day: int | None
    minute_counts: Counted = "recipients"
    day_counts: Counted = "recipients"
    per_connection: int = PER_CONNECTION
    connections: int | None = None
    guessed: bool = False
    warning: str = ""
    hint: str = ""
    login: str = ""
    from_other: Literal["taken", "refused", "replaced"] = "taken"


def limits_of(settings: EmailSettings) -> AccountLimits:
    """The limits in force for the account of the settings, which must have one."""
    assert settings.smtp is not None
    return limits_for(settings.smtp.host, settings.limits, user=settings.smtp.user)


def limits_for(host: str, own: Limits | None = None, *, user: str | None = None) -> AccountLimits:
    """The limits in force: the account's own first, then its provider's profile by host name.

    Without either, 20 recipients a minute and 500 a day, with a warning; loopback has none.
    Where a host serves several kinds of accounts, `user` tells them apart; without it the
    narrowest counts.
    """
    return _limits(host.lower().rstrip("."), (user or "").lower(), own or Limits(), spoken())


def connections_of(settings: EmailSettings, limits: AccountLimits) -> int:
    """How many connections to open at once: as many as the settings say; where they say nothing,
    no more than the provider takes, and more to a server on this machine."""
    if "connections" in settings.model_fields_set:
        return settings.connections
    if settings.smtp is not None and is_loopback(settings.smtp.host):
        return _AT_HOME
    return min(settings.connections, limits.connections or settings.connections)


@lru_cache(maxsize=64)
def _limits(host: str, user: str, own: Limits, language: str) -> AccountLimits:
    # Asked for each mail; the language is among the arguments because the words depend on it.
    if is_loopback(host):
        return _in_force(own, {})
    profile = _profile(host, user)
    unsure = own.per_minute is None or own.per_day is None
    if profile is None:
        warning = say("the limits of {host} are not known", host=host)
        return _in_force(own, _UNKNOWN, warning=warning if unsure else "")
    warning = say("{provider} does not publish its limits", provider=profile["name"])
    return _in_force(
        own,
        profile,
        warning="" if profile["published"] or not unsure else warning,
        provider=profile["name"],
        login=profile["login"][language],
        from_other=profile["from_other"],
    )


def _in_force(
    own: Limits, profile: dict[str, Any], *, warning: str = "", **more: Any
) -> AccountLimits:
    figures = {name: profile.get(name, {}) for name in _FIGURES}
    minute, day = figures["per_minute"], figures["per_day"]
    advice = say("ask the provider, and write email.limits.per_minute and email.limits.per_day")
    return AccountLimits(
        per_minute=own.per_minute or minute.get("most"),
        per_day=own.per_day or day.get("most"),
        minute_counts=own.counts or minute.get("counts", "recipients"),
        day_counts=own.counts or day.get("counts", "recipients"),
        per_connection=own.per_connection or figures["per_connection"].get("most", PER_CONNECTION),
        connections=figures["connections"].get("most"),
        guessed=bool(warning),
        warning=warning,
        hint=advice if warning else "",
        **{"provider": "", **more},
    )


def _profile(host: str, user: str) -> dict[str, Any] | None:
    for profile in _profiles():
        fits = any(fnmatchcase(host, pattern) for pattern in profile["hosts"])
        if fits and (
            not user or any(fnmatchcase(user, one) for one in profile.get("users", ["*"]))
        ):
            return profile
    return None


@cache
def _profiles() -> tuple[dict[str, Any], ...]:
    return tuple(yaml.load(_DATA.read_text(encoding="utf-8"), yaml.CSafeLoader))
