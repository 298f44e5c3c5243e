"""The pages of articles and notices: static, in a frame of the first page or by themselves."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from announce.channels.wechat.figures import figures
from announce.model.message import Article, Notice
from announce.model.plan import Planned
from announce.model.wording import language_name
from announce.preview.html import data_address, frame, page, table
from announce.texts import say


def article_page(line: Planned, article: Article, sources: Sequence[str]) -> str:
    """A message: the card a list of messages shows, the card among friends, the figures against
    their limits, and each of its articles in a phone frame."""
    parts = "".join(
        _part(one, source, number if article.seconds else 0)
        for number, (one, source) in enumerate(zip(article.articles, sources, strict=True), 1)
    )
    return _page(article.title, line.delivery.key.recipient, parts)


def notice_page(line: Planned, notice: Notice) -> str:
    """One notice as a card in a phone frame: its fields, whose labels the account's console has."""
    facts = [
        (say("key"), line.delivery.key.recipient),
        (say("to"), notice.openid),
        (say("language"), language_name(notice.language)),
        (say("template"), notice.template_id),
        (say("link"), notice.link),
    ]
    shown = frame(_notice_card(notice), say("Phone"), "phone")
    return _page(notice.subject, "", f'{table(facts)}<div class="frames">{shown}</div>')


def fields_html(notice: Notice) -> str:
    """The fields of a notice as paragraphs, to stand beside another language's."""
    return "".join(f"<p>{escape(name)}: {escape(value)}</p>" for name, value in notice.fields)


def _page(title: str, note: str, body: str) -> str:
    below = f'<p class="muted">{escape(note)}</p>' if note else ""
    return page(
        title,
        f'<body class="alone"><main><h1>{escape(title)}</h1>{below}{body}'
        f'<p class="back"><a href="../index.html" target="_top">← {escape(say("All messages"))}</a>'
        "</p></main></body>",
        root="../",
    )


def _part(article: Article, source: str, number: int) -> str:
    title = f"<h2>{number}. {escape(article.title)}</h2>" if number else ""
    return (
        f'{title}<div class="cards"><div><h3>{escape(say("In the list of messages"))}</h3>'
        f"{_card(article)}</div><div><h3>{escape(say('In Moments'))}</h3>{_moment(article)}</div>"
        f"<div><h3>{escape(say('Figures'))}</h3>{_counted(article, alone=not number)}</div></div>"
        f'<p><a href="{source}">{escape(say("The exact file (HTML)"))}</a></p>'
        f'<div class="frames">{frame(_opened(article), say("Phone"), "phone")}</div>'
        f'<p class="muted">{escape(article.original_url)}</p>'
    )


def _card(article: Article) -> str:
    """The wide card: the cover above its title, as a follower finds it."""
    style = _crop(article, "235_1")
    return (
        f"<div class=card><span class='wide'><img src='{data_address(article.cover)}' alt=''"
        f"{style}></span><p>{escape(article.title)}<br><small>{escape(article.summary)}</small></p>"
        "</div>"
    )


def _moment(article: Article) -> str:
    """The card among friends: the square of the cover beside the title."""
    style = _crop(article, "1_1")
    return (
        f"<div class='moment'><span class='square'><img src='{data_address(article.cover)}' alt=''"
        f"{style}></span><p>{escape(article.title)}</p></div>"
    )


def _crop(article: Article, name: str) -> str:
    """How the cover is moved and scaled so that the part which the article names is shown."""
    part = dict(article.crops).get(name)
    if not part:
        return " style='object-fit:cover;width:100%;height:100%'"
    x1, y1, x2, y2 = (float(one) for one in part.split("_"))
    wide, high = max(x2 - x1, 0.01), max(y2 - y1, 0.01)
    return (
        f" style='position:absolute;width:{100 / wide:.2f}%;height:{100 / high:.2f}%;"
        f"left:{-100 * x1 / wide:.2f}%;top:{-100 * y1 / high:.2f}%'"
    )


def _counted(article: Article, *, alone: bool) -> str:
    limits = figures()
    wanted = [
        (say("title"), article.title, limits["title"]["characters"]),
        (say("author"), article.author, limits["author"]["characters"]),
    ]
    if alone:  # the platform takes no digest for one of several
        wanted.append((say("summary"), article.summary, limits["summary"]["characters"]))
    rows = "".join(
        f"<tr><th scope='row'>{escape(name)}</th>"
        f"<td class='{'over' if len(text) > most else 'within'}'>"
        f"{escape(say('{n} of {most} characters', n=len(text), most=most))}</td></tr>"
        for name, text, most in wanted
    )
    return f"<table class='facts'>{rows}</table>"


def _opened(article: Article) -> str:
    """The article as a follower opens it."""
    html = article.html
    for blob in article.pictures:
        html = html.replace(f"picture:{blob.name}", data_address(blob))
    original = say("Read original") if article.original_url else ""
    return (
        "<style>html{color-scheme:only light}body{margin:0;background:#fff;color:#222}"
        "img{max-width:100%}</style>"
        "<div style='font-family:sans-serif;max-width:677px;margin:0 auto;padding:16px'>"
        f"<h1 style='font-size:22px;line-height:1.4'>{escape(article.title)}</h1>"
        f"<p style='color:#888;font-size:15px'>{escape(article.author)}</p>{html}"
        f"<p style='color:#576b95'>{escape(original)}</p></div>"
    )


def _notice_card(notice: Notice) -> str:
    rows = "".join(
        f"<tr style='vertical-align:top'><td style='color:#888;padding:4px 12px 4px 0;"
        f"white-space:nowrap'>{escape(name)}</td>"
        f"<td style='padding:4px 0'>{escape(value)}</td></tr>"
        for name, value in notice.fields
    )
    foot = escape(say("Details")) if notice.link else ""
    return (
        "<style>html{color-scheme:only light}body{margin:0}</style>"
        "<div style='font-family:sans-serif;background:#ededed;color:#222;min-height:720px;"
        "padding:16px'><div style='background:#fff;border-radius:8px;padding:16px;font-size:15px'>"
        f"<table style='border-collapse:collapse'>{rows}</table>"
        f"<p style='color:#576b95;margin:12px 0 0'>{foot}</p></div></div>"
    )
