"""The letter as the scripts in Python make it: of Markdown for each message, or of ready HTML."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import jinja2

# A row of people.csv; subject, text and HTML.
Write = Callable[[Mapping[str, str]], tuple[str, str, str]]


def letters(folder: Path, source: str) -> Write:
    """What writes the letter to a row; `source` is "markdown" or "html"."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder),
        autoescape=lambda name: name == "letter.html.j2",
        keep_trailing_newline=True,
    )
    subject = environment.get_template("subject.txt.j2")
    if source == "html":
        text, html = map(environment.get_template, ("letter.txt.j2", "letter.html.j2"))
        return lambda row: (subject.render(row), text.render(row), html.render(row))

    from markdown_it import MarkdownIt

    words, page = environment.get_template("letter.md.j2"), environment.get_template("page.html.j2")
    to_html = MarkdownIt("js-default").render

    def write(row: Mapping[str, str]) -> tuple[str, str, str]:
        text = words.render(row)
        return subject.render(row), text, page.render(body=to_html(text))

    return write
