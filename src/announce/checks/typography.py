"""Typography: what each language has of its own. All of it is doubted, nothing refused.

https://www.w3.org/TR/clreq/ for Chinese; dates stay tight (2025年2月10日), as CLDR prints them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from announce.checks.catalogue import finding
from announce.model.sample import Sample
from announce.problems import Problem
from announce.texts import say

_HAN = "\u3400-\u4dbf\u4e00-\u9fff"
_QUIET = re.compile(r"https?://\S+|[\w.+-]+@[\w.-]+|`[^`]*`|\d+\s*[年月日时分秒号点]")
_ZH: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("typo-space", re.compile(rf"[{_HAN}][A-Za-z]{{2}}|[A-Za-z]{{2}}[{_HAN}]")),
    ("typo-width", re.compile(rf"[{_HAN}]\s?[,;:!?](?=\s|[{_HAN}]|$)|[{_HAN}]\([^)]*[{_HAN}]")),
    ("typo-ellipsis", re.compile(r"\.{3,}|。{2,}|(?<!…)…(?!…)")),
    ("typo-repeat", re.compile(r"[，、；：！？]{2,}|[,;!]{2,}")),
    ("typo-quotes", re.compile(rf"\"[^\"\n]*[{_HAN}][^\"\n]*\"|'[^'\n]*[{_HAN}][^'\n]*'")),
)
_EN: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("typo-width", re.compile(rf"(?<![{_HAN}])[，。；：！？](?![{_HAN}])")),
    ("typo-space", re.compile(r"[a-z] [,;:!?](?=\s|$|[A-Za-z])|[a-z],[a-z]{2}")),
    ("typo-repeat", re.compile(r",{2,}|;{2,}|!{2,}|(?<!\.)\.\.(?!\.)")),
    ("typo-double-space", re.compile(r"\S {2,}\S")),
)
_MOST = 3  # of one code and message


def typography(sample: Sample) -> list[Problem]:
    """Spaces, widths, quotes and dots that a careful printer would change."""
    return [
        problem
        for code, pattern in (_ZH if sample.language == "zh" else _EN)
        for problem in _found(sample, code, pattern)
    ]


def _found(sample: Sample, code: str, pattern: re.Pattern[str]) -> Iterator[Problem]:
    told = 0
    # The template's own words: a value's typography is its author's.
    for line in dict.fromkeys(sample.lines):
        quiet = _QUIET.sub(lambda match: "\u2060" * len(match[0]), line)
        for match in pattern.finditer(quiet):
            said = match[0].strip()
            if told >= _MOST or not said or said not in sample.written:
                continue
            told += 1
            around = line[max(0, match.start() - 6) : match.end() + 6].strip()
            yield finding(code, sample.place(said), say("“{said}”", said=around))
