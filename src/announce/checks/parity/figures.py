"""Figures as Chinese and English texts write them, and names in Latin letters."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from announce.checks.parity.words import HAN_NUMBER, han_number, number, words

# What is no figure of the text: links, addresses, numbering at the beginning of lines.
_LINK = re.compile(r"https?://\S+|\bwww\.\S+", re.IGNORECASE)
_ADDRESS = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_NUMBERING = re.compile(
    rf"^\s*(?:\d{{1,2}}[.、)]|[（(]?{HAN_NUMBER}{{1,2}}[）)]?、)\s*", re.MULTILINE
)
_TOKEN = re.compile(
    r"(?:[A-Za-z]|\d+(?=[A-Za-z]{3,}))[A-Za-z0-9]*(?:[.+#_/&-]?[A-Za-z0-9]+|['’](?!s\b)[A-Za-z0-9]+)*"
)
_DIGITS = re.compile(
    r"(?P<n>\d{1,3}(?:[, \u00a0\u202f]\d{3}(?!\d))+(?:\.\d+)?|\d+(?:\.\d+)?)\s*"
    r"(?P<unit>万|亿|千|百|k\b|thousand\b|million\b|billion\b|hundred\b)?\s*"
    r"(?P<share>%|％|per ?cent\b|percent\b)?",
    re.IGNORECASE,
)
_UNITS = {"万": 1e4, "亿": 1e8, "千": 1e3, "百": 1e2, "k": 1e3, "hundred": 1e2, "thousand": 1e3,
          "million": 1e6, "billion": 1e9}  # fmt: skip
_SHARE_ZH = re.compile(rf"百分之(?P<n>\d+(?:\.\d+)?|{HAN_NUMBER}+)")
_COUNTED_ZH = re.compile(rf"(?P<before>第)?(?P<n>{HAN_NUMBER}+)(?P<half>半)?\s*(?:余|多|几|来|大)?"
                         rf"(?=[{words()['counted']}]|小时|分钟|作者|万|亿)")  # fmt: skip
_TENTHS = re.compile(rf"(?P<n>\d(?:\.\d)?|{HAN_NUMBER}{{1,2}})(?P<of>[成折])(?![为员功立本熟果])")
# Parts of an hour and of a whole, which the other language may say as minutes or per cent.
_PARTS_ZH = {"半": {-50.0, 30.0, 0.5}, "一小时": {60.0}, "一个小时": {60.0}, "一刻钟": {15.0},
             "四分之一": {-25.0}, "三分之一": {-33.0}, "四分之三": {-75.0}}  # fmt: skip
_PARTS_EN = tuple(
    (re.compile(said, re.IGNORECASE), values)
    for said, values in (
        (r"\bhalf\b", {-50.0, 30.0, 0.5}),
        (r"\ban? quarter\b", {-25.0, 15.0}),
        (r"\ba third\b", {-33.0}),
        (r"\bthree quarters\b", {-75.0, 45.0}),
        (r"\b(?:an|one) hour\b", {60.0}),
    )
)
_WEEKDAY = re.compile("(?:星期|周|礼拜)[一二三四五六日天]")
# Two neighbouring digits say about how many, and a unit alone says many.
_ABOUT = re.compile(r"[百千万亿]|一两|两三|三四|三五|四五|五六|六七|七八|八九")
_MEETING = re.compile(rf"首届|第\s*(?P<n>\d+|{HAN_NUMBER}+)\s*届")
_WORDS_EN = re.compile(
    r"\b(?:(?P<tens>twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)[- ])?(?P<n>"
    + "|".join((*words()["numbers"], "one", *words()["ordinals"]))
    + r")(?:[- ](?P<unit>hundred|thousand|million|dozen))?\b",
    re.IGNORECASE,
)


@dataclass(slots=True)
class Figures:
    """The figures of a text with the words that say them: those in digits, and those in words,
    which may be no figures at all (`loose`: nor counts of anything). `ordinals` are those of a
    meeting. `tokens` are names in Latin letters."""

    digits: dict[float, str] = field(default_factory=dict)
    words: dict[float, str] = field(default_factory=dict)
    loose: set[float] = field(default_factory=set)
    ordinals: dict[float, str] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)

    @property
    def all(self) -> set[float]:
        """Every value."""
        return {*self.digits, *self.words, *self.loose}


def figures(text: str, language: str) -> Figures:
    """The figures of a text from which dates and times were taken."""
    found = Figures()
    text = _NUMBERING.sub(" ", _ADDRESS.sub(" ", _LINK.sub(" ", text)))
    text = _share_zh(text, found) if language == "zh" else _words_en(text, found)
    text = _tokens(text, found)
    for match in _DIGITS.finditer(text):
        value = float(re.sub(r"[,\s]", "", match["n"])) * _UNITS.get(
            (match["unit"] or "").lower(), 1
        )
        found.digits.setdefault(-value if match["share"] else value, _counting(match))
    if language == "zh":
        _words_zh(text, found)
    return found


def _words_zh(text: str, found: Figures) -> None:
    text = _WEEKDAY.sub(" ", text)
    for match in _MEETING.finditer(text):
        meeting = 1 if match["n"] is None else number(match["n"])
        found.ordinals.setdefault(float(meeting or 0), match[0])
    for match in re.finditer(rf"{HAN_NUMBER}+", text):
        found.loose.add(float(han_number(match[0]) or 0))
    for match in _TENTHS.finditer(text):
        found.loose |= _shares(match["n"], match["of"])
    for said, values in _PARTS_ZH.items():
        if said in text:
            found.loose |= values
    for match in _COUNTED_ZH.finditer(text):
        counted = han_number(match["n"])
        if counted and not _ABOUT.fullmatch(match["n"]):
            found.words.setdefault(float(counted), match[0])


def _counting(match: re.Match[str]) -> str:
    """A figure with the word behind it, which says what is counted."""
    behind = re.match(
        r"\s?(?:[%％]|[\u4e00-\u9fff]{1,2}|[A-Za-z]+)", match.string[match.end("n") :]
    )
    return match["n"] + (behind[0] if behind else "")


def addresses(text: str) -> dict[str, str]:
    """The mail addresses of a text."""
    return {match[0].casefold(): match[0] for match in _ADDRESS.finditer(text)}


def _shares(said: str, of: str) -> set[float]:
    """What 三成 (30%), 九折 (90%, or 10% less), 九五折 (5% less) may be in the other language."""
    digits = [float(han_number(char) or 0) for char in said if char != "."] if not (
        said[0].isascii()) else [float(char) for char in said if char != "."]  # fmt: skip
    share = digits[0] * 10 + (digits[1] if len(digits) > 1 else 0)
    return {-share, share} | ({share - 100, 100 - share} if of == "折" else set())


def _share_zh(text: str, found: Figures) -> str:
    def replaced(match: re.Match[str]) -> str:
        said = match["n"]
        value: float | None = float(said) if said[0].isascii() else han_number(said)
        if value is not None:
            found.digits.setdefault(-float(value), match[0])
        return " "

    return _SHARE_ZH.sub(replaced, text)


def _words_en(text: str, found: Figures) -> str:
    for pattern, values in _PARTS_EN:
        if pattern.search(text):
            found.loose |= values
    for match in _WORDS_EN.finditer(text):
        word = match["n"].lower()
        value = float({**words()["numbers"], **words()["ordinals"], "one": 1}[word])
        if match["tens"]:
            value += words()["numbers"][match["tens"].lower()]
        if match["unit"]:
            value *= {**_UNITS, "dozen": 12}[match["unit"].lower()]
        if re.match(r" per ?cent\b", text[match.end() :], re.IGNORECASE):
            found.loose.add(-value)
        found.words.setdefault(value, match[0])
        if word in words()["ordinals"]:
            found.ordinals.setdefault(value, match[0])
    for match in re.finditer(r"\b(\d+)(?:st|nd|rd|th)\b", text):
        found.ordinals.setdefault(float(match[1]), match[0])
    return text


def _tokens(text: str, found: Figures) -> str:
    """Take the names out: what has digits beside letters is no figure."""

    def replaced(match: re.Match[str]) -> str:
        word = match[0]
        if is_name(word):
            found.tokens.setdefault(word.casefold(), word)
        return " " if any(char.isdigit() for char in word) and not _is_ordinal(word) else word

    return _TOKEN.sub(replaced, text)


def _is_ordinal(word: str) -> bool:
    return bool(re.fullmatch(r"(?:st|nd|rd|th)", word))


def is_name(word: str) -> bool:
    """Whether a Latin word is a name that both languages write alike: capitals, or digits."""
    letters = [char for char in word if char.isalpha()]
    has_digit = any(char.isdigit() for char in word)
    capitals = sum(char.isupper() for char in letters)
    return (has_digit and len(word) > 2) or capitals >= 2


def latin_words(text: str) -> Iterator[str]:
    """Every Latin word of a text."""
    return (match[0] for match in _TOKEN.finditer(_ADDRESS.sub(" ", _LINK.sub(" ", text))))
