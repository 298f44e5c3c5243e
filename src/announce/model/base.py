"""What the hand-written nouns share: strict, frozen, and documented in both languages."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from announce.model.languages import LANGUAGES, Language
from announce.texts import spoken


class Noun(BaseModel):
    """A part of a hand-written file: unknown keys are faults, nothing changes after reading."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, arbitrary_types_allowed=True
    )


def about(en: str, zh: str, **more: Any) -> Any:
    """A field with its description in both languages (the reference pages show them)."""
    return Field(description=en, json_schema_extra={"description_zh": zh}, **more)


# One text for both languages, or one per language.
Localised = Annotated[str | dict[Language, str], Field(union_mode="left_to_right")]


def in_language(text: Localised, language: Language) -> str:
    """The text in this language. KeyError where a mapping lacks it: reading refuses that."""
    return text if isinstance(text, str) else text[language]


def in_interface(text: Localised) -> str:
    """The text in the language of the interface, else in the first that it has."""
    if isinstance(text, str):
        return text
    return min(text.items(), key=lambda one: one[0] != spoken())[1]


def is_localised(value: object) -> bool:
    """Whether a mapping is a text per language: no keys but languages, and at least one."""
    return isinstance(value, dict) and bool(value) and set(value) <= set(LANGUAGES)
