"""`announce schedule simulate`: the season ahead, with whom it goes to and what is odd in it."""

from __future__ import annotations

import shutil

import lxml.html
import pytest
from schedule_support import FILE

from announce.texts import speak

NOW = "2025-01-01 00:00 UTC"
ENTRY = "  - {before: deadlines.submission, by: [14d, 7d, 2d], at: 09:00}\n"
SPAN = ("--from", "2025-01-01", "--to", "2025-02-28")


def simulated(season, *more: str) -> dict:
    """The season as a document."""
    ended = season.call(NOW, "--json", "schedule", "simulate", *SPAN, *more)
    assert ended.code == 0, ended.err
    return ended.json


def doubts(season) -> dict[str, list[str]]:
    """What is odd, by occurrence."""
    return {one["occurrence"]: one["doubts"] for one in simulated(season)["occurrences"]}


def test_who_gets_what_when(season) -> None:
    """From the audience as it is; nothing leaves and nothing is noted."""
    season.write(
        "  - {before: deadlines.submission, by: [14d, 7d], at: 09:00, exclude: [done.csv]}\n"
        "  - {at: 2025-02-20 10:00 Asia/Shanghai, id: thanks}\n",
        more="wechat: [{language: zh, deliver: publish}]\n",
    )
    (season.root / "done.csv").write_text("address\nlee@example.org\n", "utf-8")
    found = {one["occurrence"]: one for one in simulated(season)["occurrences"]}
    assert list(found) == ["submission-14d", "submission-7d", "thanks"]
    assert [one["mails"] for one in found.values()] == [1, 1, 2]
    assert found["thanks"]["at"] == "2025-02-20T10:00:00+08:00"
    assert found["thanks"]["articles"] == [{"language": "zh", "deliver": "publish"}]
    assert found["thanks"]["subjects"] == {"zh": "征稿", "en": "Call"}
    assert season.arrived == []
    assert not (season.root / ".announce").exists()


def test_past_seasons_can_be_looked_at(season) -> None:
    """Whatever the date is now: the clock is that of the season."""
    season.write(ENTRY)
    ended = season.call("2026-05-01 00:00 UTC", "--json", "schedule", "simulate", *SPAN)
    assert {one["left_out"] for one in ended.json["occurrences"]} == {None}


def test_nights_and_the_spring_festival_are_told(season) -> None:
    """In Beijing; where the campaign itself keeps quiet it is moved instead."""
    late = "  - {at: 2025-01-20 23:30 Asia/Shanghai, id: late}\n"
    feast = "  - {at: 2025-01-29 10:00 Asia/Shanghai, id: feast}\n"
    season.write(late + feast)
    found = doubts(season)
    assert "23:30" in found["late"][0]
    assert "Spring Festival" in found["feast"][0]
    season.write(feast, more="quiet: {holidays: [CN]}\n")
    (one,) = simulated(season)["occurrences"]
    assert (one["doubts"], one["at"][:10]) == ([], "2025-02-05")
    assert "Spring Festival" in one["moved"]


def test_what_comes_after_its_deadline_is_told(season) -> None:
    """The date of the facts, and which occurrence."""
    season.write("  - {cron: 0 9 * * mon, start: 2025-02-03, end: 2025-02-20, id: weekly}\n")
    found = doubts(season)
    assert found["weekly-2025-02-10T0900"] == []
    assert "facts.deadlines.submission" in found["weekly-2025-02-17T0900"][0]


def test_many_mails_to_one_person_in_a_day_are_told(season) -> None:
    """Of all campaigns together, once for those who get the same."""
    season.write(
        "  - {at: 2025-02-06 09:00 Asia/Shanghai, id: one}\n"
        "  - {at: 2025-02-06 21:00 Asia/Shanghai, id: two}\n"
    )
    other = season.root / "campaigns/other.yaml"
    shutil.copy(season.root / FILE, other)
    other.write_text(
        other.read_text("utf-8")
        .replace("campaign: call", "campaign: other")
        .replace("  - {at: 2025-02-06 09:00 Asia/Shanghai, id: one}\n", "")
        .replace("21:00", "22:00"),
        "utf-8",
    )
    (crowd,) = simulated(season)["crowded"]
    assert crowd["people"] == {"mo@example.org": 3, "lee@example.org": 3}
    assert crowd["occurrences"] == [["call", "one"], ["call", "two"], ["other", "two"]]
    assert simulated(season, "--most", "4")["crowded"] == []


