"""Checks of single messages and rows: what each finds, and what it leaves alone."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from announce.checks import decisions, names
from announce.checks.deliverability import mail_doubts
from announce.checks.typography import typography
from announce.checks.when import date_doubts, order_doubts
from announce.model.audience import Address, Row
from announce.model.message import Blob, Mail
from announce.model.project import Secret, Smtp
from announce.model.sample import Sample
from announce.problems import Place, Problem

NOW = datetime(2025, 1, 6, tzinfo=UTC)
HERE = Place(file="campaigns/a.yaml")


def said(text: str, language: Any = "zh", variant: str | None = None, subject: str = "") -> Sample:
    """A message that says this."""
    return Sample(language=language, channel="email", variant=variant, whom="a", file="a.md.j2",
                  subject=subject, text=text, html="", written=text)  # fmt: skip


def codes(problems: list[Problem]) -> list[str]:
    """The codes of problems."""
    return [one.code for one in problems]


@pytest.mark.parametrize(
    ("language", "text", "found"),
    [
        ("zh", "2025年2月10日（星期一）", []),
        ("zh", "2025年2月10日（星期二）", ["date-weekday"]),
        ("zh", "2025年2月10日星期日", ["date-weekday"]),
        ("zh", "2月10日（周一）", []),
        ("zh", "2月29日", []),
        ("zh", "2025年2月29日", ["date-impossible"]),
        ("en", "Monday, 10 February 2025", []),
        ("en", "Tuesday, 10 February 2025", ["date-weekday"]),
        ("en", "February 10, 2025 (Mon)", []),
        ("en", "February 10, 2025 (Sun)", ["date-weekday"]),
        ("en", "Feb 10, 2025. Tuesday is another day.", []),
        ("en", "31 April 2025", ["date-impossible"]),
        ("en", "24–28 April 2025 (Thursday to Monday)", []),
        ("en", "due by 1 December 2024", ["date-past"]),
        ("en", "held on 1 December 2024", []),
        ("en", "due 10 February 2025, 18:00", ["date-zone"]),
        ("en", "due 10 February 2025, 18:00 UTC", []),
        ("en", "doors open at 18:00", []),
        ("zh", "请于2月10日18:00之前提交", ["date-zone"]),
        ("zh", "请于北京时间2月10日18:00之前提交", []),
    ],
)
def test_dates_in_words(language: str, text: str, found: list[str]) -> None:
    """Weekdays, days that are none, deadlines past or without zone."""
    assert codes(date_doubts(said(text, language), NOW)) == found


def test_relative_words_are_for_those_who_send_by_hand() -> None:
    """“Tomorrow” is true only on one day."""
    sample = said("The deadline is tomorrow, this Friday.", "en")

    assert codes(date_doubts(sample, NOW)) == []
    assert codes(date_doubts(sample, NOW, scheduled=True)) == ["date-relative"] * 2


@pytest.mark.parametrize(
    ("facts", "found"),
    [
        ({"opens": date(2025, 1, 1), "deadlines": {"submission": date(2025, 2, 1)}}, []),
        ({"opens": date(2025, 3, 1), "submission": date(2025, 2, 1)}, ["date-order"]),
        ({"deadlines": {"abstract": date(2025, 2, 8), "paper": date(2025, 2, 1)}}, ["date-order"]),
        ({"deadlines": {"notification": date(2025, 3, 1), "camera_ready": date(2025, 3, 1)}}, []),
        ({"notification": date(2025, 5, 1),
          "conference": {"dates": {"from": date(2025, 4, 1), "to": date(2025, 4, 3)}}},
         ["date-order"]),
        ({"born": date(1990, 1, 1), "dinner": date(2020, 1, 1)}, []),
    ],
)  # fmt: skip
def test_order_of_facts(facts: dict[str, Any], found: list[str]) -> None:
    """Each date follows those it must follow; what nobody knows is left alone."""
    assert codes(order_doubts(facts, HERE)) == found


@pytest.mark.parametrize(
    ("variant", "language", "text", "found"),
    [
        ("reject", "en", "Congratulations on your paper.", ["decision-words"]),
        ("reject", "en", "We are unable to accept your paper.", []),
        ("reject", "en", "Unfortunately it was not accepted.", []),
        ("reject", "zh", "很遗憾，这篇论文未能录用。", []),
        ("reject", "zh", "恭喜！论文已被录用。", ["decision-words", "decision-words"]),
        ("reject", "zh", "本届录用 44 篇论文。", []),
        ("oral", "en", "We are pleased to accept your paper. Congratulations!", []),
        ("oral", "en", "Unfortunately we cannot accept it.", ["decision-words", "decision-words"]),
        ("poster", "zh", "恭喜，论文已被录用。", []),
        ("poster", "zh", "很遗憾。", ["decision-words"]),
        ("group-a", "en", "Congratulations, unfortunately.", []),
    ],
)
def test_words_against_class(variant: str, language: str, text: str, found: list[str]) -> None:
    """The outcome is the class's; the name of a class may say nothing."""
    assert codes(decisions.word_doubts(said(text, language, variant))) == found


