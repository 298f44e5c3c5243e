"""A whole season with a clock of its own: what is sent when, to whom, and what collides.

What the ledger has as sent or left out is shown as that. All else is judged with the audiences as
they are now, as if `announce schedule run` were called all the time. Nothing is sent or written.
"""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from announce.approved import verdict
from announce.channels.email.account import limits_of
from announce.channels.wechat.quotas import documented
from announce.checks.dates import past_facts
from announce.choosing import rehearsed
from announce.composing import Composer, subject_of
from announce.errors import AnnounceError
from announce.gathering import Gathered, Opened, faulty, gather
from announce.ledger.base import Decided, Decision
from announce.lines import PlanLines
from announce.model.audience import Recipient
from announce.model.delivery import State, Suppression
from announce.model.occurrence import Occurrence
from announce.model.project import Project
from announce.model.schedule import AUDIENCE, ZONE_COLUMN, Quiet
from announce.model.season import Beat, Crowded, Season
from announce.model.wording import listed_channels, reason_text
from announce.outlets import is_sandboxed
from announce.preparing import prepare_opened, suppressed_of
from announce.problems import Place, errors_in
from announce.scheduling import at_occurrence, ledger_channel, measured, standings, zones_of
from announce.standing import Stand, Standing, judge
from announce.texts import say, say_n
from announce.timetable.quiet import Hush
from announce.timetable.timetable import timetable

DAY = timedelta(days=1)
BEIJING = ZoneInfo("Asia/Shanghai")
# When nobody in China is at work: an announcement then is read by few.
_NIGHT = Quiet(hours="23:00-07:00", holidays=["CN"])


def simulate(
    project: Project,
    campaigns: Iterable[tuple[str, Opened]],
    begin: datetime,
    end: datetime,
    *,
    now: datetime,
    most: int,
) -> Season:
    """The season between two moments, of campaigns with the names of their files, with what was
    decided until `now`; `most` mails to one person within a day are too many."""
    suppressed = suppressed_of(project)
    beats: list[Beat] = []
    faults: dict[str, AnnounceError] = {}
    for file, opened in campaigns:
        try:
            known = _known(opened, begin, end, now)
            found = [*_past(file, opened, known), *_beats(file, opened, begin, end, known)]
        except AnnounceError as error:
            faults[file] = error
            continue
        filled = [
            one if one.reason or one.left else _filled(opened, one, suppressed) for one in found
        ]
        beats += _with_gates(opened, filled, now)
    beats.sort(key=lambda one: (one.at, one.campaign))
    beats = _with_masses(_with_limits(project, beats))
    return Season(
        begin=begin,
        end=end,
        beats=tuple(beats),
        crowded=tuple(_crowded(beats, most)),
        faults=faults,
    )


def _known(opened: Opened, begin: datetime, end: datetime, now: datetime) -> list[Standing]:
    """How occurrences stand by the ledger of real sends."""
    project, campaign = opened.project, opened.campaign
    if is_sandboxed(project, ledger_channel(project, campaign)):
        return []
    return [
        one
        for one in standings(opened, now, begin=begin, end=end)
        if _is_within(one.occurrence, begin, end)
    ]


def _is_past(one: Standing) -> bool:
    return one.stand in (Stand.DONE, Stand.SKIPPED)


def _past(file: str, opened: Opened, known: Iterable[Standing]) -> Iterator[Beat]:
    """What was sent or left out."""
    for one in filter(_is_past, known):
        assert one.occurrence.due is not None
        beat = _beat(file, opened, one.occurrence, one.occurrence.due, one.reason)
        yield replace(beat, left=True, reason="") if one.stand is Stand.DONE else beat


