"""Composing mails from templates: languages, senders, pictures, attachments, faults."""

from __future__ import annotations

import email
import email.policy
import shutil
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from announce.channels.email.check import check_mail
from announce.channels.email.compose import MailComposer, sender_address
from announce.channels.email.files import digest as file_digest
from announce.channels.email.mime import digest, write
from announce.errors import InputError, StoppedError
from announce.model.audience import Address, Recipient
from announce.model.campaign import Campaign
from announce.model.delivery import Delivery, DeliveryKey
from announce.model.languages import Language
from announce.model.message import Blob, Mail
from announce.model.moment import parse_moment
from announce.model.plan import Planned
from announce.model.project import Project, Secret, Sender, Settings, Smtp
from announce.problems import Place
from announce.rendering.book import TemplateBook
from announce.rendering.renderer import Renderer

LAYOUTS = Path(__file__).parents[2] / "templates" / "layouts"
PLACE = Place(file="audiences/community.csv", line=7)
PNG = b"\x89PNG\r\n\x1a\n0000"

ZH = """---
subject: "征稿通知：{{ title }}"
short: "征稿：{{ title }}"
---
{{ recipient.name }}，您好：欢迎投稿。

![横幅](banner)

{% if unsubscribe is defined %}退订请写信至 {{ unsubscribe }}。{% endif %}
"""
EN = """---
subject: "Call for papers: {{ title }}"
short: "CFP: {{ title }}"
---
Dear {{ recipient.name }}, please submit.

![Banner](banner)

{% if unsubscribe is defined %}Write to {{ unsubscribe }} to hear no more.{% endif %}
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project with both languages, a picture and a file."""
    files: Mapping[str, str | bytes] = {
        "templates/zh/cfp.md.j2": ZH,
        "templates/en/cfp.md.j2": EN,
        "templates/zh/cfp.oral.md.j2": ZH.replace("征稿通知", "口头报告"),
        "templates/en/cfp.oral.md.j2": EN.replace("Call for papers", "Oral"),
        "assets/banner.png": PNG,
        "assets/poster.pdf": b"poster",
        "assets/certificates/li.pdf": b"certificate",
    }
    for name, content in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    shutil.copytree(LAYOUTS, tmp_path / "templates" / "layouts")
    settings = Settings(
        name={"zh": "开放科学研讨会", "en": "Open Science Workshop"},
        sender=Sender(name={"zh": "组委会", "en": "The chairs"}, address="chairs@example.org"),
    )
    return Project(root=tmp_path, settings=settings)


def _campaign(**fields: Any) -> Campaign:
    return Campaign.model_validate(
        {
            "campaign": "open-2025-cfp",
            "kind": "cfp",
            "title": {"zh": "开放科学", "en": "Open Science"},
            "audience": {"file": "audiences/community.csv"},
            "pictures": {"banner": "assets/banner.png"},
            "email": {},
            **fields,
        }
    )


def _line(*languages: Language, name: str = "李四", **fields: str) -> Planned:
    recipient = Recipient(
        key="li@example.net",
        addresses=(
            Address(spec="li@example.net", name=name, shown="li@example.net"),
            Address(spec="wang@example.net", name="王五", shown="wang@example.net"),
        ),
        name=name,
        names=(name,),
        language=languages[0],
        fields=fields,
        place=PLACE,
    )
    delivery = Delivery(
        key=DeliveryKey("open-2025-cfp", "once", "email", "li@example.net"),
        language="+".join(languages),
        to=("li@example.net", "wang@example.net"),
    )
    return Planned(delivery=delivery, languages=languages, recipient=recipient)


def _compose(project: Project, campaign: Campaign, line: Planned) -> Mail:
    book = TemplateBook(project.root, project.languages)
    renderer = Renderer(book, project=project, campaign=campaign)
    return MailComposer(project, campaign, renderer).compose(line)


def _problems(project: Project, campaign: Campaign, line: Planned) -> list[tuple[str, Place]]:
    with pytest.raises(InputError) as caught:
        _compose(project, campaign, line)
    return [(problem.code, problem.place) for problem in caught.value.problems]


