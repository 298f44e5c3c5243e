"""One account over HTTP: tokens, raw UTF-8, and every way a call can fail."""

from __future__ import annotations

import json
import logging
import socket
import ssl
import threading
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from wechat_support import APP_ID, SECRET, TOKEN, ScriptedApi

from announce.channels.wechat.api import OfficialAccount
from announce.channels.wechat.failures import ApiFailure, Kind
from announce.channels.wechat.memory import Forgetful

OpenAccount = Callable[..., OfficialAccount]
ADDED = {"media_id": "draft-1"}
STALE = {"errcode": 42001, "errmsg": "access_token expired rid: 1-2-3"}


def failure_of(call: Callable[[], object]) -> ApiFailure:
    """The failure that a call ends in."""
    with pytest.raises(ApiFailure) as caught:
        call()
    return caught.value


def everything_told(failure: BaseException) -> str:
    """All that a careless print of an exception could show."""
    told = ["".join(traceback.format_exception(failure))]
    seen: BaseException | None = failure
    while seen is not None:
        told += [str(seen), repr(seen), repr(vars(seen))]
        seen = seen.__cause__ or seen.__context__
    return "\n".join(told)


def test_token_is_asked_of_stable_token_only(account: OfficialAccount, api: ScriptedApi) -> None:
    """The login goes to stable_token as JSON, without force_refresh, and is asked once."""
    assert (account.access_token, account.access_token) == (TOKEN, TOKEN)
    assert api.paths() == ["stable_token"]
    assert json.loads(api.asked[0].body) == {
        "grant_type": "client_credential",
        "appid": APP_ID,
        "secret": SECRET,
    }


def test_token_about_to_end_is_asked_for_again(api: ScriptedApi, open_account: OpenAccount) -> None:
    """A minute before its end a token is not used any more."""
    now = [1000.0]
    account = open_account(api.base, clock=lambda: now[0])
    _ = account.access_token
    now[0] += 7200 - 61
    _ = account.access_token
    assert api.paths() == ["stable_token"]
    now[0] += 2
    _ = account.access_token
    assert api.paths() == ["stable_token", "stable_token"]


def test_token_in_a_given_storage_outlives_the_account(
    api: ScriptedApi, open_account: OpenAccount
) -> None:
    """A second account object with the same memory does not log in again."""
    memory = Forgetful()
    first = open_account(api.base, memory=memory)
    _ = first.access_token
    second = open_account(api.base, memory=memory)
    assert second.access_token == TOKEN
    assert api.paths() == ["stable_token"]


@pytest.mark.parametrize("code", [40001, 40014, 42001])
def test_stale_token_is_refreshed_once(
    account: OfficialAccount, api: ScriptedApi, code: int
) -> None:
    """A refused token is asked for again, and the call repeated with the new one."""
    api.answer("stable_token", {"access_token": "old", "expires_in": 7200})
    api.answer("draft/add", {"errcode": code, "errmsg": "no"}, ADDED)
    assert account.add_draft([{"title": "征稿"}]) == "draft-1"
    assert api.paths() == ["stable_token", "draft/add", "stable_token", "draft/add"]
    assert [asked.query for asked in api.asked if asked.path == "draft/add"] == [
        {"access_token": ["old"]},
        {"access_token": [TOKEN]},
    ]


def test_token_that_stays_refused_is_not_refreshed_for_ever(
    account: OfficialAccount, api: ScriptedApi
) -> None:
    """The second refusal is the answer."""
    api.answer("draft/add", STALE, STALE)
    failure = failure_of(lambda: account.add_draft([{}]))
    assert (failure.kind, failure.code, failure.rid) == (Kind.TOKEN, 42001, "1-2-3")
    assert api.paths() == ["stable_token", "draft/add", "stable_token", "draft/add"]


def test_json_travels_as_raw_utf8(account: OfficialAccount, api: ScriptedApi) -> None:
    """Chinese is not escaped on the way out, and read as UTF-8 whatever the header says."""
    api.answer("draft/add", ADDED)
    api.answer("draft/get", {"news_item": [{"title": "征稿"}]})
    account.add_draft([{"title": "征稿"}])
    assert account.get_draft("draft-1") == [{"title": "征稿"}]
    assert api.asked[1].body == '{"articles": [{"title": "征稿"}]}'.encode()


def test_upload_carries_its_bytes_again_after_a_refresh(
    account: OfficialAccount, api: ScriptedApi
) -> None:
    """The repeated upload is whole."""
    api.answer("media/uploadimg", STALE, {"url": "http://mmbiz.qpic.cn/x"})
    data = b"\x89PNG" + b"x" * 5000
    assert account.upload_picture("a.png", "image/png", data) == "http://mmbiz.qpic.cn/x"
    bodies = [asked.body for asked in api.asked if asked.path == "media/uploadimg"]
    assert [body.count(data) for body in bodies] == [1, 1]


def test_cover_goes_to_the_permanent_library(account: OfficialAccount, api: ScriptedApi) -> None:
    """add_material is asked with type=image, the token beside it."""
    api.answer("material/add_material", {"media_id": "m-1", "url": "", "item": []})
    assert account.upload_cover("a.png", "image/png", b"x") == "m-1"
    assert api.asked[-1].query == {"type": ["image"], "access_token": [TOKEN]}


