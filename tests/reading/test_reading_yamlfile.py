"""YAML files: values, places, and every fault of the text itself."""

from __future__ import annotations

import os
import time
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from announce.model.moment import Deadline
from announce.reading.yamlfile import Loaded, load_yaml


def load(tmp_path: Path, content: str | bytes, *, as_text: bool = False) -> Loaded:
    path = tmp_path / "a.yaml"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return load_yaml(path, "a.yaml", as_text=as_text)


def told(loaded: Loaded) -> list[str]:
    return [f"{p.code} {p.place.line}:{p.place.column}" for p in loaded.problems]


def test_plain_scalars_are_yaml_1_2_core_and_dates(tmp_path: Path) -> None:
    """Booleans, null, numbers, dates and moments are typed; quoted text is text."""
    loaded = load(
        tmp_path,
        "a: true\nb: ~\nc:\nd: 12\ne: 1.5\nf: 2025-02-10\ng: '2025-02-10'\nh: 文 字\ni: \"12\"\n",
    )
    assert loaded.problems == []
    assert loaded.value == {
        "a": True,
        "b": None,
        "c": None,
        "d": 12,
        "e": 1.5,
        "f": date(2025, 2, 10),
        "g": "2025-02-10",
        "h": "文 字",
        "i": "12",
    }


def test_moment_is_a_deadline(tmp_path: Path) -> None:
    """A date with time and zone is read as written, with its zone."""
    loaded = load(tmp_path, "a: 2025-02-10 23:59 AoE")
    assert isinstance(loaded.value["a"], Deadline)
    assert str(loaded.value["a"]) == "2025-02-10 23:59 AoE"


@pytest.mark.parametrize(
    "text",
    [
        "NO",
        "no",
        "Yes",
        "on",
        "OFF",
        "y",
        "N",
        "12:30",
        "1:2:3",
        "010020",
        "0o17",
        "0x1F",
        "1_000",
        "1.10",
        "1e3",
        "+86",
        ".inf",
        "-.NaN",
        "00",
        "12345678901234567890",
    ],
)
def test_ambiguous_scalar_is_a_fault_with_the_quotes_shown(tmp_path: Path, text: str) -> None:
    """What two readers take differently must be quoted; in quotes it is text."""
    loaded = load(tmp_path, f"a: 1\nb: {text}\n")
    assert told(loaded) == ["yaml-ambiguous 2:4"]
    assert loaded.problems[0].hint == f'put it in quotes: "{text}"'
    assert load(tmp_path, f'b: "{text}"').value == {"b": text}


@pytest.mark.parametrize(
    "text",
    [
        "2025-02-30",
        "2025-13-01",
        "2025-02-10 23:59",
        "2025-02-10 25:00 AoE",
        "2025-02-10 AoE",
        "2025-02-10 23:59 CST",
        "2025-02-10 11:59pm AoE",
        "2025-02-10 23：59 AoE",
        "2025/02/10",
        "2025年2月10日",
        "0001-01-01 00:00 +08:00",
        "9999-12-31 23:59 AoE",
        "2025-03-30 02:30 Europe/Berlin",
    ],
)
def test_date_that_is_none_is_a_fault_with_the_mend(tmp_path: Path, text: str) -> None:
    """Days that do not exist, moments without a zone and other notations are told."""
    loaded = load(tmp_path, f"a: {text}\n")
    assert told(loaded) == ["moment 1:4"]
    assert loaded.problems[0].hint


def test_places_are_those_of_values_and_keys(tmp_path: Path) -> None:
    """A place is the value's or the key's; of what is not there, the nearest above."""
    places = load(tmp_path, "a:\n  - b: 征稿\n    c: {d: 1}\n").places
    assert str(places.of(("a", 0, "c", "d"))) == "a.yaml:3:12"
    assert str(places.key(("a", 0, "c", "d"))) == "a.yaml:3:9"
    assert str(places.of(("a", 0, "c", "x", "y"))) == "a.yaml:3:8"
    assert str(places.key(("a", 0, "x"))) == "a.yaml:2:5"
    assert str(places.key(("x",))) == "a.yaml:1"