def test_mail_in_the_recipients_language(project: Project) -> None:
    """Subject, sender's name and words are of one language; all addresses are written to."""
    mail = _compose(project, _campaign(), _line("en", name="Li Si"))
    assert (mail.subject, mail.languages) == ("Call for papers: Open Science", ("en",))
    assert mail.sender == Address(
        spec="chairs@example.org", name="The chairs", shown="chairs@example.org"
    )
    assert [address.spec for address in mail.to] == ["li@example.net", "wang@example.net"]
    assert "Dear Li Si, please submit." in mail.text
    assert "Dear Li Si, please submit." in mail.html


@pytest.mark.parametrize(
    ("languages", "subject", "sender"),
    [
        (("zh", "en"), "征稿通知：开放科学 / CFP: Open Science", "组委会"),
        (("en", "zh"), "Call for papers: Open Science / 征稿：开放科学", "The chairs"),
    ],
)
def test_bilingual_mail_begins_with_the_readers_language(
    project: Project, languages: tuple[Language, ...], subject: str, sender: str
) -> None:
    """The first language names the sender and gives the whole subject, the other its short one."""
    mail = _compose(project, _campaign(), _line(*languages))
    assert (mail.subject, mail.sender.name, mail.languages) == (subject, sender, languages)
    assert sorted(["您好", "Dear"], key=lambda word: mail.text.index(word)) == (
        ["您好", "Dear"] if languages[0] == "zh" else ["Dear", "您好"]
    )


def test_announcement_can_be_unsubscribed_from(project: Project) -> None:
    """List headers and the words' address name where answers go."""
    mail = _compose(project, _campaign(email={"reply_to": "list@example.org"}), _line("en"))
    assert mail.reply_to == Address(spec="list@example.org", shown="list@example.org")
    assert mail.unsubscribe == "mailto:list@example.org?subject=unsubscribe%20open-2025-cfp"
    assert mail.list_id == "chairs.example.org"
    assert "Write to list@example.org to hear no more." in mail.text


def test_personal_mail_is_no_list_mail(project: Project) -> None:
    """A decision has no way out, and says nothing of one."""
    mail = _compose(project, _campaign(purpose="personal"), _line("en"))
    assert (mail.unsubscribe, mail.list_id, mail.reply_to) == ("", "", None)
    assert "hear no more" not in mail.text


def test_list_id_of_the_settings_goes_first(project: Project) -> None:
    """A configured List-Id is taken as it is."""
    email_settings = project.settings.email.model_copy(update={"list_id": "News <n.example.org>"})
    settings = project.settings.model_copy(update={"email": email_settings})
    changed = project.model_copy(update={"settings": settings})
    assert _compose(changed, _campaign(), _line("en")).list_id == "News <n.example.org>"


def test_sender_with_an_international_domain(project: Project) -> None:
    """The domain goes on the wire in IDNA, and is shown as written."""
    sender = Sender(name="组委会", address="chairs@例子.中国")
    settings = project.settings.model_copy(update={"sender": sender})
    changed = project.model_copy(update={"settings": settings})
    assert sender_address(changed, "zh") == Address(
        spec="chairs@xn--fsqu00a.xn--fiqs8s", name="组委会", shown="chairs@例子.中国"
    )


def test_variant_is_picked_by_the_column(project: Project) -> None:
    """The campaign's column names the template's variant; blank takes the plain one."""
    campaign = _campaign(template={"by": "decision"})
    oral = _compose(project, campaign, _line("en", decision="oral"))
    plain = _compose(project, campaign, _line("en", decision=""))
    assert (oral.subject, plain.subject) == ("Oral: Open Science", "Call for papers: Open Science")


def test_picture_is_sent_along_once(project: Project) -> None:
    """Both halves show one picture, by the Content-ID of its content."""
    mail = _compose(project, _campaign(), _line("zh", "en"))
    (picture,) = mail.pictures
    assert (picture.name, picture.media_type, picture.data) == ("banner.png", "image/png", PNG)
    assert mail.html.count(f'src="cid:{picture.cid}"') == 2
    assert picture.cid.endswith("@example.org")


