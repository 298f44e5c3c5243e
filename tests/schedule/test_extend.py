"""`announce extend`: one fact is changed, and what follows is shown and begun."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

import pytest
from schedule_support import FILE

from announce.sandbox import Sandbox

ENTRY = "  - {before: deadlines.submission, by: [14d, 7d, 2d], at: 09:00}\n"
FACTS = """
  deadlines:
    submission: 2025-02-10 23:59 AoE   # of the full paper
  opens: 2025-01-06
"""
NEW = "2025-02-17 23:59 AoE"
SEQUEL = "campaigns/call-submission-2025-02-17.yaml"
FIRST, THEN = "2025-01-28 01:00 UTC", "2025-02-01 00:00 UTC"
# Those who were written to, and one who is in the file only since.
BOTH = {"mo@example.org", "lee@example.org"}
WORDS = "{{ facts.deadlines.submission | deadline }}"


@pytest.fixture
def begun(season):
    """A season whose first reminder was sent."""
    season.write(ENTRY, facts=FACTS, words=WORDS)
    assert season.run(FIRST).code == 0
    return season


def extend(season, *more: str, fact: str = "deadlines.submission", to: str = NEW, when: str = THEN):
    """How `announce extend` ended."""
    return season.call(when, "extend", FILE, fact, to, *more)


def test_what_follows_is_shown_and_nothing_changed(begun) -> None:
    """With --dry-run; each reminder that was not sent moves with its id."""
    before = (begun.root / FILE).read_text("utf-8")
    ended = begun.call(
        THEN, "--json", "extend", FILE, "deadlines.submission", NEW, "--dry-run"
    )  # fmt: skip
    found = ended.json
    moved = {
        one["occurrence"]: (one["was"], one["is"], one["state"]) for one in found["occurrences"]
    }
    assert moved == {
        "submission-14d": ("2025-01-28T09:00:00+08:00", "2025-02-04T09:00:00+08:00", "done"),
        "submission-7d": ("2025-02-04T09:00:00+08:00", "2025-02-11T09:00:00+08:00", "coming"),
        "submission-2d": ("2025-02-09T09:00:00+08:00", "2025-02-16T09:00:00+08:00", "coming"),
    }
    assert (found["people"], found["begun"]) == (2, None)
    assert (begun.root / FILE).read_text("utf-8") == before
    assert not (begun.root / SEQUEL).exists()


def test_one_line_of_the_file_changes(begun) -> None:
    """What people wrote around the date stays."""
    before = (begun.root / FILE).read_text("utf-8")
    assert extend(begun, "--yes").code == 0
    after = (begun.root / FILE).read_text("utf-8")
    assert after == before.replace("2025-02-10 23:59 AoE   #", f"{NEW}   #")


def test_those_who_got_the_old_date_are_told_the_new_one_once(begun) -> None:
    """In their languages, and nobody else."""
    with (begun.root / "people.csv").open("a", encoding="utf-8") as file:
        file.write("new@example.org,en\n")
    extend(begun, "--yes")
    for _ in range(2):
        ended = begun.call(THEN, "send", SEQUEL, "--yes")
        assert ended.code == 0, ended.err
    told = [one for one in begun.arrived if "截止" in one[1] or "eadline" in one[1]]
    assert Counter(told) == Counter(
        {
            ("mo@example.org", "投稿截止时间延期：征稿"): 1,
            ("lee@example.org", "Submission deadline extended: Call"): 1,
        }
    )
    texts = [path.read_text("utf-8") for path in begun.folder.rglob("*.eml")]
    assert any("19:59" in text and "submission deadline of" in text for text in texts)


def test_what_was_sent_does_not_come_again(begun) -> None:
    """Its day under the new date is no reason; those to come are sent at theirs."""
    extend(begun, "--yes")
    for moment in ("2025-02-04 01:00 UTC", "2025-02-09 01:00 UTC"):
        assert begun.run(moment).out == ""
    assert set(begun.counts.values()) == {1}
    for moment in ("2025-02-11 01:00 UTC", "2025-02-16 01:00 UTC"):
        assert begun.run(moment).code == 0
    assert (set(begun.counts), set(begun.counts.values())) == (BOTH, {3})


def test_it_can_be_extended_again(begun) -> None:
    """Each extension is told in a campaign of its own."""
    extend(begun, "--yes")
    ended = extend(begun, "--yes", to="2025-02-24 23:59 AoE")
    assert ended.code == 0, ended.err
    assert (begun.root / "campaigns/call-submission-2025-02-24.yaml").exists()


def test_an_earlier_date_is_called_so(begun) -> None:
    """On the screen and in the words."""
    ended = extend(begun, "--yes", to="2025-02-08 23:59 AoE")
    assert "earlier than before" in ended.out
    begun.call(THEN, "send", "campaigns/call-submission-2025-02-08.yaml", "--yes")
    assert ("lee@example.org", "Submission deadline moved: Call") in begun.arrived


def test_nobody_is_told_where_nobody_knew(season) -> None:
    """Only the date changes."""
    season.write(ENTRY, facts=FACTS)
    ended = extend(season, "--yes")
    assert ended.code == 0
    assert NEW in (season.root / FILE).read_text("utf-8")
    assert not (season.root / SEQUEL).exists()


@pytest.mark.parametrize(
    ("words", "people"),
    [
        ("Do submit.", 0),
        ("{{ facts.opens | date }}", 0),
        ("Do submit by 10 February 2025.", 2),
        ("{{ facts['deadlines'].submission | deadline }}", 2),
        ("{% set all = facts.deadlines %}{{ all.submission | deadline }}", 2),
        ("{{ occurrence.remaining }}", 2),
    ],
)
def test_only_who_was_told_the_date_hears_that_it_moved(season, words: str, people: int) -> None:
    """By the templates as they were when they were sent."""
    season.write(ENTRY, facts=FACTS, words=words)
    assert season.run(FIRST).code == 0
    # What the templates say since then reached nobody.
    for path in (season.root / "templates").glob("*/call.md.j2"):
        path.write_text(f"---\nsubject: Call\npreheader: Welcome\n---\n{WORDS}\n", "utf-8")
    found = season.call(
        THEN, "--json", "extend", FILE, "deadlines.submission", NEW, "--yes"
    ).json  # fmt: skip
    assert found["people"] == people
    assert (season.root / SEQUEL).exists() == bool(people)


@pytest.mark.parametrize("words", ["{{ occurrence.remaining }}", "{{ facts.intro }}"])
def test_who_was_told_in_other_ways_hears_it_too(season, words: str) -> None:
    """By a reminder that the file has no more, or in the words of another fact."""
    facts = FACTS + '  intro: {en: "Until 10 February 2025.", zh: "截至 2025 年 2 月 10 日。"}\n'
    season.write(ENTRY, facts=facts, words=words)
    assert season.run(FIRST).code == 0
    season.write(ENTRY.replace("14d, ", ""), facts=facts, words=words)
    found = season.call(THEN, "--json", "extend", FILE, "deadlines.submission", NEW, "--yes").json
    assert found["people"] == 2


def test_a_date_written_out_is_known_after_two_moves(season) -> None:
    """The announcement of the first was sent to nobody: people know the date before both."""
    season.write(ENTRY, facts=FACTS, words="Do submit by 10 February 2025.")
    assert season.run(FIRST).code == 0
    extend(season, "--yes")
    ended = extend(season, "--yes", to="2025-02-24 23:59 AoE")
    assert "2 people got the old date" in ended.out
    assert (season.root / "campaigns/call-submission-2025-02-24.yaml").exists()


def test_a_date_of_another_name_is_called_by_it(season) -> None:
    """And whoever looks at the announcement can give it a better one."""
    facts = FACTS.replace("submission", "grant_requests")
    entry = ENTRY.replace("submission", "grant_requests")
    season.write(entry, facts=facts, words=WORDS.replace("submission", "grant_requests"))
    assert season.run(FIRST).code == 0
    extend(season, "--yes", fact="deadlines.grant_requests")
    text = (season.root / "campaigns/call-grant-requests-2025-02-17.yaml").read_text("utf-8")
    assert 'name: {zh: "日期（grant requests）", en: "date “grant requests”"}' in text


def test_that_approvals_hold_no_longer_is_told(begun) -> None:
    """Before the yes."""
    assert "approved again" not in extend(begun, "--dry-run").out
    begun.write(ENTRY, facts=FACTS, more="approval: required\n")
    assert "approved again" in extend(begun, "--dry-run").out


def test_a_plain_date_moves_too(begun) -> None:
    """Of any fact, wherever it stands; no reminder goes by it."""
    ended = extend(begun, "--yes", fact="opens", to="2025-01-13")
    assert (ended.code, "No occurrence moves." in ended.out) == (0, True)
    assert "  opens: 2025-01-13\n" in (begun.root / FILE).read_text("utf-8")


def test_other_campaigns_with_the_date_are_named(begun) -> None:
    """They are to be moved by a person: each has its own readers."""
    text = (begun.root / FILE).read_text("utf-8")
    (begun.root / "campaigns/other.yaml").write_text(
        text.replace("campaign: call", "campaign: other"), "utf-8"
    )
    assert "campaigns/other.yaml has the same date" in extend(begun, "--dry-run").out


@pytest.mark.parametrize(
    ("fact", "to", "message"),
    [
        ("deadline.submission", NEW, 'did you mean "deadlines.submission"'),
        ("deadlines.submission", "2025-02-17", "2025-02-17 is not written like that"),
        ("opens", NEW, "write a date alone"),
        ("opens", "soon", '"soon"'),
        ("deadlines.submission", "2025-02-10 23:59 AoE", "already"),
    ],
)
def test_what_cannot_be_is_said(begun, fact: str, to: str, message: str) -> None:
    """With how it is mended; the file stays as it is."""
    before = (begun.root / FILE).read_text("utf-8")
    ended = extend(begun, "--yes", fact=fact, to=to)
    assert ended.code == 2
    assert message in ended.err
    assert (begun.root / FILE).read_text("utf-8") == before


def test_a_date_that_stands_elsewhere_is_left_to_a_person(season) -> None:
    """An alias of YAML has no date in its place: nothing is changed, nor begun."""
    facts = "\n  when: &when 2025-02-10 23:59 AoE\n  deadlines: {submission: *when}\n"
    season.write(ENTRY, facts=facts)
    season.run(FIRST)
    before = (season.root / FILE).read_text("utf-8")
    ended = extend(season, "--yes")
    assert ended.code == 2
    assert "cannot be changed where it stands in campaigns/call.yaml" in ended.err
    assert (season.root / FILE).read_text("utf-8") == before
    assert not (season.root / SEQUEL).exists()


def test_nobody_to_ask_is_no_yes(begun) -> None:
    """What follows was shown; nothing was changed."""
    before = (begun.root / FILE).read_text("utf-8")
    ended = extend(begun)
    assert (ended.code, "--yes" in ended.err) == (3, True)
    assert (begun.root / FILE).read_text("utf-8") == before


def test_the_draft_with_the_old_date_is_brought_up_to_date(begun) -> None:
    """By the command that is shown."""
    begun.write(ENTRY, facts=FACTS, words=WORDS, more="wechat: [{language: zh, deliver: draft}]\n")
    begun.call(THEN, "send", FILE, "--occurrence", "submission-7d", "--yes", "--channel", "wechat")
    told = extend(begun, "--yes").out
    (command,) = [line.split()[1:] for line in told.splitlines() if "--channel wechat" in line]
    ended = begun.call(THEN, *command, "--yes")
    assert ended.code == 0, ended.err
    box = Sandbox(begun.root / ".announce" / "sandbox", now=lambda: datetime.now(UTC))
    [draft] = box.drafts()
    assert "2月18日" in draft.articles[0].content
    assert "2月11日" not in draft.articles[0].content


def test_a_date_that_comes_back_can_be_told_again(begun) -> None:
    """It is another message, to the same people."""
    between = "2025-02-12 23:59 AoE"
    second = SEQUEL.replace(".yaml", "-2.yaml")
    for to, file in ((NEW, SEQUEL), (between, SEQUEL.replace("17", "12")), (NEW, second)):
        ended = extend(begun, "--yes", to=to)
        assert ended.code == 0, ended.err
        assert begun.call(THEN, "send", file, "--yes").code == 0
    assert sum("deadline" in subject for _, subject in begun.arrived) == 3
    # What was sent to its end is no fault, whatever the date is by now.
    assert begun.call(THEN, "check").code == 0


def test_an_announcement_that_waited_too_long_is_refused(begun) -> None:
    """It would tell a date that no longer holds."""
    extend(begun, "--yes")
    extend(begun, "--yes", to="2025-02-24 23:59 AoE")
    ended = begun.call(THEN, "send", SEQUEL, "--yes")
    assert ended.code == 2
    assert "is 2025-02-24 23:59 AoE by now, and this announces 2025-02-17 23:59 AoE" in ended.err
    assert "remove this campaign" in ended.err


def test_people_are_told_from_the_date_that_they_know(begun) -> None:
    """Not from one that nobody heard of."""
    extend(begun, "--yes")
    ended = extend(begun, "--yes", to="2025-02-24 23:59 AoE")
    assert "people know 2025-02-10 23:59 AoE" in ended.out
    assert f"{SEQUEL} was sent to nobody" in ended.out
    begun.call(THEN, "send", "campaigns/call-submission-2025-02-24.yaml", "--yes")
    texts = [path.read_text("utf-8") for path in begun.folder.rglob("*.eml")]
    told = [text for text in texts if "deadline extended" in text]
    assert len(told) == 1
    assert "10 February 2025" in told[0]
    assert "17 February 2025" not in told[0]


def test_of_two_that_announce_the_same_one_is_sent(begun) -> None:
    for to in (NEW, "2025-02-12 23:59 AoE", NEW):
        extend(begun, "--yes", to=to)
    second = SEQUEL.replace(".yaml", "-2.yaml")
    ended = begun.call(THEN, "send", SEQUEL, "--yes")
    assert ended.code == 2
    assert "call-submission-2025-02-17-2 announces the same" in ended.err
    assert begun.call(THEN, "send", second, "--yes").code == 0
    assert sum("deadline" in subject for _, subject in begun.arrived) == 1


def test_back_at_the_date_that_people_know_nobody_is_told(begun) -> None:
    extend(begun, "--yes")
    ended = extend(begun, "--yes", to="2025-02-10 23:59 AoE")
    assert ended.code == 0, ended.err
    assert "Nobody was told another date than this." in ended.out
    assert "Begun" not in ended.out


def test_a_reminder_tells_a_date_as_well_as_an_announcement(begun) -> None:
    """That was never sent; who goes back to the first date has to tell it to everybody."""
    extend(begun, "--yes")
    assert begun.run("2025-02-11 01:00 UTC").code == 0
    ended = extend(begun, "--dry-run", to="2025-02-24 23:59 AoE", when="2025-02-12 00:00 UTC")
    assert "people know" not in ended.out
    ended = extend(begun, "--yes", to="2025-02-10 23:59 AoE", when="2025-02-12 00:00 UTC")
    assert "2 people got the old date" in ended.out
    assert "Begun: campaigns/call-submission-2025-02-10.yaml" in ended.out


def test_a_new_date_that_is_past_is_told(begun) -> None:
    ended = extend(begun, "--dry-run", when="2025-03-01 00:00 UTC")
    assert "This is past already." in ended.out


def test_a_lost_ledger_stops_it(begun) -> None:
    """Those who got the old date would not be told."""
    for path in (begun.root / ".announce").glob("ledger*"):
        path.unlink()
    before = (begun.root / FILE).read_text("utf-8")
    ended = extend(begun, "--yes")
    assert ended.code == 4
    assert (begun.root / FILE).read_text("utf-8") == before
