"""The frames around the words: mail, its text part, and the article with its themes.

Layouts are trusted code of the project; what comes from data reaches them as markers only.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import jinja2
from css_inline import CSSInliner, InlineError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from announce.model.delivery import Channel
from announce.problems import Place, did_you_mean
from announce.rendering.faults import TemplateFault, TemplateTrouble, fault
from announce.rendering.survival import finished
from announce.texts import say

FOLDER = "templates/layouts"
_MAIL_FILES = ("mail.html.j2", "mail.css", "mail.txt.j2")
_MAIL = CSSInliner(keep_at_rules=True, load_remote_stylesheets=False)
_ARTICLE = CSSInliner(load_remote_stylesheets=False)
_KEPT_STYLE = re.compile(r"<head>(<style>.*?</style>)(.*?)</head>", re.S)
_COVER = re.compile(r"^\.cover\s*\{([^}]*)\}", re.M)
_BODY = re.compile(r"<body[^>]*>(.*)</body>", re.S)


class _Outside(Exception):
    """A layout that reaches for a file outside its folder."""


class Layouts:
    """The project's layouts. Raises TemplateFault for a layout or theme at fault."""

    def __init__(self, root: Path) -> None:
        self._folder = root / FOLDER
        loader = jinja2.FunctionLoader(self._load)
        options: dict[str, Any] = {
            "loader": loader, "undefined": jinja2.StrictUndefined, "trim_blocks": True,
            "lstrip_blocks": True, "auto_reload": False,
        }  # fmt: skip
        self._html = ImmutableSandboxedEnvironment(autoescape=True, **options)
        self._text = ImmutableSandboxedEnvironment(autoescape=False, **options)

    def sources(self, channels: Collection[Channel], themes: Collection[str]) -> list[str]:
        """The layout files of these channels and themes, each of which must be there."""
        names = [*_MAIL_FILES] if "email" in channels else []
        if "wechat" in channels:
            names += ["article.html.j2", *(_theme_file(theme) for theme in sorted(themes))]
        for name in names:
            self._read(name)
        return [f"{FOLDER}/{name}" for name in names]

    def mail_page(self, **names: Any) -> str:
        """The mail's HTML page, its CSS beside it."""
        return self._render(self._html, "mail.html.j2", {**names, "css": self._read("mail.css")})

    def inline_mail(self, html: str) -> str:
        """The page with its CSS inlined; the rules for phones and for the dark are kept."""
        # The inliner puts the kept rules before the charset, which belongs first.
        return _KEPT_STYLE.sub(r"<head>\2\1</head>", _inline(_MAIL, html, "mail.css"))

    def mail_text(self, **names: Any) -> str:
        """The mail's text part."""
        text = self._render(self._text, "mail.txt.j2", names)
        return re.sub(r"\n{4,}", "\n\n\n", text).strip("\n") + "\n"

    def article_page(self, theme: str, **names: Any) -> str:
        """The article as a page, its CSS beside it."""
        css = self._theme(theme, _theme_file(theme))
        return self._render(self._html, "article.html.j2", {**names, "css": css})

    def inline_article(self, theme: str, html: str) -> str:
        """The article alone: every style in its place, no class, no id, no page around it."""
        file = _theme_file(theme)
        body = _BODY.search(_inline(_ARTICLE, html, file))
        try:
            return finished(body[1].strip() if body else "")
        except TemplateTrouble as trouble:
            raise fault(trouble, Place(file=f"{FOLDER}/{file}")) from trouble

    def cover_colours(self, theme: str) -> dict[str, str]:
        """The properties of a theme's rule `.cover`: of no article, but of covers made for it."""
        rule = _COVER.search(self._theme(theme, _theme_file(theme)))
        pairs = (line.partition(":") for line in rule[1].split(";")) if rule else ()
        return {name.strip(): value.strip() for name, colon, value in pairs if colon}

    def _theme(self, theme: str, file: str) -> str:
        known = sorted(path.stem for path in (self._folder / "themes").glob("*.css"))
        if theme not in known:
            what = say('there is no theme "{name}"', name=theme)
            listed = say("there are: {names}", names=say(", ").join(known) or "—")
            trouble = TemplateTrouble("theme-unknown", what, did_you_mean(theme, known) or listed)
            raise fault(trouble, Place(file=f"{FOLDER}/{file}"))
        return self._read(file)

    def _read(self, name: str) -> str:
        place = Place(file=f"{FOLDER}/{name}")
        try:
            text = (self._folder / name).read_text(encoding="utf-8-sig")
        except FileNotFoundError as error:
            raise fault(
                TemplateTrouble(
                    "layout-missing", say("the layout is missing"),
                    say("copy it from a new project: announce init"),
                ),
                place,
            ) from error  # fmt: skip
        except UnicodeDecodeError as error:
            trouble = TemplateTrouble("layout-text", say("the file is not UTF-8"))
            raise fault(trouble, place) from error
        return text

    def _load(self, name: str) -> tuple[str, str, None]:
        path = (self._folder / name).resolve()
        if not path.is_relative_to(self._folder.resolve()):
            # A layout comes from a person, but what it includes ends up in everybody's mail.
            what = say(
                'a layout includes only files of {folder}, not "{name}"', folder=FOLDER, name=name
            )
            raise _Outside(what)
        return self._read(name), f"{FOLDER}/{name}", None

    def _render(self, environment: jinja2.Environment, name: str, names: Mapping[str, Any]) -> str:
        try:
            return environment.get_template(name).render(names)
        except TemplateFault:
            raise
        except _Outside as error:
            trouble = TemplateTrouble("layout-outside", str(error), say("copy the file there"))
            raise fault(trouble, Place(file=f"{FOLDER}/{name}")) from error
        except Exception as error:
            # A layout is a program of somebody else's: whatever it raises is its fault.
            raise _layout_fault(error, name) from error


def _theme_file(theme: str) -> str:
    return f"themes/{theme}.css"


def _layout_fault(error: Exception, name: str) -> TemplateFault:
    line, trace = getattr(error, "lineno", None), error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == f"{FOLDER}/{name}":
            line = trace.tb_lineno
        trace = trace.tb_next
    what = say("the layout cannot be used: {cause}", cause=str(error))
    return fault(TemplateTrouble("layout", what), Place(file=f"{FOLDER}/{name}", line=line))


def _inline(inliner: CSSInliner, html: str, file: str) -> str:
    try:
        return inliner.inline(html)
    except InlineError as error:
        what = say("the style sheet cannot be used: {cause}", cause=error)
        raise fault(TemplateTrouble("layout", what), Place(file=f"{FOLDER}/{file}")) from error
