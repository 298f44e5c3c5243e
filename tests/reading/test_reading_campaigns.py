"""Campaign files: read, and every fault of them at its place."""

from __future__ import annotations

import pytest
from reading_support import CAMPAIGN, PNG, SETTINGS, Folder, told

from announce.model.moment import Deadline
from announce.reading.campaigns import (
    campaign_files,
    promised_languages,
    read_all,
    read_campaign,
)

ARTICLE = "wechat: [{language: zh, cover: assets/cover.png}]\n"


def test_whole_campaign_is_read(folder: Folder) -> None:
    """A campaign that uses everything of this version is without fault."""
    folder.write("assets/a.pdf", "x")
    folder.write("audiences/out.csv", "li@example.org\n")
    campaign, problems = folder.campaign(
        """\
campaign: cfp-2025
kind: cfp
title: {zh: 征稿, en: Call}
purpose: announcement
as_of: 2025-01-06
facts:
  deadlines: {submission: 2025-02-10 23:59 AoE, notification: 2025-03-05}
  place: {zh: 杭州, en: Hangzhou}
pictures: {poster: {zh: assets/cover.png, en: https://example.org/a.png}}
audience: {file: audiences/people.csv, exclude: [audiences/out.csv], where: "address != ''"}
email:
  languages: [zh, en]
  attachments: [{file: {zh: assets/a.pdf, en: assets/a.pdf}}, {column: paper}]
  calendar: [{fact: deadlines.submission, title: {zh: 截止, en: Deadline}}]
wechat:
  - {language: zh, cover: assets/cover.png, original_url: https://example.org/}
template: {by: decision}
expect: {by: decision, oral: 3}
"""
    )
    assert problems == []
    assert campaign is not None
    assert campaign.id == "cfp-2025"
    assert campaign.path == folder.root / "campaigns" / "cfp.yaml"
    assert isinstance(campaign.facts["deadlines"]["submission"], Deadline)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("kind: x\n", "duplicate-key 6:1"),
        ("adience: {}\n", "unknown-key 6:1"),
        ("path: /etc/passwd\n", "unknown-key 6:1"),
        ("purpose: anouncement\n", "value-unknown 6:10"),
        ("as_of: '2025'\n", "type 6:8"),
        ("as_of: 2025-02-30\n", "moment 6:8"),
        ("facts: [a]\n", "type 6:1"),
        ("facts:\n", "empty-value 6:1"),
        ("facts: {room: NO}\n", "yaml-ambiguous 6:15"),
        ("facts: {at: 12:30}\n", "yaml-ambiguous 6:13"),
        ("facts: {zip: 010020}\n", "yaml-ambiguous 6:14"),
        ("facts: {a: 2025-02-10 23:59}\n", "moment 6:12"),
        ("facts: {a: {zh: x}}\n", "language-missing 6:9"),
        ("facts: {a: {zh: x, en: ''}}\n", "language-missing 6:20"),
        ("facts: {a: {zh: x, en: x, fr: z}}\n", "language-unknown 6:27"),
        ("facts: {token: hunter2}\n", "literal-secret 6:16"),
        ("facts: {a: {smtp_password: [hunter2]}}\n", "literal-secret 6:28"),
        ("facts: {a: 'https://u:hunter2@example.org/'}\n", "literal-secret 6:12"),
        ("facts:\n\ta: 1\n", "yaml-tab 7:1"),
        ("pictures: {a: assets/none.png}\n", "file-missing 6:15"),
        ("pictures: {a: ../a.png}\n", "file-outside 6:15"),
        ("pictures: {a: announce.yaml}\n", "picture 6:15"),
        ("pictures: {a: assets/fake.png}\n", "picture 6:15"),
        ("pictures: {a: http://example.org/a.png}\n", "picture 6:15"),
        ("pictures: {a: [x]}\n", "type 6:12"),
        ("wechat: {language: zh}\n", "type 6:1"),
        ("wechat: [{cover: assets/cover.png}]\n", "missing-key 6:10"),
        ("wechat: [{language: [zh, zh]}]\n", "language-repeated 6:21"),
        ("wechat: [{language: []}]\n", "range 6:21"),
        ("wechat: [{language: zh, tag: 作者}]\n", "tag 6:30"),
        (
            "wechat: [{language: [zh, en], cover: {zh: assets/cover.png}}]\n",
            "language-missing 6:31",
        ),
        ("wechat: [{language: zh, also: [{cover: assets/cover.png}]}]\n", "missing-key 6:32"),
        ("wechat: [{language: fr, cover: assets/cover.png}]\n", "language-unknown 6:21"),
        ("wechat: [{language: zh, cover: assets/none.png}]\n", "file-missing 6:32"),
        ("wechat: [{language: zh, cover: assets/link.png}]\n", "file-outside 6:32"),
        (
            f"wechat: [{{language: [zh, en], also: [{', '.join(['{kind: a}'] * 4)}]}}]\n",
            "articles-many 6:37",
        ),
        (ARTICLE.replace("}", ", deliver: now}"), "value-unknown 6:59"),
        (ARTICLE.replace("}", ", original_url: ftp://example.org}"), "url 6:64"),
        (ARTICLE.replace("}", f", original_url: 'https://example.org/{'长' * 400}'}}"), "url 6:64"),
        (ARTICLE.replace("}", ", theme: ../plain}"), "theme 6:57"),
        (
            ARTICLE.replace("]", ", {language: zh, cover: assets/cover.png}]"),
            "language-repeated 6:62",
        ),
        ("schedule: [{id: a}]\n", "schedule-entry 6:12"),
        ("expect: {by: decision, oral: many}\n", "expect 6:30"),
        ("expect: {oral: 3}\n", "missing-key 6:1"),
        ("template: {by: 3}\n", "type 6:16"),
        ("template:\n", "empty-value 6:1"),
        ("template: decision\n", "type 6:11"),
        ("template:\n  by：decision\n", "full-width-colon 7:3"),
        ("approval: yes\n", "yaml-ambiguous 6:11"),
    ],
)
def test_fault_of_a_campaign_is_told_at_its_place(folder: Folder, text: str, expected: str) -> None:
    """Each wrong line is told where it stands, once, with a mend and without secrets."""
    folder.write("assets/fake.png", "RIFF")
    outside = folder.root.parent / "a.png"
    outside.write_bytes(PNG)
    (folder.root / "assets" / "link.png").symlink_to(outside)
    campaign, problems = folder.campaign(CAMPAIGN + text)
    assert campaign is None
    assert told(problems) == [expected]
    assert problems[0].hint
    assert "hunter2" not in str(problems[0])


