"""What is kept of mails, by position and recipient, of this process and of another."""

from __future__ import annotations

import pytest

from announce.channels.email.skeleton import Kept
from announce.shelf import Shelf, record_of
from announce.spool import pack


def kept(number: int, name: str) -> Kept:
    """What is kept of somebody's mail."""
    return Kept(number, b"To: x\r\n", ((f"{name}@example.org", "", ""),), "S", [name])


@pytest.fixture
def shelf() -> Shelf:
    """Two mails of this process, and two of another: of one skeleton that is known here as the
    fifth, and of one that is not."""
    shelf = Shelf()
    shelf.put(record_of("ada", kept(0, "ada")))
    shelf.put(None)
    theirs = [record_of("bo", kept(0, "bo")), record_of("cy", kept(1, "cy"))]
    shelf.begin_theirs({0: 5})
    shelf.put_theirs(pack(theirs))
    return shelf


@pytest.mark.parametrize(
    ("position", "recipient", "found"),
    [
        (0, "ada", kept(0, "ada")),
        (1, "ada", None),
        (2, "bo", kept(5, "bo")),
        (3, "cy", None),
        (4, "cy", None),
    ],
)
def test_mails_are_found_by_their_position(
    shelf: Shelf, position: int, recipient: str, found: Kept | None
) -> None:
    """With the skeleton's number here; without one, and past the end, there is nothing."""
    assert shelf.take(position, recipient) == found


@pytest.mark.parametrize("position", [0, 2])
def test_mail_of_somebody_else_is_not_taken(shelf: Shelf, position: int) -> None:
    """Whoever stands at a position now, it was not kept for them."""
    assert shelf.take(position, "eve") is None
