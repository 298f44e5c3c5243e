"""Access tokens: renewed in time, once, by one at a time; and the one that lasts kept safe."""

from __future__ import annotations

import json
import stat
import sys
import traceback
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from identity import Provider, Reply, error, providing
from keyring.backends import null
from keyrings import Full, Locked, Memory, use

from announce.errors import LoginRefused, MachineError, Unreachable
from announce.oauth.client import Client, Grant
from announce.oauth.keep import Keep, Kept
from announce.oauth.tokens import AccessTokens
from announce.reading.oauth_endpoints import Endpoints
from announce.reading.secrets import MissingSecret

REFRESH = "refresh-0-cmVmcmVzaA"
SECRET = "GOCSPX-client-secret"


class Clock:
    """Seconds that pass when they are told to."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture(autouse=True)
def quiet_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """No keyring but the test's own, and no proxy between loopback and itself."""
    use()
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture
def provider() -> Iterator[Provider]:
    """A provider that has given REFRESH before."""
    with providing(Provider(refresh=REFRESH)) as one:
        yield one


def _client(base: str, **more: Any) -> Client:
    endpoints = Endpoints(
        authorize_url=f"{base}/authorize",
        token_url=f"{base}/token",
        device_url=f"{base}/device",
        scopes=("mail", "offline_access"),
    )
    facts = {"id": "announce-client", "secret": SECRET, "user": "li@example.org"}
    return Client(**{**facts, "host": "smtp.example.org", "endpoints": endpoints, **more})


def _keep(tmp_path: Path, client: Client) -> Keep:
    keep = Keep(tmp_path, client)
    keep.save(REFRESH)
    return keep


def _tokens(tmp_path: Path, provider: Provider, clock: Clock | None = None) -> AccessTokens:
    client = _client(provider.base)
    return AccessTokens(client, _keep(tmp_path, client), clock=clock or Clock())


def _told(error: BaseException) -> str:
    """All that a printed traceback, the causes and their parts would show."""
    seen = ["".join(traceback.format_exception(error))]
    link: BaseException | None = error
    while link is not None:
        seen += [str(link), repr(link), repr(link.__dict__)]
        link = link.__cause__ or link.__context__
    return "\n".join(seen)


def test_token_is_fetched_once_and_used_until_it_is_old(tmp_path: Path, provider: Provider) -> None:
    """An hour's token serves until a minute before its end; then there is another."""
    clock = Clock()
    tokens = _tokens(tmp_path, provider, clock)
    first = [tokens.current()]
    clock.seconds += 3539
    first.append(tokens.current())
    clock.seconds += 1
    second = tokens.current()

    assert first == [provider.access(1)] * 2
    assert second == provider.access(2)
    assert provider.forms("/token")[0] == {
        "grant_type": "refresh_token",
        "client_id": "announce-client",
        "client_secret": SECRET,
        "refresh_token": REFRESH,
        "scope": "mail offline_access",
    }


def test_token_of_unknown_age_is_used_until_it_is_refused(
    tmp_path: Path, provider: Provider
) -> None:
    """A provider need not say how long a token lives."""
    provider.lifetime = None
    clock = Clock()
    tokens = _tokens(tmp_path, provider, clock)
    first = tokens.current()
    clock.seconds += 1_000_000

    assert tokens.current() == first
    assert tokens.after(first) == provider.access(2)


def test_refused_token_is_renewed_once_for_all_connections(
    tmp_path: Path, provider: Provider
) -> None:
    """The second connection that was refused the old one takes what the first fetched."""
    tokens = _tokens(tmp_path, provider)
    old = tokens.current()

    assert [tokens.after(old), tokens.after(old), tokens.current()] == [provider.access(2)] * 3
    assert provider.given == 2


def test_rotated_token_is_kept_before_the_new_access_is_used(
    tmp_path: Path, provider: Provider
) -> None:
    """Each time the provider gives a new refresh token; the next process finds that one."""
    provider.rotates = True
    client = _client(provider.base)
    keep = _keep(tmp_path, client)
    AccessTokens(client, keep).current()
    kept = Keep(tmp_path, client).load().token
    AccessTokens(client, Keep(tmp_path, client)).current()

    assert kept == "refresh-1-cmVmcmVzaA"
    assert Keep(tmp_path, client).load().token == "refresh-2-cmVmcmVzaA"


