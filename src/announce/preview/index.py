"""The first page: what will happen, what is doubtful, who approved it, and every message."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from html import escape

from announce.model.delivery import State
from announce.model.wording import channel_name, language_name, reason_text, state_name
from announce.preview.html import marked, page, table
from announce.preview.kinds import Kind
from announce.preview.messages import messages_part
from announce.preview.story import Standing, Story
from announce.problems import Problem
from announce.texts import say, say_n

SCRIPTS = ("base.js", "colours.js", "viewer.js", "beside.js", "list.js", "main.js", "live.js")
# Where the served page has its form instead of the command line.
FORM = ("<!--approve-->", "<!--/approve-->")


def index_page(
    story: Story, kinds: Sequence[Kind], texts: Sequence[str], data: Sequence[str]
) -> str:
    """The page. `texts` are those of the first kinds, for print; `data` the scripts with the list
    and the page's words."""
    parts = (
        _head(story),
        _happens(story),
        _doubtful(story.plan.problems),
        _approvals(story),
        _kinds(kinds, texts),
        messages_part(),
    )
    # The list's pieces find what takes them.
    scripts = ["page/base.js", *data, *(f"page/{name}" for name in SCRIPTS[1:])]
    skip = f'<a class="skip" href="#messages">{escape(say("To the messages"))}</a>'
    body = f"<body>{skip}{live_line()}<main>{''.join(parts)}</main></body>"
    return page(story.title, body, scripts=scripts)


def live_line() -> str:
    """Where a served page tells that it is about to change, or is served no longer."""
    reload = say("Something changed: loading the page anew …")
    gone = say("The preview is no longer served: this page stays as it is.")
    return (
        f'<p id="live" role="status" data-reload="{escape(reload)}" data-gone="{escape(gone)}"></p>'
    )


def _head(story: Story) -> str:
    when = say("Preview of {when}", when=f"{story.now:%Y-%m-%d %H:%M %z}")
    return (
        f'<header><p class="muted">{escape(when)} · {escape(story.plan.campaign)}</p>'
        f"<h1>{escape(story.title)}</h1>"
        f'<p class="lead">{escape(_lead(story))}</p></header>'
    )


def _lead(story: Story) -> str:
    plan = story.plan
    due = sum(number for (_, _, state), number in plan.sums.counts.items() if _is_due(state))
    if not due:
        return say("Nothing is due: nothing would be sent.")
    sent = say_n("{n} message is ready to be sent.", "{n} messages are ready to be sent.", due)
    return say("{sent} Nothing has left: this page only shows.", sent=sent)


def _is_due(state: State) -> bool:
    return state in (State.PLANNED, State.SENDING, State.FAILED)


def _happens(story: Story) -> str:
    rows = [
        *((_channel(channel, story), _figures(story, channel)) for channel in story.plan.totals),
        (say("Languages"), _languages(story)),
        (say("When"), _when(story)),
        (say("Left out"), _skipped(story)),
    ]
    notes = "".join(f"<li>{marked(note)}</li>" for note in story.plan.notes)
    listed = f'<ul class="notes">{notes}</ul>' if notes else ""
    return _section("happens", say("What will happen"), table(rows) + listed)


def _channel(channel: str, story: Story) -> str:
    name = channel_name(channel)
    if channel in story.plan.sandboxed:
        return say("{channel} (sandbox)", channel=name)
    return name


def _figures(story: Story, channel: str) -> str:
    states = say(", ").join(
        say("{number} {state}", number=number, state=state_name(state))
        for state, number in sorted(story.plan.totals[channel].items())
    )
    if channel != "email":
        return states
    addresses = sum(
        number
        for (one, state), number in story.plan.sums.addresses.items()
        if one == channel and state is not State.SKIPPED
    )
    told = say_n("to {n} address", "to {n} addresses", addresses)
    return say("{states}, {told}", states=states, told=told)


def _languages(story: Story) -> str:
    counts: Counter[str] = Counter()
    for (_, language, state), number in story.plan.sums.counts.items():
        if state is not State.SKIPPED:
            counts[language] += number
    return say(", ").join(
        say("{language}: {n}", language=language_name(language), n=number)
        for language, number in sorted(counts.items())
    )


def _when(story: Story) -> str:
    begins = say("As soon as somebody runs `announce send`")
    if story.due:
        name = story.plan.occurrence
        begins = say("{name}: {when}, by `announce schedule run`", name=name, when=story.due)
    rehearsed = story.plan.totals.keys() <= story.plan.sandboxed
    if rehearsed:
        return say("{begins}; a rehearsal: nothing leaves this machine", begins=begins)
    return say("{begins}. {forecast}", begins=begins, forecast=story.forecast).strip()


def _skipped(story: Story) -> str:
    return say("; ").join(
        say_n("{n} skipped: {reason}", "{n} skipped: {reason}", number, reason=reason_text(reason))
        for reason, number in sorted(story.plan.sums.skipped.items())
    )