def test_more_than_the_account_may_send_is_told(season) -> None:
    """Within any 24 hours, over campaigns."""
    season.write(
        "  - {at: 2025-02-06 09:00 Asia/Shanghai, id: one}\n"
        "  - {at: 2025-02-06 21:00 Asia/Shanghai, id: two}\n",
        settings="  limits: {per_day: 3}\n",
    )
    found = doubts(season)
    assert found["one"] == []
    assert "4 addresses within a day, and the account may write to 3" in found["two"][0]


def test_mass_messages_are_counted_by_day_and_month(season) -> None:
    """As the platform's quotas of either kind of account have it."""
    entries = "".join(
        f"  - {{at: 2025-02-{day:02} {hour}:00 Asia/Shanghai, id: m{day}-{hour}}}\n"
        for day, hour in [(6, 10), (6, 12), (10, 10), (17, 10), (24, 10)]
    )
    season.write(entries, more="wechat: [{language: zh, deliver: mass}]\n")
    found = doubts(season)
    assert "number 2 of the day" in "".join(found["m6-12"])
    assert "number 5 of the month" in "".join(found["m24-10"])
    # Told once, where the first of them goes.
    assert "only rehearsed, for want of an account" in "".join(found["m6-10"])
    assert not any("number" in one for one in found["m6-10"])
    assert found["m10-10"] == []


def test_an_entry_with_a_fault_is_told_and_hides_no_other(season) -> None:
    """A template that is missing for one of them."""
    season.write(
        "  - {at: 2025-02-06 09:00 Asia/Shanghai, id: one, kind: nothing-such}\n"
        "  - {at: 2025-02-07 09:00 Asia/Shanghai, id: two}\n"
    )
    one, two = simulated(season)["occurrences"]
    assert one["error"] is not None
    assert (two["error"], two["mails"]) == (None, 2)


def test_a_campaign_that_cannot_be_read_is_told_and_hides_no_other(season) -> None:
    """With the exit code of bad input."""
    season.write(ENTRY)
    (season.root / "campaigns/broken.yaml").write_text("campaign: [", "utf-8")
    ended = season.call(NOW, "--json", "schedule", "simulate", *SPAN)
    assert ended.code == 2
    assert len(ended.json["occurrences"]) == 3
    assert list(ended.json["errors"]) == ["campaigns/broken.yaml"]


def test_a_rehearsal_of_the_past_is_told(season) -> None:
    """`as_of` is refused by `schedule run`."""
    season.write(ENTRY, more="as_of: 2025-01-01\n")
    assert "as_of" in "".join(doubts(season)["submission-7d"])


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_page_has_it_all(season, tmp_path, monkeypatch, language: str) -> None:
    """One file, in the reader's language, which loads nothing; each mark leads to its row."""
    monkeypatch.setenv("LANGUAGE", language)
    speak(language)
    season.write(ENTRY + "  - {at: 2025-01-29 23:30 Asia/Shanghai, id: feast}\n")
    page = tmp_path / "season.html"
    ended = season.call(NOW, "schedule", "simulate", *SPAN, "--page", str(page))
    assert ended.code == 0, ended.err
    tree = lxml.html.fromstring(page.read_text("utf-8"))
    assert tree.get("lang") == {"en": "en", "zh": "zh-Hans"}[language]
    marks = tree.xpath("//a[contains(@class, 'beat')]/@href")
    assert len(marks) == 4
    assert all(tree.get_element_by_id(mark[1:]) is not None for mark in marks)
    assert len(tree.xpath("//a[contains(@class, 'odd')]")) == 3
    assert tree.xpath("//script | //link[@rel='stylesheet'] | //img") == []
    assert {"en": "To look at", "zh": "需要看一看"}[language] in tree.text_content()