def test_rotated_token_that_the_keyring_refuses_goes_into_the_file(
    tmp_path: Path, provider: Provider
) -> None:
    """Kept in the keyring, then too long for it: the file holds the newer one, and is believed."""
    provider.rotates = True
    client = _client(provider.base)
    memory, full = Memory(), Full()
    use(memory)
    places = [_keep(tmp_path, client).load().place]
    full.entries = memory.entries
    use(full)
    AccessTokens(client, Keep(tmp_path, client)).current()

    kept = Keep(tmp_path, client).load()
    assert places == ["keyring"]
    assert kept == Kept("refresh-1-cmVmcmVzaA", "file")


def test_nothing_is_asked_where_nothing_can_be_kept(tmp_path: Path, provider: Provider) -> None:
    """A new refresh token would be lost: the old one is not spent."""
    client = _client(provider.base)
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "logins").touch()
    tokens = AccessTokens(client, Keep(tmp_path / "state", client))

    with pytest.raises(MachineError) as caught:
        tokens.current()

    assert "ANNOUNCE_STATE" in caught.value.hint
    assert provider.heard == []


def test_processes_that_renew_at_once_do_not_spend_each_others_tokens(
    tmp_path: Path, provider: Provider
) -> None:
    """A provider that takes each refresh token once: whoever waits finds the new one."""
    provider.rotates = True
    client = _client(provider.base)
    _keep(tmp_path, client)

    def another_process(_: int) -> str:
        return AccessTokens(client, Keep(tmp_path, client)).current()

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(another_process, range(16)))

    assert sorted(found) == sorted(provider.access(number + 1) for number in range(16))


def test_login_that_ended_says_how_to_log_in_again(tmp_path: Path, provider: Provider) -> None:
    """invalid_grant: revoked, expired, or the password was changed."""
    provider.refresh = "another"

    with pytest.raises(LoginRefused) as caught:
        _tokens(tmp_path, provider).current()

    assert str(caught.value) == (
        "127.0.0.1 refused the login of li@example.org: invalid_grant: this is not what was given"
    )
    assert caught.value.hint == "log in again: announce login"


def test_client_that_is_refused_names_its_settings(tmp_path: Path, provider: Provider) -> None:
    """A wrong client_id or client_secret is not the login's fault."""
    provider.scripted["/token"] = [error("invalid_client", "AADSTS7000215: wrong secret")]

    with pytest.raises(MachineError) as caught:
        _tokens(tmp_path, provider).current()

    assert type(caught.value) is MachineError
    assert "AADSTS7000215" in str(caught.value)
    assert "client_secret" in caught.value.hint


@pytest.mark.parametrize(
    ("reply", "kind", "told"),
    [
        (Reply(dropped=True), Unreachable, "no connection to 127.0.0.1"),
        (Reply("busy", 503), Unreachable, "gives no tokens at the moment (HTTP 503)"),
        (Reply({"message": "slow"}, 429), Unreachable, "gives no tokens at the moment (HTTP 429)"),
        (Reply("<html>Log in to the hotel</html>"), MachineError, "no OAuth2 answer (HTTP 200)"),
        (Reply(status=302, headers={"Location": "https://x.example.org"}), MachineError, "302"),
        (Reply("not found", 404), MachineError, "no OAuth2 answer (HTTP 404)"),
        (Reply([1, 2]), MachineError, "no OAuth2 answer"),
        (Reply("[" * 200_000), MachineError, "no OAuth2 answer"),
        (Reply('{"access_token": "' + "x" * 300_000 + '"}'), MachineError, "no OAuth2 answer"),
        (Reply({}), MachineError, "without a usable token"),
        (Reply({"access_token": ""}), MachineError, "without a usable token"),
        (Reply({"access_token": 7}), MachineError, "without a usable token"),
        (Reply({"access_token": "a b"}), MachineError, "without a usable token"),
        (Reply({"access_token": "a\r\nRCPT"}), MachineError, "without a usable token"),
        (Reply({"access_token": "令牌"}), MachineError, "without a usable token"),
        (Reply({"access_token": "a", "refresh_token": "b\n"}), MachineError, "usable token"),
        (Reply({"access_token": "a", "token_type": "mac"}), MachineError, "usable token"),
        (Reply({"access_token": "a", "expires_in": "soon"}), MachineError, "usable token"),
        (Reply('{"access_token": "a", "expires_in": 1e999}'), MachineError, "usable token"),
    ],
)
def test_endpoint_that_gives_no_token_is_told(
    tmp_path: Path, provider: Provider, reply: Reply, kind: type, told: str
) -> None:
    """Down, busy, or something else than OAuth2 in between: what it was, with a mend."""
    provider.scripted["/token"] = [reply]

    with pytest.raises(MachineError) as caught:
        _tokens(tmp_path, provider).current()

    assert type(caught.value) is kind
    assert told in str(caught.value)
    assert caught.value.hint
    assert REFRESH not in _told(caught.value)
    assert SECRET not in _told(caught.value)