def _beats(
    file: str, opened: Opened, begin: datetime, end: datetime, known: Sequence[Standing]
) -> Iterator[Beat]:
    """What `schedule run` would do of a campaign, called at every moment, with all else."""
    project, campaign = opened.project, opened.campaign
    zones = zones_of(opened)
    there = timetable(project, campaign, begin, zones=zones, begin=begin, end=end)
    every = [*there, *(one.occurrence for one in known if one.occurrence.vanished)]
    decided = {one.occurrence.part: one.decided for one in known if one.decided}
    begun = {one.occurrence.part for one in known if one.begun}
    told = {one.occurrence.part for one in known if _is_past(one) or one.occurrence.vanished}
    for moment in sorted({one.due for one in there if _is_within(one, begin, end) and one.due}):
        for one in judge(every, moment, decided, begun):
            part = one.occurrence.part
            if one.stand not in (Stand.DUE, Stand.LAPSED, Stand.ASKS) or part in told:
                continue
            if not _is_within(one.occurrence, begin, end):
                continue
            told.add(part)
            is_sent = one.stand is Stand.DUE
            what = Decision.DONE if is_sent else Decision.SKIPPED
            decided[part] = Decided(what=what, reason=one.reason, due=one.occurrence.due, at=moment)
            lapsed = one.reason if one.stand is Stand.LAPSED else ""
            beat = _beat(file, opened, one.occurrence, moment, lapsed)
            if lapsed and one.occurrence.entry and one.occurrence.entry.cron is None:
                # Of a cron entry there are others, and a holiday without one is as it should be.
                beat = replace(beat, doubts=(say("nobody gets it"),))
            if one.stand is Stand.ASKS:
                why = say("asks what becomes of it: {why}", why=reason_text(one.reason))
                beat = replace(beat, doubts=(why,))
            yield beat


def _is_within(one: Occurrence, begin: datetime, end: datetime) -> bool:
    return one.due is not None and begin <= one.due <= end


def _beat(file: str, opened: Opened, one: Occurrence, at: datetime, reason: str) -> Beat:
    return Beat(campaign=opened.campaign.id, file=file, occurrence=one, at=at, reason=reason)


def _filled(opened: Opened, beat: Beat, suppressed: Mapping[str, Suppression]) -> Beat:
    """The beat with whom it goes to, and what is odd about its moment."""
    at = at_occurrence(opened, measured(beat.occurrence, beat.at, sending=True))
    doubts = [*beat.doubts, *_odd_moment(beat)]
    if at.campaign.as_of is not None:
        doubts.append(say("`as_of` stands in the campaign: a schedule refuses to send it"))
    else:
        doubts += _past_dates(at, beat)
    try:
        gathered = gather(at)
        if errors_in(gathered.problems):
            raise faulty(at.project, at.campaign.path, gathered.problems)
        beat = _addressed(gathered, beat, suppressed)
    except AnnounceError as error:
        return replace(beat, fault=error, doubts=tuple(doubts))
    if not (beat.messages or beat.notices or beat.articles):
        doubts.append(say("nobody is left in its audience"))
    return replace(beat, doubts=tuple(doubts))


def _past_dates(at: Opened, beat: Beat) -> list[str]:
    """The dates of the facts that are past by then, in one sentence: of a late occurrence that
    may be most of them."""
    past = past_facts(at.project, at.campaign, Place(file=beat.file), beat.at)
    if not past:
        return []
    more = len(past) - 1
    also = say_n("; and {n} more date", "; and {n} more dates", more) if more else ""
    return [past[0].message + also]


def _with_gates(opened: Opened, beats: Sequence[Beat], now: datetime) -> list[Beat]:
    """The beats, with a doubt at the first one that is sent, where no send would be let through:
    for want of an account, or of an approval."""
    place = next((n for n, one in enumerate(beats) if not (one.reason or one.left)), None)
    if place is None:
        return list(beats)
    first, doubts = beats[place], list[str]()
    if channels := rehearsed(opened):
        listed = listed_channels(channels)
        doubts.append(say("only rehearsed, for want of an account: {channels}", channels=listed))
    if opened.campaign.approvals is not None and first.fault is None:
        at = at_occurrence(opened, measured(first.occurrence, first.at, sending=True))
        try:
            refusal = verdict(prepare_opened(at, now)).refusal
        except AnnounceError as error:
            first = replace(first, fault=error)
        else:
            doubts += [refusal.message] if refusal else []
    beat = replace(first, doubts=(*first.doubts, *doubts))
    return [*beats[:place], beat, *beats[place + 1 :]]


