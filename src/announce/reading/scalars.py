"""What an unquoted YAML scalar means: YAML 1.2's core types, dates and moments.

What YAML 1.1 and 1.2, or a program and a person, read differently is refused: `NO`, `12:30`,
`010020`, `1.10`. Source: https://yaml.org/spec/1.2.2/#103-core-schema
"""

from __future__ import annotations

import re
from datetime import date

from announce.model.moment import Deadline, MomentError, looks_like_moment, parse_moment
from announce.reading.characters import halfwidth
from announce.texts import say

Scalar = str | int | float | bool | date | Deadline | None

_CONSTANTS: dict[str, bool | None] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip
_YES_NO = re.compile(r"(?:y|n|yes|no|on|off)\Z", re.I)
_INT = re.compile(r"[-+]?[0-9][0-9_]*\Z")
_BASED = re.compile(r"[-+]?0[xob][0-9a-f_]+\Z", re.I)
_FLOAT = re.compile(r"[-+]?(?:\.[0-9_]+|[0-9][0-9_]*(?:\.[0-9_]*)?)(?:e[-+]?[0-9]+)?\Z", re.I)
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|nan)\Z", re.I)
_SEXAGESIMAL = re.compile(r"[-+]?[0-9]+(?::[0-5]?[0-9])+(?:\.[0-9]*)?\Z")
# A time of day, as schedules have it.
CLOCK = re.compile(r"[0-9]{1,2}:[0-9]{2}")
# A date with something behind it that is no moment: `2025-02-10 AoE`, `2025-02-10 11pm`.
_NEAR_MOMENT = re.compile(
    r"\d{4}-\d{1,2}-\d{1,2}"
    r"(?:[ T]+\d{1,2}(?:[:.]\d\d|\s*[ap]\.?m)|\s*(?:AoE|UTC|GMT|Beijing|北京时间)\Z)",
    re.I,
)
_OTHER_DATE = re.compile(r"\d{4}(?:/\d{1,2}/\d{1,2}|年\d{1,2}月\d{1,2}日)(?:$|[ T]*\d{1,2}:\d\d)")


class ScalarFault(ValueError):
    """An unquoted scalar that says nothing certain; `code` names the kind of fault."""

    def __init__(self, code: str, message: str, hint: str) -> None:
        super().__init__(message)
        self.code = code
        self.hint = hint


def resolve(text: str) -> Scalar:
    """The value of an unquoted scalar. Raises ScalarFault where it can be read two ways."""
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if text[0] in "0123456789+-.０１２３４５６７８９":
        return _numeric(text)
    if _YES_NO.match(text):
        raise _ambiguous(
            text, say("YAML readers disagree whether {text} is a word or yes/no", text=text)
        )
    return text


def _numeric(text: str) -> Scalar:
    if looks_like_moment(halfwidth(text)) or _NEAR_MOMENT.match(halfwidth(text)):
        return _moment(text)
    if _OTHER_DATE.match(text):
        raise ScalarFault(
            "moment",
            say('"{text}" is not written as a date', text=text),
            say(
                'write 2025-02-10, or 2025-02-10 23:59 AoE; to keep it as text: "{text}"', text=text
            ),
        )
    if _BASED.match(text) or _NOT_FINITE.match(text) or _SEXAGESIMAL.match(text):
        raise _ambiguous(text, say("YAML readers disagree what {text} is", text=text))
    if _INT.match(text):
        return _int(text)
    if _FLOAT.match(text):
        return _float(text)
    return text


def _moment(text: str) -> date | Deadline:
    if halfwidth(text) != text:
        raise ScalarFault(
            "moment",
            say('"{text}" has full-width digits or punctuation', text=text),
            say("write it in half-width characters: {text}", text=halfwidth(text)),
        )
    try:
        return parse_moment(text)
    except MomentError as error:
        raise ScalarFault("moment", str(error), error.hint) from error
    except OverflowError as error:  # the year 1 or 9999, moved over the edge by its zone
        raise ScalarFault(
            "moment",
            say("the date {text} does not exist", text=text),
            say("write an existing day as YYYY-MM-DD"),
        ) from error


def _int(text: str) -> int:
    # Longer numbers are account or phone numbers, which other readers round.
    if len(text) > 16 or str(int(text)) != text:
        raise _ambiguous(text, say("YAML readers disagree which number {text} is", text=text))
    return int(text)


def _float(text: str) -> float:
    if len(text) > 24 or repr(float(text)) != text:
        raise _ambiguous(
            text, say("the number {text} would not be kept as it is written", text=text)
        )
    return float(text)


def _ambiguous(text: str, message: str) -> ScalarFault:
    return ScalarFault("yaml-ambiguous", message, say('put it in quotes: "{text}"', text=text))
