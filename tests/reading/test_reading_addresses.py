"""Mail addresses as people write them."""

from __future__ import annotations

import re

import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import given
from hypothesis import strategies as st

from announce.reading.addresses import AddressFault, read_address, split_cell
from announce.reading.providers import PROVIDERS, likely_domain


@pytest.mark.parametrize(
    ("text", "spec", "name"),
    [
        ("li@example.org", "li@example.org", ""),
        ("Li.Wei+x@Example.ORG", "Li.Wei+x@example.org", ""),
        ("张三 <san@example.org>", "san@example.org", "张三"),
        ('"Doe; Jane" <jane@example.org>', "jane@example.org", "Doe; Jane"),
        ("<jane@example.org>", "jane@example.org", ""),
        ("李四＜si@example.org＞", "si@example.org", "李四"),
        ("a@例子.中国", "a@xn--fsqu00a.xn--fiqs8s", ""),
        ("a@163。com", "a@163.com", ""),
        ("用户@例子.中国", "用户@xn--fsqu00a.xn--fiqs8s", ""),
        ("o'hara@example.org", "o'hara@example.org", ""),
    ],
)
def test_address_is_read(text: str, spec: str, name: str) -> None:
    """Names, other scripts and letter case come out as the wire needs them."""
    address, doubt = read_address(text)
    assert (address.spec, address.name, doubt) == (spec, name, None)
    assert address.needs_smtputf8 is (not spec.isascii())


@pytest.mark.parametrize(
    "text",
    [
        "",
        "li",
        "li@",
        "@example.org",
        "li@example",
        "li@@example.org",
        "li example@example.org",
        "a@example.org, b@example.org",
        "ａ@qq.com",
        "a＠qq.com",
        "a@exam_ple.org",
        "a..b@example.org",
        ".a@example.org",
        "a@example.org.",
        "a@-example.org",
        "a\r\n@example.org",
        "a\u200b@example.org",
        "a@host.local",
        "a@x.test",
        "a@[127.0.0.1]",
        "a@" + "b" * 64 + ".org",
        "张三 <>",
        "张三 a@example.org",
        "mailto:a@example.org",
        "a@b@example.org",
        "\0",
        "a\x07@example.org",
    ],
)
def test_text_that_is_no_address_is_a_fault_with_a_mend(text: str) -> None:
    """Each comes with our own sentence and how to mend it."""
    with pytest.raises(AddressFault) as caught:
        read_address(text)
    assert caught.value.code in ("address", "control-character")
    assert str(caught.value)
    assert caught.value.hint


def test_fullwidth_letters_name_what_was_meant() -> None:
    """The mend is the half-width address."""
    with pytest.raises(AddressFault) as caught:
        read_address("ａ１@qq.com")
    assert caught.value.hint == 'did you mean "a1@qq.com"?'


@pytest.mark.parametrize(
    ("domain", "meant"),
    [
        ("qq.con", "qq.com"),
        ("163.cmo", "163.com"),
        ("gmial.com", "gmail.com"),
        ("gmai.com", "gmail.com"),
        ("gmaill.com", "gmail.com"),
        ("outlok.com", "outlook.com"),
        ("hotnail.com", "hotmail.com"),
        ("foxmial.con", "foxmail.com"),
        ("mail.com", None),
        ("ymail.com", None),
        ("136.com", None),
        ("qqq.com", None),
        ("example.org", None),
        ("vip.163.com", None),
        ("sina.cn", None),
    ],
)
def test_mistyped_provider_is_doubted(domain: str, meant: str | None) -> None:
    """Near misses of large providers are named, real neighbours are not."""
    assert likely_domain(domain) == meant


def test_no_provider_is_doubted() -> None:
    """The right ones are right."""
    assert [likely_domain(domain) for domain in PROVIDERS] == [None] * len(PROVIDERS)


def test_cell_is_split_outside_quotes() -> None:
    """Half- and full-width semicolons separate; within quotes they do not."""
    assert split_cell('a；b; "x; y" <c>') == ["a", "b", '"x; y" <c>']


@given(
    st.from_regex(re.compile(r"[A-Za-z0-9.+_-]{1,66}@[A-Za-z0-9.-]{1,80}", re.A), fullmatch=True)
)
def test_quick_way_answers_as_email_validator(text: str) -> None:
    """The pattern for plain addresses neither accepts nor changes what the library would not."""
    try:
        expected: str | None = validate_email(text, check_deliverability=False).ascii_email
    except EmailNotValidError:
        expected = None
    try:
        found: str | None = read_address(text)[0].spec
    except AddressFault:
        found = None
    assert found == expected


@given(st.text(max_size=80))
def test_any_text_is_an_address_or_a_fault(text: str) -> None:
    """Nothing else is raised, and what is read has no line break."""
    try:
        address, _doubt = read_address(text)
    except AddressFault:
        return
    assert not set("\r\n\0") & set(address.spec + address.name)
