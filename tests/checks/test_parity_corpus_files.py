"""The held-out corpus is whole: every pair in both languages, every mistake has its place."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

FOLDER = Path(__file__).parent / "parity_corpus"
PAIRS = sorted({path.name.split(".")[0] for path in FOLDER.glob("*.md")})
MISTAKES: list[dict[str, str]] = yaml.safe_load((FOLDER / "mistakes.yaml").read_text("utf-8"))
KINDS = {"date", "time", "zone", "figure", "link", "address", "list", "name"}
TARGET = re.compile(r"https?://[\w./#-]*[\w/]|[\w.]+@[\w.-]*\w", re.ASCII)
ITEM = re.compile(r"^(?:- |\d+\. |\| |#+ )", re.MULTILINE)


def words(pair: str, language: str) -> str:
    """Whole text of one side of a pair."""
    return (FOLDER / f"{pair}.{language}.md").read_text("utf-8")


def name(mistake: dict[str, str]) -> str:
    """Name of the test of one mistake."""
    return f"{mistake['pair']}-{mistake['language']}-{mistake['kind']}"


def test_there_are_thirty_pairs_and_forty_mistakes() -> None:
    """A lost file or a lost entry would make the measurement smaller unnoticed."""
    assert (len(PAIRS), len(MISTAKES)) == (30, 40)
    assert {mistake["kind"] for mistake in MISTAKES} == KINDS


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("pair", PAIRS)
def test_a_text_has_a_subject_and_a_body(pair: str, language: str) -> None:
    """Subject line, blank line, body: what the measurement reads."""
    head, gap, body = words(pair, language).split("\n", 2)

    assert re.fullmatch(r"subject: \S.*", head)
    assert gap == ""
    assert body.strip()


@pytest.mark.parametrize("pair", PAIRS)
def test_both_sides_name_the_same_links_and_have_the_same_shape(pair: str) -> None:
    """What can be compared without a checker agrees: links, addresses, items, rows, headings."""
    zh, en = words(pair, "zh"), words(pair, "en")

    assert sorted(TARGET.findall(zh)) == sorted(TARGET.findall(en))
    assert len(ITEM.findall(zh)) == len(ITEM.findall(en))


@pytest.mark.parametrize("mistake", MISTAKES, ids=name)
def test_a_mistake_has_one_place(mistake: dict[str, str]) -> None:
    """The words to be changed occur once, and the change changes them."""
    assert words(mistake["pair"], mistake["language"]).count(mistake["old"]) == 1
    assert mistake["new"] != mistake["old"]
