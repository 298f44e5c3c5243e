"""Mails as bytes, judged by the standard library's parser."""

from __future__ import annotations

import email
import email.policy
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.utils import getaddresses
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from announce.channels.email.mime import check_writable, digest, needs_smtputf8, write
from announce.model.audience import Address
from announce.model.message import Blob, Mail

ID = "<0123456789abcdef@example.org>"
DATE = datetime(2025, 1, 6, 9, 30, tzinfo=UTC)
UNSUBSCRIBE = "mailto:chairs@example.org?subject=unsubscribe%20scifm-2025-cfp"

_TEXT = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=200)
_NAME = st.one_of(
    _TEXT,
    st.sampled_from(
        [
            "张三", "Zhang, San", "J. Smith", '"quoted"', "back\\slash", "=?utf-8?q?x?=",
            "a@b.example", "王 (北京)", "x" * 200, "Zoë  Müller", " edge ", "李四; 王五", "<b>",
        ]
    ),
)  # fmt: skip
_BODY = st.text(st.characters(exclude_categories=["Cs"]), max_size=400)


def _mail(**changes: Any) -> Mail:
    plain = Mail(
        languages=("zh",),
        subject="征稿通知",
        sender=Address(spec="chairs@example.org", name="SCI-FM 组委会"),
        reply_to=None,
        to=(Address(spec="li@example.net", name="李四"),),
        text="你好\n",
        html="<p>你好</p>\n",
    )
    return replace(plain, **changes)


def _bytes(mail: Mail) -> bytes:
    return write(mail, message_id=ID, date=DATE)