def test_endpoint_that_is_down_is_unreachable(tmp_path: Path) -> None:
    """Nobody listens on that port any more."""
    with providing(Provider()) as gone:
        pass

    with pytest.raises(Unreachable):
        _tokens(tmp_path, gone).current()


def test_endpoint_that_repeats_what_it_was_sent_is_masked(
    tmp_path: Path, provider: Provider
) -> None:
    """Whole, encoded or cut short: no part of a secret is shown."""
    provider.scripted["/token"] = [
        error("invalid_grant", f"bad {REFRESH} or {SECRET[:14]} or x{REFRESH[4:]}\u001b[31m")
    ]

    with pytest.raises(LoginRefused) as caught:
        _tokens(tmp_path, provider).current()

    assert str(caught.value).endswith("invalid_grant: bad *** or *** or *** [31m")
    assert REFRESH[4:] not in _told(caught.value)


@pytest.mark.parametrize("address", ["http://192.0.2.1/token", "http://id.example.org/token"])
def test_token_is_not_sent_in_the_clear(tmp_path: Path, address: str) -> None:
    """http:// is for this machine itself: that address is not even called."""
    client = _client("http://127.0.0.1")
    client = replace(client, endpoints=replace(client.endpoints, token_url=address))

    with pytest.raises(MachineError) as caught:
        AccessTokens(client, _keep(tmp_path, client)).current()

    assert "over https:// only" in str(caught.value)


