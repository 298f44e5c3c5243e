"""`announce login`: walk through a login, test it, and keep what it needs; nothing is sent."""

from __future__ import annotations

import os
import sys
import threading
import webbrowser
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from announce.channels.email.account import Account, limits_for
from announce.channels.email.connect import try_login
from announce.cli.screen import Screen
from announce.errors import InputError, LoginRefused, MachineError
from announce.gathering import open_project
from announce.logins import PASSWORD, account_of, token_login
from announce.model.project import Project, Smtp
from announce.reading.oauth_endpoints import endpoints_of
from announce.reading.secrets import MissingSecret, NoKeyring, forget, keep
from announce.texts import say, say_n

if TYPE_CHECKING:
    from announce.oauth.client import Grant
    from announce.oauth.device import DeviceCode


@dataclass(frozen=True, slots=True)
class _OneToken:
    """The access token just granted: there is no other until it is kept."""

    token: str

    def current(self) -> str:
        return self.token

    def after(self, refused: str) -> str:
        return self.token


@click.command(
    "login",
    help=say(
        "Walk through a login: the password into the keyring, or OAuth2 with a browser. Then test "
        "it with the server; nothing is sent. Without a terminal it tests only, and asks nothing."
    ),
)
@click.option(
    "--channel",
    type=click.Choice(["email"]),
    default="email",
    expose_value=False,
    help=say("Which account; only e-mail has a login."),
)
@click.option(
    "--device",
    is_flag=True,
    help=say("OAuth2 without a browser on this machine: type a code in on another one."),
)
@click.option("--test", is_flag=True, help=say("Only test the login that is there."))
@click.option("--forget", "forgetting", is_flag=True, help=say("Remove what is kept of the login."))
@click.pass_obj
def command(screen: Screen, device: bool, test: bool, forgetting: bool) -> int:
    """Log in."""
    if device + test + forgetting > 1:
        raise click.UsageError(say("--device, --test and --forget exclude each other"))
    project = open_project(screen.project)
    smtp = _account(project)
    if forgetting:
        return _forget(screen, smtp)
    if device:
        _refuse_device(smtp, screen)
    _introduce(screen, smtp)
    if test or not screen.is_terminal or not smtp.user:
        account = account_of(project, smtp)
        try_login(account)
        return _done(screen, smtp, _kept(account, smtp))
    if _works(screen, project, smtp):
        return _done(screen, smtp, _kept(account_of(project, smtp), smtp))
    _advise(screen, smtp)
    if smtp.oauth2:
        return _done(screen, smtp, _by_token(screen, project, smtp, device=device))
    return _done(screen, smtp, _by_password(screen, project, smtp))


def _account(project: Project) -> Smtp:
    smtp = project.settings.email.smtp
    if smtp is None:
        raise InputError(
            say("no e-mail account is set up: mails go to the sandbox"),
            hint=say(
                "write email.smtp into announce.yaml (`announce schema settings` has its keys)"
            ),
        )
    return smtp


def _refuse_device(smtp: Smtp, screen: Screen) -> None:
    endpoints = endpoints_of(smtp.host, smtp.oauth2) if smtp.oauth2 else None
    if endpoints is None:
        raise InputError(
            say("--device is for a login by OAuth2, and email.smtp has none"),
            hint=say("run announce login without --device, or write email.smtp.oauth2"),
        )
    if not endpoints.device_url:
        raise InputError(
            say("this provider has no login without a browser for mail"),
            hint=say("use an app password, or log in without --device on a machine with a browser"),
        )
    if not screen.is_terminal:
        raise MachineError(
            say("logging in takes a person, and this is no terminal"),
            hint=say("run it on a terminal; --test tests without asking"),
        )


def _introduce(screen: Screen, smtp: Smtp) -> None:
    provider = limits_for(smtp.host, user=smtp.user).provider
    place = f"{smtp.host}:{smtp.port}"
    screen.line(say("Account: {user} at {place}", user=smtp.user or say("nobody"), place=place))
    if provider:
        screen.line(say("Provider: {provider}", provider=provider))


def _advise(screen: Screen, smtp: Smtp) -> None:
    endpoints = endpoints_of(smtp.host, smtp.oauth2) if smtp.oauth2 else None
    advice = endpoints.register if endpoints else limits_for(smtp.host, user=smtp.user).login
    if advice:
        screen.line(say("What the provider needs: {advice}", advice=advice))


def _works(screen: Screen, project: Project, smtp: Smtp) -> bool:
    """Whether the login that is there is taken; why not is told."""
    try:
        try_login(account_of(project, smtp))
    except MissingSecret as missing:
        screen.note(missing.message)
        return False
    except LoginRefused as refused:
        screen.note(refused.message)
        return False
    return True


