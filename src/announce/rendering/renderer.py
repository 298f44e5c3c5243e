"""One campaign's words for one recipient, and the text and HTML made of them.

    template → Jinja2 (values become markers) → Markdown → layout → CSS inlined → values filled

All but the first and the last step are the same for all recipients of one shape, and done once.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Sequence
from typing import Any

from markupsafe import Markup

from announce.model.audience import Recipient
from announce.model.campaign import Campaign
from announce.model.delivery import ONCE, Channel
from announce.model.languages import HTML_TAG, Language
from announce.model.project import Project
from announce.problems import Place
from announce.rendering.article import ArticleWriter
from announce.rendering.book import TemplateBook, missing_template
from announce.rendering.document import MailWriter
from announce.rendering.faults import TemplateFault, TemplateTrouble, fault
from announce.rendering.layout import Layouts
from announce.rendering.markdown import parse
from announce.rendering.markers import Pieces, html_pieces, marker, text_pieces
from announce.rendering.names import own_names, shared_names
from announce.rendering.pictures import (
    Addresses,
    addresses_of,
    with_addresses,
    with_language,
)
from announce.rendering.plaintext import TextWriter
from announce.rendering.printing import Rendering
from announce.rendering.running import Template, run
from announce.rendering.words import NOTHING, Filled, Fragment, Joined, Words, join
from announce.texts import say

__all__ = ["Addresses", "Renderer", "TemplateFault", "Words"]

# What must not stand in a header, nor in a title: whatever any reader takes for a line break.
_BREAK = re.compile(r"[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]")
FOOTER = "parts/footer.md.j2"
_MAX_SHAPES = 2048
_MAIL_HEAD = ("subject", "short", "preheader")
_HEAD: dict[Channel, tuple[str, ...]] = {
    "email": _MAIL_HEAD,
    "wechat": (*_MAIL_HEAD, "article.title", "article.digest"),
}
_JUMP: dict[Language, str] = {"zh": "中文在下 ↓", "en": "English below ↓"}


class Renderer:
    """Renders one campaign. Raises TemplateFault, with the template's line, where it cannot.

    With `memo=False` nothing is kept, and values are filled before CSS is inlined: the plain
    way, slow, with equal results.
    """

    def __init__(
        self, book: TemplateBook, *, project: Project, campaign: Campaign, memo: bool = True
    ) -> None:
        self._book = book
        self._project = project
        self._campaign = campaign
        self._memo = memo
        self._layouts = Layouts(project.root)
        self._known: dict[Hashable, Any] = {}
        self._names: dict[Language, dict[str, Any]] = {}

    def words(
        self,
        *,
        language: Language,
        channel: Channel,
        variant: str | None = None,
        recipient: Recipient | None = None,
        occurrence: str = ONCE,
        unsubscribe: str = "",
    ) -> Words:
        """The words of one message in one language; those of an e-mail have a footer."""
        template = self._book.find(self._campaign.kind, variant, channel, language)
        if template is None:
            problem = missing_template(self._campaign.kind, variant, channel, language)
            raise TemplateFault(problem)
        own = own_names(channel, recipient, occurrence, unsubscribe)
        names = {**self._shared_names(language), **own}
        whom = recipient.key if recipient else ""
        lines = {
            key: self._line(template, key, names, whom)
            for key in template.head
            if key in _HEAD[channel]
        }
        body = self._document(template, names, whom)
        footer = NOTHING
        if channel == "email" and self._book.has(FOOTER, language):
            footer = self._document(self._book.template(FOOTER, language), names, whom)
        preheader = lines.get("preheader", "")
        return Words(
            language=language,
            subject=lines["subject"],
            short=lines.get("short", ""),
            preheader=preheader,
            article_title=lines.get("article.title", lines["subject"]),
            article_digest=lines.get("article.digest", preheader),
            pictures=tuple(dict.fromkeys(body.fragment.pictures + footer.fragment.pictures)),
            body=body,
            footer=footer,
        )

    def mail_html(
        self, halves: Sequence[Words], *, subject: str = "", pictures: Addresses | None = None
    ) -> str:
        """The HTML page of a mail in one language or two, the reader's first.

        `subject` is the page's title (default: made of the halves'). `pictures` gives each
        picture's address by language; without it the sources are `picture:NAME`.
        """
        title = subject or " / ".join(half.subject for half in halves)
        preheader = " · ".join(half.preheader for half in halves if half.preheader)
        joined = join([title, preheader], halves)
        addresses = addresses_of(halves, pictures)

        def page() -> str:
            html = self._layouts.mail_page(**self._mail_names(halves, joined, bool(preheader)))
            return with_addresses(html, addresses)

        key = ("mail", joined.shape, bool(preheader), addresses)
        return self._made(key, page, self._layouts.inline_mail, html_pieces, joined.values)

    def mail_text(self, halves: Sequence[Words]) -> str:
        """The text part of a mail in one language or two, the reader's first."""
        joined = join([], halves)

        def page() -> str:
            return self._layouts.mail_text(**self._mail_names(halves, joined, False))

        return self._made(("text", joined.shape), page, _as_is, text_pieces, joined.values)

    def article_html(self, words: Words, theme: str = "plain") -> str:
        """The HTML of an article for the editor; pictures are `picture:NAME`."""
        body = words.body

        def page() -> str:
            return self._layouts.article_page(
                theme, body=Markup(body.fragment.article), language=words.language,
                tag=HTML_TAG[words.language],
            )  # fmt: skip

        def inline(html: str) -> str:
            return self._layouts.inline_article(theme, html)

        return self._made(("article", body.fragment, theme), page, inline, html_pieces, body.values)

    def sources(self) -> list[str]:
        """The files that may shape the campaign's messages, by their project path: the kind's
        templates in every language of the book, with their parts, and its channels' layouts.

        Those that no recipient needs today count too: a recipient merely added tomorrow, in
        another language or of another variant, is then no change of content.
        """
        channels: list[Channel] = ["email"] if self._campaign.email else []
        channels += ["wechat"] if self._campaign.wechat else []
        themes = {article.theme for article in self._campaign.wechat}
        files = set(self._layouts.sources(channels, themes))
        for template in self._book.of_kind(self._campaign.kind, also=FOOTER):
            files |= self._book.sources(template).keys()
        return sorted(files)

    def _shared_names(self, language: Language) -> dict[str, Any]:
        if language not in self._names:
            self._names[language] = shared_names(self._project, self._campaign, language)
        return self._names[language]

    def _line(self, template: Template, key: str, names: dict[str, Any], whom: str) -> str:
        source, values = self._run(template, key, names, whom)
        text = self._remembered(("line", source), lambda: text_pieces(source)).fill(values)
        line = re.sub(r"[\t ]+", " ", text).strip()
        if _BREAK.search(line):
            trouble = TemplateTrouble(
                "control-character", say('"{key}" of the head holds a line break', key=key),
                say("write it in one line, without \\n or \\r"), near=key,
            )  # fmt: skip
            raise fault(trouble, self._head_place(template, key), whom=whom)
        if line:
            return line
        trouble = TemplateTrouble("template-head", say('"{key}" of the head is empty', key=key))
        raise fault(trouble, Place(file=template.file), whom=whom)

    def _head_place(self, template: Template, key: str) -> Place:
        """Where a value of a template's head stands."""
        name = key.rpartition(".")[2]
        for number, line in enumerate(
            self._book.text(template.name, template.language).split("\n"), 1
        ):
            if line.strip().startswith(f"{name}:"):
                return Place(file=template.file, line=number)
        return Place(file=template.file)

    def _document(self, template: Template, names: dict[str, Any], whom: str) -> Filled:
        source, values = self._run(template, None, names, whom)
        fragment = self._remembered(
            (template.file, source), lambda: self._fragment(template, source, whom)
        )
        return Filled(fragment, values)

    def _run(
        self, template: Template, key: str | None, names: dict[str, Any], whom: str
    ) -> tuple[str, tuple[str, ...]]:
        """The source that a template or a value of its head prints, and the values in it."""

        def work() -> tuple[str, tuple[str, ...]]:
            rendering = Rendering(language=template.language, names=names, markdown=key is None)
            return run(template, key, names, rendering, whom), tuple(rendering.values)

        if self._book.is_personal(template, key):
            return work()
        own = (names["channel"], names["occurrence"], names.get("unsubscribe", ""))
        made: tuple[str, tuple[str, ...]] = self._remembered((template.file, key, own), work)
        return made

    def _fragment(self, template: Template, source: str, whom: str) -> Fragment:
        """Write a document in all forms. Raises TemplateFault, also for an empty one."""
        tree = parse(source)
        options = (template.language, self._campaign.pictures)
        mail, text, article = MailWriter(*options), TextWriter(*options), ArticleWriter(*options)
        try:
            if not tree.children:
                raise TemplateTrouble("template-empty", say("the template prints nothing"))
            return Fragment(
                mail.write(tree), text.write(tree), article.write(tree), tuple(mail.used)
            )
        except TemplateTrouble as trouble:
            raise fault(trouble, self._where(template, trouble.near), whom=whom) from trouble

    def _where(self, template: Template, near: str) -> Place:
        """The first line of a template or its parts that holds a text."""
        for file in (template.file, *self._book.sources(template)):
            name = file.split("/", 2)[2]
            for number, line in enumerate(self._book.text(name, template.language).split("\n"), 1):
                if near and near in line:
                    return Place(file=file, line=number)
        return Place(file=template.file)

    def _mail_names(
        self, halves: Sequence[Words], joined: Joined, preheader: bool
    ) -> dict[str, Any]:
        """What the mail's layouts are given; all of it of one shape."""
        first, *more = (half.language for half in halves)
        return {
            "title": Markup(marker("t", 0)),
            "preheader": Markup(marker("t", 1)) if preheader else "",
            "language": first,
            "tag": HTML_TAG[first],
            "jump": _JUMP[more[0]] if more else "",
            "halves": [
                {
                    "language": half.language,
                    "tag": HTML_TAG[half.language],
                    "project": self._shared_names(half.language)["project"]["name"],
                    "html": Markup(with_language(body.html, half.language)),
                    "footer": Markup(with_language(footer.html, half.language)),
                    "text": body.text,
                    "footer_text": footer.text,
                }
                for half, body, footer in zip(
                    halves, joined.parts[::2], joined.parts[1::2], strict=True
                )
            ],
        }  # fmt: skip

    def _made(
        self,
        key: Hashable,
        page: Callable[[], str],
        finish: Callable[[str], str],
        split: Callable[[str], Pieces],
        values: Sequence[str],
    ) -> str:
        if not self._memo:
            return finish(split(page()).fill(values))
        pieces: Pieces = self._remembered(key, lambda: split(finish(page())))
        return pieces.fill(values)

    def _remembered(self, key: Hashable, make: Callable[[], Any]) -> Any:
        if not self._memo:
            return make()
        if key not in self._known:
            if len(self._known) >= _MAX_SHAPES:
                self._known.clear()
            self._known[key] = make()
        return self._known[key]


def _as_is(text: str) -> str:
    return text
