"""The emulator's protocol: tokens, rights, errors, faults, journal."""

from __future__ import annotations

import json
import re
import threading

import pytest
import requests

from announce.sandbox.wechat import Account, AccountKind, Fault

MINE = {"app_id": "wx0123456789abcdef", "app_secret": "s" * 32}


def test_error_is_http_200_with_a_changing_end(api):
    """Nobody can match an errmsg as a whole."""
    answers = [api.send("draft/get", b'{"media_id":"none"}') for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200, 200]
    texts = [answer.json()["errmsg"] for answer in answers]
    assert texts[0] != texts[1]
    assert all(
        re.fullmatch(r"invalid media_id rid: [0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{8}", text)
        for text in texts
    )


@pytest.mark.parametrize(
    ("method", "path", "body", "code"),
    [
        ("GET", "draft/add", None, 43002),
        ("POST", "draft/count", b"{}", 43001),
        ("POST", "draft/add", b"", 44002),
        ("POST", "draft/add", b"not json", 47001),
        ("POST", "draft/add", b"[]", 47001),
        ("POST", "media/uploadimg", b"", 41005),
    ],
)
def test_malformed_call_gets_its_code(api, method, path, body, code):
    """Method and body are checked before anything they say."""
    assert api.send(path, body, method=method).json()["errcode"] == code


@pytest.mark.parametrize(("token", "code"), [(None, 41001), ("short", 40014), ("x" * 120, 40001)])
def test_bad_token_gets_its_code(api, token, code):
    """A missing, a malformed and an unknown token differ."""
    assert api.json("draft/get", {}, token=token)["errcode"] == code


def test_stable_token_is_the_same_with_less_time(api, clock):
    """Asking again within its time renews nothing."""
    first = api.login()
    clock.forward(100)
    second = api.login()

    assert 100 <= len(first["access_token"]) <= 200
    assert second == {"access_token": first["access_token"], "expires_in": 7100}


def test_stable_token_is_renewed_five_minutes_early(api, clock):
    """Nobody is handed a token with less than five minutes left; the old one ends on time."""
    first = api.login()["access_token"]
    clock.forward(7200 - 299)
    second = api.login()

    assert (second["access_token"] != first, second["expires_in"]) == (True, 7200)
    assert api.json("draft/get", {}, token=first)["errcode"] == 40007
    clock.forward(299)
    assert api.json("draft/get", {}, token=first)["errcode"] == 42001


def test_forced_token_replaces_at_most_every_thirty_seconds(api, clock):
    """A second force within half a minute changes nothing."""
    first = api.login()["access_token"]
    second = api.login(force_refresh=True)["access_token"]
    clock.forward(29)
    third = api.login(force_refresh=True)["access_token"]

    assert (second != first, third == second) == (True, True)
    assert api.json("draft/get", {}, token=first)["errcode"] == 40001


def test_forced_token_is_counted_a_day(api, clock):
    """The twenty-first force of a day changes nothing."""
    tokens = set()
    for _ in range(21):
        tokens.add(api.login(force_refresh=True)["access_token"])
        clock.forward(31)

    assert len(tokens) == 20


def test_plain_token_ends_its_predecessor_after_five_minutes(api, clock):
    """Old and new are both good for a while; the stable one is not touched."""
    old = api.get("token", **api.credentials)["access_token"]
    new = api.get("token", **api.credentials)["access_token"]
    clock.forward(299)
    within = api.json("draft/get", {}, token=old)["errcode"]
    clock.forward(1)
    beyond = [api.json("draft/get", {}, token=t)["errcode"] for t in (old, new, api.token)]

    assert (within, beyond) == (40007, [40001, 40007, 40007])


def test_plain_token_can_kick_the_stable_one(account):
    """The conflict that users report can be played."""
    api = account(account=Account(**MINE, token_kicks_stable=True))
    api.login()
    api.get("token", **api.credentials)

    assert api.json("draft/get", {})["errcode"] == 40001


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"grant_type": "password"}, 40002),
        ({"appid": "wx0"}, 40013),
        ({"appid": ""}, 41002),
        ({"secret": "wrong"}, 40125),
        ({"secret": ""}, 41004),
    ],
)
def test_login_with_a_fault_gets_its_code(api, changed, code):
    """Each part of a login is checked on both endpoints."""
    asked = {**api.credentials, **changed}

    assert api.json("stable_token", asked)["errcode"] == code
    assert api.get("token", **asked)["errcode"] == code


def test_login_from_an_address_off_the_list_names_the_address(account):
    """The address in the message is the one to allow."""
    api = account(account=Account(**MINE, allowed_ips=frozenset({"192.0.2.1"})))

    refused = api.login()

    assert refused["errcode"] == 40164
    assert refused["errmsg"].startswith(
        "invalid ip 127.0.0.1 ipv6 ::ffff:127.0.0.1, not in whitelist"
    )


