"""Secrets fetched from where the settings say they are kept; never shown, never asked for."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, TypeVar

from announce.errors import MachineError
from announce.model.project import Secret
from announce.texts import say

Found = TypeVar("Found")


class NoKeyring(MachineError):
    """There is no keyring that could keep anything: not installed, none running, or a dummy."""


class MissingSecret(MachineError):
    """The secret is not where the settings say."""


def resolve(secret: Secret, what: str) -> str:
    """The secret's value. `what` names its use to people (`the SMTP password`).

    Raises MissingSecret naming the variable or keyring entry when it is missing or empty, and
    MachineError where the keyring cannot be read. Never prompts, and no message holds a value.
    """
    if secret.env is not None:
        return _from_environment(secret.env, what)
    if value := read_entry(secret, what):
        return value
    service, user = _entry(secret)
    raise MissingSecret(
        say(
            '{what}: the keyring has no entry "{service}" for "{user}"',
            what=what,
            service=service,
            user=user,
        ),
        hint=say(
            "store it: announce login (or keyring set {service} {user})", service=service, user=user
        ),
    )


def read_entry(secret: Secret, what: str) -> str:
    """What the keyring holds there, "" for nothing. NoKeyring, or MachineError if it is locked."""
    return _asked(what, lambda keyring: keyring.get_password(*_entry(secret))) or ""


def keep(secret: Secret, value: str, what: str) -> None:
    """Keep a value in the keyring, and see that it is kept.

    Raises NoKeyring where it is not, MachineError where the keyring refuses.
    """
    _asked(what, lambda keyring: keyring.set_password(*_entry(secret), value))
    if read_entry(secret, what) != value:  # as with keyring's own null backend
        raise NoKeyring(
            say("{what}: the keyring keeps nothing", what=what), hint=_another_way(locked=False)
        )


def forget(secret: Secret, what: str) -> bool:
    """Remove the keyring's entry; whether there was one. Raises as `read_entry`."""
    if not read_entry(secret, what):
        return False
    _asked(what, lambda keyring: keyring.delete_password(*_entry(secret)))
    return True


def _entry(secret: Secret) -> tuple[str, str]:
    return secret.keyring or "", secret.user or ""


def _from_environment(name: str, what: str) -> str:
    # A final line end comes from `export NAME="$(<file)"` in some shells; it is no part of it.
    value = os.environ.get(name, "").strip("\r\n")
    if value.strip():
        return value
    is_set = name in os.environ
    raise MissingSecret(
        say("{what}: the environment variable {name} is empty", what=what, name=name)
        if is_set
        else say("{what}: the environment variable {name} is not set", what=what, name=name),
        hint=say("set it in the shell or the service that runs this: export {name}=…", name=name),
    )


def _asked(what: str, question: Callable[[Any], Found]) -> Found:
    keyring = _keyring(what)
    try:
        return question(keyring)
    except Exception as error:
        # Backends are plug-ins and raise whatever their system does. Only the kind is told:
        # their messages may quote the entry, and the cause is left out for the same reason.
        kind = type(error).__name__
        absent = isinstance(error, keyring.errors.NoKeyringError | ImportError)
    failure = NoKeyring if absent else MachineError
    raise failure(
        say("{what}: the keyring cannot be used ({kind})", what=what, kind=kind),
        hint=_another_way(locked=not absent),
    )


def _keyring(what: str) -> Any:
    try:
        import keyring
        import keyring.errors
    except ImportError as error:
        raise NoKeyring(
            say("{what}: the package keyring is not installed", what=what),
            hint=say("install the package keyring beside announce, or use an environment variable"),
        ) from error
    return keyring


def _another_way(*, locked: bool) -> str:
    example = "{env: NAME}"
    if locked:
        return say("unlock the keyring, or use an environment variable: {example}", example=example)
    return say("set a keyring up, or use an environment variable: {example}", example=example)
