"""One campaign's words for one recipient, and the text and HTML made of them.

    template → Jinja2 (values become markers) → Markdown → layout → CSS inlined → values filled

All but the last step are the same for all recipients of one shape, and done once: a template is
run for the first of them only, with the recipient's values tracked (see `tracing`).
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any

from markupsafe import Markup

from announce.model.audience import Recipient
from announce.model.campaign import Campaign, channels_of
from announce.model.delivery import Channel
from announce.model.languages import HTML_TAG, Language
from announce.model.project import Project
from announce.model.sample import Sample
from announce.rendering.book import TemplateBook
from announce.rendering.drafts import FOOTER, Drafts, Known
from announce.rendering.faults import TemplateFault
from announce.rendering.forms import Form
from announce.rendering.front import COVER, NOTICE
from announce.rendering.layout import Layouts
from announce.rendering.markers import Pieces, html_pieces, marker, text_pieces
from announce.rendering.names import own_names, shared_names
from announce.rendering.pictures import (
    Addresses,
    addresses_of,
    with_addresses,
    with_language,
)
from announce.rendering.printing import Value
from announce.rendering.shape import Filling, Page, Shape
from announce.rendering.shapes import Message, Shapes
from announce.rendering.words import Draft, Half, Joined, NoticeWords, Words, join, subject_of

__all__ = ["FOOTER", "Addresses", "Filling", "Renderer", "Shape", "TemplateFault", "Words"]

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
        self._layouts = Layouts(project.root)
        self._known = Known(memo=memo)
        self._drafts = Drafts(book, campaign.kind, campaign.pictures, self._known)
        self._shapes = Shapes(self._drafts, self._draft)
        self._names: dict[Language, dict[str, Any]] = {}

    def words(
        self,
        *,
        language: Language,
        channel: Channel,
        variant: str | None = None,
        recipient: Recipient | None = None,
        unsubscribe: str = "",
        kind: str | None = None,
    ) -> Words:
        """The words of one message in one language; those of an e-mail have a footer. `kind` is
        that of a further article, whose templates are others."""
        own = own_names(channel, recipient, unsubscribe)
        own |= {"kind": kind} if kind else {}
        message = Message(channel, variant, own, recipient.key if recipient else "")
        draft = self._draft(language, message, kind)
        lines = {key: line.text for key, line in draft.lines.items()}
        preheader = lines.get("preheader", "")
        return Words(
            language=language,
            subject=lines["subject"],
            short=lines.get("short", ""),
            preheader=preheader,
            article_title=lines.get("article.title", lines["subject"]),
            article_digest=lines.get("article.digest", preheader),
            article_cover=tuple(line for key, line in lines.items() if key.startswith(COVER)),
            body=draft.body,
            footer=draft.footer,
        )

    def sample(
        self,
        *,
        language: Language,
        channel: Channel,
        variant: str | None,
        recipient: Recipient | None,
        kind: str | None = None,
    ) -> Sample:
        """What one recipient would read in one language, with the template it comes from."""
        words = self.words(
            language=language, channel=channel, variant=variant, recipient=recipient, kind=kind
        )
        template = self._book.find(kind or self._campaign.kind, variant, channel, language)
        assert template is not None
        is_article = channel == "wechat"
        return Sample(
            language=language,
            channel=channel,
            variant=variant,
            whom=recipient.key if recipient else "",
            file=template.file,
            subject=words.article_title if is_article else words.subject,
            preheader=words.article_digest if is_article else words.preheader,
            text=words.text,
            html=words.article_html if is_article else words.html,
            written=self._book.text(template.name, language),
        )

    def notice(
        self, *, language: Language, variant: str | None, recipient: Recipient
    ) -> NoticeWords:
        """The words of a recipient's notice."""
        own = own_names("notice", recipient, "")
        names = {**self._shared_names(language), **own}
        source, lines = self._drafts.head(language, "notice", variant, names, recipient.key)
        fields = {key.removeprefix(NOTICE): text for key, text in lines.items() if key != "subject"}
        return NoticeWords(source=source, subject=lines["subject"], fields=fields)

    def filling(
        self,
        *,
        languages: tuple[Language, ...],
        variant: str | None,
        recipient: Recipient,
        unsubscribe: str,
    ) -> Filling | None:
        """The shape of a recipient's mail and what is filled into it, the quick way; None where
        it has to be made of `words`, which also tells what is wrong."""
        if not self._known.memo:
            return None
        return self._shapes.filling(
            languages=languages,
            variant=variant,
            recipient=recipient,
            unsubscribe=unsubscribe,
        )

    def page(self, shape: Shape, pictures: Addresses | None = None) -> Page:
        """The text and the HTML of all mails of one shape; `pictures` as in `mail_html`."""
        own = join([], shape.halves)
        text = Form(self._text(shape.halves, own), shape.row(own.values))
        joined = join(["", ""], shape.halves)
        row = [shape.title, shape.preheader, *shape.row(joined.values[2:])]
        html = self._html(shape.halves, joined, bool(shape.preheader), pictures)
        return Page(text, Form(html, row))

    def outline(self, shape: Shape) -> tuple[str, str]:
        """The subject and the text that all mails of one shape have, with the names of values
        where a recipient's own stand: ⟨name⟩."""
        named = shape.named()
        text = self.page(shape).text
        return named.subject, text.fill(text.cells(named.values))

    def mail_subject(self, halves: Sequence[Words]) -> str:
        """The subject of a mail in one language or two, the reader's first."""
        return subject_of(halves)

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
        return self._html(halves, joined, bool(preheader), pictures).fill(joined.values)

    def mail_text(self, halves: Sequence[Words]) -> str:
        """The text part of a mail in one language or two, the reader's first."""
        joined = join([], halves)
        return self._text(halves, joined).fill(joined.values)

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

        key = ("article", body.fragment, theme)
        return self._pieces(key, page, inline, html_pieces, body.values).fill(body.values)

    def cover_colours(self, theme: str) -> dict[str, str]:
        """What a theme says of covers that are made: properties of its rule `.cover`."""
        return self._layouts.cover_colours(theme)

    def sources(self) -> list[str]:
        """The files that may shape the campaign's messages, by their project path: the kind's
        templates in every language of the book, with their parts, and its channels' layouts.

        Those that no recipient needs today count too: a recipient merely added tomorrow, in
        another language or of another variant, is then no change of content.
        """
        channels = channels_of(self._campaign)
        themes = {article.theme for article in self._campaign.wechat}
        files = set(self._layouts.sources(channels, themes))
        further = {kind for article in self._campaign.wechat for kind in article.kinds}
        for kind in sorted({self._campaign.kind, *further}):
            for template in self._book.of_kind(kind, also=FOOTER):
                files |= self._book.sources(template).keys()
        return sorted(files)

    def _shared_names(self, language: Language) -> dict[str, Any]:
        if language not in self._names:
            self._names[language] = shared_names(self._project, self._campaign, language)
        return self._names[language]

    def _draft(self, language: Language, message: Message, kind: str | None = None) -> Draft:
        names = {**self._shared_names(language), **message.own}
        channel, variant = message.channel, message.variant
        return self._drafts.draft(language, channel, variant, names, message.whom, kind)

    def _html(
        self,
        halves: Sequence[Half],
        joined: Joined,
        preheader: bool,
        pictures: Addresses | None,
    ) -> Pieces:
        addresses = addresses_of(halves, pictures)

        def page() -> str:
            html = self._layouts.mail_page(**self._mail_names(halves, joined, preheader))
            return with_addresses(html, addresses)

        key = ("mail", joined.shape, preheader, addresses)
        return self._pieces(key, page, self._layouts.inline_mail, html_pieces, joined.values)

    def _text(self, halves: Sequence[Half], joined: Joined) -> Pieces:
        def page() -> str:
            return self._layouts.mail_text(**self._mail_names(halves, joined, False))

        return self._pieces(("text", joined.shape), page, str, text_pieces, joined.values)

    def _mail_names(
        self, halves: Sequence[Half], joined: Joined, preheader: bool
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

    def _pieces(
        self,
        key: Hashable,
        page: Callable[[], str],
        finish: Callable[[str], str],
        split: Callable[[str], Pieces],
        values: Sequence[Value],
    ) -> Pieces:
        """A finished page apart at its values; the plain way they are filled in before."""
        if not self._known.memo:
            return Pieces((finish(split(page()).fill(values)),), ())
        pieces: Pieces = self._known.get(key, lambda: split(finish(page())))
        return pieces
