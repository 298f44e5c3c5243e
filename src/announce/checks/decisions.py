"""Decisions: the words of a class against its outcome, and the rows against each other."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any, Literal

import yaml

from announce.checks.catalogue import finding
from announce.model.audience import Row
from announce.model.sample import Sample
from announce.problems import Place, Problem
from announce.texts import say, say_n

Outcome = Literal["accept", "reject", ""]
_OPENING = 6  # lines of a body, blank ones not counted, in which the decision is told
_WORDS = re.compile(r"[^\W_]+")
_TITLE_COLUMNS = re.compile(r"(?i)\btitle\b|题目|标题|论文名")
_REVIEWER_COLUMNS = re.compile(r"(?i)review(?:er|ed by)|area.?chair|\bac\b|审稿人|评审人|领域主席")
_ADDRESS = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_ANCHOR = 4  # words of a title by which its places are found


@cache
def _lexicon() -> Any:
    text = (files("announce") / "data" / "decision_words.yaml").read_text(encoding="utf-8")
    return yaml.safe_load(text)


def outcome_of(variant: str | None) -> Outcome:
    """What a class means, by its name; "" where the name does not say."""
    name = variant or ""
    if re.search(_lexicon()["outcomes"]["reject"], name, re.IGNORECASE):
        return "reject"
    return "accept" if re.search(_lexicon()["outcomes"]["accept"], name, re.IGNORECASE) else ""


def word_doubts(sample: Sample) -> list[Problem]:
    """Words of the other outcome in the subject or the opening of a class's message."""
    outcome = outcome_of(sample.variant)
    if not outcome:
        return []
    other = "reject" if outcome == "accept" else "accept"
    body = [line for line in sample.text.splitlines() if line.strip()]
    opening = "\n".join((sample.subject, sample.preheader, *body[:_OPENING]))
    rest = "\n".join(body[_OPENING:])
    lexicon = _lexicon()[other][sample.language]
    found = []
    for pattern in lexicon["strong"]:
        for code, text in (("decision-words", opening), ("decision-words-later", rest)):
            if match := re.search(pattern, text, re.IGNORECASE):
                found.append(_word(code, sample, match[0]))
    weak = (re.search(pattern, opening, re.IGNORECASE) for pattern in lexicon["weak"])
    return [*found, *(_word("decision-words-later", sample, one[0]) for one in weak if one)]


def _word(code: str, sample: Sample, said: str) -> Problem:
    return finding(
        code,
        sample.place(said),
        say("“{said}” stands in the message to the class {name}", said=said, name=sample.variant),
    )


class Rows:
    """The rows of an audience with the columns that decisions are read from."""

    def __init__(
        self, rows: Iterable[Row], columns: Sequence[str], file: str, by: str | None
    ) -> None:
        self.rows = list(rows)
        self.columns = tuple(columns)
        self.file = file
        self._by = self.columns.index(by) if by in self.columns else None
        self._title = next(
            (at for at, name in enumerate(self.columns) if _TITLE_COLUMNS.search(name)), None
        )

    def of(self, row: Row) -> str:
        """The class of a row."""
        return row.cells[self._by] if self._by is not None else ""

    def title(self, row: Row) -> str:
        """The title of a row's submission, "" where there is no such column."""
        return row.cells[self._title] if self._title is not None else ""

    def is_title(self, at: int) -> bool:
        """Whether titles stand in this column."""
        return at == self._title

    def place(self, row: Row) -> Place:
        """Where a row stands."""
        return Place(file=self.file, line=row.line)


def row_doubts(rows: Rows) -> list[Problem]:
    """One title in two rows, one address in two languages, another submission's title or key in a
    row's own text."""
    return [*_titles(rows), *_languages(rows), *_others(rows)]


def _titles(rows: Rows) -> Iterator[Problem]:
    first: dict[str, Row] = {}
    for row in rows.rows:
        title = plain(rows.title(row))
        if not title:
            continue
        other = first.setdefault(title, row)
        if other is not row:
            moved = rows.of(row) != rows.of(other)
            yield finding(
                "decision-twice" if moved else "title-twice",
                rows.place(row),
                say(
                    "“{title}” is also {other} (line {line})",
                    title=_short(rows.title(row)), other=other.key, line=other.line,
                ),
            )  # fmt: skip


def _languages(rows: Rows) -> Iterator[Problem]:
    """Co-authors of several submissions: one word for all of them."""
    first: dict[str, Row] = {}
    both: dict[str, tuple[str, Row, Row]] = {}
    for row in rows.rows:
        for spec, _name, shown in row.addresses:
            other = first.setdefault(spec.casefold(), row)
            if row.language and other.language and row.language != other.language:
                both.setdefault(spec.casefold(), (shown or spec, other, row))
    if both:
        address, other, row = next(iter(both.values()))
        yield finding(
            "address-languages",
            rows.place(row),
            say_n(
                "{n} address is written to in both languages: {address} (lines {one}, {two})",
                "{n} addresses are written to in both languages, such as {address} (lines {one}, "
                "{two})",
                len(both),
                address=address,
                one=other.line,
                two=row.line,
            ),
        )


