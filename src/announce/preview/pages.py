"""The preview's pages, as HTML text. Messages stand in sandboxed frames: nothing of them runs,
and nothing is loaded from afar."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache
from html import escape
from importlib.resources import files
from string import Template

from announce.model.message import Article, Blob, Mail, Notice
from announce.model.plan import Plan, Planned
from announce.model.wording import channel_name, language_name, state_name
from announce.problems import Problem
from announce.texts import say, say_n, spoken

_LIST = "\ufdd0list\ufdd1"  # where the messages go: reading lets no such sign through
_FRAME_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"


def index_page(
    plan: Plan, page_of: Callable[[Planned], str | None], now: datetime
) -> Iterator[str]:
    """What will happen, what is doubtful, and every message with a link, a piece at a time."""
    when = say("Preview of {when}", when=f"{now:%Y-%m-%d %H:%M %z}")
    head, foot = _page(
        plan.campaign,
        f"<h1>{escape(plan.campaign)}</h1>"
        f"<p class=muted>{escape(when)}"
        f" · {escape(say('digest'))} <code>{plan.digest}</code></p>"
        f"{_totals(plan)}{_problems(plan.problems)}{_notes(plan)}{_LIST}",
        style="",
    ).split(_LIST)
    yield head
    yield from _list(plan, page_of)
    yield foot


def mail_page(line: Planned, mail: Mail, raw: bytes, eml: str) -> str:
    """One mail: phone and desktop frames, the text part, the source."""
    html = _inlined(mail.html, mail.pictures)
    return _page(
        mail.subject,
        f"{_back()}<h1>{escape(mail.subject)}</h1>{_facts(line, mail)}"
        f"<p><a href='{eml}'>{escape(say('The exact file (.eml)'))}</a></p>"
        f"<div class=frames>{_frame(html, say('Phone'), 'phone')}"
        f"{_frame(html, say('Desktop'), 'desktop')}</div>"
        f"<h2>{escape(say('Text part'))}</h2><pre class=text>{escape(mail.text)}</pre>"
        f"<h2>{escape(say('Headers'))}</h2><pre class=text>{escape(_headers(raw))}</pre>",
        style="../",
    )


def article_page(line: Planned, article: Article, sources: Sequence[str]) -> str:
    """A message: what its card in the list shows, and each of its articles in a phone frame."""
    cards = "".join(_card(one) for one in article.articles)
    parts = "".join(
        f"{_title(number, one, article)}"
        f"<p><a href='{source}'>{escape(say('The exact file (HTML)'))}</a></p>"
        f"<div class=frames>{_frame(_opened(one), say('Phone'), 'phone')}</div>"
        f"<p class=muted>{escape(one.original_url)}</p>"
        for number, (one, source) in enumerate(zip(article.articles, sources, strict=True), 1)
    )
    return _page(
        article.title,
        f"{_back()}<h1>{escape(article.title)}</h1>"
        f"<p class=muted>{escape(line.delivery.key.recipient)}</p>{cards}{parts}",
        style="../",
    )


def _title(number: int, article: Article, head: Article) -> str:
    if not head.seconds:
        return ""
    return f"<h2>{number}. {escape(article.title)}</h2>"


def _card(article: Article) -> str:
    return (
        f"<p class=card><img src='{_data_address(article.cover)}' alt=''>"
        f"<span>{escape(article.title)}<br><small>{escape(article.summary)}</small></span></p>"
    )


def _opened(article: Article) -> str:
    """The article as a follower opens it."""
    html = _inlined(article.html, article.pictures, scheme="picture")
    return (
        f"<div style='font-family:sans-serif;max-width:677px;margin:0 auto;padding:16px'>"
        f"<h1 style='font-size:22px;line-height:1.4'>{escape(article.title)}</h1>"
        f"<p style='color:#888;font-size:15px'>{escape(article.author)}</p>{html}"
        f"<p style='color:#576b95'>{escape(_read_original(article))}</p></div>"
    )


def notice_page(line: Planned, notice: Notice) -> str:
    """One notice as a card in a phone frame: its fields, whose labels the account's console has."""
    rows = "".join(
        f"<tr style='vertical-align:top'><td style='color:#888;padding:4px 12px 4px 0;"
        f"white-space:nowrap'>{escape(name)}</td>"
        f"<td style='padding:4px 0'>{escape(value)}</td></tr>"
        for name, value in notice.fields
    )
    foot = escape(say("Details")) if notice.link else ""
    card = (
        "<div style='font-family:sans-serif;background:#ededed;min-height:720px;padding:16px'>"
        "<div style='background:#fff;border-radius:8px;padding:16px;font-size:15px'>"
        f"<table style='border-collapse:collapse'>{rows}</table>"
        f"<p style='color:#576b95;margin:12px 0 0'>{foot}</p></div></div>"
    )
    facts = [
        (say("key"), line.delivery.key.recipient),
        (say("to"), notice.openid),
        (say("language"), language_name(notice.language)),
        (say("template"), notice.template_id),
        (say("link"), notice.link),
    ]
    return _page(
        notice.subject,
        f"{_back()}<h1>{escape(notice.subject)}</h1>{_table(facts)}"
        f"<div class=frames>{_frame(card, say('Phone'), 'phone')}</div>",
        style="../",
    )