def _parsed(mail: Mail) -> EmailMessage:
    message = email.message_from_bytes(_bytes(mail), policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    assert list(_defects(message)) == []
    return message


def _defects(message: EmailMessage) -> Iterator[Any]:
    for part in message.walk():
        yield from part.defects
        for value in part.values():
            yield from value.defects


def _people(mail: Mail, name: str) -> list[tuple[str, str]]:
    """The addresses of a header as a mail program reads them.

    EmailMessage puts blanks between the encoded-words of one name, so it cannot be the judge.
    """
    raw = email.message_from_bytes(_bytes(mail), policy=email.policy.compat32)[name]
    return [
        (str(make_header(decode_header(shown))), address)
        for shown, address in getaddresses([re.sub(r"\r\n ", " ", raw)])
    ]


def _shape(part: EmailMessage) -> Any:
    kind = part.get_content_type()
    return (kind, [_shape(inner) for inner in part.iter_parts()]) if part.is_multipart() else kind


def test_plain_mail_has_two_alternatives() -> None:
    """Without files there is one level, the text first."""
    assert _shape(_parsed(_mail())) == ("multipart/alternative", ["text/plain", "text/html"])


def test_mail_with_everything_has_every_level() -> None:
    """Pictures stand beside the HTML, attachments beside the whole."""
    message = _parsed(
        _mail(
            pictures=(
                Blob(name="图.png", media_type="image/png", data=b"png", cid="p1@x.example"),
            ),
            attachments=(
                Blob(name="录用通知.pdf", media_type="application/pdf", data=b"pdf"),
                Blob(
                    name="dates.ics",
                    media_type="text/calendar; charset=utf-8; method=PUBLISH",
                    data=b"BEGIN:VCALENDAR",
                ),
            ),
        )
    )
    assert _shape(message) == (
        "multipart/mixed",
        [
            (
                "multipart/alternative",
                ["text/plain", ("multipart/related", ["text/html", "image/png"])],
            ),
            "application/pdf",
            "text/calendar",
        ],
    )
    leaves = [part for part in message.walk() if not part.is_multipart()]
    assert [part.get_filename() for part in leaves] == [
        None, None, "图.png", "录用通知.pdf", "dates.ics",
    ]  # fmt: skip
    assert [part.get_content_disposition() for part in leaves[2:]] == [
        "inline", "attachment", "attachment",
    ]  # fmt: skip
    assert leaves[2]["Content-ID"] == "<p1@x.example>"
    assert leaves[4].get_params() == [
        ("text/calendar", ""), ("charset", "utf-8"), ("method", "PUBLISH"),
    ]  # fmt: skip


def test_head_of_an_announcement() -> None:
    """Every header in full, long List-* values as they are."""
    long_id = "announcements.of.the.open.science.workshop." + "very-" * 8 + "long.example.org"
    mail = _mail(
        languages=("zh", "en"),
        subject="征稿通知：SCI-FM 2025 / Call for papers: SCI-FM 2025",
        reply_to=Address(spec="answers@example.org"),
        to=(
            Address(spec="li@example.net", name="Li Si"),
            Address(spec="wang@xn--fsqu00a.xn--fiqs8s", name="王五, 教授"),
        ),
        list_id=f"公告 <{long_id}>",
        unsubscribe=UNSUBSCRIBE,
    )
    head = _bytes(mail).split(b"\r\n\r\n")[0].decode("ascii")
    assert head.rpartition("\r\nContent-Type:")[0] == "\r\n".join(
        [
            "From: =?utf-8?B?U0NJLUZNIOe7hOWnlOS8mg==?= <chairs@example.org>",
            "Reply-To: answers@example.org",
            "To: Li Si <li@example.net>, =?utf-8?B?546L5LqULCDmlZnmjog=?=",
            " <wang@xn--fsqu00a.xn--fiqs8s>",
            "Subject: =?utf-8?B?5b6B56i/6YCa55+l77yaU0NJLUZNIDIwMjUgLyBDYWxsIGZvciBwYXBl?=",
            " =?utf-8?B?cnM6IFNDSS1GTSAyMDI1?=",
            "Date: Mon, 06 Jan 2025 09:30:00 +0000",
            f"Message-ID: {ID}",
            "MIME-Version: 1.0",
            "Content-Language: zh-Hans, en",
            "List-Id: =?utf-8?B?5YWs5ZGK?=",
            f" <{long_id}>",
            f"List-Unsubscribe: <{UNSUBSCRIBE}>",
            "Auto-Submitted: auto-generated",
        ]
    )


def test_personal_mail_has_no_list_headers() -> None:
    """A decision is no list mail."""
    names = {name.lower() for name in _parsed(_mail())}
    assert names & {"list-id", "list-unsubscribe", "list-unsubscribe-post"} == set()


@settings(deadline=None)
@given(subject=_TEXT, names=st.lists(_NAME, min_size=1, max_size=4), sender=_NAME)
def test_headers_come_back_as_written(subject: str, names: list[str], sender: str) -> None:
    """Whatever stands in a subject or a name is read again as it was, in lines of 78 at most."""
    mail = _mail(
        subject=subject,
        sender=Address(spec="chairs@example.org", name=sender),
        to=tuple(Address(spec=f"person{n}@example.net", name=name) for n, name in enumerate(names)),
    )
    assert _parsed(mail)["Subject"] == subject
    assert _people(mail, "From") == [(sender, "chairs@example.org")]
    assert _people(mail, "To") == [(name, f"person{n}@example.net") for n, name in enumerate(names)]
    assert max(len(line) for line in _bytes(mail).split(b"\r\n")) <= 78


@settings(deadline=None)
@given(text=_BODY, html=_BODY)
def test_bodies_come_back_as_written(text: str, html: str) -> None:
    """Texts survive with their line ends made alike, in ASCII lines of 78 at most."""
    message = _parsed(_mail(text=text, html=html))
    written = _bytes(_mail(text=text, html=html))
    plain, page = message.get_body(("plain",)), message.get_body(("html",))
    assert plain is not None
    assert _lines(plain.get_content()) == _lines(text)
    if html:
        assert page is not None
        assert _lines(page.get_content()) == _lines(html)
    assert written.isascii()
    assert re.search(rb"(?<!\r)\n|\r(?!\n)", written) is None
    assert max(len(line) for line in written.split(b"\r\n")) <= 78


def _lines(text: str) -> str:
    text = re.sub(r"\r\n|\r", "\n", text)
    return text if text.endswith("\n") else text + "\n"


@settings(deadline=None)
@given(name=_NAME.map(str.strip).filter(bool), data=st.binary(max_size=300))
def test_attachments_come_back_as_written(name: str, data: bytes) -> None:
    """File names in any script and bytes of any kind."""
    blob = Blob(name=name, media_type="application/pdf", data=data)
    message = _parsed(_mail(attachments=(blob,)))
    (part,) = message.iter_attachments()
    # Not get_filename(), which takes quotes and brackets off what was already decoded.
    assert part["Content-Disposition"].params["filename"] == name
    assert part.get_content() == data
    assert max(len(line) for line in _bytes(_mail(attachments=(blob,))).split(b"\r\n")) <= 78


@pytest.mark.parametrize(
    ("text", "encoding"),
    [("Dear all,\n", "7bit"), ("x" * 200, "quoted-printable"), ("你好" * 20, "base64")],
)
def test_body_takes_the_encoding_that_fits(text: str, encoding: str) -> None:
    """Short ASCII lines as they are, Latin text quoted, Chinese in base64."""
    plain = _parsed(_mail(text=text)).get_body(("plain",))
    assert plain is not None
    assert plain["Content-Transfer-Encoding"] == encoding


@pytest.mark.parametrize("sign", ["\r", "\n", "\r\n", "\0", "\x1b", "\x85", "\u2028"])
@pytest.mark.parametrize(
    "put",
    [
        lambda text: {"subject": text},
        lambda text: {"sender": Address(spec="chairs@example.org", name=text)},
        lambda text: {"to": (Address(spec="li@example.net", name=text),)},
        lambda text: {"to": (Address(spec=f"{text}@example.net"),)},
        lambda text: {"reply_to": Address(spec=f"li@example.net{text}")},
        lambda text: {"list_id": f"{text} <x.example.org>"},
        lambda text: {"unsubscribe": f"mailto:li@example.org?subject={text}"},
        lambda text: {
            "attachments": (Blob(name=text, media_type="application/pdf", data=b""),),
        },
        lambda text: {
            "attachments": (Blob(name="x", media_type=f"text/x; {text}", data=b""),),
        },
        lambda text: {
            "pictures": (Blob(name="x", media_type="image/png", data=b"", cid=f"{text}@x"),),
        },
    ],
)
def test_line_break_in_a_header_is_refused(sign: str, put: Any) -> None:
    """Nothing that is filled in can begin a header of its own."""
    mail = _mail(**put(f"a{sign}Bcc: eve@example.com"))
    with pytest.raises(ValueError, match=r"^[A-Z][A-Za-z-]+: "):
        _bytes(mail)
    with pytest.raises(ValueError, match=r"^[A-Z][A-Za-z-]+: "):
        check_writable(mail)


@pytest.mark.parametrize(
    "spec",
    ["li@例子.中国", "li", "li@", "@example.org", "a b@example.org", "a,b@example.org", "<a@b.c>"],
)
def test_address_unfit_for_a_header_is_refused(spec: str) -> None:
    """Domains are IDNA by now, and an address holds no separators."""
    with pytest.raises(ValueError, match=r"^To: not a mail address"):
        _bytes(_mail(to=(Address(spec=spec),)))


@pytest.mark.parametrize(
    ("message_id", "date"),
    [("no-brackets@example.org", DATE), ("<a b@c>", DATE), (ID, DATE.replace(tzinfo=None))],
)
def test_bad_id_or_naive_date_is_refused(message_id: str, date: datetime) -> None:
    """Message-ID and Date are the caller's, and checked."""
    with pytest.raises(ValueError, match=r"^(Message-ID|Date): "):
        write(_mail(), message_id=message_id, date=date)


def test_mail_to_nobody_is_refused() -> None:
    """A mail without recipients cannot be written."""
    with pytest.raises(ValueError, match=r"^To: no address"):
        _bytes(_mail(to=()))


def test_chinese_local_part_stays_in_utf8() -> None:
    """Such an address is written as it is, beside an encoded name."""
    mail = _mail(to=(Address(spec="用户@xn--fsqu00a.xn--fiqs8s", name="李四"),))
    assert needs_smtputf8(mail)
    assert "To: =?utf-8?B?5p2O5Zub?= <用户@xn--fsqu00a.xn--fiqs8s>\r\n".encode() in _bytes(mail)
    assert not needs_smtputf8(_mail())


def test_same_mail_gives_the_same_bytes() -> None:
    """Boundaries and encodings do not move; Date and Message-ID stand outside the digest."""
    blob = Blob(name="a.pdf", media_type="application/pdf", data=b"pdf")
    mail, again = _mail(attachments=(blob,)), _mail(attachments=(replace(blob),))
    later = datetime(2026, 1, 1, tzinfo=UTC)
    assert _bytes(mail) == _bytes(again)
    assert digest(mail) == digest(again)
    assert _bytes(mail) != write(mail, message_id="<other@example.org>", date=later)


@pytest.mark.parametrize(
    "change",
    [
        {"subject": "录用通知"},
        {"text": "您好\n"},
        {"html": "<p>您好</p>\n"},
        {"to": (Address(spec="li@example.net", name="李"),)},
        {"languages": ("zh", "en")},
        {"unsubscribe": UNSUBSCRIBE},
        {"list_id": "<n.example.org>"},
        {"sender": Address(spec="chairs@example.org", name="SCI-FM")},
        {"reply_to": Address(spec="answers@example.org")},
        {"html": ""},
        {"text": "你好<p>你好</p>\n", "html": ""},
        {"pictures": (Blob(name="a.png", media_type="image/png", data=b"png", cid="a@x.org"),)},
        {"attachments": (Blob(name="a.png", media_type="image/png", data=b"png", cid="a@x.org"),)},
        {"attachments": (Blob(name="a.pdf", media_type="application/pdf", data=b"pdf"),)},
    ],
)
def test_digest_moves_with_what_is_sent(change: dict[str, Any]) -> None:
    """Whatever a reader would get differently changes the digest."""
    assert digest(_mail(**change)) != digest(_mail())


def test_digest_moves_with_what_is_inside_a_file() -> None:
    """Each file counts with its name, its type, its content, and its place."""
    plain = Blob(name="a.pdf", media_type="application/pdf", data=b"pdf")
    other = Blob(name="b.txt", media_type="text/plain", data=b"b")
    files = [
        (plain,), (plain, other), (other, plain), (replace(plain, data=b"PDF"),),
        (replace(plain, name="c.pdf"),), (replace(plain, media_type="text/plain"),), (plain, plain),
    ]  # fmt: skip

    assert len({digest(_mail(attachments=blobs)) for blobs in files}) == len(files)


def test_part_cannot_end_itself() -> None:
    """A text that holds the boundaries of the mail it was in before is one part all the same."""
    blob = Blob(name="a.pdf", media_type="application/pdf", data=b"pdf")
    text, seen = "Dear all,\n", set()
    for _ in range(3):
        mail = _mail(text=text, html="<p>short</p>\n", attachments=(blob,))
        plain = _parsed(mail).get_body(("plain",))
        assert plain is not None
        assert plain["Content-Transfer-Encoding"] == "7bit"
        assert _lines(plain.get_content()) == text
        boundaries = set(re.findall(r'boundary="([^"]+)"', _bytes(mail).decode()))
        seen |= boundaries
        text = "".join(f"--{boundary}--\n--{boundary}\n" for boundary in boundaries)
    assert len(seen) == 6


def test_date_is_written_with_its_zone() -> None:
    """In any zone, with English names of days and months."""
    there = DATE.astimezone(timezone(timedelta(hours=-3, minutes=-30)))
    for date, shown in ((DATE, "09:30:00 +0000"), (there, "06:00:00 -0330")):
        written = write(_mail(), message_id=ID, date=date)
        assert f"\r\nDate: Mon, 06 Jan 2025 {shown}\r\n".encode() in written
