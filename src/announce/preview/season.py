"""A season as a page: a line of time for each campaign, who gets too much, and every occurrence."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from html import escape
from zoneinfo import ZoneInfo

from announce.errors import AnnounceError, InputError
from announce.model.season import Beat, Season
from announce.model.wording import language_name, moment_text, reason_text, way_name
from announce.preview.html import asset
from announce.problems import Problem, errors_in
from announce.texts import say, say_n, spoken
from announce.timetable.quiet import Regions

_DAY = timedelta(days=1)
_SHOWN = 12
_TOLD = 5  # faults of one campaign
# Marks of a line of time, in pixels: the first row's top, from row to row; how many rows, and how
# much of the whole line one is wide, and the name of a month.
_TOP, _STEP, _ROWS, _WIDTH, _NAME = 15, 17, 6, 0.016, 0.07
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


def season_page(season: Season, zone: ZoneInfo) -> str:
    """The page, whole in one file: nothing in it runs, and nothing is loaded."""
    title = say(
        "The season from {begin} to {end}",
        begin=f"{season.begin.astimezone(zone):%Y-%m-%d}",
        end=f"{season.end.astimezone(zone):%Y-%m-%d}",
    )
    parts = (
        f'<header><h1>{escape(title)}</h1><p class="lead">{escape(_lead(season))}</p></header>',
        _times(season, zone),
        _odd(season, zone),
        _crowded(season, zone),
        _every(season, zone),
    )
    lang = "zh-Hans" if spoken() == "zh" else "en"
    style = asset("preview.css") + asset("season.css")
    return (
        f'<!doctype html><html lang="{lang}"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<link rel="icon" href="data:,"><title>{escape(title)}</title>'
        f"<style>{style}</style></head>"
        f'<body class="season"><main>{"".join(parts)}</main></body></html>\n'
    )


def whom(beat: Beat) -> str:
    """To whom an occurrence goes, in words."""
    if beat.fault is not None:
        return say("cannot be made")
    if beat.left:
        return say("sent already")
    if beat.reason:
        return say("left out: {reason}", reason=reason_text(beat.reason))
    found = []
    if beat.messages:
        found.append(say_n("{n} mail", "{n} mails", beat.messages))
    if beat.notices:
        found.append(say_n("{n} notice", "{n} notices", beat.notices))
    for language, way in beat.articles:
        name = language_name(language)
        found.append(say("article {language} ({way})", language=name, way=way_name(way)))
    return say(", ").join(found) or say("nobody")


def doubts_of(beat: Beat) -> list[str]:
    """What a person should look at, each a sentence."""
    return [*(_faults(beat.fault) if beat.fault else ()), *beat.doubts]


def _faults(error: AnnounceError) -> list[str]:
    """What is wrong, each with its place; or the error alone."""
    found = _errors(error)
    if not found:
        return [error.message]
    told = [f"{one.place}: {one.message}" for one in found[:_TOLD]]
    more = len(found) - _TOLD
    return [*told, say_n("and {n} more", "and {n} more", more)] if more > 0 else told


def _errors(error: AnnounceError) -> list[Problem]:
    return errors_in(error.problems) if isinstance(error, InputError) else []


def _lead(season: Season) -> str:
    sent = [one for one in season.beats if not (one.reason or one.left or one.fault)]
    parts = [
        say_n("{n} occurrence is sent", "{n} occurrences are sent", len(sent)),
        say_n("{n} mail", "{n} mails", sum(one.messages for one in sent)),
        say_n("{n} article", "{n} articles", sum(len(one.articles) for one in sent)),
    ]
    doubts = season.doubts
    look = say_n("{n} thing to look at.", "{n} things to look at.", doubts) if doubts else say(
        "Nothing to look at.")  # fmt: skip
    return say("{what}. {look}", what=say(", ").join(parts), look=look)


def _times(season: Season, zone: ZoneInfo) -> str:
    """One line for each campaign, over the months, with the holidays of China behind."""
    whole = season.end - season.begin

    def left(moment: datetime) -> str:
        return f"{100 * ((moment - season.begin) / whole):.3f}%"

    months = "".join(
        f'<span class="month" style="left:{left(moment)}">{moment:%Y-%m}</span>'
        for moment in _months(season, zone)
    )
    shades = "".join(
        f'<span class="holiday" style="left:{left(begin)};width:{100 * (length / whole):.3f}%"'
        f' title="{escape(name)}"></span>'
        for begin, length, name in _holidays(season, zone)
    )
    lines = []
    for name in dict.fromkeys(one.campaign for one in season.beats):
        theirs = [(at, one) for at, one in enumerate(season.beats) if one.campaign == name]
        rows = _stacked([one.at for _, one in theirs], whole)
        marks = "".join(
            f'<a class="beat {_kind(one)}" style="left:{left(one.at)};top:{_TOP + _STEP * row}px"'
            f' href="#beat-{number}" title="{escape(_tip(one, zone))}"></a>'
            for (number, one), row in zip(theirs, rows, strict=True)
        )
        height = 2 * _TOP + _STEP * (max(rows) + 1)
        lines.append(
            f'<div class="name">{escape(name)}</div>'
            f'<div class="line" style="height:{height}px">{shades}{marks}</div>'
        )
    if not lines:
        return f"<section><p>{escape(say('Nothing is due in this time.'))}</p></section>"
    legend = (
        ("sent", say("is sent")),
        ("odd", say("to look at")),
        ("out", say("is left out")),
        ("holiday", say("holiday in China")),
    )
    keys = "".join(
        f'<li><span class="key {kind}"></span>{escape(text)}</li>' for kind, text in legend
    )
    return (
        f'<section><div class="scroll"><div class="times"><div class="name"></div>'
        f'<div class="months">{months}</div>{"".join(lines)}</div></div>'
        f'<ul class="legend">{keys}</ul></section>'
    )


def _stacked(moments: Sequence[datetime], whole: timedelta) -> list[int]:
    """The row of each mark of a line, so that those close together do not hide each other."""
    ends: list[datetime] = []
    rows = []
    for moment in moments:
        free = (number for number, end in enumerate(ends) if end <= moment)
        row = min(next(free, len(ends)), _ROWS - 1)
        rows.append(row)
        ends[row:] = [moment + whole * _WIDTH, *ends[row + 1 :]]
    return rows


def _kind(beat: Beat) -> str:
    if beat.is_odd:
        return "odd"
    return "out" if beat.reason else "sent"


def _tip(beat: Beat, zone: ZoneInfo) -> str:
    return f"{moment_text(beat.at.astimezone(zone))} {beat.occurrence.id}: {whom(beat)}"


def _months(season: Season, zone: ZoneInfo) -> Iterator[datetime]:
    """The months' first days; of a long time some of them, so that their names have room."""
    found = []
    at = season.begin.astimezone(zone).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    # A name at the very end would have no room.
    while at <= season.end - (season.end - season.begin) * _NAME:
        if at >= season.begin:
            found.append(at)
        at = at.replace(year=at.year + at.month // 12, month=at.month % 12 + 1)
    yield from found[:: 1 + len(found) // 14]


def _holidays(season: Season, zone: ZoneInfo) -> Iterator[tuple[datetime, timedelta, str]]:
    """The holidays of China: where each begins, how long, and its name."""
    regions = Regions(["CN"])
    begin = season.begin.astimezone(zone).date()
    number = (season.end.astimezone(zone).date() - begin).days + 1
    days = [begin + n * _DAY for n in range(number)]
    run: list[date] = []
    for day in [*days, None]:
        if day is not None and regions.name(day):
            run.append(day)
        elif run:
            start = datetime(run[0].year, run[0].month, run[0].day, tzinfo=zone)
            begins, ends = max(start, season.begin), min(start + len(run) * _DAY, season.end)
            yield begins, ends - begins, regions.name(run[len(run) // 2])
            run = []


def _odd(season: Season, zone: ZoneInfo) -> str:
    items = [
        (f"{moment_text(one.at.astimezone(zone))} {one.campaign} {_part(one)}", one, number)
        for number, one in enumerate(season.beats)
        if one.is_odd
    ]
    faults = "".join(
        f'<li class="error"><b>{escape(file)}</b>{_spans(_faults(error))}{_mend(error)}</li>'
        for file, error in season.faults.items()
    )
    if not items and not faults:
        return ""
    rows = "".join(
        f'<li><a href="#beat-{number}">{escape(name)}</a>{_spans(doubts_of(one))}</li>'
        for name, one, number in items
    )
    head = f"<h2>{escape(say('To look at'))}</h2>"
    return f'<section>{head}<ul class="problems">{faults}{rows}</ul></section>'


def _spans(texts: Iterable[str]) -> str:
    return "".join(f"<span>{escape(text)}</span>" for text in texts)


def _mend(error: AnnounceError) -> str:
    hint = error.hint or next((one.hint for one in _errors(error) if one.hint), "")
    return f'<span class="mend">{escape(hint)}</span>' if hint else ""


def _crowded(season: Season, zone: ZoneInfo) -> str:
    if not season.crowded:
        return ""
    rows = [
        (
            _named(one.people),
            moment_text(one.begins.astimezone(zone)),
            "\n".join(f"{beat.campaign} {beat.occurrence.id}" for beat in one.beats),
        )
        for one in season.crowded
    ]
    heads = (say("to (mails within a day)"), say("begins"), say("which"))
    title = f"<h2>{escape(say('Many mails to one person'))}</h2>"
    return f"<section>{title}{_table(heads, rows)}</section>"


def _named(people: Mapping[str, int]) -> str:
    """The first of them, who get most, each with how many."""
    ranked = sorted(people.items(), key=lambda one: (-one[1], one[0]))
    lines = [f"{address} ({number})" for address, number in ranked[:_SHOWN]]
    if len(ranked) > _SHOWN:
        lines.append(say_n("and {n} more", "and {n} more", len(ranked) - _SHOWN))
    return "\n".join(lines)


def _every(season: Season, zone: ZoneInfo) -> str:
    if not season.beats:
        return ""
    rows = []
    for number, one in enumerate(season.beats):
        subjects = "".join(
            f"<div>{escape(text)}</div>" for text in dict.fromkeys(one.subjects.values())
        )
        doubts = "".join(f'<div class="doubt">{escape(text)}</div>' for text in doubts_of(one))
        moved = (
            f'<div class="muted">{escape(say("moved: {why}", why=one.occurrence.moved))}</div>'
            if one.occurrence.moved
            else ""
        )
        when = escape(moment_text(one.at.astimezone(zone)))
        rows.append(
            f'<tr id="beat-{number}"><td class="when">{when}{moved}</td>'
            f"<td>{escape(one.campaign)}<br><code>{escape(_part(one))}</code></td>"
            f"<td>{escape(whom(one))}{doubts}</td><td>{subjects}</td></tr>"
        )
    heads = (say("due"), say("campaign"), say("to"), say("subject"))
    cells = "".join(f'<th scope="col">{escape(head)}</th>' for head in heads)
    title = f"<h2>{escape(say('Every occurrence'))}</h2>"
    return (
        f'<section>{title}<div class="scroll"><table class="every"><thead><tr>{cells}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div></section>"
    )


def _part(beat: Beat) -> str:
    one = beat.occurrence
    return f"{one.id} ({one.zone})" if one.zone else one.id


def _table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    head = "".join(f'<th scope="col">{escape(one)}</th>' for one in heads)
    body = "".join(
        f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows
    )
    return (
        f'<div class="scroll"><table class="every crowded"><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )
