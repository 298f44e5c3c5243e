"""Bodies of text parts: their encodings, and that those woven of forms are the same."""

from __future__ import annotations

import base64
import quopri

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from announce.channels.email.bodies import BodySkeleton, body_of
from announce.rendering.forms import Form
from announce.rendering.markers import html_pieces, marker, text_pieces

_TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\ufdd0\ufdd1\ufdd2"))
_PIECES = st.lists(
    st.one_of(
        _TEXT.map(lambda text: text[:40]),
        st.sampled_from([
            "<p>", "</p>\n", ">", "\n", " ", "\t\n", ".", "\n.\n", "=", "=\n", "--=_mixed_",
            "长" * 30, "x" * 80, "plain words, and more of them\n", "<td style=\"a: b\">", "é",
            "\x0b", "\x85",
        ]),
    ),
    max_size=12,
)  # fmt: skip


def _decoded(encoding: str, octets: bytes) -> bytes:
    if encoding == "7bit":
        return octets
    return base64.b64decode(octets) if encoding == "base64" else quopri.decodestring(octets)


@settings(deadline=None, max_examples=300)
@given(_PIECES)
@example(["x" * 80, "<p>", "<p>"])  # which has been a bare LF once
def test_body_is_decoded_to_what_it_was(pieces: list[str]) -> None:
    """Any text comes back, with CRLF line ends and one at its end, from ASCII lines of 78."""
    text = "".join(pieces)

    encoding, octets = body_of(text).encoded()

    lines = text.replace("\n", "\r\n").encode()
    assert _decoded(encoding, octets) == (lines if lines.endswith(b"\r\n") else lines + b"\r\n")
    assert octets.isascii()
    assert max(map(len, octets.split(b"\r\n"))) <= 78
    assert b"\n" not in octets.replace(b"\r\n", b"")


@settings(deadline=None, max_examples=300)
@given(_PIECES, st.data())
def test_woven_body_is_the_same_as_one_of_its_own(pieces: list[str], data: st.DataObject) -> None:
    """Octets, encoding and text do not tell how a body was made."""
    value = st.one_of(_TEXT.map(lambda text: text[:20]), st.sampled_from(["\na", "b>", ">\n", ""]))
    values = data.draw(st.lists(value, min_size=1, max_size=3))
    at = [data.draw(st.integers(0, len(values) - 1)) for _ in pieces]
    marked = "".join(piece + marker("t", number) for piece, number in zip(pieces, at, strict=True))
    split = data.draw(st.sampled_from([html_pieces, text_pieces]))
    form = Form(split(marked + data.draw(st.sampled_from(["end", "\n", "</p>\n"]))), range(3))
    cells = form.cells(values)

    woven, own = BodySkeleton(form).body(cells), body_of(form.fill(cells))

    assert woven.octets == own.octets
    assert woven.encoded() == own.encoded()
    assert woven.written == form.fill(cells)


def test_value_that_stands_in_many_places_counts_in_each() -> None:
    """The encoding follows from all octets, not from the distinct ones."""
    form = Form(text_pieces("x" * 100 + marker("t", 0) * 3 + "\n"), [0])

    body = BodySkeleton(form).body(form.cells(["éé"]))

    assert body.encoded() == body_of("x" * 100 + "éé" * 3 + "\n").encoded()
    assert body.encoded()[0] == "base64"


@pytest.mark.parametrize("value", ["\na", "a", "a>\n", ">"])
def test_line_end_behind_a_tag_may_be_of_a_value(value: str) -> None:
    """No soft break stands before a hard one, whoever brings it."""
    form = Form(text_pieces("x" * 100 + "<p>" + marker("t", 0) + "\n"), [0])

    encoding, octets = BodySkeleton(form).body(form.cells([value])).encoded()

    assert (encoding, octets) == body_of("x" * 100 + f"<p>{value}\n").encoded()
    assert encoding == "quoted-printable"
    assert b"=\r\n\r\n" not in octets


@pytest.mark.parametrize("html", ["<p>a</p>" + marker("t", 0), "a\r" + marker("t", 0) + "b\n"])
def test_form_whose_line_ends_depend_on_values_is_refused(html: str) -> None:
    """Such a body is made for each mail, whole."""
    with pytest.raises(ValueError, match="line ends"):
        BodySkeleton(Form(html_pieces(html), [0]))


def test_constants_are_part_of_the_form() -> None:
    """A value that is the same for all is escaped once, and no cell."""
    form = Form(html_pieces(f"<p>{marker('t', 0)} {marker('t', 1)}</p>"), ["a < b", 0])

    assert form.literals == ("<p>a &lt; b ", "</p>")
    assert form.fill(form.cells(["c & d"])) == "<p>a &lt; b c &amp; d</p>"