def test_login_with_a_frozen_secret(account):
    """A frozen secret is told apart from a wrong one."""
    assert account(account=Account(**MINE, frozen_secret=True)).login()["errcode"] == 40243


@pytest.mark.parametrize(
    ("kind", "path", "entitled"),
    [
        (AccountKind.PERSONAL_SUB, "freepublish/submit", False),
        (AccountKind.ENT_UNVERIFIED, "message/mass/sendall", False),
        (AccountKind.VERIFIED_SUB, "freepublish/undo", True),
        (AccountKind.VERIFIED_SUB, "message/mass/send", False),
        (AccountKind.VERIFIED_SUB, "message/template/send", False),
        (AccountKind.VERIFIED_SERVICE, "message/mass/undo", True),
        (AccountKind.VERIFIED_SERVICE, "message/template/undo", True),
    ],
)
def test_rights_by_kind_of_account(account, kind, path, entitled):
    """What is lacking and what is not emulated are one code and two sentences."""
    api = account(account=Account(**MINE, kind=kind))
    api.login()

    refused = api.send(path, b"not json").json()

    assert refused["errcode"] == 48001
    assert ("does not emulate" in refused["errmsg"]) is entitled


@pytest.mark.parametrize("kind", list(AccountKind))
def test_every_kind_has_its_draft_box(account, kind):
    """Drafts need no verification."""
    api = account(account=Account(**MINE, kind=kind))
    api.login()

    assert api.get("draft/count") == {"total_count": 0}


def test_page_from_elsewhere_is_refused(api):
    """A web page that guesses the port gets nothing, and neither does another path."""
    base = api.server.api_base
    root = base.rsplit("/", 1)[0]

    answers = [
        api.session.get(f"{base}/cgi-bin/draft/count", headers={"Host": "evil.example.com"}),
        api.session.get(f"{base}/cgi-bin/draft/count", headers={"Origin": "http://example.com"}),
        api.session.get(f"{root}/guessed/cgi-bin/draft/count"),
        api.session.get(f"{base}/elsewhere"),
    ]

    assert [answer.status_code for answer in answers] == [421, 403, 404, 404]


@pytest.mark.parametrize(
    ("kind", "happened"),
    [
        (Fault.LOST_BEFORE, 0),
        (Fault.LOST_AFTER, 1),
        (Fault.BUSY_BEFORE, 0),
        (Fault.BUSY_AFTER, 1),
        (Fault.HTTP502, 0),
        (Fault.HTML, 0),
    ],
)
def test_scripted_fault_happens_once(api, kind, happened):
    """A fault strikes before or after the draft is made, and the next call is well."""
    body = json.dumps({"articles": [api.article()]}, ensure_ascii=False).encode()
    api.server.fail_next("/cgi-bin/draft/add", kind)

    try:
        seen: object = api.send("draft/add", body).content[:1]
    except requests.ConnectionError:
        seen = "lost"

    expected = {"lost": "lost", "busy": b"{", "http502": b"<", "html": b"<"}
    assert seen == expected[kind.split("-")[0]]
    assert len(api.server.drafts()) == happened
    assert "media_id" in api.send("draft/add", body).json()


def test_scripted_error_code(api):
    """A number is answered as the platform's error, before anything happened."""
    api.server.fail_next("draft/add", 45009, times=2)

    codes = [api.add().get("errcode") for _ in range(3)]

    assert codes == [45009, 45009, None]


def test_journal_keeps_requests_without_secrets(api):
    """What was asked can be told, and no token or secret is on the disk because of it."""
    api.server.fail_next("draft/count", 45011)
    api.get("draft/count")
    api.upload("material/add_material", b"no picture", type="image")

    seen = [
        (entry.method, entry.path, entry.query, entry.errcode, entry.fault)
        for entry in api.server.journal()
    ]

    assert seen == [
        ("POST", "stable_token", {}, None, ""),
        ("GET", "draft/count", {}, 45011, "45011"),
        ("POST", "material/add_material", {"type": "image"}, 40137, ""),
    ]


def test_folder_is_one_account_for_every_process(account):
    """Two emulators over one folder are the same account, with the same drafts and tokens."""
    first, second = account(), account()
    first.login()
    first.add()
    second.token = first.token

    assert second.get("draft/count") == {"total_count": 1}
    assert first.server.account == second.server.account


def test_stopping_with_a_kept_connection_leaves_no_thread(account):
    """A client that keeps its connection does not keep the server."""
    before = threading.active_count()
    api = account()
    api.login()
    api.server.__exit__(None, None, None)

    assert threading.active_count() == before
