"""The main job, end to end: four real campaigns into the sandbox, each message once."""

from __future__ import annotations

import csv
import email
import email.policy
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from email.message import EmailMessage
from functools import cache
from pathlib import Path

import lxml.html
import pytest

from announce.model.base import is_localised
from announce.model.languages import Language
from announce.model.moment import Deadline
from announce.reading.campaigns import read_campaign
from announce.reading.project import read_project
from announce.sandbox import Sandbox
from announce.sandbox.wechat.drafts import Draft

# The innermost blocks of a mail; the letterhead above its words is for the eye.
BLOCKS = (
    "//*[self::p or self::li or self::td or self::h2 or self::h3]"
    "[not(.//p or .//li or .//td)][not(contains(@class, 'brand'))]"
)
CAMPAIGNS = ["cfp", "reviewers", "decisions", "awards"]


def rows(path: Path) -> list[dict[str, str]]:
    """An audience file of the example project, its addresses as they go on the wire."""
    with path.open(encoding="utf-8", newline="") as file:
        found = list(csv.DictReader(file))
    return [row | {"address": on_the_wire(row["address"])} for row in found]


def on_the_wire(addresses: str) -> str:
    """Addresses with their domains in ASCII."""
    local = [one.strip().rpartition("@") for one in addresses.split(";")]
    return ";".join(f"{name}@{domain.encode('idna').decode()}" for name, _, domain in local)


@pytest.fixture(scope="module", params=CAMPAIGNS)
def sent(request, sent_campaign) -> Sent:
    """Each campaign, sent once for all tests that only look."""
    return sent_campaign(request.param)


@pytest.fixture(scope="module")
def sent_campaign(copy_project, tmp_path_factory) -> Callable[[str], Sent]:
    """One campaign by name, sent once for all tests that only look."""
    return cache(lambda name: send(name, copy_project(tmp_path_factory.mktemp(name) / "project")))


@dataclass(frozen=True)
class Sent:
    """A campaign, the project it was sent from, and how the command ended."""

    campaign: str
    project: Path
    code: int
    err: str


def send(campaign: str, project: Path) -> Sent:
    """Send a campaign by the real command."""
    done = subprocess.run(
        [sys.executable, "-m", "announce", "send", f"campaigns/{campaign}.yaml"],
        cwd=project,
        env=os.environ | {"ANNOUNCE_STATE": str(project / "state"), "ANNOUNCE_UI": "en"},
        capture_output=True,
        text=True,
        check=False,
    )
    return Sent(campaign, project, done.returncode, done.stderr)


def caught(project: Path) -> list[EmailMessage]:
    """The mails in the sandbox, parsed by the standard library."""
    return [
        email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        for path in sorted((project / ".announce" / "sandbox" / "mail").glob("*.eml"))
    ]


def drafts(project: Path) -> list[Draft]:
    """The draft box of the sandbox."""
    folder = project / ".announce" / "sandbox"
    return Sandbox(folder, now=lambda: datetime.now(UTC)).drafts()


def part(mail: EmailMessage, kind: str) -> str:
    """The text or HTML part of a mail."""
    body = mail.get_body((kind,))
    assert body is not None
    return str(body.get_content())


def test_call_for_papers_reaches_everyone_once(sent_campaign) -> None:
    """Every row of the audience gets one mail, and each language one draft."""
    sent = sent_campaign("cfp")

    people = Counter(mail["To"].addresses[0].addr_spec for mail in caught(sent.project))
    audience = rows(sent.project / "audiences" / "community.csv")
    assert sent.code == 0, sent.err
    assert people == Counter(row["address"] for row in audience)
    assert len(drafts(sent.project)) == 2


def test_second_run_sends_nothing(announce, project) -> None:
    """Run again: 0 sent, exit 0, and it says why."""
    announce("send", "campaigns/cfp.yaml", cwd=project)
    before = len(caught(project))

    again = announce("send", "--json", "campaigns/cfp.yaml", cwd=project)

    assert again.code == 0
    assert again.json["run"]["sent"] == 0
    assert len(caught(project)) == before


def test_recipient_added_later_is_the_only_one_to_get_mail(announce, project) -> None:
    """A row merely added gets the message, nobody else does."""
    announce("send", "campaigns/cfp.yaml", cwd=project)
    before = len(caught(project))
    audience = project / "audiences" / "community.csv"
    names = audience.read_text(encoding="utf-8").splitlines()[0].split(",")
    row = {"name": "Nora Later", "address": "nora.later@example.net", "language": "en"}
    audience.write_text(
        audience.read_text(encoding="utf-8") + ",".join(row.get(name, "") for name in names) + "\n",
        encoding="utf-8",
    )

    again = announce("send", "--json", "campaigns/cfp.yaml", cwd=project)

    new = caught(project)[before:]
    assert again.json["run"]["sent"] == 1
    assert [mail["To"].addresses[0].addr_spec for mail in new] == ["nora.later@example.net"]


