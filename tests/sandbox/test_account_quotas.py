"""The emulator's counters: a day's calls, clearing them, asking about them and about a rid."""

from __future__ import annotations

import pytest

from announce.sandbox.wechat.quotas import figures

DRAFT_GET = {"media_id": "none"}


def codes(api, times):
    return [api.json("draft/get", DRAFT_GET)["errcode"] for _ in range(times)]


def test_documented_figures_are_kept(service):
    """The eleventh delete of a day is refused, though all of them failed."""
    asked = {"article_id": "none"}

    found = [service.json("freepublish/delete", asked)["errcode"] for _ in range(11)]

    assert found == [53600] * 10 + [45009]


def test_day_is_shanghai_s(api, clock):
    """The counters begin anew at 16:00 UTC."""
    api.server.allow_calls("draft/get", 1)
    first = codes(api, 2)
    clock.forward(7 * 3600 - 1)
    api.login()
    late = codes(api, 1)
    clock.forward(1)

    assert (first, late, codes(api, 1)) == ([40007, 45009], [45009], [40007])


def test_counters_are_the_folder_s(account):
    """Two processes use up one quota."""
    first, second = account(), account()
    first.login()
    second.login()
    for api in (first, second):
        api.server.allow_calls("draft/get", 1)

    assert codes(first, 1) + codes(second, 1) == [40007, 45009]


def test_refused_token_is_not_counted(api):
    """A call counts when token and rights are in order."""
    api.json("draft/get", DRAFT_GET, token="x" * 100)
    api.json("freepublish/get", {})

    assert (api.server.calls_today("draft/get"), api.server.calls_today("freepublish/get")) == (
        0,
        0,
    )


def test_token_calls_are_counted(api):
    """Logging in has a quota of its own."""
    api.server.allow_calls("token", 1)

    found = [api.get("token", **api.credentials).get("errcode") for _ in range(2)]

    assert found == [None, 45009]


def test_quota_is_told(api):
    """Limit, used and remaining of one endpoint; asking is not counted."""
    codes(api, 3)
    asked = {"cgi_path": "/cgi-bin/draft/get"}

    assert api.json("openapi/quota/get", asked)["quota"] == {
        "daily_limit": 500,
        "used": 3,
        "remain": 497,
    }


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"cgi_path": "draft/get"}, 76021),
        ({"cgi_path": "https://api.weixin.qq.com/cgi-bin/draft/get"}, 76021),
        ({"cgi_path": "/cgi-bin/none"}, 76021),
        ({}, 76021),
        ({"cgi_path": "/cgi-bin/freepublish/get"}, 76022),
    ],
)
def test_quota_of_what_there_is_not(api, asked, code):
    """The path is asked for whole, and must be one that the account may call."""
    assert api.json("openapi/quota/get", asked)["errcode"] == code


def test_counters_are_cleared_ten_times_a_month(service, clock):
    """The eleventh clearing is refused until the next month."""
    service.server.allow_calls("draft/get", 1)
    mine = {"appid": service.server.app_id}
    found = codes(service, 2)
    cleared = [service.json("clear_quota", mine)["errcode"] for _ in range(11)]
    found += codes(service, 1)
    clock.forward(26 * 86400)
    service.login()

    assert (found, cleared) == ([40007, 45009, 40007], [0] * 10 + [48006])
    assert service.json("clear_quota", mine)["errcode"] == 0


def test_clearing_is_for_verified_accounts_and_one_s_own(api, service):
    """Another's id is refused, and so is an account without verification."""
    assert service.json("clear_quota", {"appid": "wx0"})["errcode"] == 40013
    assert api.json("clear_quota", {"appid": api.server.app_id})["errcode"] == 48001


def test_refusal_can_be_asked_about_by_its_rid(api, clock):
    """For seven days, without the token."""
    said = api.json("draft/get", DRAFT_GET)["errmsg"]
    asked = {"rid": said.rpartition("rid: ")[2]}

    told = api.json("openapi/rid/get", asked)["request"]

    assert told["request_url"] == "/cgi-bin/draft/get?access_token=***"
    assert said in told["response_body"]
    assert api.token not in str(told)
    assert api.json("openapi/rid/get", {"rid": "none"})["errcode"] == 76001
    clock.forward(7 * 86400 + 1)
    api.login()
    assert api.json("openapi/rid/get", asked)["errcode"] == 76001


def test_figures_have_a_date_and_sources():
    """Whoever doubts a figure finds where it is from."""
    assert (str(figures()["as_of"]), len(figures()["sources"])) == ("2026-11-23", 4)
