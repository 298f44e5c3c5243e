"""The two languages a message can be in."""

from __future__ import annotations

from typing import Literal

Language = Literal["zh", "en"]
LANGUAGES: tuple[Language, ...] = ("zh", "en")

# BCP 47 tags for `lang` attributes and Content-Language.
HTML_TAG: dict[Language, str] = {"zh": "zh-Hans", "en": "en"}


def language_of(tag: str) -> Language | None:
    """The language of a tag as people write it (`zh-CN`, `ZH_hans`, `en-GB`), or None."""
    primary = tag.strip().replace("_", "-").split("-")[0].lower()
    for language in LANGUAGES:
        if primary == language:
            return language
    return None


def other(language: Language) -> Language:
    """The other of the two."""
    return "en" if language == "zh" else "zh"