def test_each_mail_parses_without_defects(sent) -> None:
    """Python's own parser finds no defect in any part of any mail."""
    mails = caught(sent.project)

    assert sent.code == 0, sent.err
    assert mails
    assert [part.defects for mail in mails for part in mail.walk() if part.defects] == []


def test_each_mail_has_its_headers(sent) -> None:
    """Sender, machine mark and id are there; announcements name their list and the way out of it,
    a personal decision is no list's business."""
    for mail in caught(sent.project):
        assert mail["From"].addresses[0].addr_spec == "chairs@scifm.example.org"
        assert mail["Auto-Submitted"] == "auto-generated"
        assert mail["Message-ID"].endswith("@scifm.example.org>")
        announcement = sent.campaign != "decisions"
        unsubscribe = str(mail["List-Unsubscribe"] or "")
        assert unsubscribe.startswith("<mailto:") is announcement
        assert (mail["List-Id"] is not None) is announcement


def test_message_ids_differ(sent) -> None:
    """No two mails share an id."""
    ids = [mail["Message-ID"] for mail in caught(sent.project)]

    assert len(set(ids)) == len(ids)


def test_nothing_says_none(sent) -> None:
    """No mail greets nobody, and no placeholder is left."""
    for mail in caught(sent.project):
        for text in (part(mail, "plain"), part(mail, "html")):
            assert "None" not in text
            assert "{{" not in text
            assert "\ufdd0" not in text


def test_text_and_html_say_the_same(sent) -> None:
    """Each line of the text stands in the HTML, and each of its blocks in the text."""
    for mail in caught(sent.project):
        tree = visible(part(mail, "html"))
        lines = [re.sub(r"^ *(\d+\.|>) ", "", one) for one in part(mail, "plain").splitlines()]
        blocks = [str(one.text_content()) for one in tree.xpath(BLOCKS)]
        html, text = bare(str(tree.text_content())), bare(" ".join(lines))

        assert [
            line for line in lines if not all(bare(bit) in html for bit in line.split(": "))
        ] == []
        assert [block for block in blocks if bare(block) not in text] == []


def test_decisions_reach_all_authors_of_each_submission(sent_campaign) -> None:
    """One message a submission, to all its authors, with its own decision."""
    sent = sent_campaign("decisions")
    audience = rows(sent.project / "audiences" / "decisions.csv")

    by_key = {row["key"]: row for row in audience}
    mails = caught(sent.project)
    assert len(by_key) >= 60
    assert len(mails) == len(by_key)
    for mail in mails:
        (key,) = [key for key in by_key if key in mail["Subject"]]
        row = by_key[key]
        to = {one.addr_spec for one in mail["To"].addresses}
        assert to == set(row["address"].split(";"))
        assert row["title"] in part(mail, "plain")
        assert others(mail, key, by_key) == []


def others(mail: EmailMessage, own: str, keys: Iterable[str]) -> list[str]:
    """Numbers of other submissions that stand in a mail."""
    return [key for key in keys if key != own and key in part(mail, "plain")]


def test_each_submission_gets_its_own_decision(sent_campaign) -> None:
    """The words are those of the class in the row, in the row's language."""
    sent = sent_campaign("decisions")
    audience = {row["key"]: row for row in rows(sent.project / "audiences" / "decisions.csv")}
    told = {"en": "accept your paper", "zh-Hans": "录用"}

    for mail in caught(sent.project):
        (key,) = [key for key in audience if key in mail["Subject"]]
        opening = part(mail, "plain")[:400]
        if audience[key]["decision"] == "reject":
            assert "not able to accept" in opening or "未能" in opening
            assert "祝贺" not in part(mail, "plain")
        else:
            assert told[str(mail["Content-Language"])] in opening
            assert "not able to" not in opening


def test_author_of_two_papers_gets_two(sent_campaign) -> None:
    """Somebody with two submissions hears of both."""
    sent = sent_campaign("decisions")

    count = Counter(one.addr_spec for mail in caught(sent.project) for one in mail["To"].addresses)

    assert 2 in count.values()


def test_facts_stand_in_both_languages(sent_campaign) -> None:
    """The deadline is told with weekday, zone, UTC and Beijing time in each language."""
    mails = caught(sent_campaign("cfp").project)

    texts = {str(mail["Content-Language"]): part(mail, "plain") for mail in mails}
    assert set(texts) == {"en", "zh-Hans"}
    for text in texts.values():
        for fact in ("23:59 AoE", "19:59", "11:59", "openreview.net/group?id=ICLR.cc/2025"):
            assert fact in text
    assert "Monday, 10 February 2025" in texts["en"]
    assert "2025年2月10日（星期一）" in texts["zh-Hans"]


