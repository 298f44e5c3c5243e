"""Getting a login: by a browser on this machine, or by a code typed in on another one."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from identity import Provider, Reply, error, providing

from announce.errors import LoginRefused, MachineError, Unreachable
from announce.oauth.browser import by_browser
from announce.oauth.client import Client, Grant
from announce.oauth.device import DeviceCode, by_device
from announce.reading.oauth_endpoints import Endpoints


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """No proxy between loopback and itself."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")


@pytest.fixture
def provider() -> Iterator[Provider]:
    """A provider that lets everybody in."""
    with providing(Provider()) as one:
        yield one


def _client(provider: Provider, **more: Any) -> Client:
    endpoints = Endpoints(
        authorize_url=f"{provider.base}/authorize",
        token_url=f"{provider.base}/token",
        device_url=f"{provider.base}/device",
        scopes=("mail", "offline_access"),
        extra=(("access_type", "offline"),),
        **more,
    )
    return Client(
        id="announce-client", user="li@example.org", host="smtp.example.org", endpoints=endpoints
    )


class Browser:
    """Goes where it is told and remembers what it saw."""

    def __init__(self, change: Callable[[str], str] = str) -> None:
        self.change = change
        self.opened: list[str] = []
        self.pages: list[tuple[int, str]] = []

    def __call__(self, address: str) -> None:
        self.opened.append(address)
        self.visit(self.change(address))

    def visit(self, address: str) -> None:
        """See a page, redirects followed."""
        try:
            with urllib.request.urlopen(address) as page:
                self.pages.append((page.status, page.read().decode()))
        except urllib.error.HTTPError as refusal:
            with refusal:
                self.pages.append((refusal.code, refusal.read().decode()))

    @property
    def query(self) -> dict[str, str]:
        """What the address asked for."""
        found = parse_qs(urlsplit(self.opened[0]).query)
        return {name: values[-1] for name, values in found.items()}


def test_browser_comes_back_with_a_grant(provider: Provider) -> None:
    """The code is exchanged with the verifier of PKCE; the person is told to go back."""
    browser = Browser()
    grant = by_browser(_client(provider), browser)

    assert grant == Grant(access=provider.access(1), refresh=provider.refresh, lifetime=3600)
    assert browser.pages[0][0] == 200
    assert "Logged in." in browser.pages[0][1]
    assert {name: browser.query[name] for name in ("client_id", "scope", "login_hint")} == {
        "client_id": "announce-client", "scope": "mail offline_access",
        "login_hint": "li@example.org",
    }  # fmt: skip
    assert (browser.query["code_challenge_method"], browser.query["access_type"]) == (
        "S256", "offline",
    )  # fmt: skip


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost"])
def test_way_back_is_loopback_by_the_name_that_the_provider_takes(
    provider: Provider, name: str
) -> None:
    """It listens on 127.0.0.1 under either name, on a port of its own."""
    browser = Browser(lambda address: address.replace("//localhost:", "//127.0.0.1:"))
    by_browser(_client(provider, redirect=name), browser)

    back = urlsplit(browser.query["redirect_uri"])
    assert (back.scheme, back.hostname, back.path) == ("http", name, "")
    assert provider.forms("/token")[0]["redirect_uri"] == browser.query["redirect_uri"]


def test_each_login_has_its_own_state_and_verifier(provider: Provider) -> None:
    """Neither is ever used again, nor shown in the other's place."""
    first, second = Browser(), Browser()
    by_browser(_client(provider), first)
    by_browser(_client(provider), second)

    verifiers = [form["code_verifier"] for form in provider.forms("/token")]
    secrets = [first.query["state"], second.query["state"], *verifiers]
    assert len(set(secrets)) == 4
    assert min(map(len, secrets)) >= 43
    assert not [one for one in verifiers if one in "".join(first.opened + second.opened)]


def test_page_that_calls_without_the_state_is_left_alone(provider: Provider) -> None:
    """Another page's code does not end the login, whoever finds the port."""
    browser = Browser()

    def show(address: str) -> None:
        back = parse_qs(urlsplit(address).query)["redirect_uri"][0]
        browser.visit(f"{back}/?code=theirs&state=theirs")
        browser.visit(f"{back}/?code=theirs")
        browser.visit(f"{back}/favicon.ico")
        browser(address)

    grant = by_browser(_client(provider), show)

    assert [status for status, _ in browser.pages] == [400, 400, 400, 200]
    assert grant.access == provider.access(1)