def row(key: str, *cells: str, line: int = 2, name: str = "Ada Example") -> Row:
    """A row with a title, a class and a note."""
    address = (f"{key.lower()}@example.org", name, f"{key.lower()}@example.org")
    return Row(key, line, "en", (name,), (address,), (key, *cells))


COLUMNS = ("key", "title", "decision", "note")
FIRST = "An Open Ledger for Instruction Data"


@pytest.mark.parametrize(
    ("other", "found"),
    [
        (("Another Paper about Other Things", "oral", ""), []),
        ((FIRST, "oral", ""), ["decision-twice"]),
        ((FIRST.upper(), "reject", ""), ["title-twice"]),
        (("Another Paper about Other Things", "oral", f"Compare {FIRST}, please."),
         ["decision-other"]),
        (("Another Paper about Other Things", "oral", "See P-1 for more."), ["decision-other"]),
        (("Another Paper about Other Things", "oral", "See P-2, your own."), []),
        (("Another Paper about Other Things", "oral", "An Open Ledger is useful."), []),
    ],
)  # fmt: skip
def test_rows_against_each_other(other: tuple[str, ...], found: list[str]) -> None:
    """One title in two rows, and texts that are about another submission."""
    rows = [row("P-1", FIRST, "reject", ""), row("P-2", *other, line=3)]

    assert codes(decisions.row_doubts(decisions.Rows(rows, COLUMNS, "a.csv", "decision"))) == found


def test_rows_against_the_list_of_all() -> None:
    """Missing, unknown, and another title; case, width and punctuation do not count."""
    rows = [row("P-1", "“An Open Ledger”", "oral", ""), row("P-2", "Swapped", "oral", ""),
            row("P-9", "Nobody's", "oral", "")]  # fmt: skip
    known = [{"key": "P-1", "title": "An open ledger!"}, {"key": "P-2", "title": "Right"},
             {"key": "P-3", "title": "Forgotten"}]  # fmt: skip
    table = decisions.Rows(rows, COLUMNS, "a.csv", "decision")

    assert sorted(codes(decisions.known_doubts(table, known, "all.csv", "key"))) == [
        "submission-differs",
        "submission-missing",
        "submission-unknown",
    ]


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("Ada Example", []),
        ("张伟", []),
        ("O'Doherty-Finn", []),
        ("Ødegård", []),
        ("José García", []),
        ("Müller", []),
        ("None", ["name-placeholder"]),
        ("nan", ["name-placeholder"]),
        ("待定", ["name-placeholder"]),
        ("<name>", ["name-placeholder"]),
        ("ADA EXAMPLE", ["name-capitals"]),
        ("ada example", ["name-capitals"]),
        ("NASA", []),
        ("Example, Ada", ["name-order"]),
        ("Jr., Ada", []),
    ],
)
def test_names(name: str, found: list[str]) -> None:
    """What greets nobody, or greets badly; names of the whole world are left alone."""
    assert codes(names.row_doubts([row("a", name=name)], ("key",), "a.csv")) == found


@pytest.mark.parametrize(
    ("cell", "found"),
    [
        ("Café, naïve, Zürich, São Paulo", []),
        ("开放的数据集", []),
        ("CafÃ©", ["mojibake"]),
        ("donâ€™t", ["mojibake"]),
        ("锟斤拷", ["mojibake"]),
        ("a\ufffdb", ["mojibake"]),
        ("Hello {{ name }}", ["name-placeholder"]),
    ],
)
def test_damaged_cells(cell: str, found: list[str]) -> None:
    """Read in the wrong encoding, or left open."""
    assert codes(names.row_doubts([row("a", cell)], ("key", "note"), "a.csv")) == found


@pytest.mark.parametrize(
    ("language", "text", "found"),
    [
        ("zh", "张伟教授，您好！", []),
        ("zh", "张伟教授老师，您好！", ["name-title"]),
        ("zh", "尊敬的：", ["name-empty"]),
        ("zh", "各位同行，大家好！", []),
        ("en", "Dear Prof. Zhang,", []),
        ("en", "Dear Prof. Dr. Zhang,", ["name-title"]),
        ("en", "Dear ,", ["name-empty"]),
        ("en", "Dear None,", ["name-empty"]),
        ("en", "Dear colleague,", []),
        ("en", "Hello {{ name }}", ["name-placeholder"]),
    ],
)
def test_greetings(language: str, text: str, found: list[str]) -> None:
    """Somebody is greeted, and once."""
    assert codes(names.sample_doubts(said(text, language))) == found