@pytest.mark.parametrize(
    ("answer", "kind", "unsure"),
    [
        ({"errcode": -1, "errmsg": "system error"}, Kind.BUSY, True),
        ({"errcode": "45009", "errmsg": "reach max api daily quota limit"}, Kind.QUOTA, False),
        ({"errcode": 45011, "errmsg": "too fast"}, Kind.BUSY, False),
        ({"errcode": 48001, "errmsg": "api unauthorized"}, Kind.RIGHTS, False),
        ({"errcode": 99999, "errmsg": "news"}, Kind.REFUSED, False),
        ({"errcode": "?", "errmsg": "news"}, Kind.LOST, True),
        ({}, Kind.LOST, True),
        (b"<html>busy</html>", Kind.LOST, True),
        (b"[]", Kind.LOST, True),
        (b"\xff\xfe", Kind.LOST, True),
        (500, Kind.LOST, True),
        (502, Kind.LOST, True),
        (302, Kind.REFUSED, False),
        (404, Kind.REFUSED, False),
        (429, Kind.UNREACHABLE, False),
        ("drop", Kind.LOST, True),
    ],
)
def test_answer_is_classed_by_what_is_to_be_done(
    account: OfficialAccount, api: ScriptedApi, answer: Any, kind: Kind, unsure: bool
) -> None:
    """Each answer gets its kind; unsure is what may have taken effect."""
    api.answer("draft/add", answer)
    failure = failure_of(lambda: account.add_draft([{}]))
    assert (failure.kind, failure.unsure) == (kind, unsure)
    assert api.paths() == ["stable_token", "draft/add"]


def test_answer_that_does_not_come_is_lost(api: ScriptedApi, open_account: OpenAccount) -> None:
    """A time-out after the request left says nothing about its effect."""
    account = open_account(api.base, timeout=0.2)
    api.answer("draft/add", "hang")
    failure = failure_of(lambda: account.add_draft([{}]))
    assert (failure.kind, failure.unsure) == (Kind.LOST, True)


def test_refused_connection_is_unreachable(open_account: OpenAccount) -> None:
    """Where nobody listens, nothing can have arrived."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        account = open_account(f"http://127.0.0.1:{taken.getsockname()[1]}")
        failure = failure_of(lambda: account.access_token)
    assert (failure.kind, failure.unsure) == (Kind.UNREACHABLE, False)


@pytest.mark.parametrize("answer", ["drop", 502, b"<html>", {}, {"errcode": -1, "errmsg": ""}])
def test_login_without_an_answer_leaves_no_doubt_about_the_call(
    account: OfficialAccount, api: ScriptedApi, answer: Any
) -> None:
    """Whatever happens at the login, the draft was not added."""
    api.answer("stable_token", answer)
    failure = failure_of(lambda: account.add_draft([{}]))
    assert failure.unsure is False
    assert api.paths() == ["stable_token"]


def test_wrong_secret_is_a_refused_login(account: OfficialAccount, api: ScriptedApi) -> None:
    """At the token endpoint 40001 means the AppSecret."""
    api.answer("stable_token", {"errcode": 40001, "errmsg": "invalid credential rid: 7-8-9"})
    failure = failure_of(lambda: account.access_token)
    assert (failure.kind, failure.code, failure.rid) == (Kind.LOGIN, 40001, "7-8-9")
    assert failure.message == "WeChat answered 40001: the AppSecret is wrong"


@pytest.mark.parametrize("answer", ["drop", 302, 502, b"<html>", {"errcode": 40007}, "hang"])
def test_failure_never_shows_secret_or_token(
    api: ScriptedApi, open_account: OpenAccount, answer: Any
) -> None:
    """Neither text, repr, nor chained causes hold what only the server may know."""
    account = open_account(api.base, timeout=0.2)
    api.answer("draft/add", answer)
    told = everything_told(failure_of(lambda: account.add_draft([{}]))) + repr(account)
    assert (SECRET in told, TOKEN in told) == (False, False)


def test_secret_that_a_relay_echoes_is_hidden(account: OfficialAccount, api: ScriptedApi) -> None:
    """What the other side writes into errmsg is cleaned before anybody sees it."""
    api.answer("draft/add", {"errcode": 40035, "errmsg": f"bad {TOKEN} {SECRET}"})
    failure = failure_of(lambda: account.add_draft([{}]))
    assert failure.text == "bad *** ***"


def test_debug_log_of_the_connection_hides_the_token(
    account: OfficialAccount, api: ScriptedApi, caplog: pytest.LogCaptureFixture
) -> None:
    """urllib3 logs whole addresses; the token in them is not written."""
    caplog.set_level(logging.DEBUG)
    api.answer("draft/add", ADDED)
    account.add_draft([{}])
    assert "access_token=***" in caplog.text
    assert TOKEN not in caplog.text


def test_list_that_is_no_list_is_lost(account: OfficialAccount, api: ScriptedApi) -> None:
    """A page without its parts is not an empty page."""
    api.answer("draft/batchget", {}, {"total_count": 1}, {"total_count": 0, "item": []})
    assert failure_of(lambda: account.list_drafts(0)).kind is Kind.LOST
    assert failure_of(lambda: account.list_drafts(0)).kind is Kind.LOST
    assert account.list_drafts(0) == (0, [])


def test_certificate_that_nobody_vouches_for_is_unreachable(
    open_account: OpenAccount, tmp_path: Path
) -> None:
    """The handshake ends before the request is sent."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(self_signed(tmp_path / "server.pem"))
    with ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as server:
        server.handle_error = lambda *_: None  # type: ignore[method-assign]
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        account = open_account(f"https://127.0.0.1:{server.server_port}")
        failure = failure_of(lambda: account.access_token)
        server.shutdown()
        thread.join()
    assert (failure.kind, failure.text) == (Kind.UNREACHABLE, "SSLCertVerificationError")


def self_signed(file: Path) -> Path:
    """A key and a certificate that only this server believes."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "api.example.org")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2120, 1, 1, tzinfo=UTC))
        .sign(key, hashes.SHA256())
    )
    plain = serialization.NoEncryption()
    pem, pkcs8 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    file.write_bytes(key.private_bytes(pem, pkcs8, plain) + certificate.public_bytes(pem))
    return file
