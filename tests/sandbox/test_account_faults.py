"""The emulator's faults: scripted, stalled, at random, and those of tokens and materials."""

from __future__ import annotations

import json
import random
import threading

import pytest
import requests

from announce.sandbox.wechat import SEASON, AccountKind, Fault, read_fault

HAPPENED = {
    Fault.LOST_BEFORE: 0,
    Fault.LOST_AFTER: 1,
    Fault.STALL_BEFORE: 0,
    Fault.STALL_AFTER: 1,
    Fault.BUSY_BEFORE: 0,
    Fault.BUSY_AFTER: 1,
    Fault.HTTP502: 0,
    Fault.HTTP502_AFTER: 1,
    Fault.HTML: 0,
    Fault.HTML_AFTER: 1,
    Fault.TOKEN: 0,
}


def seen(api, path, body):
    """What the client sees of a call: a code, an HTTP status, or how it was left alone."""
    try:
        answer = api.session.post(
            f"{api.server.api_base}/cgi-bin/{path}",
            params={"access_token": api.token},
            data=json.dumps(body).encode(),
            timeout=0.2,
        )
    except requests.Timeout:
        return "stall"
    except requests.ConnectionError:
        return "lost"
    if answer.content.startswith(b"<"):
        return f"http{answer.status_code}"
    return answer.json().get("errcode", 0)


@pytest.mark.parametrize("fault", list(Fault))
def test_mass_message_goes_wrong_before_or_after(service, clock, fault):
    """Every kind of fault at a call that reaches people."""
    service.server.fail_next("message/mass/sendall", fault)
    message = {"filter": {"is_to_all": True}, "msgtype": "text", "text": {"content": "x"}}

    saw = seen(service, "message/mass/sendall", message)
    clock.forward(2)

    told = {"http502": "http502", "html": "http200", "busy": -1, "token": 40001}
    kind = fault.removesuffix("-after").removesuffix("-before")
    assert saw == told.get(kind, kind)
    assert len(service.server.readers()) == HAPPENED[fault]


@pytest.mark.parametrize("path", ["stable_token", "media/uploadimg", "draft/count", "user/get"])
def test_any_endpoint_can_fail(service, path):
    """Faults are the server's, not an endpoint's."""
    service.server.fail_next(path, Fault.HTTP502)

    assert seen(service, path, {}) == "http502"


def test_stall_ends_with_the_server(account):
    """A client that waits for ever does not keep the server from ending."""
    api = account()
    api.login()
    api.server.fail_next("draft/count", Fault.STALL_BEFORE)
    before = len(api.server.journal())
    saw: list[object] = []

    def ask() -> None:
        try:
            api.send("draft/count", method="GET")
        except requests.RequestException as error:
            saw.append(type(error))

    asking = threading.Thread(target=ask)
    asking.start()
    while len(api.server.journal()) == before:
        pass
    api.server.__exit__(None, None, None)
    asking.join(timeout=10)

    assert saw == [requests.ConnectionError]


def season(account, seed):
    api = account()
    api.login()
    kinds = [kind for kind in SEASON if kind is not Fault.TOKEN]
    api.server.set_faults(random.Random(seed), 0.5, kinds=kinds)
    return [seen(api, "draft/batchget", {"offset": 0, "count": 1}) for _ in range(40)]


def test_season_is_the_same_for_the_same_dice(account):
    """A failure of a season can be played again."""
    first, again, other = season(account, 7), season(account, 7), season(account, 8)

    assert first == again
    assert first != other
    assert 5 < first.count(0) < 35


def test_season_can_be_ended_and_gives_way_to_a_script(api):
    """A scripted fault comes first; None ends the weather."""
    api.server.set_faults(random.Random(1), 1.0, kinds=[45011])
    api.server.fail_next("draft/batchget", 45009)
    codes = [seen(api, "draft/batchget", {"offset": 0, "count": 1}) for _ in range(2)]
    api.server.set_faults(None)
    codes.append(seen(api, "draft/batchget", {"offset": 0, "count": 1}))

    assert codes == [45009, 45011, 0]


def test_invalid_token_is_renewed_by_asking(api):
    """After another program forced a token, stable_token gives the new one."""
    old = api.token
    api.server.invalidate_tokens()
    code = api.json("draft/get", {})["errcode"]
    api.login()

    assert (code, api.token != old, api.json("draft/get", {})["errcode"]) == (40001, True, 40007)


def test_replaced_plain_token_loses_its_last_minutes(api):
    """A token that would be good for five minutes more is ended as well."""
    old = api.get("token", **api.credentials)["access_token"]
    api.get("token", **api.credentials)
    before = api.json("draft/get", {}, token=old)["errcode"]
    api.server.invalidate_tokens()

    assert (before, api.json("draft/get", {}, token=old)["errcode"]) == (40007, 40001)


def test_new_material_takes_a_while(api):
    """The first uses of a fresh cover are refused; an older one does."""
    settled = api.article()
    api.server.material_settles_after(2)
    article = api.article()

    codes = [
        api.json("draft/add", {"articles": [one]}).get("errcode")
        for one in (article, settled, article, article)
    ]

    assert codes == [40007, None, 40007, None]


def test_fault_of_one_process_is_its_own(account):
    """Scripts are an object's, the account is the folder's."""
    first, second = (account(kind=AccountKind.VERIFIED_SUB) for _ in range(2))
    first.login()
    second.login()
    first.server.fail_next("draft/count", 45011)

    assert second.get("draft/count") == {"total_count": 0}
    assert first.get("draft/count")["errcode"] == 45011


@pytest.mark.parametrize(
    ("text", "fault"),
    [("lost_after", Fault.LOST_AFTER), ("HTTP502", Fault.HTTP502), ("45009", 45009), ("-1", -1)],
)
def test_fault_is_read_from_a_word(text, fault):
    """As it is written on a command line."""
    assert read_fault(text) == fault


def test_fault_that_there_is_not():
    """A word that names none is refused."""
    with pytest.raises(ValueError, match="nonsense"):
        read_fault("nonsense")
