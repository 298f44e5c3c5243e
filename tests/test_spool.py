"""Long lists outside memory: what goes in comes out, by number, in order, and by its text."""

from __future__ import annotations

import os
import resource
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from announce.errors import MachineError
from announce.spool import Index, Spool, Texts, pack

LARGE = 400_000  # bytes: more than is held in memory


def spooled(*values: object) -> Spool[object]:
    spool: Spool[object] = Spool()
    for value in values:
        spool.append(value)
    return spool


plain = st.none() | st.text() | st.integers()
values = st.lists(plain | st.lists(plain) | st.tuples(plain, plain), max_size=30)


@given(values=values, filler=st.sampled_from([0, LARGE]))
def test_values_come_back_by_number_and_in_order(values: list[object], filler: int) -> None:
    """Equal to what was added, whether they are still in memory or on the file."""
    spool = spooled("x" * filler, *values)

    assert list(spool) == ["x" * filler, *values]
    assert [spool[number] for number in range(len(spool))] == ["x" * filler, *values]
    assert [spool[number] for number in reversed(range(1, len(spool)))] == values[::-1]


@given(values=values, filler=st.sampled_from([0, LARGE]))
def test_values_of_another_process_are_taken_over_whole(values: list[object], filler: int) -> None:
    """Packed there, they stand behind the others here, and more may follow."""
    spool = spooled("x" * filler)

    spool.extend(pack(values))
    spool.append("last")

    assert list(spool) == ["x" * filler, *values, "last"]
    assert [spool[number] for number in range(len(spool))] == list(spool)


def test_neighbours_on_both_sides_of_the_file_come_back() -> None:
    """Some are written, the last are not yet: a walk and any jump find all of them."""
    values = [("row", number, "y" * 300) for number in range(2000)]
    spool = spooled(*values)

    assert list(spool) == values
    assert [spool[number] for number in (0, 1999, 1, 1998, 1000)] == [
        values[number] for number in (0, 1999, 1, 1998, 1000)
    ]


@pytest.mark.parametrize("number", [-1, 3, 10**9])
def test_number_that_nobody_has_is_an_error(number: int) -> None:
    """As with any list, but for the negative ones."""
    spool = spooled("a", "b", "c")

    with pytest.raises(IndexError):
        spool[number]


def test_long_list_takes_little_memory() -> None:
    """Ten megabytes of values leave less than one in memory."""
    tracemalloc.start()
    spool = spooled(*(("z" * 1000, number) for number in range(10_000)))
    held, _peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert spool[9_999] == ("z" * 1000, 9_999)
    assert held < 1_000_000


def test_full_disk_is_told_with_its_mend() -> None:
    """No room for the file is the machine's fault, and said so."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, hard))
    try:
        with pytest.raises(MachineError, match="cannot keep the plan") as told:
            spooled("x" * LARGE)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    assert "TMPDIR" in told.value.hint


def test_both_sides_of_a_fork_read() -> None:
    """A second process reads what the first one wrote, while that reads on."""
    spool = spooled(*(f"{number:1000}" for number in range(1000)))
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:  # pragma: no cover (another process)
        told = "".join(str(spool[number]).strip()[-1] for number in range(1000))
        os.write(writer, told.encode())
        os._exit(0)
    os.close(writer)
    mine = "".join(str(spool[number]).strip()[-1] for number in range(1000))
    with os.fdopen(reader, "rb") as pipe:
        theirs = pipe.read().decode()
    os.waitpid(pid, 0)

    assert theirs == mine == "0123456789" * 100


@given(st.lists(st.text(max_size=3), max_size=200))
def test_index_knows_the_first_number_of_each_text(texts: list[str]) -> None:
    """As a dict would, however often it grew."""
    known = list(dict.fromkeys(texts))
    index = Index(known.__getitem__)
    found = [index.find_or_add(text, known.index(text)) for text in texts]

    seen: set[str] = set()
    expected = [known.index(t) if t in seen else seen.add(t) for t in texts]
    assert found == expected
    assert [index.find(text) for text in known] == list(range(len(known)))
    assert index.find("not there") is None


class Alike(str):
    """Texts that all hash alike."""

    def __hash__(self) -> int:
        return 7


def test_texts_that_look_alike_are_told_apart() -> None:
    """A hash only says where to look; the texts themselves are compared."""
    known = [Alike(number) for number in range(200)]
    index = Index(known.__getitem__)
    for number, text in enumerate(known):
        index.find_or_add(text, number)

    assert [index.find(text) for text in known] == list(range(200))
    assert index.find(Alike("not there")) is None


def test_set_holds_each_text_once() -> None:
    """Adding again changes nothing."""
    texts = Texts()
    for text in ("a", "b", "a", ""):
        texts.add(text)

    assert (len(texts), "a" in texts, "" in texts, "c" in texts) == (3, True, True, False)