def _by_password(screen: Screen, project: Project, smtp: Smtp) -> str:
    assert smtp.password is not None
    prompt = say("Password for {user} (it is not shown)", user=smtp.user)
    password = click.prompt(prompt, hide_input=True, err=True).strip()
    try_login(Account.of(smtp, password=password, root=project.root))
    if smtp.password.env is None:
        keep(smtp.password, password, PASSWORD)
        return "keyring"
    screen.line(say("The password is right. It is not kept: announce.yaml names a variable."))
    screen.line(say("Set it where announce runs: export {name}=…", name=smtp.password.env))
    entry = f"{{keyring: announce, user: {smtp.user}}}"
    screen.line(say("Or keep it in the keyring: write password: {entry}", entry=entry))
    return "environment"


def _by_token(screen: Screen, project: Project, smtp: Smtp, *, device: bool) -> str:
    login = token_login(smtp)
    if device:
        from announce.oauth.device import by_device

        grant = by_device(login.client, lambda code: _show_code(screen, smtp, code))
    else:
        from announce.oauth.browser import by_browser

        grant = by_browser(login.client, lambda address: _show_page(screen, smtp, address))
    _refuse_short(grant, login.client.endpoints.token_host)
    tokens = _OneToken(grant.access)
    try_login(Account.of(smtp, password=None, tokens=tokens, root=project.root))
    return login.keep.save(grant.refresh)


def _refuse_short(grant: Grant, host: str) -> None:
    if not grant.refresh:
        raise MachineError(
            say("{host} gave a login for an hour only (no refresh token)", host=host),
            hint=say("see to the scopes below email.smtp.oauth2 (Microsoft: offline_access)"),
        )


def _show_page(screen: Screen, smtp: Smtp, address: str) -> None:
    screen.note(say("Open this page on this machine, and log in as {user}:", user=smtp.user))
    screen.note(f"\n  {address}\n")
    screen.note(say("Waiting for the browser to come back. Ctrl-C ends it."))
    if _has_screen():
        # In a thread: a browser in the terminal would keep us from listening.
        threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()


def _has_screen() -> bool:
    names = ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")
    return sys.platform in ("win32", "darwin") or any(os.environ.get(name) for name in names)


def _show_code(screen: Screen, smtp: Smtp, code: DeviceCode) -> None:
    screen.note(say("On any machine, open {address}", address=code.address))
    screen.note(
        say("type in the code {code}, and log in as {user}.", code=code.user_code, user=smtp.user)
    )
    minutes = max(1, round(code.lifetime / 60))
    screen.note(
        say_n(
            "Waiting; the code is good for {n} minute. Ctrl-C ends it.",
            "Waiting; the code is good for {n} minutes. Ctrl-C ends it.",
            minutes,
        )
    )


def _kept(account: Account, smtp: Smtp) -> str:
    """Where the login that works is kept, in a word for programs."""
    if account.tokens is not None:
        return token_login(smtp).keep.load().place
    if smtp.password is None:
        return "nowhere"
    return "keyring" if smtp.password.env is None else "environment"


def _done(screen: Screen, smtp: Smtp, kept: str) -> int:
    if smtp.user:
        text = say(
            "{host} takes the login of {user}. Nothing was sent.", host=smtp.host, user=smtp.user
        )
    else:
        text = say("{host} answers, and no login is set up. Nothing was sent.", host=smtp.host)
    screen.line(text)
    if smtp.oauth2:
        path = token_login(smtp).keep.path
        where = say("the keyring") if kept == "keyring" else say("{path} (yours alone)", path=path)
        screen.line(say("The login is kept in {where}.", where=where))
    if screen.as_json:
        screen.document(_facts(smtp) | {"kept": kept, "works": True})
    return 0


def _facts(smtp: Smtp) -> dict[str, object]:
    method = "oauth2" if smtp.oauth2 else "password" if smtp.password else "none"
    return {
        "channel": "email",
        "host": smtp.host,
        "port": smtp.port,
        "user": smtp.user,
        "provider": limits_for(smtp.host, user=smtp.user).provider,
        "method": method,
    }


def _forget(screen: Screen, smtp: Smtp) -> int:
    places = _forgotten(smtp)
    if places:
        screen.line(say("The login of {user} is forgotten.", user=smtp.user))
    else:
        screen.line(say("No login is kept here."))
    if smtp.oauth2:
        screen.line(say("The provider still trusts the app: end its access in the account there."))
    elif smtp.password and smtp.password.env:
        screen.line(
            say("The variable {name} is not ours: unset it yourself.", name=smtp.password.env)
        )
    if screen.as_json:
        screen.document(_facts(smtp) | {"forgotten": places})
    return 0


def _forgotten(smtp: Smtp) -> list[str]:
    if smtp.oauth2:
        return list(token_login(smtp, with_secret=False).keep.forget())
    if smtp.password is None or smtp.password.env is not None:
        return []
    with suppress(NoKeyring):
        return ["keyring"] if forget(smtp.password, PASSWORD) else []
    return []
