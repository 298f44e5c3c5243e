"""The .ics file: what calendars make of it, and that it never moves."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from icalendar import Calendar

from announce.channels.email.calendar import calendar_file
from announce.model.campaign import Campaign
from announce.model.languages import Language
from announce.model.message import Blob
from announce.model.moment import parse_moment


def _campaign(*entries: dict[str, Any]) -> Campaign:
    return Campaign.model_validate(
        {
            "campaign": "open-2025-cfp",
            "kind": "cfp",
            "title": "Open Science",
            "facts": {
                "deadlines": {
                    "submission": parse_moment("2025-02-10 23:59 AoE"),
                    "notification": date(2025, 3, 5),
                },
                "seats": 40,
            },
            "audience": {"file": "audiences/community.csv"},
            "email": {"calendar": list(entries)},
        }
    )


SUBMISSION = {
    "fact": "deadlines.submission",
    "title": {"zh": "投稿截止，含附录", "en": "Submission deadline"},
}
NOTIFICATION = {"fact": "facts.deadlines.notification", "title": "Notification"}


def _file(campaign: Campaign, *languages: Language) -> Blob:
    blob = calendar_file(campaign, languages, "example.org")
    assert blob is not None
    return blob


def test_campaign_without_entries_has_no_file() -> None:
    """Nothing to enter, nothing sent along."""
    assert calendar_file(_campaign(), ("zh",), "example.org") is None


def test_deadline_takes_no_time_and_names_its_zone() -> None:
    """A deadline is a moment in UTC, without an end, described as it was written."""
    blob = _file(_campaign(SUBMISSION), "zh", "en")
    (event,) = Calendar.from_ical(blob.data).walk("VEVENT")
    assert blob.name == "open-2025-cfp.ics"
    assert blob.media_type == "text/calendar; charset=utf-8"
    assert event["DTSTART"].dt == datetime(2025, 2, 11, 11, 59, tzinfo=UTC)
    assert event["DTSTAMP"].dt == datetime(2025, 2, 11, 11, 59, tzinfo=UTC)
    assert "DTEND" not in event
    assert str(event["DESCRIPTION"]) == "2025-02-10 23:59 AoE"
    assert str(event["SUMMARY"]) == "投稿截止，含附录 / Submission deadline"


def test_date_is_a_whole_day() -> None:
    """A date without a time fills its day and blocks nobody's calendar."""
    (event,) = Calendar.from_ical(_file(_campaign(NOTIFICATION), "en").data).walk("VEVENT")
    assert (event["DTSTART"].dt, event["DTEND"].dt) == (date(2025, 3, 5), date(2025, 3, 6))
    assert event["TRANSP"] == "TRANSPARENT"


@pytest.mark.parametrize(
    ("languages", "summary"),
    [
        (("zh",), "投稿截止，含附录"),
        (("en",), "Submission deadline"),
        (("en", "zh"), "Submission deadline / 投稿截止，含附录"),
    ],
)
def test_titles_are_in_the_mails_languages(languages: tuple[Language, ...], summary: str) -> None:
    """One language or both, the reader's first."""
    (event,) = Calendar.from_ical(_file(_campaign(SUBMISSION), *languages).data).walk("VEVENT")
    assert str(event["SUMMARY"]) == summary


def test_title_that_is_the_same_in_both_stands_once() -> None:
    """A text for both languages is not repeated."""
    (event,) = Calendar.from_ical(_file(_campaign(NOTIFICATION), "zh", "en").data).walk("VEVENT")
    assert str(event["SUMMARY"]) == "Notification"


def test_file_is_the_same_every_time() -> None:
    """Ids and stamps come from the campaign, so a calendar updates instead of doubling."""
    both = _campaign(SUBMISSION, NOTIFICATION)
    first, again = _file(both, "zh", "en"), _file(both, "zh", "en")
    ids = [str(event["UID"]) for event in Calendar.from_ical(first.data).walk("VEVENT")]
    assert first == again
    assert len(set(ids)) == 2
    assert all(uid.endswith("@example.org") for uid in ids)
    assert max(len(line) for line in first.data.split(b"\r\n")) <= 75


def test_fact_that_is_no_date_is_a_mistake() -> None:
    """Reading refuses it; here it is the program's fault."""
    with pytest.raises(TypeError, match="seats"):
        _file(_campaign({"fact": "seats", "title": "Seats"}), "en")
