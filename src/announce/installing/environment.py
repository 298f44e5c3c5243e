"""The variables that a scheduled run finds: cron gives it hardly any."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

from announce.errors import InputError, MachineError
from announce.installing.job import Job
from announce.ledger.files import write_whole
from announce.model.project import Project
from announce.reading.project import SETTINGS_FILE
from announce.reading.yamlfile import load_yaml
from announce.texts import say, spoken

# What decides how the network is reached and how files are read, where it is set.
_PASSED = (
    "LANG", "LC_ALL", "PYTHONPATH", "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE",
    "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy",
    "ANNOUNCE_STATE",
)  # fmt: skip
# A keyring is reached over the session's bus, which cron's runs do not stand in.
_KEYRING = ("DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR", "PYTHON_KEYRING_BACKEND")


def variables(project: Project, more: Iterable[str]) -> dict[str, str]:
    """What a run of the project needs, as it is set now: the variables that its settings name,
    those of the network, and `more`. InputError where one that is needed is not set."""
    named = dict.fromkeys([*named_in_settings(project, "env"), *more])
    missing = [one for one in named if not os.environ.get(one)]
    if missing:
        raise InputError(
            say("not set here, so a run would not have it either: {names}",
                names=say(", ").join(missing)),
            hint=say("export it in this shell, then install again"),
        )  # fmt: skip
    found = {"ANNOUNCE_UI": os.environ.get("ANNOUNCE_UI") or spoken(), "PYTHONUTF8": "1"}
    passed = [*_PASSED, *(_KEYRING if named_in_settings(project, "keyring") else ())]
    found |= {one: os.environ[one] for one in passed if os.environ.get(one)}
    if path := found.get("PYTHONPATH"):
        found["PYTHONPATH"] = os.pathsep.join(str(Path(one).resolve()) for one in path.split(":"))
    return found | {one: os.environ[one] for one in named}


def named_in_settings(project: Project, key: Literal["env", "keyring"]) -> list[str]:
    """The variables, or keyrings, that the settings name."""
    settings = load_yaml(project.root / SETTINGS_FILE, SETTINGS_FILE).value
    return list(dict.fromkeys(_named(settings, key)))


def _named(value: Any, key: str) -> Iterator[str]:
    if isinstance(value, Mapping):
        found = value.get(key)
        if isinstance(found, str):
            yield found
        for inner in value.values():
            yield from _named(inner, key)
    elif isinstance(value, list):
        for inner in value:
            yield from _named(inner, key)


def write_environment(job: Job, values: Mapping[str, str]) -> None:
    """Write the file, for its user's eyes only. MachineError where it cannot be."""
    lines = [
        "# Written by `announce schedule install`; only you can read it. It holds secrets.",
        *(f"export {name}={shlex.quote(value)}" for name, value in sorted(values.items())),
    ]
    try:
        write_whole(job.environment, "\n".join(lines) + "\n", mode=0o600)
    except OSError as error:
        raise MachineError(
            say("{path} cannot be written: {cause}",
                path=job.environment, cause=error.strerror or error),
            hint=say("make the project's folder writable"),
        ) from error  # fmt: skip
