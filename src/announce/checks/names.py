"""Names and other values that somebody will be greeted with, or that were damaged on the way."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from announce.checks.catalogue import finding
from announce.model.audience import Row
from announce.model.sample import Sample
from announce.problems import Place, Problem
from announce.texts import say, say_n

_NOTHING = re.compile(
    r"(?:none|null|nan|nil|n/?a|undefined|tbd|tba|test|xxx+|unknown|\?+|-+|待定|未知|无|测试)\Z",
    re.IGNORECASE,
)
_OPEN = re.compile(r"\{\{|\}\}|\{%|\$\{")
_BLANK = re.compile(r"<[A-Za-z_ ]{2,20}>|\[[A-Za-z_ ]*name[A-Za-z_ ]*\]|%\w+%", re.IGNORECASE)
# UTF-8 read as GBK, as Latin-1 or as Windows-1252, and what stands for bytes that are no text.
_DAMAGED = re.compile(
    "锟斤拷|烫烫|屯屯|\ufffd|ï¿½|[ÃÂ][\u0080-\u00bf¡-¿]|â€[™œ\u009d“”˜¦]|[\u0080-\u009f]|"
    "[éèåæç][\u0080-\u00bf¡-¿‚-›][\u0080-\u00bf¡-¿‚-›]|(?:鍏|鐨|绛|涓|浣|鎴|鏈|绗){2,}"
)
_TITLES = r"(?:教授|老师|博士|先生|女士|研究员|主席|院士)"
_TITLE_TWICE = re.compile(
    rf"{_TITLES}{_TITLES}|\b(?:Prof|Dr|Mr|Ms|Mrs)\b\.?\s+(?:Prof|Dr|Mr|Ms|Mrs)\b|"
    rf"\b(?:Prof|Dr|Mr|Ms|Mrs)\b\.?[^\n,，]{{1,30}}{_TITLES}",
)
_NOBODY = re.compile(
    r"^(?:Dear|Hi|Hello)\s*(?:None|nan|null|NULL|undefined|)\s*[,，:：]|"
    r"^(?:尊敬的|亲爱的)\s*(?:None|nan|null|)\s*[,，:：]|^[,，:：]",
    re.MULTILINE,
)
_MOST = 5  # rows of one doubt that are told apart


def row_doubts(rows: Iterable[Row], columns: Sequence[str], file: str) -> list[Problem]:
    """Values that are none, markers left open, damaged letters in any column; names in capitals
    or with the family name first behind a comma. Of many alike the first are told."""
    found: dict[str, list[Problem]] = {}
    for row in rows:
        for problem in _row(row, columns, file):
            found.setdefault(problem.code, []).append(problem)
    return [problem for told in found.values() for problem in _capped(told)]


def _capped(told: list[Problem]) -> Iterator[Problem]:
    yield from told[:_MOST]
    if len(told) > _MOST:
        yield finding(
            told[0].code,
            Place(file=told[0].place.file),
            say_n("{n} more row is like that", "{n} more rows are like that", len(told) - _MOST),
        )


def _row(row: Row, columns: Sequence[str], file: str) -> Iterator[Problem]:
    place = Place(file=file, line=row.line)
    # Nearly all rows are sound: they are looked at once, and not cell by cell.
    whole = "\n".join(row.cells)
    cells = row.cells if _DAMAGED.search(whole) or _OPEN.search(whole) else ()
    for at, cell in enumerate(cells):
        if _DAMAGED.search(cell):
            yield _told("mojibake", place, columns[at], cell)
        elif _OPEN.search(cell):
            yield _told("name-placeholder", place, columns[at], cell)
    for name in row.names:
        bare = name.strip()
        if _NOTHING.match(bare) or _BLANK.search(bare):
            yield _told("name-placeholder", place, say("name"), bare)
        elif re.fullmatch(r"[A-Z][A-Z'’-]+(?: [A-Z][A-Z'’.-]+)+", bare) or re.fullmatch(
            r"[a-z][a-z'’-]+(?: [a-z][a-z'’.-]+)+", bare
        ):
            yield _told("name-capitals", place, say("name"), bare)
        elif re.fullmatch(r"[^\W\d_][\w'’-]*, ?[^\W\d_][\w .'’-]*", bare):
            yield _told("name-order", place, say("name"), bare)


def _told(code: str, place: Place, column: str, said: str) -> Problem:
    shown = said if len(said) <= 40 else f"{said[:40]}…"
    return finding(code, place, say("{column} is “{said}”", column=column, said=shown))


def sample_doubts(sample: Sample) -> list[Problem]:
    """A greeting to nobody, a title said twice, markers or damaged letters in a message."""
    return list(_sample(sample))


def _sample(sample: Sample) -> Iterator[Problem]:
    text = "\n".join(sample.lines)
    for code, pattern, told in (
        ("name-empty", _NOBODY, sample.text),
        ("name-title", _TITLE_TWICE, sample.text),
        ("name-placeholder", _OPEN, text),
        ("mojibake", _DAMAGED, text),
    ):
        if match := pattern.search(told):
            said = match[0].strip()
            yield finding(
                code,
                sample.place(said),
                say("the message to {key} says “{said}”", key=sample.whom or "–", said=said),
            )
