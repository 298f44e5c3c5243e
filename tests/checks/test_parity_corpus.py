"""Parity on thirty announcements that people would write, and on mistakes in them.

The texts were written by somebody who did not know the check. It was then tuned on them: before,
19 of the 30 pairs had findings that were none. What it does on texts it was not tuned to stands
in docs/checks.md.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from markdown_it import MarkdownIt

from announce.checks.parity import disagreements
from announce.model.sample import Sample
from announce.problems import Problem

CORPUS = Path(__file__).parent / "parity_corpus"
PAIRS = sorted(path.name.removesuffix(".zh.md") for path in CORPUS.glob("*.zh.md"))
MISTAKES = yaml.safe_load((CORPUS / "mistakes.yaml").read_text("utf-8"))
# A range in Chinese figures whose end moved: the other one stands in the text by chance.
MISSED = {("14-hackathon", "三至五人")}


def sample(pair: str, language: Any, old: str = "", new: str = "") -> Sample:
    """A text of the corpus as a message would say it."""
    path = CORPUS / f"{pair}.{language}.md"
    text = path.read_text("utf-8")
    head, _, body = text.replace(old, new, 1).partition("\n\n") if old else text.partition("\n\n")
    html = MarkdownIt("commonmark").enable("table").render(body)
    return Sample(
        language=language,
        channel="email",
        file=path.name,
        subject=head.removeprefix("subject:").strip(),
        text=body.replace("\n## ", "\n■ "),
        html=html,
        written=text,
    )


@pytest.mark.parametrize("pair", PAIRS)
def test_same_facts_in_both_languages_are_no_finding(pair: str) -> None:
    """Idiomatic in each language, and the same in both."""
    assert disagreements(sample(pair, "zh"), sample(pair, "en")) == []


def found(mistake: dict[str, str]) -> list[Problem]:
    """What is found of one mistake."""
    change = (mistake["old"], mistake["new"])
    texts = {
        language: sample(mistake["pair"], language, *(change * (language == mistake["language"])))
        for language in ("zh", "en")
    }
    return disagreements(texts["zh"], texts["en"])


def test_mistakes_are_found_but_for_those_known() -> None:
    """39 of 40."""
    missed = {(one["pair"], one["old"]) for one in MISTAKES if not found(one)}

    assert len(MISTAKES) == 40
    assert missed == MISSED