def _others(rows: Rows) -> Iterator[Problem]:
    """Texts of a row that name another row's submission."""
    keys = {row.key.casefold(): row for row in rows.rows if not row.key.isdigit()}
    anchors: dict[tuple[str, ...], list[Row]] = {}
    for row in rows.rows:
        words = _words(rows.title(row))
        if len(words) >= _ANCHOR:
            anchors.setdefault(tuple(words[:_ANCHOR]), []).append(row)
    for row in rows.rows:
        for at, cell in enumerate(row.cells):
            if rows.columns[at] in ("key", "address", "name", "language") or len(cell) < 8:
                continue
            if rows.is_title(at):
                continue
            named = _named(cell, row, keys, anchors, rows)
            if named is not None:
                yield finding(
                    "decision-other",
                    rows.place(row),
                    say(
                        "{column} of {key} names another submission: {other}",
                        column=rows.columns[at], key=row.key, other=named.key,
                    ),
                )  # fmt: skip


def _named(
    cell: str,
    row: Row,
    keys: Mapping[str, Row],
    anchors: Mapping[tuple[str, ...], list[Row]],
    rows: Rows,
) -> Row | None:
    for token in re.findall(r"[A-Za-z][\w.-]*\d[\w-]*", cell):
        other = keys.get(token.casefold())
        if other is not None and other is not row:
            return other
    words = _words(cell)
    for start in range(len(words) - _ANCHOR + 1):
        for other in anchors.get(tuple(words[start : start + _ANCHOR]), ()):
            title = _words(rows.title(other))
            if other is not row and words[start : start + len(title)] == title:
                return other
    return None


def identity_doubts(sample: Sample, row: Row, rows: Rows, known: Iterable[str]) -> list[Problem]:
    """A reviewer's name or address in a message: what stands in a column of reviewers, or an
    address that is neither the reader's nor the project's (`known`)."""
    found = []
    for at, name in enumerate(rows.columns):
        cell = row.cells[at].strip()
        if _REVIEWER_COLUMNS.search(name) and len(cell) > 1 and cell in sample.text:
            found.append(_identity(sample, cell))
    own = {one.casefold() for one in known} | {spec.casefold() for spec, _, _ in row.addresses}
    foreign = (one for cell in row.cells for one in _ADDRESS.findall(cell)
               if one.casefold() not in own and one in sample.text)  # fmt: skip
    return [*found, *(_identity(sample, one) for one in foreign)]


def _identity(sample: Sample, said: str) -> Problem:
    return finding(
        "decision-identity",
        sample.place(""),
        say("the message to {key} names a reviewer: {said}", key=sample.whom, said=said),
    )


def known_doubts(
    rows: Rows, known: Sequence[Mapping[str, str]], file: str, key: str
) -> list[Problem]:
    """Rows against the list of all submissions: none missing, none unknown, and in columns of the
    same name nothing else."""
    listed = {plain(one.get(key, "")): one for one in known}
    here = {plain(row.key): row for row in rows.rows}
    found = [
        finding(
            "submission-missing",
            Place(file=rows.file),
            say("{key} of {file} gets no message", key=one.get(key, ""), file=file),
        )
        for name, one in listed.items()
        if name not in here
    ]
    for name, row in here.items():
        one = listed.get(name)
        if one is None:
            found.append(
                finding("submission-unknown", rows.place(row),
                        say("{key} is not in {file}", key=row.key, file=file))
            )  # fmt: skip
        else:
            found += _differs(rows, row, one, file, key)
    return found


def _differs(
    rows: Rows, row: Row, one: Mapping[str, str], file: str, key: str
) -> Iterator[Problem]:
    for at, column in enumerate(rows.columns):
        if column in one and column != key and plain(one[column]) != plain(row.cells[at]):
            yield finding(
                "submission-differs",
                rows.place(row),
                say(
                    "{column} of {key} is “{here}”, and in {file} “{there}”",
                    column=column, key=row.key, here=_short(row.cells[at]), file=file,
                    there=_short(one[column]),
                ),
            )  # fmt: skip


def plain(text: str) -> str:
    """A text as titles are compared: without case, width, spaces and punctuation."""
    return "".join(_WORDS.findall(unicodedata.normalize("NFKC", text).casefold()))


def _words(text: str) -> list[str]:
    """The words of a text; of Chinese each character."""
    return re.findall(r"[㐀-鿿]|[^\W_㐀-鿿]+", unicodedata.normalize("NFKC", text).casefold())


def _short(text: str) -> str:
    return text if len(text) <= 50 else f"{text[:50]}…"
