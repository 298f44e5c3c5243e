"""Where refresh tokens are kept: in the keyring, else in a file that only the user can read.

    logins/<name>.json    the token, where there is no keyring; 0600
    logins/<name>.lock    held while a token is renewed: a provider may give a new refresh token
                          each time and take the old one no longer

The name is made of all that a token belongs to. So settings with another token address or another
mail server find no token: none is ever sent to where it was not given.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_hex
from typing import IO, Literal

from announce.errors import MachineError
from announce.model.project import Secret
from announce.oauth.client import Client
from announce.reading import secrets as keyrings
from announce.texts import say

if sys.platform == "win32":
    import msvcrt

    def _hold(file: IO[bytes]) -> None:
        msvcrt.locking(file.fileno(), msvcrt.LK_LOCK, 1)

else:
    import fcntl

    def _hold(file: IO[bytes]) -> None:
        fcntl.flock(file, fcntl.LOCK_EX)


Place = Literal["keyring", "file"]
_SERVICE = "announce"


@dataclass(frozen=True, slots=True)
class Kept:
    """A refresh token and where it was found."""

    token: str = field(repr=False)
    place: Place


class Keep:
    """The place of one client's refresh token. `folder` is the user's state folder."""

    def __init__(self, folder: Path, client: Client) -> None:
        self._client = client
        facts = (client.endpoints.token_url, client.id, client.host.lower(), client.user)
        name = hashlib.sha256("\n".join(facts).encode()).hexdigest()[:32]
        self._folder = folder / "logins"
        self._file = self._folder / f"{name}.json"
        self.entry = Secret(keyring=_SERVICE, user=f"oauth2 {client.user} {client.host} {name}")
        self._what = say("the login of {user}", user=client.user)

    @property
    def path(self) -> Path:
        """The file, whether or not it is there."""
        return self._file

    def load(self) -> Kept:
        """The token. MissingSecret where there is none, MachineError where it cannot be had."""
        # The file is there only where the keyring took no token: then it holds the newer one.
        if token := self._read():
            return Kept(token, "file")
        try:
            if token := keyrings.read_entry(self.entry, self._what):
                return Kept(token, "keyring")
        except keyrings.NoKeyring:
            pass
        raise keyrings.MissingSecret(
            say(
                "no login of {user} at {host} is kept on this machine",
                user=self._client.user,
                host=self._client.host,
            ),
            hint=say("log in, on a terminal: announce login"),
        )

    def save(self, token: str, place: Place | None = None) -> Place:
        """Keep a token, in this place or in the best there is; where it is now.

        MachineError where it cannot be kept.
        """
        if place != "file":
            try:
                keyrings.keep(self.entry, token, self._what)
            except MachineError:
                # Locked, or the token is too long for it (Windows): the file is good enough.
                pass
            else:
                self._file.unlink(missing_ok=True)
                return "keyring"
        self._write(token)
        return "file"

    def forget(self) -> list[Place]:
        """Remove the token from wherever it is kept; these places."""
        places: list[Place] = []
        try:
            if keyrings.forget(self.entry, self._what):
                places.append("keyring")
        except keyrings.NoKeyring:
            pass
        if self._file.exists():
            self._file.unlink()
            places.append("file")
        return places

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Alone among this machine's processes and threads, for as long as the block runs."""
        try:
            self._make_folder()
            handle = os.open(self._file.with_suffix(".lock"), os.O_CREAT | os.O_RDWR, 0o600)
        except OSError as error:
            raise self._unwritable(error) from error
        with os.fdopen(handle, "rb+") as file:
            _hold(file)
            yield

    def _read(self) -> str:
        try:
            with self._file.open("rb") as file:
                self._refuse_shared(os.fstat(file.fileno()))
                token = json.load(file)["refresh_token"]
        except FileNotFoundError:
            return ""
        except (OSError, ValueError, KeyError, TypeError) as error:
            # The cause is left out: it may quote the file.
            kind = type(error).__name__
        else:
            return token if isinstance(token, str) else ""
        raise MachineError(
            say("the kept login {path} cannot be read ({kind})", path=self._file, kind=kind),
            hint=say("log in again: announce login"),
        )

    def _refuse_shared(self, facts: os.stat_result) -> None:
        if os.name != "posix":
            return
        if facts.st_uid != os.getuid() or stat.S_IMODE(facts.st_mode) & 0o077:
            raise MachineError(
                say("others can read the kept login {path}", path=self._file),
                hint=say(
                    "treat it as known to them: announce login --forget, end the app's access at "
                    "the provider, and log in again"
                ),
            )

    def _write(self, token: str) -> None:
        facts = {
            "user": self._client.user,
            "host": self._client.host,
            "refresh_token": token,
        }
        fresh = self._file.with_name(f".{self._file.name}.{token_hex(4)}.new")
        try:
            self._make_folder()
            handle = os.open(fresh, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump(facts, file, indent=1)
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(self._file)
        except OSError as error:
            raise self._unwritable(error) from error
        finally:
            fresh.unlink(missing_ok=True)

    def _make_folder(self) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def _unwritable(self, error: OSError) -> MachineError:
        return MachineError(
            say("cannot write to {path}: {cause}", path=self._folder, cause=error.strerror),
            hint=say("make it writable, or name another state folder in ANNOUNCE_STATE"),
        )