def test_person_who_does_not_allow_it_is_told_so(provider: Provider) -> None:
    """access_denied, on the page and here."""
    provider.denies = "access_denied"
    browser = Browser()

    with pytest.raises(LoginRefused) as caught:
        by_browser(_client(provider), browser)

    assert str(caught.value) == "the login of li@example.org was not allowed: access_denied"
    assert "The login was not allowed." in browser.pages[0][1]
    assert provider.forms("/token") == []


def test_page_repeats_nothing_of_its_address(provider: Provider) -> None:
    """What a provider says stands on the terminal only, and without control characters."""
    provider.denies = "<script>alert(1)</script>\x1b[31m"
    browser = Browser()

    with pytest.raises(MachineError) as caught:
        by_browser(_client(provider), browser)

    assert "script>alert" not in browser.pages[0][1]
    assert "\x1b" not in str(caught.value)


def test_nobody_who_comes_back_ends_the_wait(provider: Provider) -> None:
    """With the ways for machines without a browser."""
    with pytest.raises(MachineError) as caught:
        by_browser(_client(provider), [].append, patience=0.01)

    assert "nobody came back" in str(caught.value)
    assert "--device" in caught.value.hint


def test_code_that_the_provider_refuses_is_a_refused_login(provider: Provider) -> None:
    """The code was old, or another's: no token, and the code is not shown."""
    provider.scripted["/token"] = [error("invalid_grant", "code-of-the-tests is used up")]

    with pytest.raises(LoginRefused) as caught:
        by_browser(_client(provider), Browser())

    assert str(caught.value).endswith("invalid_grant: *** is used up")


def test_verifier_of_another_login_is_of_no_use(provider: Provider) -> None:
    """The provider compares it with what the address carried: PKCE is really in force."""
    swap = Browser(lambda address: address.replace("code_challenge=", "code_challenge=x"))

    with pytest.raises(LoginRefused):
        by_browser(_client(provider), swap)


def test_login_page_in_the_clear_is_refused(provider: Provider) -> None:
    """http:// abroad is not even shown."""
    client = _client(provider)
    client = replace(
        client, endpoints=replace(client.endpoints, authorize_url="http://id.example.org/go")
    )

    browser = Browser()

    with pytest.raises(MachineError) as caught:
        by_browser(client, browser)

    assert "https://" in caught.value.hint
    assert browser.opened == []


