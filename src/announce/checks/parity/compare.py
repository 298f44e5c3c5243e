"""Two languages of one message beside each other: what only one of them says.

Few false alarms matter more than the last find: figures in words are compared only where the other
language has one too many as well, and what is said twice counts once.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterator, Mapping
from typing import TypeVar

from announce.checks.catalogue import finding
from announce.checks.parity.figures import Figures, addresses, figures, is_name, latin_words
from announce.checks.parity.moments import Clock, Moments, moments, same_clock, same_day, weekdays
from announce.checks.parity.structure import Structure, structure
from announce.checks.parity.words import words
from announce.model.languages import Language
from announce.model.sample import Sample
from announce.model.wording import language_name
from announce.problems import Problem
from announce.texts import say

_Value = TypeVar("_Value", bound=Hashable)
_FREE = frozenset({0.0, 1.0})  # figures that languages say without saying them
_LONG_ENOUGH = 12  # characters of a value that is no common word
_HEADING = "\n■ "  # how the plain text writes one
_DAY_ALONE = re.compile(r"\d(?:st|nd|rd|th)\b|\d[日号]")
_NAME = re.compile(r"[A-Z][a-z]{2,}[A-Za-z'’-]*")
_TITLE = re.compile(r"《([^》]+)》")


def disagreements(zh: Sample, en: Sample, values: Mapping[str, str] | None = None) -> list[Problem]:
    """What the Chinese and the English words of one message do not say alike. `values` are the
    recipient's by column: one that only one language prints is told too."""
    return [*_Pair(zh, en).found(), *_values(zh, en, values or {})]


class _Side:
    """One language's words, read."""

    def __init__(self, sample: Sample) -> None:
        self.sample = sample
        self.text = "\n".join(sample.lines)
        self.structure: Structure = structure(sample.html, self.text)
        self.moments: Moments = moments(self.text, sample.language)
        self.figures: Figures = figures(self.moments.rest, sample.language)
        self.mails = {**addresses(self.text), **self.structure.mails}
        self.latin = {word.casefold() for word in latin_words(self.text)}

    @property
    def hours(self) -> set[float]:
        """The hours of its times, as either half of the day counts them."""
        clocks = self.moments.clocks
        return {float(hour) for clock in clocks for hour in (clock[0], clock[0] % 12)}