def _addressed(gathered: Gathered, beat: Beat, suppressed: Mapping[str, Suppression]) -> Beat:
    composer = Composer(gathered)
    mails: list[str] = []
    articles: list[tuple[str, str]] = []
    subjects: dict[str, str] = {}
    counts = Counter[str]()
    for line in PlanLines(gathered, suppressed, "wechat"):
        delivery = line.delivery
        if delivery.state is State.SKIPPED or not _is_of_zone(line.recipient, beat.occurrence):
            continue
        if delivery.language not in subjects:
            subjects[delivery.language] = subject_of(composer.compose(line))
        counts[delivery.key.channel] += 1
        if delivery.key.channel == "email":
            mails += delivery.to
        elif line.article is not None:
            articles.append((delivery.language, line.article.deliver))
    return replace(
        beat,
        messages=counts["email"],
        mails=tuple(mails),
        notices=counts["notice"],
        articles=tuple(articles),
        subjects=subjects,
    )


def _is_of_zone(person: Recipient | None, one: Occurrence) -> bool:
    if person is None or one.entry is None or one.entry.zone != AUDIENCE:
        return True
    return person.fields.get(ZONE_COLUMN, "").strip() == one.zone


def _odd_moment(beat: Beat) -> list[str]:
    """A night or a holiday in Beijing that the campaign's own rules let pass."""
    why = Hush(_NIGHT, BEIJING).why(beat.at)
    if not why:
        return []
    local = beat.at.astimezone(BEIJING)
    return [say("in Beijing: {when}, {why}", when=f"{local:%m-%d %H:%M}", why=why)]


def _with_limits(project: Project, beats: Sequence[Beat]) -> list[Beat]:
    """The beats, with a doubt where the account may not send so many within a day."""
    most = limits_of(project.settings.email).per_day if project.settings.email.smtp else None
    if most is None:
        return list(beats)
    window: deque[tuple[datetime, int]] = deque()
    found = []
    for beat in beats:
        window.append((beat.at, len(beat.mails)))
        while window[0][0] <= beat.at - DAY:
            window.popleft()
        number = sum(one for _, one in window)
        if beat.mails and number > most:
            text = say(
                "{n} addresses within a day, and the account may write to {most}",
                n=number,
                most=most,
            )
            beat = replace(beat, doubts=(*beat.doubts, text))
        found.append(beat)
    return found


def _with_masses(beats: Sequence[Beat]) -> list[Beat]:
    """The beats, with a doubt where there are more mass messages than accounts may send."""
    sent, quotas = Counter[str](), documented()
    most_a_month, most_a_day = quotas.mass_a_month, quotas.mass_a_day
    found = []
    for beat in beats:
        local = beat.at.astimezone(quotas.zone)
        month, day = f"{local:%Y-%m}", f"{local:%Y-%m-%d}"
        masses = sum(way == "mass" for _, way in beat.articles)
        sent.update({month: masses, day: masses})
        more = list(beat.doubts)
        if masses and sent[month] > most_a_month:
            more.append(
                say(
                    "mass message number {n} of the month: a service account may send {most}",
                    n=sent[month],
                    most=most_a_month,
                )
            )
        if masses and sent[day] > most_a_day:
            more.append(
                say(
                    "mass message number {n} of the day: a subscription account may send {most}",
                    n=sent[day],
                    most=most_a_day,
                )
            )
        found.append(replace(beat, doubts=tuple(more)))
    return found


def _crowded(beats: Sequence[Beat], most: int) -> list[Crowded]:
    """Who gets so many mails within a day, of several occurrences: those of one belong together,
    as the decisions on somebody's papers do."""
    got: defaultdict[str, list[int]] = defaultdict(list)
    for number, beat in enumerate(beats):
        for address in beat.mails:
            got[address.casefold()].append(number)
    alike: defaultdict[tuple[int, ...], dict[str, int]] = defaultdict(dict)
    for address, theirs in got.items():
        worst: list[int] = []
        for place, first in enumerate(theirs):
            span = [one for one in theirs[place:] if beats[one].at - beats[first].at < DAY]
            if len(set(span)) > 1:
                worst = max(worst, span, key=len)
        if len(worst) >= most:
            alike[tuple(dict.fromkeys(worst))][address] = len(worst)
    found = [
        Crowded(people=people, beats=tuple(beats[one] for one in numbers))
        for numbers, people in alike.items()
    ]
    return sorted(found, key=lambda one: (one.begins, -one.most))
