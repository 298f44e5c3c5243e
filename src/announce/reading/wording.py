"""Pydantic's complaints in our own sentences."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from announce.model.languages import language_of
from announce.model.moment import Deadline
from announce.problems import did_you_mean
from announce.reading.characters import halfwidth
from announce.texts import say

Words = tuple[str, str, str]  # code, message, hint

MISMATCHES = frozenset({
    "string_type", "dict_type", "list_type", "model_type", "model_attributes_type", "int_type",
    "float_type", "bool_type", "date_type", "dataclass_type", "dataclass_exact_type",
    "is_instance_of", "literal_error", "int_from_float", "time_delta_type",
})  # fmt: skip


def described(value: Any) -> str:
    """What YAML made of a value, in words; long texts are cut."""
    if value is None:
        return say("nothing")
    if isinstance(value, bool):
        return say("yes/no ({value})", value=str(value).lower())
    if isinstance(value, int | float):
        return say("the number {value}", value=value)
    if isinstance(value, Deadline):
        return say("the moment {value}", value=value)
    if isinstance(value, date):
        return say("the date {value}", value=value)
    if isinstance(value, list):
        return say("a list")
    if isinstance(value, Mapping):
        return say("a mapping")
    text = str(value)
    return say('the text "{text}"', text=text if len(text) <= 40 else text[:39] + "…")


def words_for(error: Mapping[str, Any], value: Any) -> Words:
    """Code, message and hint for one pydantic error about `value`."""
    kind = str(error["type"])
    context = error.get("ctx", {})
    if kind == "value_error":
        return "value", str(context.get("error", "")), ""
    if kind == "literal_error":
        return literal(allowed_in(context), value)
    if kind == "string_pattern_mismatch":
        return _pattern(str(context.get("pattern", "")), value)
    if kind in _EXPECTED or kind in MISMATCHES:
        return wrong_type([kind], value)
    return _bounds(kind, context, value)


def allowed_in(context: Mapping[str, Any]) -> list[str]:
    """The values that a literal allows."""
    return re.findall(r"'([^']*)'", str(context.get("expected", "")))


def literal(allowed: list[str], value: Any) -> Words:
    """Neither of the allowed words."""
    is_language = {"zh", "en"} <= set(allowed)
    code = "language-unknown" if is_language else "value-unknown"
    choice = say("write one of: {values}", values=", ".join(allowed))
    if not isinstance(value, str):
        return (
            code,
            say(
                "one of {values} belongs here, not {what}",
                values=", ".join(allowed),
                what=described(value),
            ),
            "",
        )
    message = (
        say('unknown language "{text}"', text=value[:40])
        if is_language
        else say('"{text}" is not known here', text=value[:40])
    )
    if is_language and (language := language_of(value)):
        return code, message, say('write "{language}"', language=language)
    if any(sign in value for sign in "，、"):
        return (
            code,
            message,
            say(
                "separate entries with half-width commas: {text}",
                text=halfwidth(value.replace("、", "，")).replace(",", ", "),
            ),
        )
    hint = did_you_mean(value, allowed)
    return code, message, choice if hint.startswith(say("known here: {names}", names="")) else hint


def wrong_type(kinds: list[str], value: Any) -> Words:
    """A value of another kind than any of those that are allowed here."""
    if value is None:
        return (
            "empty-value",
            say("there is nothing after the colon"),
            say("write a value, or remove the line"),
        )
    if {"string_type", "dict_type"} <= set(kinds):  # one text, or one for each language
        expected = [say("a text, or {example},", example="{zh: …, en: …}")]
    else:
        expected = [_EXPECTED[kind]() for kind in kinds if kind in _EXPECTED]
    wanted = say(" or ").join(dict.fromkeys(expected)) or say("another value")
    message = say("{expected} belongs here, not {what}", expected=wanted, what=described(value))
    return "type", message, _type_hint(kinds, value)


def _type_hint(kinds: list[str], value: Any) -> str:
    if "string_type" in kinds and isinstance(value, int | float | date | Deadline):
        written = str(value).lower() if isinstance(value, bool) else str(value)
        return say('if it is meant as text, put it in quotes: "{text}"', text=written)
    if "int_type" in kinds and isinstance(value, str) and value.strip().isdigit():
        return say("write it without quotes: {text}", text=value.strip())
    if "int_type" in kinds:
        return say("write a number in digits, without quotes")
    if "date_type" in kinds:
        return say("write it without quotes: 2025-02-10, or 2025-02-10 23:59 AoE")
    if "list_type" in kinds:
        return say('write [one, two], or a line with "- " for each')
    if isinstance(value, str) and re.match(r"[A-Za-z_]+:\S", value):
        return say("put a space after the colon")
    if "string_type" in kinds:
        return say("write one text; brackets, braces and colons in it need quotes around it")
    return say("write `key: value` lines below it, indented by two spaces")


# Functions, since the interface's language is chosen later.
_EXPECTED = {
    "string_type": lambda: say("a text"),
    "dict_type": lambda: say("a mapping"),
    "model_type": lambda: say("a mapping"),
    "model_attributes_type": lambda: say("a mapping"),
    "list_type": lambda: say("a list"),
    "int_type": lambda: say("a whole number"),
    "int_from_float": lambda: say("a whole number"),
    "float_type": lambda: say("a number"),
    "bool_type": lambda: say("true or false"),
    "date_type": lambda: say("a date"),
    "dataclass_type": lambda: say("a moment such as 2025-02-10 23:59 AoE"),
    "dataclass_exact_type": lambda: say("a moment such as 2025-02-10 23:59 AoE"),
    "is_instance_of": lambda: say("a moment such as 2025-02-10 23:59 AoE"),
    "time_delta_type": lambda: say("a duration such as 30s"),
}


def _pattern(pattern: str, value: Any) -> Words:
    text = str(value)[:60]
    if pattern.startswith("^sqlite"):
        return (
            "ledger",
            say('"{text}" is no ledger that this version can use', text=text),
            say("write sqlite:///.announce/ledger.sqlite3"),
        )
    if pattern.startswith("^https?"):
        return (
            "url",
            say('"{text}" is no web address', text=text),
            say("it begins with https:// or http://"),
        )
    if pattern.startswith("^[a-z0-9]"):
        dots = "._-" if "." in pattern else "_-"
        return (
            "id",
            say('"{text}" cannot be an id', text=text),
            say(
                "use lower-case letters, digits and {signs}, beginning with a letter or digit,"
                " at most {n} characters",
                signs=" ".join(dots),
                n=64 if "." in pattern else 32,
            ),
        )
    return (
        "value",
        say('"{text}" does not have the form that is needed here', text=text),
        say("the form is {pattern}", pattern=pattern),
    )


def _bounds(kind: str, context: Mapping[str, Any], value: Any) -> Words:
    shown = f"{value.total_seconds():g}s" if isinstance(value, timedelta) else value
    if kind in ("greater_than_equal", "greater_than"):
        least = context.get("ge", context.get("gt"))
        return "range", say("{value} is too small", value=shown), say("at least {n}", n=least)
    if kind in ("less_than_equal", "less_than"):
        most = context.get("le", context.get("lt"))
        return "range", say("{value} is too large", value=shown), say("at most {n}", n=most)
    if kind in ("too_short", "string_too_short"):
        n = context.get("min_length")
        return "range", say("too few entries or characters"), say("at least {n}", n=n)
    if kind in ("too_long", "string_too_long"):
        n = context.get("max_length")
        return "range", say("too many entries or characters"), say("at most {n}", n=n)
    return "value", say("{what} cannot stand here", what=described(value)), ""
