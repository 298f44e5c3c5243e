"""Receipts as files: what is written is read again, however git or an editor laid it out."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Callable
from hashlib import blake2b
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from announce.errors import MachineError
from announce.ledger.base import Section
from announce.ledger.heaps import Hashes
from announce.ledger.receipts import LISTED, Receipt, path_of, read, write
from announce.model.delivery import State

KEY = "00" * 16
# Some that begin alike, and some that stand in two others put together.
NAMES = [bytes(15) + bytes([n]) for n in range(4)]
NAMES += [bytes(n) + b"\1" + bytes(15 - n) for n in range(15)]
NAMES += [blake2b(bytes([n]), digest_size=16).digest() for n in range(30)]
names = st.sampled_from(NAMES)
listed = st.sampled_from(LISTED)


def hashes(states: dict[bytes, State]) -> Hashes:
    """These states, put in one by one."""
    found = Hashes()
    for name, state in states.items():
        found[name] = state
    return found


def receipt(*sections: dict[bytes, State]) -> Receipt:
    """A receipt with these states, a section each."""
    return Receipt(
        campaign="征稿-cfp",
        occurrence="once",
        ledger="11" * 16,
        sequence=7,
        tip="22" * 16,
        open=False,
        sections=tuple(Section(key=KEY, states=hashes(states)) for states in sections),
        adopted={"33" * 16: 4},
    )


def states(found: Receipt) -> list[dict[bytes, State]]:
    """What a receipt lists, section by section."""
    return [dict(section.states) for section in found.sections]


@given(st.lists(st.tuples(names, st.none() | listed), max_size=60))
def test_hashes_are_a_mapping(steps: list[tuple[bytes, State | None]]) -> None:
    """Put, changed and taken away in any order, they are as a dict would have them."""
    found, model = Hashes(), dict[bytes, State]()
    for name, state in steps:
        if state is None:
            found.pop(name, None)
            model.pop(name, None)
        else:
            found[name] = model[name] = state

    assert dict(found) == model
    assert list(found) == sorted(model)
    assert [found.get(name) for name in NAMES] == [model.get(name) for name in NAMES]
    for state in LISTED:
        alike = sorted(name for name, one in model.items() if one is state)
        assert (found.count(state), b"".join(found.of(state))) == (len(alike), b"".join(alike))


def test_copy_of_hashes_goes_its_own_way() -> None:
    """What is taken from one stays in the other."""
    first = hashes(dict.fromkeys(NAMES, State.SENT))
    second = first.copy()
    del second[NAMES[3]]

    assert (len(first), len(second), NAMES[3] in first) == (49, 48, True)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.dictionaries(names, listed), min_size=1, max_size=3))
def test_receipt_is_read_as_it_was_written(
    tmp_path: Path, sections: list[dict[bytes, State]]
) -> None:
    """Its file is plain sorted JSON with a line a hash."""
    write(tmp_path, receipt(*sections))
    path = path_of(tmp_path, "征稿-cfp", "once")
    text = path.read_text("utf-8")

    assert states(read(path)) == sections
    assert read(path).counts == receipt(*sections).counts
    found = json.loads(text)
    assert text == json.dumps(found, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    assert [one["sent"] for one in found["deliveries"]] == [
        sorted(name.hex() for name, state in one.items() if state is State.SENT) for one in sections
    ]


@pytest.mark.parametrize(
    "laid_out",
    [
        lambda text: json.dumps(json.loads(text)),
        lambda text: json.dumps(json.loads(text), indent=4),
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text.rstrip(),
    ],
    ids=["one line", "indented", "CRLF", "no end"],
)
def test_receipt_is_read_however_it_is_laid_out(
    tmp_path: Path, laid_out: Callable[[str], str]
) -> None:
    """It is JSON, and an editor may have saved it anew."""
    sections = [dict.fromkeys(NAMES[:20], State.SENT) | dict.fromkeys(NAMES[20:], State.IN_DOUBT)]
    write(tmp_path, receipt(*sections))
    path = path_of(tmp_path, "征稿-cfp", "once")
    path.write_bytes(laid_out(path.read_text("utf-8")).encode())

    assert states(read(path)) == sections


def test_lines_that_git_merged_count(tmp_path: Path) -> None:
    """Two machines added lines: all of them stand, and who is doubted by one is in doubt."""
    one, other, both = NAMES[30], NAMES[31], NAMES[32]
    write(tmp_path, receipt({one: State.SENT, both: State.SENT, other: State.IN_DOUBT}))
    path = path_of(tmp_path, "征稿-cfp", "once")
    text = path.read_text("utf-8")
    path.write_text(
        text.replace('"in_doubt": [\n', f'"in_doubt": [\n    "{both.hex()}",\n'), "utf-8"
    )

    assert states(read(path)) == [{one: State.SENT, other: State.IN_DOUBT, both: State.IN_DOUBT}]


@pytest.mark.parametrize(
    "damaged",
    [
        lambda text: text.replace('",\n', '"\n'),
        lambda text: text.replace('"\n   ]', '",\n   ]'),
        lambda text: text.replace(NAMES[1].hex(), NAMES[1].hex()[2:]),
        lambda text: text.replace(NAMES[1].hex(), "who@example.org"),
        lambda text: text.replace(f'"{NAMES[1].hex()}"', "1"),
        lambda text: text[: len(text) // 2],
    ],
    ids=["no commas", "a comma too many", "half a hash", "no hash", "a number", "half a file"],
)
def test_damaged_receipt_is_told(tmp_path: Path, damaged: Callable[[str], str]) -> None:
    """A list that is not whole is not taken for one."""
    write(tmp_path, receipt(dict.fromkeys(NAMES[:4], State.SENT)))
    path = path_of(tmp_path, "征稿-cfp", "once")
    before = path.read_text("utf-8")
    path.write_text(damaged(before), "utf-8")
    assert path.read_text("utf-8") != before

    with pytest.raises(MachineError, match="cannot be read"):
        read(path)


def test_long_receipt_takes_little_memory(tmp_path: Path) -> None:
    """Fifty thousand deliveries: neither writing nor reading holds them as objects."""
    states = Hashes()
    states.add_new(
        State.SENT,
        (blake2b(number.to_bytes(4, "big"), digest_size=16).digest() for number in range(50_000)),
    )
    section = Section(key=KEY, states=states)
    long = Receipt(
        campaign="cfp", occurrence="once", ledger="1", sequence=1, tip="2", open=True,
        sections=(section,),
    )  # fmt: skip
    tracemalloc.start()
    write(tmp_path, long)
    found = read(path_of(tmp_path, "cfp", "once"))
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert found.counts == {"sent": 50_000, "waiting": 0, "in_doubt": 0}
    assert peak < 50_000 * 60