@pytest.mark.parametrize(
    ("span", "message"),
    [
        (("--from", "2025-03-01", "--to", "2025-02-01"), "ends before it begins"),
        (("--from", "soon"), '"soon"'),
        (("--to", "2025-02-01 09:00"), "zone"),
    ],
)
def test_what_is_no_season_is_said(season, span: tuple[str, ...], message: str) -> None:
    """With how to write it."""
    season.write(ENTRY)
    ended = season.call(NOW, "schedule", "simulate", *span)
    assert ended.code == 2
    assert message in ended.err


def test_what_was_sent_or_left_out_is_shown_as_that(season) -> None:
    """And goes to nobody once more, on paper too."""
    season.write("  - {before: deadlines.submission, by: [14d, 7d, 2d], at: 09:00}\n")
    season.run("2025-01-28 01:00 UTC")
    skip = ("schedule", "skip", "campaigns/call.yaml", "submission-2d")
    season.call("2025-01-29 00:00 UTC", *skip)
    span = ("schedule", "simulate", "--from", "2025-01-01", "--to", "2025-03-01")
    found = season.call("2025-01-29 00:00 UTC", "--json", *span).json["occurrences"]
    told = [(one["occurrence"], one["sent"], one["left_out"], one["mails"]) for one in found]
    assert told == [
        ("submission-14d", True, None, 0),
        ("submission-7d", False, None, 2),
        ("submission-2d", False, "by hand", 0),
    ]
    shown = season.call("2025-01-29 00:00 UTC", *span).out
    assert "sent already" in shown
    assert "left out: by hand" in shown


def test_the_page_tells_what_is_wrong_with_a_campaign(season, tmp_path) -> None:
    """Its faults with their places, and not only that there are any."""
    season.write(ENTRY)
    text = (season.root / FILE).read_text("utf-8")
    other = text.replace("campaign: call", "campaign: other").replace("kind: call", "kynd: call")
    (season.root / "campaigns/other.yaml").write_text(other, "utf-8")
    page = tmp_path / "season.html"
    season.call(NOW, "schedule", "simulate", *SPAN, "--page", str(page))
    assert "campaigns/other.yaml:2:1: unknown key &quot;kynd&quot;" in page.read_text("utf-8")


def test_an_edit_is_judged_as_the_day_will(season) -> None:
    """What was sent that day under another hour or name."""
    season.write("  - {id: news, cron: '0 9 * * *', zone: UTC, start: 2025-01-05, count: 2}\n")
    season.run("2025-01-05 09:00 UTC")
    season.write("  - {id: news, cron: '0 18 * * *', zone: UTC, start: 2025-01-05, count: 2}\n")
    span = ("--json", "schedule", "simulate", "--from", "2025-01-05", "--to", "2025-01-09")
    found = season.call("2025-01-05 10:00 UTC", *span).json["occurrences"]
    told = {one["occurrence"]: (one["sent"], one["left_out"], one["mails"]) for one in found}
    assert told == {
        "news-2025-01-05T0900": (True, None, 0),
        "news-2025-01-05T1800": (False, "rescheduled", 0),
        "news-2025-01-06T1800": (False, None, 2),
    }
    season.write("  - {id: bulletin, cron: '0 10 * * *', zone: UTC, start: 2025-01-05, count: 1}\n")
    found = season.call("2025-01-05 09:30 UTC", *span).json["occurrences"]
    (asks,) = [one["doubts"] for one in found if one["occurrence"].startswith("bulletin")]
    assert "asks what becomes of it" in asks[0]


def test_marks_of_one_day_do_not_hide_each_other(season, tmp_path) -> None:
    season.write("  - {before: deadlines.submission, by: [12h, 11h, 10h]}\n")
    page = tmp_path / "season.html"
    season.call(NOW, "schedule", "simulate", *SPAN, "--page", str(page))
    marks = lxml.html.fromstring(page.read_text("utf-8")).cssselect("a.beat")
    tops = [dict(part.split(":") for part in one.get("style").split(";"))["top"] for one in marks]
    assert len(set(tops)) == 3


def test_a_date_that_is_past_is_told_in_the_project_s_zone(season) -> None:
    season.write("  - {at: 2025-02-12 09:00 Asia/Shanghai}\n")
    assert "past on 2025-02-12 09:00 +0800" in "".join(doubts(season)["once"])
