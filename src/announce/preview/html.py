"""The ground of the preview's pages: the page, tables, pictures, and frames in which a message
stands. Nothing in a frame runs, and nothing is loaded from afar."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable
from functools import cache
from html import escape
from importlib.resources import files

from announce.model.message import Blob
from announce.texts import spoken

_CODE = re.compile(r"`([^`]+)`")
_FRAME_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
# A page from disk has no origin of its own in some browsers: then "file:" is what is near.
_PAGE_POLICY = (
    "default-src 'none'; script-src 'self' file:; style-src 'self' file: 'unsafe-inline';"
    " img-src data:; frame-src 'self' file:; connect-src 'self'; form-action 'self';"
    " base-uri 'none'"
)


@cache
def asset(name: str) -> str:
    """A file of the page: a script or the style sheet."""
    return files("announce").joinpath(f"preview/page/{name}").read_text(encoding="utf-8")


def page(title: str, body: str, *, root: str = "", scripts: Iterable[str] = ()) -> str:
    """A whole page. `root` leads to the preview's folder; `body` is trusted HTML."""
    lang = "zh-Hans" if spoken() == "zh" else "en"
    loads = "".join(f'<script src="{root}{name}" defer></script>' for name in scripts)
    return (
        f'<!doctype html><html lang="{lang}"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_PAGE_POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        # No icon is asked for: there is none, here or elsewhere.
        f'<link rel="icon" href="data:,"><title>{escape(title)}</title>'
        f'<link rel="stylesheet" href="{root}page/preview.css">{loads}</head>{body}</html>\n'
    )


def marked(text: str) -> str:
    """A sentence of ours as HTML, what stands in `backticks` as code."""
    return _CODE.sub(r"<code>\1</code>", escape(text))


def table(rows: Iterable[tuple[str, str]], kind: str = "facts") -> str:
    """Facts with their names; those without a value are left out."""
    cells = "".join(
        f'<tr><th scope="row">{escape(name)}</th><td>{marked(value)}</td></tr>'
        for name, value in rows
        if value
    )
    return f'<table class="{kind}">{cells}</table>'


def frame(html: str, title: str, kind: str) -> str:
    """A piece of a message in a frame without any right."""
    guarded = f'<meta http-equiv="Content-Security-Policy" content="{_FRAME_POLICY}">{html}'
    return (
        f'<figure class="{kind}"><figcaption>{escape(title)}</figcaption>'
        f'<iframe sandbox title="{escape(title)}" srcdoc="{escape(guarded)}"></iframe></figure>'
    )


def data_address(blob: Blob) -> str:
    """A picture as an address that holds all of it."""
    return f"data:{blob.media_type};base64,{base64.b64encode(blob.data).decode()}"