@pytest.mark.parametrize(
    ("email", "expected"),
    [
        ("{languages: fr}", "language-unknown 5:20"),
        ("{languages: [zh, zh-CN]}", "language-unknown 5:25"),
        ("{languages: [zh, zh]}", "language-repeated 5:25"),
        ("{languages: []}", "range 5:20"),
        ("{languages: 3}", "language-unknown 5:20"),
        ("{languages: [zh，en]}", "language-unknown 5:21"),
        ("{reply_to: chairs}", "address 5:19"),
        ("{attachments: [{}]}", "value 5:23"),
        ("{attachments: [{file: ../secret.txt}]}", "file-outside 5:30"),
        ("{attachments: [{file: none.pdf}]}", "file-missing 5:30"),
        ("{calendar: [{fact: none, title: x}]}", "fact-unknown 5:27"),
        ("{calendar: [{fact: place, title: x}]}", "fact-no-date 5:27"),
        ("{calendar: [{fact: day, title: {zh: x}}]}", "language-missing 5:32"),
        ("{calendar: [{fact: day, title: {fr: x}}]}", "language-unknown 5:40"),
        ("", "empty-value 5:1"),
        ('{attachments: [{file: a.pdf, name: "a\\r\\nb"}]}', "control-character 5:43"),
    ],
)
def test_fault_of_the_email_part_is_told_at_its_place(
    folder: Folder, email: str, expected: str
) -> None:
    """Languages, attachments and calendar entries that cannot be are told."""
    folder.write("a.pdf", "x")
    (folder.root.parent / "secret.txt").write_text("x")
    text = CAMPAIGN.replace("{languages: recipient}", email)
    campaign, problems = folder.campaign(text + "facts: {day: 2025-02-10, place: Hangzhou}\n")
    assert campaign is None
    assert expected in told(problems)
    assert len({problem.place for problem in problems}) == 1


def test_fullwidth_comma_between_languages_is_shown_half_width(folder: Folder) -> None:
    """The mend is the list as YAML wants it."""
    _campaign, problems = folder.campaign(CAMPAIGN.replace("recipient", "[zh，en]"))
    assert [p.hint for p in problems] == ["separate entries with half-width commas: zh, en"]


def test_campaign_that_goes_nowhere_is_a_fault(folder: Folder) -> None:
    """Without a channel, and without an audience for e-mail."""
    _none, problems = folder.campaign("campaign: cfp\nkind: cfp\ntitle: x\n")
    assert [p.message for p in problems] == ["a campaign needs email, notice or wechat"]
    _none, problems = folder.campaign("campaign: cfp\nkind: cfp\ntitle: x\nemail: {}\n")
    assert [p.message for p in problems] == ["e-mail needs an audience"]
    text = "campaign: cfp\nkind: cfp\ntitle: x\npurpose: personal\nnotice: {template_id: T1}\n"
    _none, problems = folder.campaign(text)
    assert [p.message for p in problems] == ["notices need an audience"]


