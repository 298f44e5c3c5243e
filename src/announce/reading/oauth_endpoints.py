"""Where a login by OAuth2 goes: the provider's addresses by host name, the settings' own first."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from announce.model.hosts import is_loopback
from announce.model.project import OAuth2
from announce.texts import spoken

_DATA = Path(__file__).parents[1] / "data" / "oauth_providers.yaml"
_LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoints:
    """The addresses of one login, its scopes, and what its provider wants besides.

    `device_url` is "" where there is no login without a browser, `authorize_url` where there is
    none with one. `redirect` is the name of this machine that the provider takes, `extra` what
    the browser's address needs, `register` what a person must do there first ("": not known).
    """

    authorize_url: str
    token_url: str
    device_url: str
    scopes: tuple[str, ...]
    redirect: str = _LOOPBACK
    extra: tuple[tuple[str, str], ...] = ()
    register: str = ""

    @property
    def token_host(self) -> str:
        """The name of the host that gives tokens, to tell people by."""
        return urlsplit(self.token_url).hostname or ""


def endpoints_of(host: str, own: OAuth2) -> Endpoints | None:
    """The endpoints for an SMTP host; None where neither the provider nor the settings name
    enough of them."""
    profile = _profile(host) or {}
    scopes = own.scopes or profile.get("scopes")
    token_url = own.token_url or profile.get("token_url", "")
    authorize_url = own.authorize_url or profile.get("authorize_url", "")
    device_url = own.device_url or profile.get("device_url", "")
    if not scopes or not token_url or not (authorize_url or device_url):
        return None
    tenant = own.tenant or profile.get("tenant", "")
    return Endpoints(
        authorize_url=_filled(authorize_url, tenant),
        token_url=_filled(token_url, tenant),
        device_url=_filled(device_url, tenant),
        scopes=tuple(scopes),
        redirect=profile.get("redirect", _LOOPBACK),
        extra=tuple(profile.get("extra", {}).items()),
        register=profile["register"][spoken()] if profile else "",
    )


def is_known(host: str) -> bool:
    """Whether the provider's endpoints are known by this SMTP host."""
    return _profile(host) is not None


def wants_secret(host: str) -> bool:
    """Whether a client registered with this host's provider has a secret."""
    return bool((_profile(host) or {}).get("secret"))


def is_safe(url: str) -> bool:
    """Whether secrets may be sent to this address: https, or this machine itself."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return False
    return bool(host) and (
        parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host))
    )


def _filled(url: str, tenant: str) -> str:
    return url.replace("{tenant}", tenant)


def _profile(host: str) -> dict[str, Any] | None:
    name = host.lower().rstrip(".")
    for profile in _profiles():
        if any(fnmatchcase(name, pattern) for pattern in profile["hosts"]):
            return profile
    return None


@cache
def _profiles() -> tuple[dict[str, Any], ...]:
    return tuple(yaml.safe_load(_DATA.read_text(encoding="utf-8")))