@pytest.mark.parametrize(
    ("language", "text", "found"),
    [
        ("zh", "使用 OpenReview 投稿，2025年2月10日截止。", []),
        ("zh", "使用OpenReview投稿", ["typo-space", "typo-space"]),
        ("zh", "你好,世界", ["typo-width"]),
        ("zh", "待续...", ["typo-ellipsis"]),
        ("zh", "待续……", []),
        ("zh", "真的吗？？", ["typo-repeat"]),
        ("zh", '他说"你好"', ["typo-quotes"]),
        ("zh", "见 https://example.org/a,b", []),
        ("en", "Dear all, this is fine: really; yes.", []),
        ("en", "This is wrong ,really", ["typo-space"]),
        ("en", "This is wrong，really", ["typo-width"]),
        ("en", "two  spaces", ["typo-double-space"]),
        ("en", "Read more (阅读原文) below.", []),
    ],
)
def test_typography(language: str, text: str, found: list[str]) -> None:
    """Each language has its own."""
    assert codes(typography(said(text, language))) == found


def mail(html: str = "<p>Enough words for a mail, which says at length what it is about.</p>",
         **more: Any) -> Mail:  # fmt: skip
    """A mail."""
    fields: dict[str, Any] = {
        "languages": ("en",),
        "subject": "Call for papers",
        "sender": Address(spec="chairs@example.org"),
        "reply_to": None,
        "to": (Address(spec="a@example.org"),),
        "text": "Enough words for a mail, which says what it is about. Unsubscribe: x@example.org",
        "unsubscribe": "x@example.org",
    }
    return Mail(html=html, **(fields | more))


LONG = "<p>Enough words for a mail, which says at length what it is about, and then some.</p>"
BIG = Blob(name="a.png", media_type="image/png", data=b"0" * (2**20 + 1), cid="a")


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({}, []),
        ({"subject": "FREE PAPERS NOW"}, ["mail-subject", "mail-subject"]),
        ({"subject": "Really!!"}, ["mail-subject"]),
        ({"subject": "Re: your paper"}, ["mail-subject"]),
        ({"subject": "SCI-FM Workshop at ICLR 2025"}, []),
        ({"html": LONG + '<a href="https://b.example.org/x">https://a.example.org</a>'},
         ["mail-link-text"]),
        ({"html": LONG + '<a href="https://a.example.org/x">a.example.org</a>'}, []),
        ({"html": LONG + '<a href="https://b.example.org">our page</a>'}, []),
        ({"html": LONG + '<a href="http://b.example.org">our page</a>'}, ["mail-link"]),
        ({"html": LONG + '<a href="https://bit.ly/x">our page</a>'}, ["mail-link"]),
        ({"html": LONG + '<a href="https://[x">our page</a>'}, ["mail-link"]),
        ({"html": LONG + '<a href="https://10.0.0.1/x">our page</a>'}, ["mail-link"]),
        ({"html": '<img src="cid:a" alt="x">'}, ["mail-pictures"]),
        ({"html": LONG + '<img src="cid:a">'}, ["mail-pictures"]),
        ({"pictures": (BIG,)}, ["mail-pictures"]),
        ({"html": LONG + '<div style="display: flex">x</div>'}, ["mail-client"]),
        ({"html": LONG + '<div style="border-radius: 3px">x</div>'}, []),
        ({"text": "x", "unsubscribe": ""}, ["mail-no-text", "mail-unsubscribe"]),
        ({"attachments": (Blob(name="a.exe", media_type="x/y", data=b"x"),)}, ["mail-attachment"]),
    ],
)  # fmt: skip
def test_mails(given: dict[str, Any], found: list[str]) -> None:
    """What filters and readers take amiss."""
    assert codes(mail_doubts(mail(**given), HERE, announces=True, smtp=None)) == found


@pytest.mark.parametrize(
    ("user", "found"),
    [("chairs@example.org", []), ("me@mail.example.org", []), ("me@example.com", ["mail-from"]),
     ("login", [])],
)  # fmt: skip
def test_sender_against_login(user: str, found: list[str]) -> None:
    """Another domain than the login's is no friend of SPF."""
    smtp = Smtp(host="smtp.example.org", user=user, password=Secret(env="X"))

    assert codes(mail_doubts(mail(), HERE, announces=True, smtp=smtp)) == found