@pytest.mark.parametrize(
    ("notice", "problems"),
    [
        ("{template_id: {zh: T1}}", ["language-missing"]),
        ("{template_id: 'T 1'}", ["template-id"]),
        ("{template_id: T1, link: example.org}", ["url"]),
        ("{template_id: T1, use: broadcast}", ["value-unknown"]),
        ("{}", ["missing-key"]),
    ],
)
def test_notice_at_fault_is_told(folder: Folder, notice: str, problems: list[str]) -> None:
    """Its template in every language, its address and its use."""
    text = (
        "campaign: cfp\nkind: cfp\ntitle: x\npurpose: personal\naudience: {file: a.csv}\n"
        f"notice: {notice}\n"
    )
    _none, found = folder.campaign(text)
    codes = [one.code for one in found if one.code != "file-missing"]
    assert codes == problems


@pytest.mark.parametrize("text", ["", "# nothing\n", "- a\n", "cfp\n", "12\n", "campaign：cfp\n"])
def test_file_that_is_no_mapping_is_told(folder: Folder, text: str) -> None:
    """An empty file, a list or a bare word has one problem."""
    campaign, problems = folder.campaign(text)
    assert (campaign, len(problems)) == (None, 1)


@pytest.mark.parametrize("campaign_id", ["CFP", "c f", "征稿", "-a", "a" * 65])
def test_id_of_another_form_is_a_fault(folder: Folder, campaign_id: str) -> None:
    """The form of ids is told in words, not as a pattern."""
    _campaign, problems = folder.campaign(CAMPAIGN.replace(": cfp", f": {campaign_id}", 1))
    assert told(problems) == ["id 1:11"]
    assert "^" not in problems[0].hint


def test_two_files_with_one_id_are_a_fault_with_both_places(folder: Folder) -> None:
    """Neither is taken; reading either alone tells too."""
    folder.write("campaigns/a.yaml", CAMPAIGN)
    path = folder.write("campaigns/b.yml", "# a copy\n" + CAMPAIGN)
    folder.write("campaigns/c.yaml", CAMPAIGN.replace(": cfp", ": other", 1))
    project = folder.project()
    campaigns, problems = read_all(project)
    assert [campaign.id for campaign in campaigns] == ["other"]
    assert [str(p).splitlines()[0] for p in problems] == [
        'campaigns/b.yml:2:11: the id "cfp" is also that of campaigns/a.yaml:1:11'
    ]
    campaign, alone = read_campaign(project, path)
    assert (campaign, alone) == (None, problems)


def test_campaign_files_are_those_of_the_folder(folder: Folder) -> None:
    """Both endings, by name; hidden files and other kinds are not campaigns."""
    for name in ("b.yaml", "a.yml", ".hidden.yaml", "notes.txt"):
        folder.write(f"campaigns/{name}", "x")
    assert [path.name for path in campaign_files(folder.project())] == ["a.yml", "b.yaml"]


@pytest.mark.parametrize(
    ("email", "article", "expected"),
    [
        ("recipient", "", ("zh", "en")),
        ("en", "", ("en",)),
        ("[en, zh]", "", ("en", "zh")),
        ("en", ARTICLE, ("en", "zh")),
        ("zh", ARTICLE, ("zh",)),
    ],
)
def test_promised_languages_are_those_of_all_channels(
    folder: Folder, email: str, article: str, expected: tuple[str, ...]
) -> None:
    """E-mail's first, then the articles'."""
    campaign, problems = folder.campaign(CAMPAIGN.replace("recipient", email) + article)
    assert problems == []
    assert campaign is not None
    assert promised_languages(folder.project(), campaign) == expected


def test_only_promised_languages_are_demanded(folder: Folder) -> None:
    """English alone needs no Chinese; a language that the project lacks is a fault."""
    folder.write("announce.yaml", SETTINGS + "languages: [en]\n")
    text = CAMPAIGN.replace("{zh: 征稿, en: Call}", "{en: Call}")
    assert folder.campaign(text)[1] == []
    _campaign, problems = folder.campaign(text + ARTICLE)
    assert told(problems) == ["language-missing 3:1", "language-unknown 6:21"]


def test_binary_and_missing_campaigns_are_told(folder: Folder) -> None:
    """Neither is an exception."""
    path = folder.write("campaigns/a.yaml", PNG + b"\0")
    project = folder.project()
    assert [p.code for p in read_campaign(project, path)[1]] == ["binary"]
    missing = folder.root / "campaigns" / "none.yaml"
    assert [str(p.place) for p in read_campaign(project, missing)[1]] == ["campaigns/none.yaml"]