def test_picture_from_afar_is_not_sent_along(project: Project) -> None:
    """An https address stands in the HTML, escaped."""
    campaign = _campaign(pictures={"banner": "https://example.org/b.png?a=1&b=2"})
    mail = _compose(project, campaign, _line("en"))
    assert mail.pictures == ()
    assert 'src="https://example.org/b.png?a=1&amp;b=2"' in mail.html


def test_attachments_of_all_and_of_each(project: Project) -> None:
    """A common file under its name in the language, and the recipient's own."""
    campaign = _campaign(
        email={
            "attachments": [
                {"file": "assets/poster.pdf", "name": {"zh": "海报.pdf", "en": "Poster.pdf"}},
                {"column": "certificate"},
            ]
        }
    )
    mail = _compose(project, campaign, _line("zh", "en", certificate="assets/certificates/li.pdf"))
    without = _compose(project, campaign, _line("en", certificate=" "))
    assert mail.attachments == (
        Blob(name="海报.pdf", media_type="application/pdf", data=b"poster"),
        Blob(name="li.pdf", media_type="application/pdf", data=b"certificate"),
    )
    assert [blob.name for blob in without.attachments] == ["Poster.pdf"]


def test_calendar_is_sent_along(project: Project) -> None:
    """The dates of the facts as one file, after the attachments."""
    campaign = _campaign(
        facts={"deadlines": {"submission": parse_moment("2025-02-10 23:59 AoE")}},
        email={
            "calendar": [
                {
                    "fact": "deadlines.submission",
                    "title": {"zh": "投稿截止", "en": "Submission deadline"},
                }
            ],
            "attachments": [{"file": "assets/poster.pdf"}],
        },
    )
    mail = _compose(project, campaign, _line("zh", "en"))
    assert [blob.name for blob in mail.attachments] == ["poster.pdf", "open-2025-cfp.ics"]
    assert "SUMMARY:投稿截止 / Submission deadline\r\n" in mail.attachments[1].data.decode()


def test_file_that_was_edited_between_two_readings_stops_the_run(project: Project) -> None:
    """Half of the people must not get another version: not of a file read before, nor of one
    that the plan has seen already."""
    campaign = _campaign(email={"attachments": [{"file": "assets/poster.pdf"}]})
    path = project.root / "assets/poster.pdf"
    book = TemplateBook(project.root, project.languages)
    composer = MailComposer(project, campaign, Renderer(book, project=project, campaign=campaign))
    composer.hold_to({"assets/poster.pdf": file_digest(path.read_bytes())})
    path.write_bytes(b"another poster")
    with pytest.raises(StoppedError, match=r"poster\.pdf"):
        composer.compose(_line("en"))


def test_all_faults_of_one_mail_are_told(project: Project, tmp_path: Path) -> None:
    """Missing, outside, unknown column: each at the recipient's row, all at once."""
    (tmp_path.parent / "outside.pdf").write_bytes(b"x")
    campaign = _campaign(
        pictures={"banner": "assets/none.png"},
        email={
            "attachments": [
                {"column": "certificate"},
                {"column": "certifcate"},
                {"file": "../outside.pdf"},
            ]
        },
    )
    assert _problems(project, campaign, _line("en", certificate="assets/none.pdf")) == [
        ("file-missing", PLACE),
        ("file-missing", PLACE),
        ("column-unknown", PLACE),
        ("file-outside", PLACE),
    ]


def test_line_break_in_a_name_is_a_fault(project: Project) -> None:
    """A name that would begin a header is told with its row."""
    line = _line("en", name="Li\r\nBcc: eve@example.com")
    assert _problems(project, _campaign(), line) == [("header-unsafe", PLACE)]


def test_attachments_beyond_any_mailbox_are_a_fault(project: Project) -> None:
    """Each below the limit, together above it."""
    for name in ("a.pdf", "b.pdf"):
        (project.root / name).write_bytes(bytes(11 * 2**20))
    attachments = [{"file": "a.pdf"}, {"file": "b.pdf"}]
    campaign = _campaign(email={"attachments": attachments})
    assert _problems(project, campaign, _line("en")) == [("attachments-too-large", PLACE)]