def test_duplicate_key_names_both_lines(tmp_path: Path) -> None:
    """The second one is the place, the first is named; faults within it are told too."""
    loaded = load(tmp_path, "a: 1\nb: {c: 1, c: 2}\na: [NO]\n")
    assert told(loaded) == ["duplicate-key 2:11", "duplicate-key 3:1", "yaml-ambiguous 3:5"]
    assert loaded.problems[1].message == '"a" stands here again; it is already in line 1'


def test_tabs_are_all_told(tmp_path: Path) -> None:
    """Every line indented with a tab is a problem of its own."""
    assert told(load(tmp_path, "a:\n\tb: 1\nc:\n  \td: 2\n")) == ["yaml-tab 2:1", "yaml-tab 4:3"]


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("campaign：cfp\nkind: x\n", ["1:9"]),
        ("campaign: cfp\nkind：x\ntitle：y\nemail: {}\n", ["2:5", "3:6"]),
        ("campaign：cfp\n", ["1:1"]),
        ("audience:\n  file：a.csv\n", ["2:3"]),
        ("title: {zh：征稿，en：Call}\n", ["1:9"]),
        ("a: {zh: 征稿，en: Call}\n", ["1:11"]),
    ],
)
def test_fullwidth_colon_is_told_with_the_half_width_line(
    tmp_path: Path, text: str, places: list[str]
) -> None:
    """A full-width colon or comma where YAML wants its own has a message of its own."""
    loaded = load(tmp_path, text)
    assert told(loaded) == [f"full-width-colon {place}" for place in places]
    assert all("：" not in problem.hint for problem in loaded.problems)


def test_fullwidth_colon_within_a_text_is_no_fault(tmp_path: Path) -> None:
    """Chinese text keeps its punctuation."""
    loaded = load(tmp_path, "a: 通知：征稿，请投稿\nb: |\n  note：x\nc:\n  通知：x\nd:\n  'k：v'\n")
    assert loaded.problems == []


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("a: b: c", "yaml-syntax 1:5"),
        ("a: [1, 2", "yaml-syntax 1:4"),
        ("a: 'x", "yaml-syntax 1:4"),
        ("a: @x", "yaml-syntax 1:4"),
        ("a: 1\n b: 2", "yaml-syntax 2:3"),
        ("x: 1\ny\nz: 2", "yaml-syntax 2:1"),
        ('a: "\\q"', "yaml-syntax 1:4"),
        ("a: b\n---\nc: d", "yaml-documents 2:1"),
        ("<<: {a: 1}", "yaml-merge 1:1"),
        ("1: a", "yaml-key 1:1"),
        ("no: a", "yaml-key 1:1"),
        ("? [a]\n: b", "yaml-key 1:3"),
        ("a: !!python/object:os.system x", "yaml-tag 1:4"),
        ("a: *x", "yaml-alias 1:4"),
        ("a: &a [*a]", "yaml-alias 1:8"),
        ('a: "\\0"', "control-character 1:4"),
        ("a: x\x07", "control-character 1:5"),
        ("a: \ufdd0", "control-character 1:4"),
    ],
)
def test_text_that_is_no_yaml_of_ours_is_told_at_its_place(
    tmp_path: Path, text: str, code: str
) -> None:
    """Each kind of broken YAML has one problem with place and mend."""
    loaded = load(tmp_path, text)
    assert told(loaded) == [code]
    assert loaded.problems[0].hint


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"\x89PNG\r\n\x1a\n\0\0", "binary None:None"),
        (b"a: 1\nb: \xff\n", "encoding 2:None"),
        ("a: 征稿".encode("gb18030"), "encoding 1:None"),
        ("a: 1".encode("utf-16"), "encoding None:None"),
    ],
)
def test_bytes_that_are_no_utf8_are_told(tmp_path: Path, data: bytes, code: str) -> None:
    """Binary files and other encodings are named as such."""
    assert told(load(tmp_path, data)) == [code]


def test_byte_order_mark_is_accepted(tmp_path: Path) -> None:
    """Windows editors write it."""
    loaded = load(tmp_path, b"\xef\xbb\xbfa: 1\n")
    assert (loaded.value, loaded.problems) == ({"a": 1}, [])