class Time:
    """A clock that goes on by pausing only."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.pauses: list[float] = []

    def __call__(self) -> float:
        return self.seconds

    def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.seconds += seconds


def _device(provider: Provider, *replies: Reply, **begun: Any) -> tuple[Time, list[DeviceCode]]:
    """Set the answers of a login by code: how it begins, and what polling is told first."""
    begin = {
        "device_code": "device-code-of-the-tests", "user_code": "WDJB-MJHT",
        "verification_uri": "https://id.example.org/device", "expires_in": 900, "interval": 5,
    }  # fmt: skip
    provider.scripted["/device"] = [Reply({**begin, **begun})]
    provider.scripted["/token"] = list(replies)
    return Time(), []


PENDING, SLOWER = error("authorization_pending"), error("slow_down")


def test_code_is_shown_and_polled_for_until_somebody_logs_in(provider: Provider) -> None:
    """Pending is waited for, at the pace that the provider asks for."""
    time, shown = _device(provider, PENDING, PENDING)
    grant = by_device(_client(provider), shown.append, pause=time.pause, clock=time)

    assert (shown[0].address, shown[0].user_code) == ("https://id.example.org/device", "WDJB-MJHT")
    assert grant == Grant(access=provider.access(1), refresh=provider.refresh, lifetime=3600)
    assert time.pauses == [5, 5, 5]
    assert provider.forms("/device") == [
        {"client_id": "announce-client", "scope": "mail offline_access"}
    ]


def test_slow_down_adds_five_seconds_for_good(provider: Provider) -> None:
    """RFC 8628, 3.5: to this and all later requests."""
    time, shown = _device(provider, PENDING, SLOWER, PENDING, SLOWER, PENDING)
    by_device(_client(provider), shown.append, pause=time.pause, clock=time)

    assert time.pauses == [5, 5, 10, 10, 15, 15]


def test_endpoint_that_is_away_for_a_while_is_asked_less_often(provider: Provider) -> None:
    """A lost connection does not end the login."""
    time, shown = _device(provider, Reply(dropped=True), Reply("busy", 503), interval=1)
    by_device(_client(provider), shown.append, pause=time.pause, clock=time)

    assert time.pauses == [1, 2, 4]


def test_interval_is_five_seconds_where_none_is_given(provider: Provider) -> None:
    """And one that would wait for ever is cut."""
    time, shown = _device(provider, interval=None)
    by_device(_client(provider), shown.append, pause=time.pause, clock=time)
    endless, again = _device(provider, interval=1e30)
    by_device(_client(provider), again.append, pause=endless.pause, clock=endless)

    assert (time.pauses, endless.pauses) == ([5], [60])


def test_denied_code_is_a_refused_login(provider: Provider) -> None:
    """The person said no on the other machine."""
    time, shown = _device(provider, PENDING, error("access_denied"))

    with pytest.raises(LoginRefused) as caught:
        by_device(_client(provider), shown.append, pause=time.pause, clock=time)

    assert str(caught.value) == "the login of li@example.org was not allowed: access_denied"


@pytest.mark.parametrize(
    "replies", [[PENDING, error("expired_token")], [PENDING, PENDING, PENDING]]
)
def test_code_that_expires_ends_the_login(provider: Provider, replies: list[Reply]) -> None:
    """By the provider's word, or by the time that it gave."""
    time, shown = _device(provider, *replies, expires_in=15)

    with pytest.raises(MachineError) as caught:
        by_device(_client(provider), shown.append, pause=time.pause, clock=time)

    assert type(caught.value) is MachineError
    assert str(caught.value) == "nobody logged in before the code expired"
    assert caught.value.hint == "run announce login again"


@pytest.mark.parametrize(
    ("reply", "kind", "told"),
    [
        (error("invalid_client", "no such app"), MachineError, "refuses this client"),
        (error("unauthorized_client"), MachineError, "refuses this client"),
        (Reply({"device_code": "x"}), MachineError, "gave no code to log in with"),
        (Reply({"device_code": 1, "user_code": 2, "verification_uri": 3}), MachineError, "no code"),
        (Reply("<html>"), MachineError, "no OAuth2 answer"),
        (Reply("busy", 502), Unreachable, "HTTP 502"),
    ],
)
def test_login_by_code_that_does_not_begin_says_why(
    provider: Provider, reply: Reply, kind: type, told: str
) -> None:
    """A wrong client, a wrong address, a provider that is down."""
    provider.scripted["/device"] = [reply]

    with pytest.raises(MachineError) as caught:
        by_device(_client(provider), [].append)

    assert type(caught.value) is kind
    assert told in str(caught.value)
    assert caught.value.hint


def test_provider_without_login_by_code_says_what_else_there_is(provider: Provider) -> None:
    """As Gmail: nothing is asked of anybody."""
    client = _client(provider)
    client = replace(client, endpoints=replace(client.endpoints, device_url=""))

    with pytest.raises(MachineError) as caught:
        by_device(client, [].append)

    assert str(caught.value) == "this provider has no login without a browser for mail"
    assert "app password" in caught.value.hint
    assert provider.heard == []


def test_words_of_the_provider_are_fit_for_a_screen(provider: Provider) -> None:
    """No control characters in what a person is shown, and never the device code."""
    time, shown = _device(
        provider, user_code="AB\x1b[2J\nCD", verification_uri="https://id.example.org/\r\nX"
    )
    by_device(_client(provider), shown.append, pause=time.pause, clock=time)

    assert (shown[0].user_code, shown[0].address) == ("AB [2J CD", "https://id.example.org/ X")
    assert "device-code-of-the-tests" not in repr(shown[0])
