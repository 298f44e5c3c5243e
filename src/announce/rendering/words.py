"""Words: documents of one shape, and one recipient's values for them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from announce.model.languages import Language
from announce.rendering.markers import Pieces, html_pieces, shift, text_pieces
from announce.rendering.printing import Value


@dataclass(frozen=True, slots=True, eq=False)
class Fragment:
    """A document of one shape, written in all forms, its values still markers."""

    source: str
    html: str
    text: str
    article: str
    pictures: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Filled:
    """A document, and the values of one recipient."""

    fragment: Fragment
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """A value of a template's head, and the values of one recipient in it.

    `text` is what comes of it, "" while it still has tracked values.
    """

    source: str
    pieces: Pieces
    values: tuple[Value, ...]
    text: str = ""


NOTHING = Filled(Fragment("", "", "", "", ()), ())


@dataclass(frozen=True, slots=True, kw_only=True)
class Half:
    """One language's part of a message. `pictures` names the campaign's pictures it shows."""

    language: Language
    body: Filled
    footer: Filled = NOTHING

    @property
    def pictures(self) -> tuple[str, ...]:
        """The names of the pictures, each once."""
        return tuple(dict.fromkeys(self.body.fragment.pictures + self.footer.fragment.pictures))


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft(Half):
    """One language's words as the templates printed them: `lines` by key of the head."""

    lines: Mapping[str, Line]


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeWords:
    """The words of one recipient's notice: the values of its fields by their names, in order.

    `source` is the template's file.
    """

    source: str
    subject: str
    fields: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Words(Half):
    """One language's words for one recipient.

    `subject` to `article_digest` are single lines of plain text; `short` and `preheader` are ""
    where the template has none. `article_cover` are the lines of a cover made from them.
    """

    subject: str
    short: str
    preheader: str
    article_title: str
    article_digest: str
    article_cover: tuple[str, ...] = ()

    @property
    def html(self) -> str:
        """The body as a fragment of HTML, without layout."""
        return html_pieces(self.body.fragment.html).fill(self.body.values)

    @property
    def text(self) -> str:
        """The body as plain text."""
        return text_pieces(self.body.fragment.text).fill(self.body.values)

    @property
    def points_to_original(self) -> bool:
        """Whether an article of them tells readers to tap “read original”."""
        return 'class="box original"' in self.body.fragment.article

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
    values: tuple[Value, ...]

    @property
    def shape(self) -> tuple[object, ...]:
        """What is the same for all recipients of one shape."""
        return tuple([(part.filled.fragment, part.offset) for part in self.parts])


def subject_keys(halves: Sequence[Collection[str]]) -> list[str]:
    """Which lines of the halves make a mail's subject: the first one's whole, the others' short
    one where they have it. Each half is given by the keys of its lines."""
    _, *more = halves
    return ["subject", *("short" if "short" in half else "subject" for half in more)]


def join(own: Sequence[Value], halves: Sequence[Half]) -> Joined:
    """Put the values of bodies and footers in one row."""
    parts: list[Part] = []
    values = list(own)
    for document in (part for half in halves for part in (half.body, half.footer)):
        parts.append(Part(document, len(values)))
        values += document.values
    return Joined(tuple(parts), tuple(values))


def subject_of(halves: Sequence[Words]) -> str:
    """The subject of a mail in one language or two."""
    keys = subject_keys([("subject", "short") if half.short else ("subject",) for half in halves])
    return " / ".join(
        [
            half.subject if key == "subject" else half.short
            for half, key in zip(halves, keys, strict=True)
        ]
    )