def _doubtful(problems: Sequence[Problem]) -> str:
    if not problems:
        words = escape(say("No fault and no doubt was found."))
        return _section("doubtful", say("What is doubtful"), f'<p class="good">{words}</p>')
    ordered = sorted(enumerate(problems), key=lambda one: not one[1].is_error)
    items = "".join(_problem(number, problem) for number, problem in ordered)
    head = say_n("{n} thing to look at", "{n} things to look at", len(problems))
    return _section("doubtful", head, f'<ul class="problems">{items}</ul>')


def problem_items(problems: Sequence[Problem]) -> str:
    """Faults as a list, for a page that has nothing else to show."""
    items = "".join(_problem(number, problem) for number, problem in enumerate(problems))
    return f'<ul class="problems">{items}</ul>' if items else ""


def _problem(number: int, problem: Problem) -> str:
    name = say("fault") if problem.is_error else say("doubt")
    mend = f'<span class="mend">{marked(problem.hint)}</span>' if problem.hint else ""
    return (
        f'<li class="{problem.severity.value}" id="problem-{number}">'
        f"<b>{escape(name)}</b> <code>{escape(str(problem.place))}</code>"
        f"<span>{marked(problem.message)}</span>{mend}</li>"
    )


def _approvals(story: Story) -> str:
    rows = "".join(_approval(one) for one in story.approvals)
    listed = f'<ul class="approvals">{rows}</ul>' if rows else ""
    if story.refusal:
        word = f'<p class="doubt">{marked(story.refusal)}</p>'
    elif story.asks:
        word = f'<p class="good">{escape(say("Approved: it may be sent."))}</p>'
    elif not rows:
        word = f"<p>{escape(say('The campaign asks for no approval.'))}</p>"
    else:
        word = ""
    command = f"announce approve {story.file}"
    how = (
        f"<p>{escape(say('To approve exactly what this page shows:'))} "
        f"<code>{escape(command)} --by {escape(say('NAME'))}</code></p>"
    )
    digest = f'<p class="muted">{escape(say("digest"))} <code>{story.plan.digest}</code></p>'
    body = f"{word}{listed}{FORM[0]}{how}{FORM[1]}{digest}"
    return _section("approval", say("Approval"), body)


def _approval(one: Standing) -> str:
    word = say("still holds") if one.holds else say("no longer holds: it changed since")
    note = f"<q>{escape(one.note)}</q>" if one.note else ""
    return (
        f'<li class="{"good" if one.holds else "doubt"}"><b>{escape(one.by)}</b> '
        f"<span>{escape(one.when)}</span> <span>{escape(word)}</span> {note}</li>"
    )


def _kinds(kinds: Sequence[Kind], texts: Sequence[str]) -> str:
    total = sum(kind.count for kind in kinds)
    messages = say_n("{n} message", "{n} messages", total)
    head = say_n("{messages} of {n} kind", "{messages} of {n} kinds", len(kinds), messages=messages)
    told = escape(
        say("Messages of one kind differ by printed values only: look at one of each kind.")
    )
    cards = "".join(_kind_card(number, kind) for number, kind in enumerate(kinds))
    printed = "".join(_printed(kind, text) for kind, text in zip(kinds, texts, strict=False))
    body = (
        f'<p class="muted">{told}</p><ul class="kinds">{cards}</ul>'
        f'<div class="print">{printed}</div>'
    )
    return _section("kinds", head, body) if kinds else ""


def _kind_card(number: int, kind: Kind) -> str:
    return (
        f'<li><button type="button" data-kind="{number}" data-first="{kind.first}">'
        f'<span class="count">{kind.count}</span>'
        f'<span class="of">{escape(" · ".join(_of(kind)))}</span>'
        f'<span class="subject">{escape(kind.subject)}</span>{_apart(kind)}</button></li>'
    )


def _apart(kind: Kind) -> str:
    """What sets it apart from its class's first kind."""
    if kind.also:
        told = say("also: {line}", line=kind.also)
    elif kind.without:
        told = say("without: {line}", line=kind.without)
    else:
        return ""
    return f'<span class="apart">{escape(told)}</span>'


def _of(kind: Kind) -> Iterator[str]:
    yield channel_name(kind.channel)
    yield language_name(kind.language)
    if kind.variant:
        yield kind.variant


def _printed(kind: Kind, text: str) -> str:
    return (
        f"<article><h3>{escape(kind.subject)}</h3>"
        f'<p class="muted">{kind.count} × {escape(" · ".join(_of(kind)))}</p>'
        f"<pre>{escape(text)}</pre></article>"
    )


def _section(name: str, head: str, body: str) -> str:
    return (
        f'<section id="{name}" aria-labelledby="{name}-head">'
        f'<h2 id="{name}-head">{escape(head)}</h2>{body}</section>'
    )
