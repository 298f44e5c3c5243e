"""An account with its login: the settings, the secrets they name, tokens kept on this machine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from announce.channels.email.account import Account
from announce.errors import InputError
from announce.ledger.marks import state_folder
from announce.model.project import Project, Smtp
from announce.reading.oauth_endpoints import endpoints_of
from announce.reading.secrets import resolve
from announce.texts import say

if TYPE_CHECKING:
    from announce.oauth.client import Client
    from announce.oauth.keep import Keep

PASSWORD = "email.smtp.password"
_CLIENT_SECRET = "email.smtp.oauth2.client_secret"


@dataclass(frozen=True, slots=True)
class TokenLogin:
    """A login by OAuth2: who asks for tokens, and where the lasting one is kept."""

    client: Client
    keep: Keep


def account_of(project: Project, smtp: Smtp) -> Account:
    """The SMTP account, able to log in.

    Raises MissingSecret where a secret or login is not there, MachineError where it cannot be
    had. Nothing is asked of any server.
    """
    password = resolve(smtp.password, PASSWORD) if smtp.password else None
    tokens = None
    if smtp.oauth2 is not None:
        from announce.oauth.tokens import AccessTokens

        login = token_login(smtp)
        login.keep.load()
        tokens = AccessTokens(login.client, login.keep)
    return Account.of(smtp, password=password, tokens=tokens, root=project.root)


def token_login(smtp: Smtp, *, with_secret: bool = True) -> TokenLogin:
    """The settings' login by OAuth2. InputError without endpoints, MissingSecret where the
    client's secret is missing (it is needed for asking, not for looking or forgetting)."""
    from announce.oauth.client import Client
    from announce.oauth.keep import Keep

    own = smtp.oauth2
    endpoints = endpoints_of(smtp.host, own) if own else None
    if own is None or endpoints is None:
        raise InputError(
            say("email.smtp.oauth2 does not say how to log in at {host}", host=smtp.host),
            hint=say("announce check tells what is missing"),
        )
    secret = own.client_secret if with_secret else None
    client = Client(
        id=own.client_id,
        secret=resolve(secret, _CLIENT_SECRET) if secret else "",
        user=smtp.user or "",
        host=smtp.host,
        endpoints=endpoints,
    )
    return TokenLogin(client, Keep(state_folder(), client))