def test_huge_file_is_refused_without_reading_it(tmp_path: Path) -> None:
    """A hundred sparse megabytes cost nothing."""
    path = tmp_path / "a.yaml"
    path.touch()
    os.truncate(path, 100 * 1024 * 1024)
    began = time.perf_counter()
    loaded = load_yaml(path, "a.yaml")
    assert told(loaded) == ["file-too-large None:None"]
    assert time.perf_counter() - began < 1


def test_missing_file_folder_and_pipe_are_told(tmp_path: Path) -> None:
    """What is no file is a problem, and nothing waits for a pipe."""
    os.mkfifo(tmp_path / "pipe")
    found = [load_yaml(tmp_path / name, name) for name in ("none", ".", "pipe")]
    assert [told(loaded) for loaded in found] == [
        ["file-missing None:None"],
        ["file-unreadable None:None"],
        ["file-unreadable None:None"],
    ]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("a: " + "[" * 100_000, "yaml-nesting"),
        ("a: " + "{b: " * 1000, "yaml-nesting"),
        ("\n".join(f"{'  ' * n}a:" for n in range(100)), "yaml-nesting"),
        (
            "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [{f'*a{n - 1},' * 9}]\n" for n in range(1, 30)),
            "yaml-too-large",
        ),
        (
            "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}]\n" for n in range(1, 200)),
            "yaml-nesting",
        ),
        ("- a\n" * 200_000, "yaml-too-large"),
        ("? " * 5000 + "a", "yaml-nesting"),
    ],
)
def test_deep_and_multiplying_files_are_refused_quickly(
    tmp_path: Path, text: str, code: str
) -> None:
    """Deep nesting, alias bombs and masses of values end with one problem."""
    began = time.perf_counter()
    loaded = load(tmp_path, text)
    assert [p.code for p in loaded.problems] == [code]
    assert time.perf_counter() - began < 5


def test_alias_in_bounds_is_followed(tmp_path: Path) -> None:
    """An anchor and its alias are the same value."""
    loaded = load(tmp_path, "a: &x {b: 1}\nc: *x\n")
    assert (loaded.value, loaded.problems) == ({"a": {"b": 1}, "c": {"b": 1}}, [])


def test_flood_of_faults_is_counted(tmp_path: Path) -> None:
    """The first hundred are told, and how many more there are."""
    loaded = load(tmp_path, "- NO\n" * 250)
    assert len(loaded.problems) == 101
    assert loaded.problems[-1].message == "and 150 more problems in this file"


def test_as_text_keeps_what_is_written(tmp_path: Path) -> None:
    """In tables of people, a person may be called No and a key be 010020."""
    loaded = load(tmp_path, "- {name: No, key: 010020, at: 12:30, none: ~}\n", as_text=True)
    assert loaded.problems == []
    assert loaded.value == [{"name": "No", "key": "010020", "at": "12:30", "none": ""}]


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    data=st.one_of(
        st.binary(max_size=200),
        st.text(max_size=200).map(lambda text: text.encode("utf-8", "replace")),
        st.lists(
            st.sampled_from(
                [
                    "a",
                    "b: ",
                    "- ",
                    "\n",
                    "  ",
                    "\t",
                    "[",
                    "]",
                    "{",
                    "}",
                    ",",
                    ": ",
                    "：",
                    "&x ",
                    "*x",
                    "!!str ",
                    "'",
                    '"',
                    "|",
                    ">",
                    "? ",
                    "#",
                    "---\n",
                    "2025-02-10 ",
                    "23:59 ",
                    "AoE",
                    "<<: ",
                    "%",
                    "@",
                    "\\",
                    "０",
                    "12:30",
                    "no",
                ]
            ),
            max_size=40,
        ).map(lambda parts: "".join(parts).encode()),
    ),
    as_text=st.booleans(),
)
def test_any_bytes_give_a_value_or_problems(tmp_path: Path, data: bytes, as_text: bool) -> None:
    """Nothing that a file can hold raises; each problem has a place and a message."""
    loaded = load(tmp_path, data, as_text=as_text)
    assert all(problem.message and problem.place.file == "a.yaml" for problem in loaded.problems)
