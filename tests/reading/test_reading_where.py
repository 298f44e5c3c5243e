"""`where`: conditions on columns, and nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from announce.reading.audiences.where import WhereFaults, compile_where

COLUMNS = ("decision", "score", "年份", "Paper ID", "track")


def keeps(text: str, *cells: str) -> bool:
    return compile_where(text, COLUMNS)(cells)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("decision == 'oral'", True),
        ("decision != 'oral'", False),
        ("not decision == 'oral'", False),
        ("decision in ('oral', 'poster')", True),
        ("decision not in ['oral']", False),
        ("decision in ('oral')", True),
        ("decision in ('oralposter')", False),
        ("'ora' in decision", True),
        ("score > 9", True),
        ("score >= 10 and score < 10.5", True),
        ("9 < score <= 10", True),
        ("score == 10.0", True),
        ("score == '10'", True),
        ("年份 == 2025 or decision == 'x'", True),
        ("年份 == '02025'", False),
        ('row["Paper ID"] == "010"', True),
        ('row["Paper ID"] == 10', False),
        ("track == ''", True),
        ("track < 5", False),
        ("track > 5", False),
        ("score > -1", True),
        ("decision == 'oral' and\n (score == 10)", True),
    ],
)
def test_condition_is_judged_on_text_and_numbers(text: str, expected: bool) -> None:
    """Two that look like numbers compare as numbers; blank cells are neither small nor large."""
    assert keeps(text, "oral", "10", "2025", "010", "") is expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "decision",
        "not decision",
        "'a'",
        "1",
        "decision = 'oral'",
        "decision == oral'",
        "decision === 'x'",
        "decision is 'oral'",
        "len(decision) == 4",
        "decision.upper() == 'X'",
        "__import__('os').system('x') == 0",
        "(lambda: 1)() == 1",
        "decision == None",
        "decision == True",
        "[x for x in decision] == 1",
        "decision == f'{score}'",
        "row['a' 'b'][0] == 1",
        "row[0] == 1",
        "score + 1 == 2",
        "decision ＝＝ “oral”",
        "\0",
        "(" * 5000,
        "a" * 3000,
        "not " * 400 + "score == 1 +",
        "decision == b'x'",
        "decision and score",
        "score == 1j",
    ],
)
def test_anything_else_is_a_fault_with_a_mend(text: str) -> None:
    """Only comparisons of columns, texts and numbers are conditions."""
    with pytest.raises(WhereFaults) as caught:
        compile_where(text, COLUMNS)
    assert {fault.code for fault in caught.value.faults} <= {"where-syntax", "column-unknown"}
    assert all(fault.hint for fault in caught.value.faults)


def test_all_unknown_columns_are_told_with_the_nearest() -> None:
    """Each misspelt column comes with the right one."""
    with pytest.raises(WhereFaults) as caught:
        compile_where("decison == 'oral' and (trak == 'x' or score == 1)", COLUMNS)
    assert [(f.code, str(f)) for f in caught.value.faults] == [
        ("column-unknown", 'there is no column "decison"'),
        ("column-unknown", 'there is no column "trak"'),
    ]
    assert caught.value.faults[0].hint.startswith('did you mean "decision"?')


def test_common_slips_have_their_own_mend() -> None:
    """One equals sign, and full-width signs."""
    hints = []
    for text in ("decision = 'oral'", "decision == “oral”"):
        with pytest.raises(WhereFaults) as caught:
            compile_where(text, COLUMNS)
        hints.append(caught.value.faults[0].hint)
    assert hints == [
        "equality is written ==",
        'write signs and quotes half-width: decision == "oral"',
    ]


@given(st.text(max_size=60))
def test_any_text_is_a_condition_or_a_fault(text: str) -> None:
    """Nothing that can be written raises anything else."""
    try:
        compile_where(text, COLUMNS)(("a", "1", "", "x", "y"))
    except WhereFaults as faults:
        assert faults.faults
