"""A small project of the tests' own: what its parts are."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from announce.model.audience import Address, Recipient
from announce.model.languages import Language
from announce.problems import Place
from announce.rendering.book import TemplateBook
from announce.rendering.renderer import Renderer
from announce.rendering.words import Words

LAYOUTS = Path(__file__).parents[2] / "templates" / "layouts"
HEAD = '---\nsubject: "Hello"\n---\n'


def recipient(name: str = "Ada", **fields: str) -> Recipient:
    """Someone of an audience."""
    return Recipient(
        key="k1",
        addresses=(Address(spec="ada@example.org"),),
        name=name,
        names=tuple(part.strip() for part in name.split(";")),
        language="en",
        fields=fields,
        place=Place(file="audiences/a.csv", line=2),
    )


@dataclass(frozen=True, slots=True)
class Studio:
    """A project with one campaign of kind `note`, and its renderer."""

    root: Path
    book: TemplateBook
    renderer: Renderer
    plain: Renderer

    def words(self, someone: Recipient | None = None, **more: Any) -> Words:
        """An e-mail's words in English for someone."""
        options = {"language": "en", "channel": "email", "recipient": someone or recipient()}
        return self.renderer.words(**{**options, **more})

    def article(self, language: Language = "en") -> Words:
        """An article's words."""
        return self.renderer.words(language=language, channel="wechat")


SETTINGS = {
    "name": {"zh": "样例研讨会", "en": "Sample Workshop"},
    "languages": ["zh", "en"],
    "sender": {"name": {"zh": "组委会", "en": "The chairs"}, "address": "chairs@example.org"},
}
CAMPAIGN = {
    "campaign": "note-1",
    "kind": "note",
    "title": {"zh": "通知", "en": "A note"},
    "audience": {"file": "audiences/a.csv"},
    "email": {},
}
