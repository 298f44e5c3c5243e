"""Rendered words: documents of one shape, and one recipient's values for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from announce.model.languages import Language
from announce.rendering.markers import html_pieces, shift, text_pieces


@dataclass(frozen=True, slots=True, eq=False)
class Fragment:
    """A document of one shape, written in all forms, its values still markers."""

    html: str
    text: str
    article: str
    pictures: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Filled:
    """A document, and the values of one recipient."""

    fragment: Fragment
    values: tuple[str, ...]


NOTHING = Filled(Fragment("", "", "", ()), ())


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """One language's words for one recipient.

    `subject` to `article_digest` are single lines of plain text; `short` and `preheader` are ""
    where the template has none. `pictures` names the campaign's pictures that are shown.
    """

    language: Language
    subject: str
    short: str
    preheader: str
    article_title: str
    article_digest: str
    pictures: tuple[str, ...]
    body: Filled
    footer: Filled = NOTHING

    @property
    def html(self) -> str:
        """The body as a fragment of HTML, without layout."""
        return html_pieces(self.body.fragment.html).fill(self.body.values)

    @property
    def text(self) -> str:
        """The body as plain text."""
        return text_pieces(self.body.fragment.text).fill(self.body.values)

    @property
    def article_html(self) -> str:
        """The body as a fragment of HTML for an article, without theme."""
        return html_pieces(self.body.fragment.article).fill(self.body.values)


@dataclass(frozen=True, slots=True)
class Part:
    """A document within a larger one: its values stand from `offset` on."""

    filled: Filled
    offset: int

    @property
    def html(self) -> str:
        """HTML with the markers of the larger document."""
        return shift(self.filled.fragment.html, self.offset)

    @property
    def text(self) -> str:
        """Plain text with the markers of the larger document."""
        return shift(self.filled.fragment.text, self.offset)


@dataclass(frozen=True, slots=True)
class Joined:
    """Several documents with all their values in one row: `own` first, then each one's."""

    parts: tuple[Part, ...]
    values: tuple[str, ...]

    @property
    def shape(self) -> tuple[object, ...]:
        """What is the same for all recipients of one shape."""
        return tuple((part.filled.fragment, part.offset) for part in self.parts)


def join(own: Sequence[str], halves: Sequence[Words]) -> Joined:
    """Put the values of bodies and footers in one row."""
    parts, values = [], list(own)
    for document in (part for half in halves for part in (half.body, half.footer)):
        parts.append(Part(document, len(values)))
        values += document.values
    return Joined(tuple(parts), tuple(values))