@cache
def _css() -> str:
    return files("announce").joinpath("preview/preview.css").read_text(encoding="utf-8")


def _page(title: str, body: str, style: str) -> str:
    page = Template(
        "<!doctype html><html lang='$lang'><meta charset='utf-8'>"
        "<meta name='viewport' content='width=device-width'>"
        "<title>$title</title><style>$css</style><main data-root='$style'>$body</main></html>\n"
    )
    lang = "zh-Hans" if spoken() == "zh" else "en"
    return page.substitute(lang=lang, title=escape(title), css=_css(), body=body, style=style)


def _totals(plan: Plan) -> str:
    rows = "".join(
        f"<tr><td>{escape(_channel(channel, plan))}</td><td>{escape(_figures(counts))}</td></tr>"
        for channel, counts in plan.totals.items()
    )
    return f"<table class=totals>{rows}</table>"


def _figures(counts: Mapping[str, int]) -> str:
    return say(", ").join(
        say("{number} {state}", number=number, state=state_name(state))
        for state, number in sorted(counts.items())
    )


def _channel(channel: str, plan: Plan) -> str:
    name = channel_name(channel)
    return say("{channel} (sandbox)", channel=name) if channel in plan.sandboxed else name


def _problems(problems: tuple[Problem, ...]) -> str:
    if not problems:
        return f"<p class=good>{escape(say('No fault and no doubt was found.'))}</p>"
    items = "".join(
        f"<li class={problem.severity.value}><code>{escape(str(problem.place))}</code> "
        f"{escape(problem.message)}<br><small>{escape(problem.hint)}</small></li>"
        for problem in problems
    )
    head = say_n("{n} thing to look at", "{n} things to look at", len(problems))
    return f"<h2>{escape(head)}</h2><ul class=problems>{items}</ul>"


def _notes(plan: Plan) -> str:
    return "".join(f"<p>{escape(note)}</p>" for note in plan.notes)


def _list(plan: Plan, page_of: Callable[[Planned], str | None]) -> Iterator[str]:
    keyed = any(line.delivery.to != (line.delivery.key.recipient,) for line in plan.lines)
    heads = [say("to"), say("language"), say("state"), say("subject")]
    if keyed:
        heads.insert(0, say("key"))
    head = "".join(f"<th>{escape(one)}</th>" for one in heads)
    yield f"<h2>{escape(say('Messages'))}</h2>"
    yield f"<table class=list><thead><tr>{head}</tr></thead><tbody>"
    for line in plan.lines:
        yield _row(line, page_of(line), keyed=keyed)
    yield "</tbody></table>"


def _row(line: Planned, page: str | None, *, keyed: bool) -> str:
    delivery = line.delivery
    subject = escape(delivery.subject)
    if page:
        subject = f"<a href='{page}'>{subject}</a>"
    state = state_name(delivery.state.value)
    if delivery.reason:
        state = f"{state}: {delivery.reason}"
    cells = (
        *([escape(delivery.key.recipient)] if keyed else []),
        escape(", ".join(delivery.to)),
        escape(language_name(delivery.language)),
        escape(state),
        subject,
    )
    return "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"


def _facts(line: Planned, mail: Mail) -> str:
    to = ", ".join(f"{one.name} <{one.shown or one.spec}>".strip() for one in mail.to)
    extra = ", ".join(blob.name for blob in mail.attachments)
    rows = [
        (say("key"), line.delivery.key.recipient),
        (say("to"), to),
        (say("language"), language_name(line.delivery.language)),
        (say("attachments"), extra),
    ]
    return _table(rows)


def _table(rows: list[tuple[str, str]]) -> str:
    cells = "".join(
        f"<tr><th>{escape(name)}</th><td>{escape(value)}</td></tr>" for name, value in rows if value
    )
    return f"<table class=totals>{cells}</table>"


def _frame(html: str, title: str, kind: str) -> str:
    guarded = f'<meta http-equiv="Content-Security-Policy" content="{_FRAME_POLICY}">{html}'
    return (
        f"<figure class={kind}><figcaption>{escape(title)}</figcaption>"
        f'<iframe sandbox title="{escape(title)}" srcdoc="{escape(guarded)}"></iframe></figure>'
    )


def _inlined(html: str, pictures: tuple[Blob, ...], scheme: str = "cid") -> str:
    for blob in pictures:
        name = blob.cid if scheme == "cid" else blob.name
        html = html.replace(f"{scheme}:{name}", _data_address(blob))
    return html


def _data_address(blob: Blob) -> str:
    return f"data:{blob.media_type};base64,{base64.b64encode(blob.data).decode()}"


def _headers(raw: bytes) -> str:
    return raw.split(b"\r\n\r\n", 1)[0].decode("utf-8", "replace")


def _read_original(article: Article) -> str:
    return say("Read original") if article.original_url else ""


def _back() -> str:
    return f"<p><a href='../index.html'>← {escape(say('All messages'))}</a></p>"
