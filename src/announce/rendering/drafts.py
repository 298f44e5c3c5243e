"""Running a campaign's templates: what they print for one recipient, as drafts of words.

    template → Jinja2 (values become markers) → Markdown

A source that was printed before is not read as Markdown again: all recipients of one shape
print the same one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Hashable, Mapping
from typing import Any

from announce.model.delivery import Channel
from announce.model.languages import Language
from announce.problems import Place
from announce.rendering.article import ArticleWriter
from announce.rendering.book import TemplateBook, missing_template
from announce.rendering.document import MailWriter
from announce.rendering.faults import TemplateFault, TemplateTrouble, fault
from announce.rendering.front import COVER, NOTICE
from announce.rendering.markdown import parse
from announce.rendering.markers import text_pieces
from announce.rendering.plaintext import TextWriter
from announce.rendering.printing import MAX_STEPS, Rendering, Value
from announce.rendering.running import Template, run
from announce.rendering.tracing import trace_in
from announce.rendering.words import NOTHING, Draft, Filled, Fragment, Line
from announce.texts import say

FOOTER = "parts/footer.md.j2"
_MAX_KNOWN = 1024
_MAIL_HEAD = ("subject", "short", "preheader")
_HEAD: dict[Channel, tuple[str, ...]] = {
    "email": _MAIL_HEAD,
    "notice": ("subject",),
    "wechat": (*_MAIL_HEAD, "article.title", "article.digest"),
}
# How the keys begin of which a channel takes as many as there are.
_LISTED: dict[Channel, str] = {"notice": NOTICE, "wechat": COVER}
# What must not stand in a header, nor in a title: whatever any reader takes for a line break.
_BREAK = re.compile(r"[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]")
_BLANKS = re.compile(r"[\t ]+")


class Known:
    """What was worked out before, by what it was made from; bounded. Nothing is kept without
    `memo`."""

    def __init__(self, *, memo: bool) -> None:
        self.memo = memo
        self._made: dict[Hashable, Any] = {}

    def get(self, key: Hashable, make: Callable[[], Any]) -> Any:
        """What was made under this key, or is now."""
        if not self.memo:
            return make()
        if key not in self._made:
            made = make()
            if len(self._made) >= _MAX_KNOWN:
                self._made.clear()
            self._made[key] = made
        return self._made[key]


class Drafts:
    """Writes drafts with the templates of one kind. Raises TemplateFault, with the template's
    line, where it cannot."""

    def __init__(
        self, book: TemplateBook, kind: str, pictures: Collection[str], known: Known
    ) -> None:
        self._book = book
        self._kind = kind
        self._pictures = pictures
        self._known = known
        # The fewest steps that a rendering had left, since this was last set.
        self.steps_left = MAX_STEPS

    def draft(
        self,
        language: Language,
        channel: Channel,
        variant: str | None,
        names: Mapping[str, Any],
        whom: str,
        kind: str | None = None,
    ) -> Draft:
        """One language's words; those of an e-mail have a footer. `whom` is told in faults.
        `kind` is another one's than the campaign's: that of a further article."""
        kind = kind or self._kind
        template = self._book.find(kind, variant, channel, language)
        if template is None:
            raise TemplateFault(missing_template(kind, variant, channel, language))
        lines = self._lines(template, channel, names, whom)
        body = self._document(template, names, whom)
        footer = NOTHING
        if channel == "email" and self._book.has(FOOTER, language):
            footer = self._document(self._book.template(FOOTER, language), names, whom)
        return Draft(language=language, lines=lines, body=body, footer=footer)

    def head(
        self,
        language: Language,
        channel: Channel,
        variant: str | None,
        names: Mapping[str, Any],
        whom: str,
    ) -> tuple[str, dict[str, str]]:
        """The template's file and the texts of its head that the channel uses, by key."""
        template = self._book.find(self._kind, variant, channel, language)
        if template is None:
            raise TemplateFault(missing_template(self._kind, variant, channel, language))
        lines = self._lines(template, channel, names, whom)
        return template.file, {key: line.text for key, line in lines.items()}

    def _lines(
        self, template: Template, channel: Channel, names: Mapping[str, Any], whom: str
    ) -> dict[str, Line]:
        listed = _LISTED.get(channel)
        return {
            key: self._line(template, key, names, whom)
            for key in template.head
            if key in _HEAD[channel] or (listed and key.startswith(listed))
        }

    def _line(self, template: Template, key: str, names: Mapping[str, Any], whom: str) -> Line:
        source, values = self._run(template, key, names, whom)
        pieces = self._known.get(("line", source), lambda: text_pieces(source))
        if trace_in(values) is not None:
            return Line(source, pieces, values)
        try:
            return Line(source, pieces, values, one_line(key, pieces.fill(values)))
        except TemplateTrouble as trouble:
            raise fault(trouble, self._head_place(template, key, trouble), whom=whom) from trouble

    def _head_place(self, template: Template, key: str, trouble: TemplateTrouble) -> Place:
        """Where a value of a template's head stands."""
        name, lines = (
            key.removeprefix("article.").removeprefix(NOTICE).split(".")[0],
            self._book.text(template.name, template.language),
        )
        for number, line in enumerate(lines.split("\n"), 1):
            if trouble.near and line.strip().startswith(f"{name}:"):
                return Place(file=template.file, line=number)
        return Place(file=template.file)

    def _document(self, template: Template, names: Mapping[str, Any], whom: str) -> Filled:
        source, values = self._run(template, None, names, whom)
        fragment = self._known.get(
            (template.file, source), lambda: self._fragment(template, source, whom)
        )
        return Filled(fragment, values)

    def _run(
        self, template: Template, key: str | None, names: Mapping[str, Any], whom: str
    ) -> tuple[str, tuple[Value, ...]]:
        """The source that a template or a value of its head prints, and the values in it."""

        def work() -> tuple[str, tuple[Value, ...]]:
            rendering = Rendering(language=template.language, names=names, markdown=key is None)
            source = run(template, key, names, rendering, whom)
            self.steps_left = min(self.steps_left, rendering.steps)
            return source, tuple(rendering.values)

        if self._book.is_personal(template, key):
            return work()
        own = (names["channel"], names.get("unsubscribe", ""))
        made: tuple[str, tuple[Value, ...]] = self._known.get((template.file, key, own), work)
        return made

    def _fragment(self, template: Template, source: str, whom: str) -> Fragment:
        """Write a document in all forms. Raises TemplateFault, also for an empty one."""
        tree = parse(source)
        options = (template.language, self._pictures)
        mail, text, article = MailWriter(*options), TextWriter(*options), ArticleWriter(*options)
        try:
            if not tree.children:
                raise TemplateTrouble("template-empty", say("the template prints nothing"))
            return Fragment(
                source, mail.write(tree), text.write(tree), article.write(tree), tuple(mail.used)
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


def tidy(text: str) -> str:
    """A text without blanks around it, those in it made single."""
    text = text.strip()
    return _BLANKS.sub(" ", text) if "  " in text or "\t" in text else text


def one_line(key: str, text: str) -> str:
    """A value of a head as one tidy line. TemplateTrouble where it is none."""
    line = tidy(text)
    if _BREAK.search(line):
        raise TemplateTrouble(
            "control-character", say('"{key}" of the head holds a line break', key=key),
            say("write it in one line, without \\n or \\r"), near=key,
        )  # fmt: skip
    if not line:
        raise TemplateTrouble("template-head", say('"{key}" of the head is empty', key=key))
    return line