class _Pair:
    def __init__(self, zh: Sample, en: Sample) -> None:
        self.zh, self.en = _Side(zh), _Side(en)

    def found(self) -> Iterator[Problem]:
        """Every disagreement, those of dates first."""
        zh, en = self.zh, self.en
        yield from self._days()
        yield from self._clocks()
        yield from self._told("parity-zone", zh.moments.zones, en.moments.zones)
        yield from self._figures()
        yield from self._told("parity-link", zh.structure.links, en.structure.links)
        yield from self._told("parity-address", zh.mails, en.mails)
        yield from self._names()
        yield from self._structure()

    def _clocks(self) -> Iterator[Problem]:
        """The times that only one of them says. Where the other has none to set against them, a
        full hour may stand there as a figure, and noon and midnight beside the time they are."""
        zh, en = self.zh, self.en
        only_zh = _without(zh.moments.clocks, en.moments.clocks, same_clock)
        only_en = _without(en.moments.clocks, zh.moments.clocks, same_clock)
        if not (only_zh and only_en):
            only_zh, only_en = _less_full_hours(only_zh, en), _less_full_hours(only_en, zh)
        yield from self._leftovers("parity-time", only_zh, only_en)

    def _days(self) -> Iterator[Problem]:
        # Section by section: a deadline that moved may stand elsewhere in the text by chance.
        for zh, en in ((self.zh.moments, self.en.moments), *self._sections()):
            told = False
            for problem in self._leftovers(
                "parity-date",
                _without(zh.days, en.days, same_day),
                _without(en.days, zh.days, same_day),
            ):
                told = True
                yield problem
            if told:
                return
        zh_days, en_days = (weekdays(side.text) for side in (self.zh, self.en))
        only_zh = {day: said for day, said in zh_days.items() if day not in en_days}
        only_en = {day: said for day, said in en_days.items() if day not in zh_days}
        if only_zh and only_en:  # a weekday may stand beside a date in one language only
            yield from self._leftovers("parity-date", only_zh, only_en)

    def _sections(self) -> Iterator[tuple[Moments, Moments]]:
        """The sections side by side, where both languages have the same number of them."""
        zh, en = (side.sample.text.split(_HEADING) for side in (self.zh, self.en))
        if len(zh) == len(en):
            for one, other in zip(zh, en, strict=True):
                yield moments(one, "zh"), moments(other, "en")

    def _told(
        self, code: str, zh: Mapping[_Value, str], en: Mapping[_Value, str]
    ) -> Iterator[Problem]:
        yield from self._leftovers(
            code,
            {value: said for value, said in zh.items() if value not in en},
            {value: said for value, said in en.items() if value not in zh},
        )

    def _figures(self) -> Iterator[Problem]:
        zh, en = self.zh.figures, self.en.figures
        years = {
            float(day[0]) for side in (self.zh, self.en) for day in side.moments.days if day[0]
        }
        months = {float(part) for side in (self.zh, self.en)
                  for day in side.moments.days for part in day[1:]}  # fmt: skip
        known_zh, known_en = (side.figures.all | years | _FREE | side.hours
                              for side in (self.zh, self.en))  # fmt: skip
        # The day alone, of a date that stands elsewhere: “the 17th”, 17日.
        zh.digits, en.digits = _not_days(zh.digits, months), _not_days(en.digits, months)
        digits_zh = {n: said for n, said in zh.digits.items() if n not in known_en}
        digits_en = {n: said for n, said in en.digits.items() if n not in known_zh}
        words_zh = {n: said for n, said in zh.words.items() if n not in known_en | months}
        words_en = {n: said for n, said in en.words.items() if n not in known_zh | months}
        if words_zh and (words_en or digits_en):
            digits_zh |= words_zh
        digits_zh |= {n: said for n, said in words_zh.items() if n > 3}
        if words_en and (words_zh or digits_zh):
            digits_en |= words_en
        yield from self._leftovers("parity-figure", digits_zh, digits_en)
        if not (digits_zh or digits_en):  # a meeting's number is said in both, once one says it
            for value, said in zh.ordinals.items():
                if value not in en.ordinals:
                    yield self._only("parity-figure", self.zh, said)

    def _names(self) -> Iterator[Problem]:
        zh, en = self.zh, self.en
        translated = {word.casefold() for word in words()["translated"]}
        only_zh = {key: said for key, said in zh.figures.tokens.items()
                   if key not in en.latin and key not in translated}  # fmt: skip
        only_en = {key: said for key, said in en.figures.tokens.items()
                   if _is_strong(said) and key not in zh.latin | translated}  # fmt: skip
        for word in latin_words(zh.text):
            if _NAME.fullmatch(word) and word.casefold() not in en.latin | translated:
                only_zh.setdefault(word.casefold(), word)
        # A title in Latin letters stands in both.
        for match in _TITLE.finditer(zh.text):
            if match[1].isascii() and match[1].casefold() not in en.text.casefold():
                only_zh.setdefault(match[1].casefold(), match[1])
        yield from self._leftovers("parity-name", only_zh, only_en)

    def _structure(self) -> Iterator[Problem]:
        zh, en = self.zh.structure, self.en.structure
        counts: list[tuple[str, int, int]] = [
            (say("headings"), zh.headings, en.headings),
            (say("lists"), len(zh.lists), len(en.lists)),
            (say("table rows"), zh.rows, en.rows),
            (say("pictures"), zh.pictures, en.pictures),
        ]
        if len(zh.lists) == len(en.lists):
            counts += [
                (say("items of list {n}", n=number), *pair)
                for number, pair in enumerate(zip(zh.lists, en.lists, strict=True), 1)
            ]
        for what, first, second in counts:
            if first != second:
                yield finding(
                    "parity-structure",
                    self.zh.sample.place(""),
                    say(
                        "{what}: {zh} in Chinese, {en} in English ({file})",
                        what=what,
                        zh=first,
                        en=second,
                        file=self.en.sample.file,
                    ),
                )

    def _leftovers(
        self, code: str, zh: Mapping[_Value, str], en: Mapping[_Value, str]
    ) -> Iterator[Problem]:
        """What only one of them says; where each has one, they are the two sides of one change."""
        if len(zh) == 1 and len(en) == 1:
            (said_zh,), (said_en,) = zh.values(), en.values()
            yield finding(
                code,
                self.zh.sample.place(said_zh),
                say(
                    "the Chinese text says {zh}, the English one ({place}) {en}",
                    zh=_quoted(said_zh, "zh"),
                    en=_quoted(said_en, "en"),
                    place=self.en.sample.place(said_en),
                ),
            )
            return
        for side, said in ((self.zh, zh), (self.en, en)):
            for one in dict.fromkeys(said.values()):
                yield self._only(code, side, one)

    def _only(self, code: str, side: _Side, said: str) -> Problem:
        language: Language = side.sample.language
        other = self.en if side is self.zh else self.zh
        return finding(
            code,
            side.sample.place(said),
            say(
                "only the {language} text says {said}; {file} does not",
                language=language_name(language),
                said=_quoted(said, language),
                file=other.sample.file,
            ),
        )


def _values(zh: Sample, en: Sample, values: Mapping[str, str]) -> Iterator[Problem]:
    texts = {sample.language: "\n".join(sample.lines) for sample in (zh, en)}
    for column, value in values.items():
        if len(value) < _LONG_ENOUGH and " " not in value:  # it may stand there by chance
            continue
        has = [language for language, text in texts.items() if value in text]
        if len(has) == 1:
            sample, other = (zh, en) if has == ["zh"] else (en, zh)
            yield finding(
                "parity-value",
                sample.place(f"recipient.{column}"),
                say(
                    "only the {language} text prints {column}; {file} does not",
                    language=language_name(sample.language),
                    column=column,
                    file=other.file,
                ),
            )


def _without(
    mine: Mapping[_Value, str], theirs: Mapping[_Value, str], same: Callable[[_Value, _Value], bool]
) -> dict[_Value, str]:
    return {
        value: said
        for value, said in mine.items()
        if not any(same(value, other) for other in theirs)
    }


def _less_full_hours(clocks: Mapping[Clock, str], other: _Side) -> dict[Clock, str]:
    hours = other.figures.all
    return {
        clock: said
        for clock, said in clocks.items()
        if said.lower() not in ("noon", "midnight")
        and not (clock[1] == 0 and {float(clock[0]), float(clock[0] % 12)} & hours)
    }


def _not_days(digits: Mapping[float, str], days: set[float]) -> dict[float, str]:
    return {n: said for n, said in digits.items() if not (n in days and _DAY_ALONE.search(said))}


def _is_strong(word: str) -> bool:
    """Whether an English name is surely written alike in Chinese: digits, or capitals only."""
    return is_name(word) and (any(char.isdigit() for char in word) or
                              (word.isupper() and len(word) >= 3))  # fmt: skip


def _quoted(words_: str, language: Language) -> str:
    flat = " ".join(words_.split())
    return f"“{flat}”" if language == "en" else f"「{flat}」"