def test_single_file_beyond_any_mailbox_is_a_fault(project: Project) -> None:
    """A huge file is not even read."""
    with (project.root / "a.pdf").open("wb") as file:
        file.truncate(30 * 2**20)
    campaign = _campaign(email={"attachments": [{"file": "a.pdf"}]})
    assert _problems(project, campaign, _line("en")) == [("attachments-too-large", PLACE)]


def test_composing_again_gives_the_same_bytes(project: Project) -> None:
    """Two composers, one digest: what was looked at is what is sent."""
    campaign = _campaign(email={"attachments": [{"file": "assets/poster.pdf"}]})
    mails = [_compose(project, campaign, _line("zh", "en")) for _ in range(2)]
    assert digest(mails[0]) == digest(mails[1])


def test_composed_mail_is_read_without_defects(project: Project) -> None:
    """From template to bytes: what a mail program finds."""
    mail = _compose(project, _campaign(), _line("zh", "en"))
    written = write(mail, message_id="<1@example.org>", date=datetime(2025, 1, 6, tzinfo=UTC))
    message = email.message_from_bytes(written, policy=email.policy.default)
    assert [part.get_content_type() for part in message.walk()] == [
        "multipart/alternative", "text/plain", "multipart/related", "text/html", "image/png",
    ]  # fmt: skip
    assert [defect for part in message.walk() for defect in part.defects] == []
    assert message["Subject"] == "征稿通知：开放科学 / CFP: Open Science"
    assert message["To"].addresses[0].display_name == "李四"


def _plain_mail(**changes: Any) -> Mail:
    return Mail(
        **{
            "languages": ("zh",),
            "subject": "征稿",
            "sender": Address(spec="chairs@example.org"),
            "reply_to": None,
            "to": (Address(spec="li@example.net"),),
            "text": "你好",
            "html": "<p>你好</p>",
            **changes,
        }
    )


@pytest.mark.parametrize(
    ("changes", "codes"),
    [
        ({}, []),
        ({"subject": "征" * 55}, []),
        ({"subject": "征" * 55 + "a"}, ["subject-wide"]),
        ({"html": "x" * 102 * 1024}, []),
        ({"html": "征" * 35 * 1024}, ["html-large"]),
        (
            {
                "attachments": (
                    Blob(name="a", media_type="application/pdf", data=bytes(10 * 2**20 + 1)),
                )
            },
            ["attachments-large"],
        ),
    ],
)
def test_doubts_about_a_finished_mail(changes: dict[str, Any], codes: list[str]) -> None:
    """Warnings with the place they are given; nothing else is doubted."""
    problems = check_mail(_plain_mail(**changes), PLACE)
    assert [problem.code for problem in problems] == codes
    assert {(problem.is_error, problem.place) for problem in problems} <= {(False, PLACE)}


@pytest.mark.parametrize(
    ("host", "user", "codes"),
    [
        ("smtp.qq.com", "li@qq.com", ["sender-not-login"]),
        ("smtp.163.com", "li@163.com", ["sender-not-login"]),
        ("smtp.gmail.com", "li@gmail.com", ["sender-replaced"]),
        ("smtp.gmail.com", "li@example.net", ["sender-replaced"]),
        ("smtp-relay.gmail.com", "li@example.net", []),
        ("smtp.qq.com", "Chairs@example.org", []),
        ("smtp.example.org", "li@example.net", []),
        ("smtpdm.aliyun.com", "apikey", []),
    ],
)
def test_sender_must_be_the_login_where_the_provider_asks(
    host: str, user: str, codes: list[str]
) -> None:
    """QQ and NetEase refuse a From that is not the account's; Gmail puts the account's there."""
    smtp = Smtp(host=host, user=user, password=Secret(env="SMTP_PASSWORD"))
    assert [problem.code for problem in check_mail(_plain_mail(), PLACE, smtp)] == codes


def test_date_of_the_facts_stays_a_date() -> None:
    """Campaigns made here hold typed facts, as reading gives them."""
    assert _campaign(facts={"day": date(2025, 3, 5)}).facts["day"] == date(2025, 3, 5)
