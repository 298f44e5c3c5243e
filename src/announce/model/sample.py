"""Samples: what one reader is told in one language, for checks that read words."""

from __future__ import annotations

from dataclasses import dataclass, field

from announce.model.delivery import Channel
from announce.model.languages import Language
from announce.problems import Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """The words of one message in one language, rendered for one recipient: no value is open.

    `subject` and `preheader` are single lines ("" where there is none). `text` is the body as
    plain text, without the layout's frame and footer; `html` the same as semantic HTML (headings,
    paragraphs, lists, tables, links) without styles. `variant` is the class whose template it is,
    None where the campaign has no classes; `whom` the recipient's key, "" for an article. `file`
    is the template, as shown to people, and `written` its source.
    """

    language: Language
    channel: Channel
    variant: str | None = None
    whom: str = ""
    file: str
    subject: str
    preheader: str = ""
    text: str
    html: str
    written: str = field(default="", repr=False)

    @property
    def lines(self) -> tuple[str, ...]:
        """All that a reader reads, top to bottom: subject, preheader, the body's lines."""
        return (self.subject, self.preheader, *self.text.splitlines())

    def place(self, words: str) -> Place:
        """Where in the template words stand that were seen in the message; its file alone where
        they are not written there, but come from a value."""
        for number, line in enumerate(self.written.splitlines(), start=1):
            if words and words in line:
                return Place(file=self.file, line=number, column=line.index(words) + 1)
        return Place(file=self.file)
