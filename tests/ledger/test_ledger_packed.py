"""Values as JSON text: the short way writes what json itself writes."""

from __future__ import annotations

import json
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given

from announce.ledger.moves import unpacked
from announce.ledger.schema import packed
from announce.model.delivery import State

PLAIN = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
VALUES = st.recursive(
    PLAIN, lambda inner: st.lists(inner) | st.tuples(inner) | st.dictionaries(st.text(), inner)
)


@given(value=VALUES | st.dictionaries(st.text(), st.text() | st.integers()))
def test_values_are_packed_as_json_packs_them(value: Any) -> None:
    """Sorted by name, without spaces, letters as they are."""
    expected = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))

    assert packed(value) == expected


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({1: "a"}, '{"1":"a"}'),
        ({"state": State.SENT, "yes": True}, '{"state":"sent","yes":true}'),
        ((State.SENT, 1), '["sent",1]'),
    ],
)
def test_kinds_of_text_and_number_are_packed_as_what_they_are(value: Any, text: str) -> None:
    """Neither a boolean as a number nor a state by its name."""
    assert packed(value) == text


@given(addresses=st.lists(st.text()).map(tuple))
def test_addresses_come_back_as_they_were_packed(addresses: tuple[str, ...]) -> None:
    """Whatever stands in them."""
    assert unpacked(packed(addresses)) == addresses