def test_bilingual_mail_has_both_halves(sent_campaign) -> None:
    """One message carries both languages, the reader's first, each marked with its language."""
    sent = sent_campaign("reviewers")
    audience = rows(sent.project / "audiences" / "reviewers.csv")
    first = {row["address"]: (row["language"] or "zh")[:2] for row in audience}
    tags = {"zh": 'lang="zh-Hans"', "en": 'lang="en"'}

    for mail in caught(sent.project):
        own = first[mail["To"].addresses[0].addr_spec]
        other = "en" if own == "zh" else "zh"
        html = part(mail, "html")
        body = html[html.index("<body") :]
        assert body.index(tags[own]) < body.index(tags[other])
        assert " / " in mail["Subject"]


def test_attachments_reach_their_owners_only(sent_campaign) -> None:
    """A certificate goes with the mail of the row that names it, and with no other."""
    sent = sent_campaign("awards")
    audience = rows(sent.project / "audiences" / "awards.csv")
    wanted = {frozenset(row["address"].split(";")): row["certificate"] for row in audience}

    for mail in caught(sent.project):
        to = frozenset(one.addr_spec for one in mail["To"].addresses)
        names = [one.get_filename() for one in mail.iter_attachments()]
        assert len(names) == bool(wanted[to])


def test_calendar_holds_the_deadline(sent_campaign) -> None:
    """The .ics file has the submission deadline in UTC."""
    mail = caught(sent_campaign("cfp").project)[0]

    (calendar,) = [
        one for one in mail.iter_attachments() if one.get_content_type() == "text/calendar"
    ]
    assert "DTSTART:20250211T115900Z" in calendar.get_content()


def test_long_title_comes_out_as_it_was_written(sent_campaign) -> None:
    """Asterisks, angle brackets, ampersands, quotes and an emoji are data, never markup."""
    sent = sent_campaign("decisions")
    (row,) = [
        row
        for row in rows(sent.project / "audiences" / "decisions.csv")
        if {"*", "<", "&"} <= set(row["title"])
    ]
    (mail,) = [mail for mail in caught(sent.project) if row["key"] in mail["Subject"]]

    assert row["title"] in part(mail, "plain")
    assert row["title"] in str(visible(part(mail, "html")).text_content())


def visible(html: str) -> lxml.html.HtmlElement:
    """An HTML part without its head and whatever is hidden."""
    tree = lxml.html.document_fromstring(html)
    hidden = "//head | //style | //*[contains(translate(@style, ' ', ''), 'display:none')]"
    for element in tree.xpath(hidden):
        element.drop_tree()
    return tree


def bare(text: str) -> str:
    """A text without spaces and marks."""
    return re.sub(r"\W", "", text)


def leaves(value: object) -> Iterator[object]:
    """Every single fact of a campaign, whatever it stands in."""
    if isinstance(value, dict) and not is_localised(value):
        for inner in value.values():
            yield from leaves(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from leaves(inner)
    else:
        yield value


def test_every_fact_stands_in_both_languages(sent) -> None:
    """Each date, figure, link and name of the campaign is told in Chinese and in English."""
    project, _ = read_project(sent.project)
    assert project is not None
    campaign, _ = read_campaign(project, sent.project / "campaigns" / f"{sent.campaign}.yaml")
    assert campaign is not None
    mails = caught(sent.project)
    drafted = drafts(sent.project)
    for language, tag in (("zh", "zh-Hans"), ("en", "en")):
        texts = [part(one, "plain") for one in mails if tag in str(one["Content-Language"])]
        for article in (one for draft in drafted for one in draft.articles):
            texts += [article.title, article.digest, str(visible(article.content).text_content())]
        told = bare(" ".join(texts))
        missing = [
            fact
            for fact in leaves(campaign.facts)
            if not any(bare(text) in told for text in words(fact, language))
        ]
        assert missing == []


def words(fact: object, language: Language) -> list[str]:
    """How a fact may stand in a text: dates by day and month, all else as it is written."""
    if isinstance(fact, dict):
        return [str(fact[language])]
    day = fact.local if isinstance(fact, Deadline) else fact
    if isinstance(day, date):
        month = ["January", "February", "March", "April", "May", "June"][day.month - 1]
        english = [f"{day.day} {month}", f"{day.day}–", f"–{day.day} {month}"]
        return [f"{day.month}月{day.day}日", f"{day.day}日"] if language == "zh" else english
    return [str(fact)]
