"""Secrets: from a variable or a keyring, told by name when they are missing, and never shown."""

from __future__ import annotations

import sys
import traceback

import keyring
import pytest
from keyring.backends import null
from keyrings import Full, Locked, Memory, use

from announce.errors import MachineError
from announce.model.project import Secret
from announce.reading.secrets import MissingSecret, NoKeyring, forget, keep, resolve

ENTRY = Secret(keyring="announce", user="li@example.org")
WHAT = "email.smtp.password"
VALUE = "s3cret-Pa55"


@pytest.fixture(autouse=True)
def no_keyring() -> None:
    """None of the machine's keyrings is touched."""
    use()


def _told(error: BaseException) -> str:
    return "".join(traceback.format_exception(error))


def test_variable_gives_the_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    """A line end at its end is the shell's."""
    monkeypatch.setenv("SMTP_PASSWORD", f"{VALUE}\n")

    assert resolve(Secret(env="SMTP_PASSWORD"), WHAT) == VALUE


@pytest.mark.parametrize(("value", "told"), [(None, "is not set"), (" \n", "is empty")])
def test_missing_variable_is_named(
    monkeypatch: pytest.MonkeyPatch, value: str | None, told: str
) -> None:
    """What is missing, and the line that sets it."""
    if value is not None:
        monkeypatch.setenv("SMTP_PASSWORD", value)

    with pytest.raises(MissingSecret) as caught:
        resolve(Secret(env="SMTP_PASSWORD"), WHAT)

    assert str(caught.value) == f"{WHAT}: the environment variable SMTP_PASSWORD {told}"
    assert "export SMTP_PASSWORD=…" in caught.value.hint


def test_keyring_gives_what_was_kept() -> None:
    """Kept, found, forgotten."""
    use(Memory())
    keep(ENTRY, VALUE, WHAT)

    assert resolve(ENTRY, WHAT) == VALUE
    assert keyring.get_password("announce", "li@example.org") == VALUE
    assert [forget(ENTRY, WHAT), forget(ENTRY, WHAT)] == [True, False]


def test_missing_entry_says_how_to_store_it() -> None:
    """The entry's two names, and the command."""
    use(Memory())

    with pytest.raises(MissingSecret) as caught:
        resolve(ENTRY, WHAT)

    assert str(caught.value) == (
        f'{WHAT}: the keyring has no entry "announce" for "li@example.org"'
    )
    assert "announce login" in caught.value.hint


def test_missing_package_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the extra, the mend is the package or a variable."""
    monkeypatch.setitem(sys.modules, "keyring", None)

    with pytest.raises(NoKeyring) as caught:
        resolve(ENTRY, WHAT)

    assert str(caught.value) == f"{WHAT}: the package keyring is not installed"
    assert "install" in caught.value.hint


def test_machine_without_a_keyring_offers_another_way() -> None:
    """As on a server: no backend at all."""
    with pytest.raises(NoKeyring) as caught:
        resolve(ENTRY, WHAT)

    assert str(caught.value) == f"{WHAT}: the keyring cannot be used (NoKeyringError)"
    assert "{env: NAME}" in caught.value.hint


def test_locked_keyring_asks_to_be_unlocked() -> None:
    """Locked is not missing."""
    use(Locked())

    with pytest.raises(MachineError) as caught:
        resolve(ENTRY, WHAT)

    assert type(caught.value) is MachineError
    assert str(caught.value) == f"{WHAT}: the keyring cannot be used (KeyringLocked)"
    assert caught.value.hint.startswith("unlock the keyring")


@pytest.mark.parametrize("backend", [Locked(), Full()])
def test_keyring_that_refuses_never_shows_the_secret(backend: Memory) -> None:
    """Its own words, which quote the value, are not repeated anywhere."""
    use(backend)

    with pytest.raises(MachineError) as caught:
        keep(ENTRY, VALUE, WHAT)

    assert VALUE not in _told(caught.value)


def test_keyring_that_keeps_nothing_is_found_out() -> None:
    """keyring's null backend takes everything and keeps nothing."""
    use(null.Keyring())

    with pytest.raises(NoKeyring) as caught:
        keep(ENTRY, VALUE, WHAT)

    assert str(caught.value) == f"{WHAT}: the keyring keeps nothing"
