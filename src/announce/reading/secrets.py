"""Secrets fetched from where the settings say they are kept; never shown, never asked for."""

from __future__ import annotations

import os
from typing import Any

from announce.errors import MachineError
from announce.model.project import Secret
from announce.texts import say


def resolve(secret: Secret, what: str) -> str:
    """The secret's value. `what` names its use to people (`the SMTP password`).

    Raises MachineError naming the variable or keyring entry when it is missing or empty.
    Never prompts, and no message holds a value.
    """
    if secret.env is not None:
        return _from_environment(secret.env, what)
    return _from_keyring(secret.keyring or "", secret.user or "", what)


def _from_environment(name: str, what: str) -> str:
    # A final line end comes from `export NAME="$(<file)"` in some shells; it is no part of it.
    value = os.environ.get(name, "").strip("\r\n")
    if value.strip():
        return value
    is_set = name in os.environ
    raise MachineError(
        say("{what}: the environment variable {name} is empty", what=what, name=name)
        if is_set
        else say("{what}: the environment variable {name} is not set", what=what, name=name),
        hint=say("set it in the shell or the service that runs this: export {name}=…", name=name),
    )


def _from_keyring(service: str, user: str, what: str) -> str:
    keyring = _keyring(what)
    try:
        value = keyring.get_password(service, user)
    except (keyring.errors.KeyringError, OSError, RuntimeError, ValueError) as error:
        # Only the kind is told: some backends' messages quote the entry.
        raise MachineError(
            say(
                "{what}: the keyring cannot be read ({kind})", what=what, kind=type(error).__name__
            ),
            hint=say(
                "unlock the keyring, or use an environment variable: {example}",
                example="{env: NAME}",
            ),
        ) from error
    if not value:
        raise MachineError(
            say(
                '{what}: the keyring has no entry "{service}" for "{user}"',
                what=what,
                service=service,
                user=user,
            ),
            hint=say("store it: keyring set {service} {user}", service=service, user=user),
        )
    return str(value)


def _keyring(what: str) -> Any:
    try:
        import keyring
        import keyring.errors
    except ImportError as error:
        raise MachineError(
            say("{what}: the package keyring is not installed", what=what),
            hint=say("install the package keyring beside announce, or use an environment variable"),
        ) from error
    return keyring
