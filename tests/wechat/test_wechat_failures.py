"""The platform's codes: each known one has a meaning and a mend in both languages."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from announce.channels.wechat.failures import (
    Kind,
    answered,
    as_machine_error,
    ends_the_run,
    known_codes,
    lost,
    unreachable,
)
from announce.errors import LoginRefused, MachineError
from announce.texts import speak

NOT_ON_THE_LIST = "invalid ip 192.0.2.7 ipv6 ::ffff:192.0.2.7, not in whitelist rid: 65-a-b"


@pytest.fixture
def chinese() -> Iterator[None]:
    """The interface in Chinese."""
    before = os.environ.get("LANGUAGE", "en")
    speak("zh")
    yield
    speak(before)


def test_every_code_says_what_it_means_and_what_to_do() -> None:
    """No entry lacks a language."""
    lacking = [
        code
        for code, entry in known_codes().items()
        for texts in (entry.meaning, entry.mend)
        if set(texts) != {"en", "zh"} or not all(texts.values())
    ]
    assert lacking == []


def test_every_code_of_a_sender_is_known() -> None:
    """Those that articles and notices can meet are there."""
    met = {-1, 40001, 40007, 40013, 40125, 40164, 40243, 42001, 45002, 45003, 45004, 45009}
    met |= {45011, 45110, 45166, 48001, 50007, 53402, 88000, 89503, 268487001, 61450}
    met |= {40036, 40037, 40039, 40059, 40060, 40065, 40249, 43101, 43116, 47003, 48022, 53600}
    assert met - set(known_codes()) == set()


def test_only_trouble_of_the_platform_leaves_a_doubt() -> None:
    """Every other code is a definite no."""
    unsure = {code for code, entry in known_codes().items() if entry.unsure}
    assert unsure == {-1, 268487001, 268487002, 61450}


def test_refused_address_is_named_with_where_to_allow_it() -> None:
    """40164 tells the address that the platform saw."""
    failure = answered(40164, NOT_ON_THE_LIST)
    assert failure.kind is Kind.ALLOW_LIST
    assert failure.message == (
        "WeChat answered 40164: the address of this machine is not on the account's allow-list"
    )
    assert failure.hint == (
        "add 192.0.2.7 at mp.weixin.qq.com, Settings and Development > Basic Configuration > "
        "IP allow-list (one address a line); if your address changes often, set wechat.api_base "
        "to a relay with a fixed one"
    )
    assert (failure.rid, failure.transient, ends_the_run(failure)) == ("65-a-b", False, True)


def test_mend_speaks_chinese_too(chinese: None) -> None:  # noqa: ARG001
    """The mend comes in the interface's language."""
    assert answered(45009, "reach max api daily quota limit").hint == (
        "请在北京时间零点后再运行，或在后台清零调用次数（每月十次）"
    )


def test_unknown_code_is_a_refusal_with_its_text() -> None:
    """A code of tomorrow is told as it came."""
    failure = answered(71234, "brand new rid: a-b-c")
    assert (failure.kind, failure.message) == (
        Kind.REFUSED,
        "WeChat answered 71234: brand new",
    )
    assert failure.detail == {
        "class": "refused",
        "code": 71234,
        "text": "brand new",
        "rid": "a-b-c",
        "mend": "look the code up at developers.weixin.qq.com",
        "transient": False,
    }


def test_minute_quota_says_how_long_to_wait() -> None:
    """45011 passes with the minute."""
    failure = answered(45011, "api minute-quota reach limit")
    assert (failure.transient, failure.wait) == (True, 60)
    assert (failure.detail["class"], failure.detail["wait"]) == ("throttled", 60)


@pytest.mark.parametrize(
    ("failure", "expected"),
    [
        (answered(40125, "invalid appsecret", at_login=True), LoginRefused),
        (answered(40013, "invalid appid", at_login=True), LoginRefused),
        (answered(40001, "invalid credential"), LoginRefused),
        (answered(40164, NOT_ON_THE_LIST, at_login=True), MachineError),
        (unreachable("ConnectTimeoutError"), MachineError),
    ],
)
def test_end_of_a_run_is_told_as_login_or_machine(failure: object, expected: type) -> None:
    """A refused login is its own error, the rest are the machine's."""
    ended = as_machine_error(failure)  # type: ignore[arg-type]
    assert isinstance(ended, expected)
    assert isinstance(ended, LoginRefused) == (expected is LoginRefused)


def test_lost_and_unreachable_differ_in_doubt() -> None:
    """Only a lost answer may have taken effect."""
    assert (lost("x").unsure, unreachable("x").unsure) == (True, False)
