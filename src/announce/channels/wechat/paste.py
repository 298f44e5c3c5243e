"""A page to copy an article from, for accounts that may not use the API: all in one file, with
the pictures beside it."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator, Mapping
from functools import cache
from html import escape
from importlib.resources import files

from announce.channels.wechat.figures import SOURCE, picture_name
from announce.model.languages import HTML_TAG
from announce.model.message import Article, Blob
from announce.texts import say, say_n, spoken

CONSOLE = "https://mp.weixin.qq.com"
_ENDINGS = {"image/png": ".png", "image/jpeg": ".jpg", "image/gif": ".gif", "image/bmp": ".bmp"}
_ODD = re.compile(r"[^\w.-]+")


def paste_page(article: Article) -> Mapping[str, bytes]:
    """The files of the page by name: `index.html`, and covers and pictures of all articles.

    The page loads nothing: what is copied holds the pictures themselves. Its texts are in the
    interface's language.
    """
    names = [_files(one, number) for number, one in enumerate(article.articles, 1)]
    return {
        "index.html": _page(article, names).encode(),
        **{name: blob.data for one in names for name, blob in one.items()},
    }


def _files(article: Article, number: int) -> dict[str, Blob]:
    """The cover and the pictures of an article by the names of their files, the cover first."""
    blobs = {f"{number}-cover": article.cover}
    blobs |= {f"{number}-{_ODD.sub('-', picture.name)}": picture for picture in article.pictures}
    return {
        f"{name.removesuffix(_ending(blob))}{_ending(blob)}": blob for name, blob in blobs.items()
    }


def _ending(blob: Blob) -> str:
    return _ENDINGS.get(blob.media_type, "")


def _page(article: Article, names: list[dict[str, Blob]]) -> str:
    tongue = HTML_TAG["zh" if spoken() == "zh" else "en"]
    head = (
        f"<!doctype html><html lang='{tongue}'><head><meta charset='utf-8'>"
        f'<meta http-equiv="Content-Security-Policy" content="{_policy()}">'
        "<meta name='viewport' content='width=device-width'>"
        f"<title>{escape(article.title)}</title><style>{_part('paste.css')}</style></head>"
    )
    body = "".join(
        _article(one, number, files, alone=not article.seconds)
        for number, (one, files) in enumerate(zip(article.articles, names, strict=True), 1)
    )
    return (
        f"{head}<body><main><h1>{escape(say('Copy this article into the official account'))}</h1>"
        f"<p class=quiet>{escape(_what(article))}</p>{_steps(article, names)}{body}</main>"
        f"<script>{_part('paste.js')}</script></body></html>\n"
    )


def _policy() -> str:
    """Nothing but what the page brings along: its one script, its styles, its pictures."""
    digest = base64.b64encode(hashlib.sha256(_part("paste.js").encode()).digest()).decode()
    return (
        "default-src 'none'; img-src data:; style-src 'unsafe-inline'; "
        f"script-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    )


@cache
def _part(name: str) -> str:
    return (files("announce") / "channels" / "wechat" / name).read_text(encoding="utf-8")


def _what(article: Article) -> str:
    many = len(article.articles)
    return say_n("One message of {n} article.", "One message of {n} articles.", many)


def _steps(article: Article, names: list[dict[str, Blob]]) -> str:
    steps = [
        say("Sign in at {url} and begin a new article (新的创作 → 文章).", url=CONSOLE),
        say("Copy the title below and paste it into the editor's title; the author likewise."),
        say(
            "Copy the article, click into the editor's body and paste (Ctrl+V or ⌘V). Wait until "
            "all its pictures are there; one that stays away is a file beside this page."
        ),
        say("Upload the cover: {file}, beside this page.", file=next(iter(names[0]))),
    ]
    if article.summary or article.original_url:
        steps.append(say("Paste the digest, and the address of “read original” (原文链接)."))
    if article.seconds:
        steps.append(say("Add the next article to the same message and begin again at the title."))
    steps.append(say("Look at the preview on a phone, then publish it or send it to followers."))
    items = "".join(f"<li>{escape(step)}</li>" for step in steps)
    return f"<ol class=steps>{items}</ol>"


def _article(article: Article, number: int, names: Mapping[str, Blob], *, alone: bool) -> str:
    heading = escape(article.title) if alone else f"{number} · {escape(article.title)}"
    cover, *_ = names
    fields = "".join(_fields(article, number))
    copy = _button(f"article-{number}", say("Copy the article"), kind="main")
    pictures = say_n(
        "{n} picture comes along", "{n} pictures come along", len(article.pictures)
    )  # fmt: skip
    return (
        f"<h2>{heading}</h2><dl>{fields}</dl>"
        f"<p><img class=cover src='{_data(article.cover)}' alt='{escape(cover)}'></p>"
        f"<div class=bar>{copy}<span>{escape(pictures)}</span></div>"
        f"<div class=paper id='article-{number}' data-rich lang='{HTML_TAG[article.language]}'>"
        f"{_filled(article)}</div>"
    )


def _fields(article: Article, number: int) -> Iterator[str]:
    values = {
        "title": (say("Title"), article.title, say("Copy the title")),
        "author": (say("Author"), article.author, say("Copy the author")),
        "digest": (say("Digest"), article.summary, say("Copy the digest")),
        "original": (say("Read original"), article.original_url, say("Copy the address")),
    }
    for name, (shown, value, action) in values.items():
        if value:
            button = _button(f"{name}-{number}", action)
            yield (
                f"<div class=field><dt>{escape(shown)}</dt>"
                f"<dd id='{name}-{number}'>{escape(value)}</dd>{button}</div>"
            )


def _button(source: str, action: str, *, kind: str = "") -> str:
    done, failed = say("Copied"), say("Not copied: select it and press Ctrl+C")
    return (
        f"<button type=button class='{kind}' data-copy='{source}' data-done='{escape(done)}'"
        f" data-failed='{escape(failed)}'>{escape(action)}</button>"
    )


def _filled(article: Article) -> str:
    """The article's HTML with its pictures inside."""
    blobs = {picture.name: picture for picture in article.pictures}

    def fill(match: re.Match[str]) -> str:
        name = picture_name(match[2] if match[2] is not None else match[3])
        return f'{match[1]}"{_data(blobs[name])}"' if name in blobs else match[0]

    return SOURCE.sub(fill, article.html)


def _data(blob: Blob) -> str:
    return f"data:{blob.media_type};base64,{base64.b64encode(blob.data).decode()}"
