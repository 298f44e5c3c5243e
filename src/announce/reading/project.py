"""The project's folder and its settings, `announce.yaml`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

from announce.errors import InputError
from announce.model.hosts import is_loopback
from announce.model.languages import LANGUAGES
from announce.model.project import Project, Settings
from announce.problems import Problem, Severity, did_you_mean, errors_in
from announce.reading.addresses import AddressFault, read_address
from announce.reading.files import FileFault, inside
from announce.reading.lines import line_problems
from announce.reading.literals import secret_problems
from announce.reading.localised import localised_problems
from announce.reading.login_checks import login_problems
from announce.reading.places import Loc
from announce.reading.schema import validate, value_at
from announce.reading.yamlfile import Loaded, load_yaml
from announce.texts import say

SETTINGS_FILE = "announce.yaml"


def find_project(start: Path) -> Path:
    """The nearest folder at or above `start` that holds announce.yaml.

    Raises InputError where there is none.
    """
    here = start.resolve()
    for folder in (here, *here.parents):
        if (folder / SETTINGS_FILE).is_file():
            return folder
    raise InputError(
        say(
            "there is no project here: no {file} in {folder} or above",
            file=SETTINGS_FILE,
            folder=here,
        ),
        hint=say("go to a project's folder, name it with --project, or make one: announce init"),
    )


def read_project(root: Path) -> tuple[Project | None, list[Problem]]:
    """The project at this folder, or None; with every fault and doubt of its settings."""
    root = root.resolve()
    loaded = load_yaml(root / SETTINGS_FILE, SETTINGS_FILE)
    secrets, at = secret_problems(loaded)
    loaded = replace(loaded, faulty=loaded.faulty | at)
    settings, faults = validate(Settings, loaded)
    problems = [*loaded.problems, *secrets, *faults, *_settings_problems(root, loaded)]
    if settings is None or errors_in(problems):
        return None, _sorted(problems)
    return Project(root=root, settings=settings), _sorted(problems)


def _sorted(problems: list[Problem]) -> list[Problem]:
    return sorted(
        problems, key=lambda problem: (problem.place.line or 0, problem.place.column or 0)
    )


def _settings_problems(root: Path, loaded: Loaded) -> Iterator[Problem]:
    """What the model cannot see; looks at the values as written, whatever else is at fault."""
    if loaded.complained(()) or not isinstance(loaded.value, dict):
        return
    yield from line_problems(loaded, loaded.value, ())
    yield from _languages(loaded)
    yield from _timezone(loaded)
    for loc in (("sender", "address"), ("sender", "reply_to"), ("schedule", "notify")):
        yield from address_problems(loaded, loc)
    yield from _smtp(root, loaded)
    yield from _api_base(loaded)
    yield from _ledger(root, loaded)


def text_at(loaded: Loaded, loc: Loc) -> str | None:
    """The text at this way down, None where there is none or it is already complained of."""
    value = value_at(loaded.value, loc)
    return value if isinstance(value, str) and not loaded.complained(loc) else None


def address_problems(loaded: Loaded, loc: Loc) -> Iterator[Problem]:
    """Faults of one plain mail address at this way down, if any is written."""
    if (text := text_at(loaded, loc)) is None:
        return
    try:
        address, doubt = read_address(text)
    except AddressFault as fault:
        yield _at(loaded, loc, "address", str(fault), fault.hint)
        return
    if address.name:
        yield _at(
            loaded,
            loc,
            "address",
            say("the address holds a name"),
            say("write the bare address, such as {address}", address=address.shown or address.spec),
        )
    if doubt:
        yield replace(
            _at(loaded, loc, "address-typo", doubt.message, doubt.hint), severity=Severity.WARNING
        )


def _at(loaded: Loaded, loc: Loc, code: str, message: str, hint: str = "") -> Problem:
    return Problem(code=code, place=loaded.places.of(loc), message=message, hint=hint)


def _languages(loaded: Loaded) -> Iterator[Problem]:
    listed = value_at(loaded.value, ("languages",))
    languages = [
        language for language in LANGUAGES if not isinstance(listed, list) or language in listed
    ]
    if isinstance(listed, list):
        for number, language in enumerate(listed):
            if language in listed[:number]:
                yield _at(
                    loaded,
                    ("languages", number),
                    "language-repeated",
                    say('"{language}" is listed twice', language=language),
                    say("list it once"),
                )
    for loc in (("name",), ("sender", "name"), ("wechat", "author")):
        yield from localised_problems(loaded, value_at(loaded.value, loc), loc, languages)


def _timezone(loaded: Loaded) -> Iterator[Problem]:
    name = text_at(loaded, ("timezone",))
    if name is None:
        return
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # ZoneInfoNotFoundError is a KeyError
        near = "Asia/Shanghai" if name.lower() in _BEIJING else name
        yield _at(
            loaded,
            ("timezone",),
            "timezone",
            say('unknown time zone "{zone}"', zone=name[:60]),
            did_you_mean(
                near,
                available_timezones()
                if "/" in near
                else {"Asia/Shanghai", "Europe/Berlin", "America/New_York", "UTC"},
            ),
        )


_BEIJING = (
    "beijing",
    "asia/beijing",
    "china",
    "cst",
    "utc+8",
    "+08:00",
    "北京",
    "北京时间",
    "shanghai",
)


def _smtp(root: Path, loaded: Loaded) -> Iterator[Problem]:
    host_at: Loc = ("email", "smtp", "host")
    host = text_at(loaded, host_at)
    smtp = value_at(loaded.value, ("email", "smtp"))
    if host is None or not isinstance(smtp, dict):
        return
    if not host.strip() or any(sign in host for sign in "/@ \t") or host.count(":") == 1:
        yield _at(
            loaded,
            host_at,
            "host",
            # Not repeated: somebody may have written user:password@host.
            say("this is no host name"),
            say("write only the name, such as smtp.example.org; the port has a line of its own"),
        )
    elif smtp.get("security") == "none" and not is_loopback(host):
        yield _at(
            loaded,
            ("email", "smtp", "security"),
            "insecure",
            say("security: none would send password and mails readable to anyone on the way"),
            say("write starttls or tls; none is for this machine itself (localhost)"),
        )
    yield from _port(loaded, smtp)
    yield from _authority(root, loaded)
    yield from login_problems(loaded, host)


# RFC 8314 and RFC 6409.
_USUAL = {"465": "tls", "587": "starttls"}


def _port(loaded: Loaded, smtp: dict[str, Any]) -> Iterator[Problem]:
    usual = _USUAL.get(str(smtp.get("port", 587)))
    if (
        usual
        and (security := smtp.get("security", "starttls")) in ("tls", "starttls")
        and security != usual
    ):
        loc = ("email", "smtp", "port" if "port" in smtp else "security")
        problem = _at(
            loaded,
            loc,
            "port-security",
            say(
                "port {port} usually goes with security: {usual}, not {security}",
                port=smtp.get("port", 587),
                usual=usual,
                security=security,
            ),
            say("check what the provider says"),
        )
        yield replace(problem, severity=Severity.WARNING)


def _authority(root: Path, loaded: Loaded) -> Iterator[Problem]:
    loc: Loc = ("email", "smtp", "ca")
    # An authority's file may belong to the machine: it is read, never sent.
    if (text := text_at(loaded, loc)) is not None and not _is_file(root / text):
        yield _at(
            loaded,
            loc,
            "file-missing",
            say('there is no file "{file}"', file=text),
            say("write a path relative to the project, or an absolute one"),
        )


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def _api_base(loaded: Loaded) -> Iterator[Problem]:
    loc: Loc = ("wechat", "api_base")
    if (text := text_at(loaded, loc)) is None:
        return
    try:
        url = urlsplit(text)
        host = url.hostname or ""
    except ValueError:
        host = ""
    if not host or url.scheme not in ("http", "https"):
        yield _at(
            loaded,
            loc,
            "url",
            say('"{text}" is no web address', text=text[:60]),
            say("it begins with https://"),
        )
    elif url.scheme == "http" and not is_loopback(host):
        yield _at(
            loaded,
            loc,
            "insecure",
            say("this address would send the AppSecret readable to anyone on the way"),
            say("it begins with https://"),
        )


def _ledger(root: Path, loaded: Loaded) -> Iterator[Problem]:
    text = text_at(loaded, ("ledger",))
    if text is None or not text.startswith("sqlite:///"):
        return
    path = text.removeprefix("sqlite:///").partition("?")[0]
    # `.announce` is where the ledger belongs, so only the boundary is of interest.
    try:
        inside(root, path.removeprefix(".announce/") or ".")
    except FileFault as fault:
        yield _at(
            loaded,
            ("ledger",),
            "ledger",
            fault.message,
            say("write sqlite:///.announce/ledger.sqlite3"),
        )