def test_missing_package_names_the_extra(
    tmp_path: Path, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without oauthlib the mend is the extra."""
    monkeypatch.setitem(sys.modules, "oauthlib", None)
    monkeypatch.delitem(sys.modules, "oauthlib.oauth2", raising=False)

    with pytest.raises(MachineError) as caught:
        _tokens(tmp_path, provider).current()

    assert "oauthlib" in str(caught.value)
    assert "`oauth`" in caught.value.hint


def test_file_is_for_the_user_alone(tmp_path: Path) -> None:
    """Without a keyring: 0600 in a folder 0700."""
    client = _client("http://127.0.0.1")
    keep = Keep(tmp_path, client)

    assert keep.save(REFRESH) == "file"
    assert stat.S_IMODE(keep.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(keep.path.parent.stat().st_mode) == 0o700
    assert [path.name for path in keep.path.parent.iterdir()] == [keep.path.name]
    assert Keep(tmp_path, client).load() == Kept(REFRESH, "file")


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o644])
def test_file_that_others_can_reach_is_refused(tmp_path: Path, mode: int) -> None:
    """Who may have read it has the mailbox: it is not used, and what to do is told."""
    client = _client("http://127.0.0.1")
    keep = _keep(tmp_path, client)
    keep.path.chmod(mode)

    with pytest.raises(MachineError) as caught:
        keep.load()

    assert str(caught.value) == f"others can read the kept login {keep.path}"
    assert "--forget" in caught.value.hint


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '"x"', "\udcff"])
def test_broken_file_says_to_log_in_again(tmp_path: Path, content: str) -> None:
    """Cut short or written by somebody else."""
    keep = _keep(tmp_path, _client("http://127.0.0.1"))
    keep.path.write_bytes(content.encode("utf-8", "surrogateescape"))

    with pytest.raises(MachineError) as caught:
        keep.load()

    assert caught.value.hint == "log in again: announce login"


def test_no_login_at_all_says_how_to_make_one(tmp_path: Path) -> None:
    """The account by name, and the command."""
    with pytest.raises(MissingSecret) as caught:
        Keep(tmp_path, _client("http://127.0.0.1")).load()

    assert str(caught.value) == (
        "no login of li@example.org at smtp.example.org is kept on this machine"
    )
    assert "announce login" in caught.value.hint


def test_keyring_is_taken_where_there_is_one(tmp_path: Path) -> None:
    """And no file beside it, not even an older one."""
    client = _client("http://127.0.0.1")
    keep = _keep(tmp_path, client)
    memory = Memory()
    use(memory)

    assert keep.save("another") == "keyring"
    assert keep.load() == Kept("another", "keyring")
    assert not keep.path.exists()
    assert list(memory.entries.values()) == ["another"]


@pytest.mark.parametrize("backend", [null.Keyring(), Locked(), Full()])
def test_keyring_that_keeps_nothing_makes_way_for_the_file(tmp_path: Path, backend: Any) -> None:
    """A dummy, a locked one, one that is too small."""
    use(backend)
    keep = Keep(tmp_path, _client("http://127.0.0.1"))

    assert keep.save(REFRESH) == "file"
    assert keep.load() == Kept(REFRESH, "file")


def test_locked_keyring_is_told_where_there_is_no_file(tmp_path: Path) -> None:
    """The login may well be in there."""
    use(Locked())

    with pytest.raises(MachineError) as caught:
        Keep(tmp_path, _client("http://127.0.0.1")).load()

    assert not isinstance(caught.value, MissingSecret)
    assert caught.value.hint.startswith("unlock the keyring")


def test_forgotten_is_gone_from_everywhere(tmp_path: Path) -> None:
    """Keyring and file; a second time there is nothing."""
    memory = Memory()
    keep = _keep(tmp_path, _client("http://127.0.0.1"))
    use(memory)
    memory.entries["announce", keep.entry.user or ""] = REFRESH

    assert [keep.forget(), keep.forget()] == [["keyring", "file"], []]
    assert memory.entries == {}


@pytest.mark.parametrize(
    "other",
    [{"id": "another"}, {"host": "smtp.example.net"}, {"user": "wang@example.org"}],
)
def test_login_belongs_to_its_settings(tmp_path: Path, other: dict[str, str]) -> None:
    """Another client, server or user finds nothing: no token goes to where it was not given."""
    _keep(tmp_path, _client("http://127.0.0.1"))

    with pytest.raises(MissingSecret):
        Keep(tmp_path, _client("http://127.0.0.1", **other)).load()


def test_login_is_not_sent_to_another_token_address(tmp_path: Path, provider: Provider) -> None:
    """Somebody changed token_url in announce.yaml: the kept token stays here."""
    _keep(tmp_path, _client("http://127.0.0.1"))
    client = _client(provider.base)

    with pytest.raises(MissingSecret):
        AccessTokens(client, Keep(tmp_path, client)).current()

    assert provider.heard == []


def test_no_token_is_shown(tmp_path: Path, provider: Provider) -> None:
    """Neither repr nor str of anything that holds one."""
    tokens = _tokens(tmp_path, provider)
    access = tokens.current()
    client = _client(provider.base)
    grant = Grant(access=access, refresh=REFRESH)
    shown = f"{tokens!r} {client!r} {grant!r} {Kept(REFRESH, 'file')!r} {Keep(tmp_path, client)!r}"

    assert [secret for secret in (access, REFRESH, SECRET) if secret in shown] == []


def test_file_holds_the_account_for_a_person_to_find(tmp_path: Path) -> None:
    """Whose login it is stands beside the token."""
    keep = _keep(tmp_path, _client("http://127.0.0.1"))

    assert json.loads(keep.path.read_text(encoding="utf-8")) == {
        "user": "li@example.org",
        "host": "smtp.example.org",
        "refresh_token": REFRESH,
    }
